"""A small function, deployed to the local AWS as Terraform would do it."""

from __future__ import annotations

import json
from typing import Any

from sandbox import Sandbox
from tests.clients import connected

APP = """
import logging, os, threading
log = logging.getLogger()
def handler(event, context):
    log.info("seen", extra={"seen": event, "pid": os.getpid()})
    if "sleep" in event:
        threading.Event().wait(event["sleep"])  # by this machine's clock
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
        """A boto3 client that repeats no call."""
        return connected(service, self.aws.endpoint, self.aws.region, attempts=1)

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

    def alarm(self, name: str, desktop: str, topic: str) -> None:
        """An alarm on a desktop's disconnects that tells a topic."""
        metric, dimensions = "AWS/WorkSpaces SessionDisconnect", {"WorkspaceId": desktop}
        self.alarm_on(metric, name, dimensions, Period=300, AlarmActions=[topic])

    def alarm_on(self, metric: str, name: str, dimensions: dict[str, str], **more: Any) -> None:
        """An alarm on a metric, which is given as namespace and name."""
        rule = {
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        }
        namespace, metric_name = metric.split()
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace=namespace,
            MetricName=metric_name,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            **rule | more,
        )

    def alarms_may_publish(self, topic: str, **condition: Any) -> None:
        """The topic's policy from now on."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": condition,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=policy
        )
