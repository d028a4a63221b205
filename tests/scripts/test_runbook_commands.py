"""The runbook's commands for alarms, as printed, by AWS CLI version 1 on the local AWS."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nonpersistent.facts import Need
from sandbox import Sandbox, Tempo
from tests.clients import client
from tests.e2e.commands import COMMANDS, lines, run

LINES: list[dict[str, Any]] = [
    *(
        {"decision": "needs_person", "needs": need, "workspace_id": f"ws-{need}", "user": "anna"}
        for need in Need
    ),
    {"decision": "gauges", "blocked": 1},
    {"decision": "dry_run", "workspace_id": "ws-dry"},
    {"decision": "pass", "task": "audit", "left": 3},
    {"decision": "pass", "task": "reconcile"},
    {"level": "ERROR", "errorMessage": "one"},
    {"log_level": "ERROR", "errorMessage": "two"},
    *(
        {"type": "platform.report", "record": {"status": status, "errorType": error}}
        for status, error in (
            ("timeout", None),
            ("error", "Runtime.OutOfMemory"),
            ("failure", "Runtime.ExitError"),
            ("success", None),
        )
    ),
]


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """A log with a line of each kind, now and an hour and a half ago, and one dead letter."""
    with Sandbox(Tempo.quick(), seed=1) as sandbox:
        logs = client(sandbox, "logs")
        group = "/aws/lambda/workspaces-nonpersistent"
        logs.create_log_group(logGroupName=group)
        now = datetime.now(UTC)
        for name, at in (("old", now - timedelta(minutes=90)), ("new", now)):
            logs.create_log_stream(logGroupName=group, logStreamName=name)
            events = [
                {"timestamp": int(at.timestamp() * 1000), "message": json.dumps(line | {"s": name})}
                for line in LINES
            ]
            logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events)
        sqs = client(sandbox, "sqs")
        queue = sqs.create_queue(QueueName="workspaces-nonpersistent-dead-letters")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody='{"responsePayload": "why"}')
        yield sandbox


@pytest.mark.parametrize(
    ("name", "need"),
    [
        ("blocked", Need.BLOCKED),
        ("braked", Need.BRAKED),
        ("endless", Need.ENDLESS),
        ("held-bundle", Need.HELD_BUNDLE),
        ("late", Need.LATE),
        ("unknown", Need.UNKNOWN),
    ],
)
def test_p6_the_command_of_an_alarm_says_who_and_only_now(
    aws: Sandbox, name: str, need: Need
) -> None:
    [line] = lines(aws, name)
    assert (line["workspace_id"], line["user"], line["s"]) == (f"ws-{need}", "anna", "new")


def test_errors_are_found_whichever_field_the_runtime_uses_and_however_it_ended(
    aws: Sandbox,
) -> None:
    found = [line.get("errorMessage") or line["record"]["status"] for line in lines(aws, "errors")]
    assert sorted(found) == ["error", "failure", "one", "timeout", "two"]


def test_passes_of_audits_and_dry_runs_are_found(aws: Sandbox) -> None:
    assert {line["left"] for line in lines(aws, "audit-missed")} == {3}
    assert {line["workspace_id"] for line in lines(aws, "dry-run")} == {"ws-dry"}


def test_dead_letters_are_read_and_then_deleted(aws: Sandbox) -> None:
    assert "responsePayload" in run(aws, "dead-letters")
    run(aws, "purge")
    assert "responsePayload" not in run(aws, "dead-letters")


@pytest.mark.parametrize("name", ["pause", "resume"])
def test_a_fleet_without_session_alarms_is_paused_by_its_rules_alone(
    tmp_path: Path, name: str
) -> None:
    cli, asked = tmp_path / "aws", tmp_path / "asked"
    cli.write_text('#!/bin/sh\necho "$2" >>"$ASKED"\n')
    cli.chmod(0o755)
    subprocess.run(
        ["sh", "-euc", f"NAME=desks\n{COMMANDS[name]}"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "ASKED": str(asked)},
        check=True,
    )
    rule = {"pause": "disable-rule", "resume": "enable-rule"}[name]
    assert sorted(asked.read_text().split()) == ["describe-alarms", *3 * [rule]]


def test_a_ledger_item_is_deleted(aws: Sandbox) -> None:
    dynamodb = client(aws, "dynamodb")
    keys = ("fleet", "HASH"), ("id", "RANGE")
    dynamodb.create_table(
        TableName="workspaces-nonpersistent-ledger",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"TableName": "workspaces-nonpersistent-ledger"}
    for id_ in ("ws-0a1b2c3d4", "ws-111111111"):
        dynamodb.put_item(**key, Item={"fleet": {"S": "fleet"}, "id": {"S": id_}})
    run(aws, "delete-item")
    assert [item["id"]["S"] for item in dynamodb.scan(**key)["Items"]] == ["ws-111111111"]


def test_an_alarm_is_set_by_hand_to_see_whether_it_notifies(aws: Sandbox) -> None:
    cloudwatch = client(aws, "cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="workspaces-nonpersistent-late",
        Namespace="WorkSpacesNonpersistent",
        MetricName="Late",
        Statistic="Maximum",
        Period=600,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    run(aws, "test-alarm")
    [alarm] = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "test")
