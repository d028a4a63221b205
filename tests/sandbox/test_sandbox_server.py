"""The whole local AWS, with a small function in a real process."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.awslambda.policy import Policy

from sandbox import Presence, Sandbox, State
from sandbox.throttle import TokenBucket

from .deployed import APP, Deployed

ROOT = Path(__file__).parents[2]


def test_boto3_meets_the_workspaces_api(f: Deployed) -> None:
    workspaces = f.client("workspaces")
    f.aws.api.bucket = TokenBucket(rate=0.001, burst=3.0)
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
    f.alarm("a", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:none")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    f.alarm("a", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:other")
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


@pytest.mark.usefixtures("aws")
def test_of_permissions_that_are_removed_at_once_none_stays() -> None:
    """As Terraform does when it destroys the module."""
    names = [f"n{number}" for number in range(1000)]
    parent: Any = None
    policy = Policy(parent)
    policy.statements = [{"Sid": name} for name in names]
    random.Random(1).shuffle(names)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(policy.del_statement, names))
    finally:
        sys.setswitchinterval(interval)
    assert policy.statements == []


def test_a_person_acts_as_a_user_with_curl(aws: Sandbox) -> None:
    desktop = aws.desktops.add()
    assert _curl(aws, f"desktops/{desktop}/sign-in", "POST")[1]["presence"] == "CONNECTED"
    assert aws.desktops.get(desktop).presence is Presence.CONNECTED
    assert _curl(aws, f"desktops/{desktop}/drop", "POST")[0] == 200
    assert _curl(aws, f"desktops/{desktop}/drop", "POST")[0] == 409
    assert _curl(aws, "desktops/ws-none/drop", "POST")[0] == 404
    assert _curl(aws, "nothing")[0] == 404
    assert [row["id"] for row in _curl(aws, "desktops")[1]] == [desktop]


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


def _curl(aws: Sandbox, path: str, method: str = "GET") -> tuple[int, Any]:
    request = urllib.request.Request(f"{aws.endpoint}/sandbox/{path}", method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
