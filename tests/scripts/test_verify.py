"""verify: the whole command on the local AWS, and what it complains of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from fleetlib.aws import Account
from fleetlib.main import main

from sandbox import Sandbox, Tempo
from tests import ledger_table, runbook
from tests.clients import client
from tests.times import until
from tests.unit.support import WS

ROOT = Path(__file__).parents[2]


class Undecrypted:
    """Lambda, asked by somebody who may not use the function's key."""

    def get_function_configuration(self, *, FunctionName: str) -> Any:
        error = {"ErrorCode": "AccessDeniedException", "Message": "not authorized: kms:Decrypt"}
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{FunctionName}"
        known = {"FunctionName": FunctionName, "FunctionArn": arn, "Role": "r"}
        return {**known, "Environment": {"Error": error}}


def test_an_environment_under_a_key_that_one_may_not_use_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Account, "_client", lambda *_: Undecrypted())
    assert main(["verify", "--name=f", "--region=us-east-1"]) == 2
    assert capsys.readouterr().err == (
        "fleet: Lambda does not show the environment of the function f (not authorized: "
        "kms:Decrypt); with kms_key_arn you need kms:Decrypt on that key\n"
    )


def role(aws: Sandbox, ids: list[str]) -> str:
    """A role that may do what the module's may, as far as `verify` asks; its ARN."""
    iam = client(aws, "iam")
    arn = iam.create_role(RoleName="f", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    prefix = f"arn:aws:workspaces:{aws.region}:{aws.account}:workspace/"
    statements = [
        allow("workspaces:DescribeWorkspacesConnectionStatus", "*"),
        allow("workspaces:RebuildWorkspaces", *(prefix + id_ for id_ in ids)),
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="f", PolicyName="workspaces", PolicyDocument=document)
    return str(arn)


def allow(action: str, *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resources}


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """A fleet of three as far as `verify` reads it, whose sessions have ended."""
    with Sandbox(Tempo.quick(), seed=1) as sandbox:
        ids = [sandbox.desktops.add() for _ in range(3)]
        tables = client(sandbox, "dynamodb")
        ledger_table.create(tables, "f-ledger")
        roster = {"id": {"S": "roster"}, "workspace_ids": {"L": [{"S": id_} for id_ in ids]}}
        ledger_table.put(tables, "f-ledger", roster)
        bundle = {"bundle_id": {"S": next(iter(sandbox.desktops.all())).bundle_id}}
        ledger_table.put(tables, "f-ledger", {"id": {"S": ids[0]}, "version": {"N": "1"}, **bundle})
        client(sandbox, "lambda").create_function(
            FunctionName="f",
            Runtime="python3.13",
            Role=role(sandbox, ids),
            Handler="nonpersistent.handler.lambda_handler",
            Code={"ZipFile": (ROOT / "package" / "nonpersistent.zip").read_bytes()},
            Environment={"Variables": {"LEDGER_TABLE": "f-ledger", "WORKSPACES_API_RATE": "2"}},
        )
        healthy_for_a_quarter_of_an_hour(sandbox, ids)
        a_rebuild_is_logged(sandbox)
        sessions_end(sandbox, ids)
        yield sandbox


def healthy_for_a_quarter_of_an_hour(aws: Sandbox, ids: list[str]) -> None:
    now = datetime.now(UTC)
    for id_ in ids:
        dimensions = [{"Name": "WorkspaceId", "Value": id_}]
        data = [
            {
                "MetricName": "Available",
                "Dimensions": dimensions,
                "Timestamp": now - timedelta(minutes=minutes),
                "Value": 1,
            }
            for minutes in (15, 10, 5)
        ]
        client(aws, "cloudwatch").put_metric_data(Namespace="AWS/WorkSpaces", MetricData=data)


def a_rebuild_is_logged(aws: Sandbox) -> None:
    logs = client(aws, "logs")
    logs.create_log_group(logGroupName="/aws/lambda/f")
    logs.create_log_stream(logGroupName="/aws/lambda/f", logStreamName="s")
    messages = (
        '{"decision": "rebuild_requested"}',
        '{"decision": "ignored", "reason": "throttled"}',
        "rebuild_requested",
    )
    at = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": at, "message": message} for message in messages]
    logs.put_log_events(logGroupName="/aws/lambda/f", logStreamName="s", logEvents=events)


def sessions_end(aws: Sandbox, ids: list[str]) -> None:
    """Users work until they are seen, sign out, and CloudWatch knows of it."""
    for id_ in ids:
        aws.desktops.sign_in(id_)

    def seen() -> bool:
        desktops = aws.desktops.all()
        return all(desk.sample and desk.sample.state == "CONNECTED" for desk in desktops)

    until(seen, "the samples show the sessions")
    for id_ in ids:
        aws.desktops.sign_out(id_)
    metrics = client(aws, "cloudwatch")
    of_workspaces = [{"Name": "WorkspaceId", "Value": id_} for id_ in ids]

    def told() -> bool:
        listed = metrics.list_metrics(MetricName="SessionDisconnect")["Metrics"]
        return all(
            [of_one] in [metric["Dimensions"] for metric in listed] for of_one in of_workspaces
        )

    until(told, "CloudWatch has the ends of the sessions")


def verify(
    aws: Sandbox, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "fleet", "verify", *arguments],
        env={"PATH": os.environ["PATH"]} | (environment or aws.environment()),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_local_aws_gets_a_verdict_per_assumption_and_nothing_is_changed(aws: Sandbox) -> None:
    before = [(desktop.id, desktop.state, desktop.rebuilds) for desktop in aws.desktops.all()]
    done = verify(aws, "--name", "f")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["metrics", "holds"],
        ["publishing", "holds"],
        ["sampling", "holds"],
        ["last_connected", "holds"],
        ["snapshots", "holds"],
        ["quota", "holds"],
        ["role", "holds"],
        ["protocol", "holds"],
    ]
    assert "3 of 3 WorkSpaces" in lines[1]
    assert "a datapoint every 5 min" in lines[2]
    assert "1 rebuilds in a day, 0 throttled" in lines[6]
    assert {call.operation for call in aws.calls} <= {
        "DescribeWorkspaces",
        "DescribeWorkspacesConnectionStatus",
        "DescribeWorkspaceSnapshots",
        "DescribeTags",
    }
    assert before == [
        (desktop.id, desktop.state, desktop.rebuilds) for desktop in aws.desktops.all()
    ]


