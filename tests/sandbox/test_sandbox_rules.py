"""Resource policies and schedules: the small languages."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.delivery.policies import Request, allows
from sandbox.delivery.schedules import Timetable, minutes_of

from .conftest import At

ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:fleet-session-disconnect-ada"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": ALARM.replace("ada", "*")},
        },
    } | changes


def publish(**context: str) -> Request:
    known = {"aws:SourceArn": ALARM, "aws:SourceAccount": "123456789012"}
    return Request("cloudwatch.amazonaws.com", "sns:Publish", TOPIC, known | context)


DENY_PLAIN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": TOPIC,
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("statements", "request_", "allowed"),
    [
        ([statement()], publish(), True),
        ([], publish(), False),
        ([statement()], publish(**{"aws:SourceArn": ALARM.replace("fleet", "other")}), False),
        ([statement()], publish(**{"aws:SourceAccount": "210987654321"}), False),
        ([statement(Principal={"Service": "events.amazonaws.com"})], publish(), False),
        ([statement(Principal={"AWS": "arn:aws:iam::123456789012:root"})], publish(), False),
        ([statement(Principal="*")], publish(), True),
        ([statement(Action=["SNS:Publish"])], publish(), True),
        ([statement(Action="sns:Subscribe")], publish(), False),
        ([statement(Resource=TOPIC + "2")], publish(), False),
        ([statement(), DENY_PLAIN], publish(**{"aws:SecureTransport": "true"}), True),
        ([statement(), DENY_PLAIN], publish(**{"aws:SecureTransport": "false"}), False),
        ([statement(Condition={"DateGreaterThan": {"aws:CurrentTime": "x"}})], publish(), False),
        ([statement(Condition={"StringEquals": {"aws:SourceOrgID": "o"}})], publish(), False),
        ([statement(Condition={"StringEqualsIfExists": {"aws:X": "o"}})], publish(), False),
        ([statement(Condition={"ForAllValues:StringEquals": {"x": "o"}})], publish(x="o"), True),
        ([statement(Condition={"ForAllValues:StringEquals": {"x": "o"}})], publish(x="p"), False),
        ([statement(Condition={"ForAllValues:StringEquals": {"x": "o"}})], publish(), True),
        ([statement(Condition={"ForAllValues:Odd": {"x": "o"}})], publish(x="o"), False),
        ([statement(Condition={"Null": {"x": "false"}})], publish(x="o"), True),
        ([statement(Condition={"Null": {"x": "false"}})], publish(), False),
        ([statement(Condition={"Null": {"x": "true"}})], publish(), True),
        ([statement(Condition={"Null": {"x": "true"}})], publish(x="o"), False),
    ],
)
def test_a_resource_policy_lets_in_whom_it_names_and_nobody_else(
    statements: list[Any], request_: Request, allowed: bool
) -> None:
    assert allows({"Version": "2012-10-17", "Statement": statements}, request_) is allowed


def test_a_deny_with_an_operator_that_is_not_known_denies() -> None:
    for key in ("aws:SourceArn", "absent"):
        unknown = DENY_PLAIN | {"Condition": {"StringNotEquals": {key: "x"}}}
        assert not allows({"Statement": [statement(), unknown]}, publish())


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("rate(1 minute)", 1),
        ("rate(15 minutes)", 15),
        ("rate(2 hours)", 120),
        ("rate(1 day)", 1440),
        ("cron(0 12 * * ? *)", None),
    ],
)
def test_a_rate_is_read_in_minutes_and_anything_else_is_no_schedule(
    expression: str, minutes: int | None
) -> None:
    assert minutes_of(expression) == minutes


def test_a_rule_runs_one_interval_after_it_appeared_and_then_every_interval(at: At) -> None:
    table = Timetable()
    rules = [("often", "rate(1 minute)"), ("seldom", "rate(3 minutes)")]
    runs = {now: table.due(rules, at(now)) for now in range(0, 361, 30)}
    assert [now for now, names in runs.items() if "often" in names] == [60, 120, 180, 240, 300, 360]
    assert [now for now, names in runs.items() if "seldom" in names] == [180, 360]


def test_missed_runs_are_not_made_up_for(at: At) -> None:
    table = Timetable()
    rules = [("often", "rate(1 minute)")]
    table.due(rules, at(0))
    assert table.due(rules, at(570)) == ["often"]
    assert table.due(rules, at(576)) == []
    assert table.due(rules, at(600)) == ["often"]


def test_a_deleted_rule_starts_anew(at: At) -> None:
    table = Timetable()
    rules = [("often", "rate(1 minute)")]
    table.due(rules, at(0))
    table.due([], at(30))
    assert table.due(rules, at(60)) == []
