"""The whole local AWS, with a small function in a real process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox import Presence, Sandbox, State

Until = Callable[[Callable[[], object], str], None]
ROOT = Path(__file__).parents[2]
APP = """
import logging, os, time
log = logging.getLogger()
def handler(event, context):
    log.info("seen", extra={"seen": event, "pid": os.getpid()})
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "fail" in event:
        raise ValueError("as told")
    if "exit" in event:
        os._exit(3)
    return {"pid": os.getpid(), "left": context.get_remaining_time_in_millis(),
            "environment": dict(os.environ), "version": os.environ.get("VERSION")}
"""


class Deployed:
    """A function with queue, topic and clients."""

    def __init__(self, aws: Sandbox, package: bytes) -> None:
        self.aws = aws
        self.lines: list[dict[str, Any]] = []
        aws.on_log(self.lines.append)
        self.client("logs").create_log_group(logGroupName="/aws/lambda/f")
        role = self.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]
        self.functions = self.client("lambda")
        self.arn: str = self.functions.create_function(
            FunctionName="f",
            Runtime="python3.13",
            Role=role["Arn"],
            Handler="app.handler",
            Code={"ZipFile": package},
            Timeout=2,
            LoggingConfig={"LogFormat": "JSON"},
        )["FunctionArn"]

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def invoke(self, event: object) -> tuple[str | None, Any]:
        answer = self.functions.invoke(FunctionName="f", Payload=json.dumps(event))
        return answer.get("FunctionError"), json.load(answer["Payload"])

    def let_in(self, service: str, source: str) -> None:
        self.functions.add_permission(
            FunctionName="f",
            StatementId=service.replace(".", "-"),
            Action="lambda:InvokeFunction",
            Principal=service,
            SourceArn=source,
        )

    def seen(self) -> list[Any]:
        return [line["seen"] for line in list(self.lines) if "seen" in line]


@pytest.fixture
def f(aws: Sandbox, zipped: Callable[[str], bytes]) -> Deployed:
    return Deployed(aws, zipped(APP))


def test_a_function_runs_in_a_process_of_its_own_and_stays_warm(
    f: Deployed, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setenv("HOST_SECRET", "leaks")
    _, first = f.invoke({})
    _, second = f.invoke({})
    assert first["pid"] == second["pid"] != os.getpid()
    assert 0 < first["left"] <= 2000
    assert "HOST_SECRET" not in first["environment"]
    assert first["environment"]["AWS_ENDPOINT_URL"] == f.aws.endpoint
    until(lambda: len(f.seen()) == 2, "two log lines")
    logged = f.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert any('"seen"' in event["message"] for event in logged)


def test_new_code_and_new_configuration_replace_the_container(
    f: Deployed, zipped: Callable[[str], bytes]
) -> None:
    _, first = f.invoke({})
    f.functions.update_function_configuration(
        FunctionName="f", Environment={"Variables": {"VERSION": "2"}}
    )
    _, second = f.invoke({})
    assert second["version"] == "2"
    f.functions.update_function_code(
        FunctionName="f", ZipFile=zipped("def handler(event, context): return 'new'")
    )
    assert f.invoke({}) == (None, "new")
    assert first["pid"] != second["pid"]
    assert len(f.aws.containers()) == 1


def test_errors_time_outs_and_deaths_are_function_errors(f: Deployed) -> None:
    kind, answer = f.invoke({"fail": 1})
    assert (kind, answer["errorType"]) == ("Unhandled", "ValueError")
    kind, answer = f.invoke({"exit": 1})
    assert (kind, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    f.functions.update_function_configuration(FunctionName="f", Timeout=1)
    kind, answer = f.invoke({"sleep": 30})
    assert (kind, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "timed out after 1.00 seconds" in answer["errorMessage"]
    assert f.aws.containers() == []


def test_a_function_can_be_killed_in_the_middle_and_the_event_is_tried_again(
    f: Deployed, until: Until
) -> None:
    f.aws.submit("f", {"sleep": 1})
    until(lambda: f.seen(), "the first try")
    assert f.aws.kill("f") == 1
    until(lambda: len(f.seen()) == 2, "the second try")
    until(lambda: f.aws.pending() == 0, "an empty queue")
    assert [i.result.failed for i in f.aws.invocations] == [True, False]


def test_overlapping_invocations_get_a_container_each(f: Deployed, until: Until) -> None:
    for _ in range(3):
        f.aws.submit("f", {"sleep": 0.5})
    until(lambda: len({line["pid"] for line in f.lines if "pid" in line}) == 3, "three processes")


def test_a_dead_letter_reaches_its_queue(f: Deployed, until: Until) -> None:
    queue = f.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:dead"
    for retries in (2, 1):  # the second configuration replaces the first
        f.functions.put_function_event_invoke_config(
            FunctionName="f",
            MaximumRetryAttempts=retries,
            DestinationConfig={"OnFailure": {"Destination": arn}},
        )
    f.functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"fail": 1}')
    received: list[Any] = []

    def receive() -> bool:
        received.extend(f.client("sqs").receive_message(QueueUrl=queue).get("Messages", []))
        return bool(received)

    until(receive, "a dead letter")
    assert json.loads(received[0]["Body"])["requestContext"]["approximateInvokeCount"] == 2


def test_an_event_travels_from_a_signed_out_user_to_the_function(
    f: Deployed, until: Until
) -> None:
    ada, bob = f.aws.desktops.add(user="ada"), f.aws.desktops.add(user="bob")
    topic = f.client("sns").create_topic(Name="t")["TopicArn"]
    f.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f.arn)
    f.let_in("sns.amazonaws.com", topic)
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {
            "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ours-*"}
        },
    }
    f.client("sns").set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
    )
    for name, desktop in (("ours-ada", ada), ("foreign-bob", bob)):
        _alarm(f, name, desktop, topic)
    for desktop in (ada, bob):
        f.aws.desktops.sign_in(desktop)
        f.aws.desktops.sign_out(desktop)
    rang = [("ours-ada", (topic,)), ("foreign-bob", ())]

    def alarmed() -> list[Any]:
        return [(t.alarm, t.delivered) for t in f.aws.transitions if t.new == "ALARM"]

    until(lambda: sorted(alarmed()) == sorted(rang), "both alarms")
    until(lambda: f.seen(), "the message")
    (event,) = f.seen()
    sns = event["Records"][0]["Sns"]
    message = json.loads(sns["Message"])
    assert sns["TopicArn"] == topic
    assert sns["Subject"] == 'ALARM: "ours-ada" in US East (N. Virginia)'
    assert message["Trigger"]["Dimensions"] == [{"value": ada, "name": "WorkspaceId"}]
    until(
        lambda: ("ours-ada", "OK") in [(t.alarm, t.new) for t in f.aws.transitions[2:]],
        "the alarm's return to OK",
    )
    assert len(f.seen()) == 1


def test_a_sign_in_and_a_schedule_reach_the_function(f: Deployed, until: Until) -> None:
    events = f.client("events")
    pattern = {"source": ["aws.workspaces"], "detail": {"actionType": ["successfulLogin"]}}
    sign_in = events.put_rule(Name="in", EventPattern=json.dumps(pattern))["RuleArn"]
    minute = events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="in", Targets=[{"Id": "1", "Arn": f.arn}])
    tick = {"Id": "1", "Arn": f.arn, "Input": '{"task": "reconcile"}'}
    events.put_targets(Rule="tick", Targets=[tick])
    f.let_in("events.amazonaws.com", "arn:aws:events:us-east-1:123456789012:rule/*")
    desktop = f.aws.desktops.add()
    f.aws.desktops.sign_in(desktop)
    until(lambda: {"task": "reconcile"} in f.seen(), "a tick")
    until(lambda: any("detail" in event for event in f.seen()), "the sign-in")
    (event,) = [event for event in f.seen() if "detail" in event]
    assert event["detail"]["workspaceId"] == desktop
    assert sign_in != minute


def test_a_service_without_permission_does_not_reach_the_function(
    f: Deployed, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    topic = f.client("sns").create_topic(Name="t")["TopicArn"]
    f.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f.arn)
    f.client("sns").publish(TopicArn=topic, Message="{}")
    until(lambda: "no permission" in caplog.text, "the refusal")
    assert f.seen() == []


def test_metric_filters_and_errors_raise_operations_alarms(f: Deployed, until: Until) -> None:
    f.client("logs").put_metric_filter(
        logGroupName="/aws/lambda/f",
        filterName="seen",
        filterPattern='{ $.message = "seen" }',
        metricTransformations=[
            {"metricName": "Seen", "metricNamespace": "Own", "metricValue": "1"}
        ],
    )
    for name, namespace, metric, dimensions in (
        ("seen", "Own", "Seen", {}),
        ("errors", "AWS/Lambda", "Errors", {"FunctionName": "f"}),
    ):
        f.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
    f.invoke({"fail": 1})
    until(
        lambda: {"seen", "errors"} == {t.alarm for t in f.aws.transitions if t.new == "ALARM"},
        "both alarms",
    )


def test_boto3_meets_the_workspaces_api(f: Deployed) -> None:
    workspaces = f.client("workspaces")
    known = f.aws.desktops.add()
    rebuilt = workspaces.rebuild_workspaces(RebuildWorkspaceRequests=[{"WorkspaceId": known}])
    assert rebuilt["FailedRequests"] == []
    (row,) = workspaces.describe_workspaces(WorkspaceIds=[known])["Workspaces"]
    assert row["State"] == "REBUILDING"
    with pytest.raises(workspaces.exceptions.ResourceNotFoundException):
        workspaces.describe_workspace_snapshots(WorkspaceId="ws-000000000")
    codes = set()
    for _ in range(6):
        try:
            workspaces.describe_workspaces()
        except ClientError as error:
            codes.add(error.response["Error"]["Code"])
    assert codes == {"ThrottlingException"}
    assert [call.operation for call in f.aws.calls][:2] == [
        "RebuildWorkspaces",
        "DescribeWorkspaces",
    ]


def test_what_the_model_does_not_know_is_motos(f: Deployed) -> None:
    answer = f.client("workspaces").create_workspaces(
        Workspaces=[{"DirectoryId": "d-9067012345", "UserName": "a", "BundleId": "wsb-123456789"}]
    )
    assert answer["FailedRequests"][0]["ErrorCode"] == "ResourceNotFound.Directory"


def test_terraform_reads_back_what_it_wrote(f: Deployed) -> None:
    logging = f.functions.get_function_configuration(FunctionName="f")["LoggingConfig"]
    assert logging == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
        "LogGroup": "/aws/lambda/f",
    }
    sqs = f.client("sqs")
    sqs.create_queue(QueueName="dead")
    redrive = (
        '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":4}'
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Deny"}]})
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["RedrivePolicy"] == redrive
    assert json.loads(attributes["Policy"]) == json.loads(policy)


def test_a_changed_alarm_keeps_its_state(f: Deployed) -> None:
    cloudwatch = f.client("cloudwatch")
    _alarm(f, "a", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:none")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    _alarm(f, "a", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:other")
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] in ("ALARM", "OK")  # OK once it was evaluated
    assert alarm["StateReason"] != "Unchecked: Initial alarm creation"


def test_conditional_writes_of_many_at_once_let_one_win(f: Deployed) -> None:
    dynamodb = f.client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    winners: list[int] = []

    def claim(number: int) -> None:
        try:
            dynamodb.update_item(
                TableName="t",
                Key={"id": {"S": "lease"}},
                UpdateExpression="SET o = :o",
                ConditionExpression="attribute_not_exists(o)",
                ExpressionAttributeValues={":o": {"N": str(number)}},
            )
        except ClientError:
            return
        winners.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1


def test_a_person_acts_as_a_user_with_curl(aws: Sandbox) -> None:
    desktop = aws.desktops.add()
    assert _curl(aws, f"desktops/{desktop}/sign-in", "POST")[1]["presence"] == "CONNECTED"
    assert aws.desktops.get(desktop).presence is Presence.CONNECTED
    assert _curl(aws, f"desktops/{desktop}/drop", "POST")[0] == 200
    assert _curl(aws, f"desktops/{desktop}/drop", "POST")[0] == 409
    assert _curl(aws, "desktops/ws-none/drop", "POST")[0] == 404
    assert _curl(aws, "nothing")[0] == 404
    assert [row["id"] for row in _curl(aws, "desktops")[1]] == [desktop]
    assert _curl(aws, "calls")[1] == []


def test_a_stop_leaves_no_process_no_thread_and_no_file(
    aws: Sandbox, zipped: Callable[[str], bytes]
) -> None:
    f = Deployed(aws, zipped(APP))
    f.aws.submit("f", {"sleep": 30})
    _, answer = f.invoke({})
    task_root = Path(answer["environment"]["LAMBDA_TASK_ROOT"])
    assert task_root.exists()
    pids = [pid for _, pid in aws.containers()]
    aws.stop()
    aws.stop()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not task_root.parent.exists()
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("sandbox", "invocation"))]
    with Sandbox() as another:
        assert another.desktops.all() == []


def test_one_sandbox_at_a_time(aws: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="already"):
        Sandbox().start()
    desktop = aws.desktops.add()
    aws.desktops.set_state(desktop, State.MAINTENANCE)
    assert aws.desktops.get(desktop).state is State.MAINTENANCE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_how_to_reach_it_and_ends_cleanly(number: int) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--quick", "--workspaces", "2"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        text = "".join(lines)
        process.send_signal(number)
        rest = process.stdout.read()
        assert (process.wait(10), process.stderr.read()) == (0, "")
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in text
    assert text.count("ws-") >= 2
    assert rest == "The local AWS has ended.\n"


def test_a_port_in_use_is_one_clear_line(aws: Sandbox) -> None:
    port = aws.endpoint.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "sandbox", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert port in done.stderr


def _alarm(f: Deployed, name: str, desktop: str, topic: str) -> None:
    f.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/WorkSpaces",
        MetricName="SessionDisconnect",
        Dimensions=[{"Name": "WorkspaceId", "Value": desktop}],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
    )


def _curl(aws: Sandbox, path: str, method: str = "GET") -> tuple[int, Any]:
    request = urllib.request.Request(f"{aws.endpoint}/sandbox/{path}", method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