def without_region(aws: Sandbox, **variables: str) -> str:
    """What verify complains of with these variables alone to name a Region."""
    regions = ("AWS_REGION", "AWS_DEFAULT_REGION")
    given = {name: value for name, value in aws.environment().items() if name not in regions}
    return verify(aws, "--name", "nobody", environment=given | variables).stderr


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_either_variable_names_the_region(aws: Sandbox, variable: str) -> None:
    told = without_region(aws, **{variable: aws.region})
    assert "there is no function nobody in this account and Region" in told


def test_a_region_that_is_missing_is_told(aws: Sandbox) -> None:
    assert without_region(aws) == "fleet: no AWS Region: give --region, or set AWS_REGION\n"


def test_what_is_no_fleet_is_one_clear_line(aws: Sandbox) -> None:
    done = verify(aws, "--name", "nobody")
    assert done.returncode == 2
    assert done.stderr.startswith("fleet: there is no function nobody")
    assert len(done.stderr.splitlines()) == 1


ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "monitoring:GetMetricData": "cloudwatch:GetMetricData",
    "monitoring:ListMetrics": "cloudwatch:ListMetrics",
}
"""Where IAM calls an operation otherwise than its requests are signed."""

CALLS = [
    (["status"], {"ReadTheLedger", "SeeBundles", "SeeSettings"}),
    (["history"], {"ReadTheLog"}),
    (["rebuild", WS], {"ReadTheLedger", "Ask"}),
    (["hold", WS, "--hours=1", "--reason=x"], {"ReadTheLedger", "Ask"}),
    (["release", WS], {"ReadTheLedger", "Ask"}),
    (["audit"], {"ReadTheLedger", "Ask"}),
    (["verify"], {"ReadTheLedger", "ReadTheLog", "SeeSettings", "Verify"}),
]


def test_the_runbooks_policy_allows_what_the_commands_call_and_nothing_else(
    aws: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("fleetlib.requests.ARRIVES_WITHIN", 0.0)
    monkeypatch.setattr("fleetlib.aws.CALLS_PER_SECOND", 50.0)
    called: set[str] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(self: Any, operation: str, arguments: Any) -> Any:
        prefix = self.meta.service_model.signing_name
        called.add(ACTIONS.get(f"{prefix}:{operation}", f"{prefix}:{operation}"))
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    policy, own = runbook.policy(), next(iter(aws.desktops.all())).id
    made: dict[str, set[str]] = {sid: set() for sid in policy}
    for arguments, sids in CALLS:
        called.clear()
        main(["--name=f", *(own if argument == WS else argument for argument in arguments)])
        allowed = {action: sid for sid in sids for action in policy[sid]}
        for action in called:
            assert action in allowed, f"{arguments[0]} calls {action}"
            made[allowed[action]].add(action)
    assert made == policy
