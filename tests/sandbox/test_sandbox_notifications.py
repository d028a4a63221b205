"""AWS's messages, field by field."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.delivery.notifications import (
    AlarmNews,
    alarm_message,
    alarm_subject,
    cloudwatch_time,
    failure_record,
    region_name,
    sign_in_event,
    sns_event,
)

from .conftest import At

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"


@pytest.fixture
def news(at: At) -> AlarmNews:
    return AlarmNews(
        name="fleet-session-disconnect-ada",
        arn="arn:aws:cloudwatch:us-east-1:123456789012:alarm:fleet-session-disconnect-ada",
        description=None,
        configured_at=at(-60),
        changed_at=at(401) + timedelta(milliseconds=123),
        old_state="OK",
        new_state="ALARM",
        namespace="AWS/WorkSpaces",
        metric="SessionDisconnect",
        dimensions=[("WorkspaceId", "ws-12345678")],
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        threshold=1.0,
        comparison="GreaterThanOrEqualToThreshold",
        missing="notBreaching",
        alarm_actions=[TOPIC],
    )


def test_an_alarms_message_has_exactly_awss_fields(news: AlarmNews) -> None:
    assert alarm_message(news) == {
        "AlarmName": "fleet-session-disconnect-ada",
        "AlarmDescription": None,
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-22T09:59:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed",
        "StateChangeTime": "2026-11-22T10:06:41.123+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": news.arn,
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "SessionDisconnect",
            "Namespace": "AWS/WorkSpaces",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "ws-12345678", "name": "WorkspaceId"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_the_subject_names_alarm_and_region_in_at_most_100_characters(news: AlarmNews) -> None:
    expected = 'ALARM: "fleet-session-disconnect-ada" in US East (N. Virginia)'
    assert alarm_subject(news) == expected
    assert len(alarm_subject(replace(news, name="x" * 200))) == 100


def test_time_stamps_are_utc_whatever_the_zone(at: At) -> None:
    assert cloudwatch_time(at(0).astimezone()) == "2026-11-22T10:00:00.000+0000"


def test_a_region_has_its_long_name_in_messages() -> None:
    assert region_name("eu-central-1") == "Europe (Frankfurt)"
    assert region_name("nowhere-1") == "nowhere-1"


def test_an_sns_record_is_what_lambda_gets(at: At) -> None:
    event = sns_event(TOPIC, TOPIC + ":sub", "id-1", "text", None, None, at(0))
    (record,) = event["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventVersion"] == "1.0"
    assert record["EventSubscriptionArn"] == TOPIC + ":sub"
    assert {key: record["Sns"][key] for key in ("Type", "TopicArn", "Message", "Timestamp")} == {
        "Type": "Notification",
        "TopicArn": TOPIC,
        "Message": "text",
        "Timestamp": "2026-11-22T10:00:00.000Z",
    }
    assert record["Sns"]["Subject"] is None
    assert record["Sns"]["MessageAttributes"] == {}


def test_a_sign_in_event_names_workspace_directory_and_time(at: At) -> None:
    event = sign_in_event("ws-12345678", "d-9067012345", "us-east-1", "123456789012", at(0))
    assert (event["source"], event["detail-type"]) == ("aws.workspaces", "WorkSpaces Access")
    assert event["detail"]["actionType"] == "successfulLogin"
    assert event["detail"]["workspaceId"] == "ws-12345678"
    assert event["detail"]["directoryId"] == "domain/d-9067012345"
    assert event["detail"]["loginTime"] == "2026-11-22T10:00:00.000Z"


def test_a_failure_record_has_what_lambda_sends_to_a_destination(at: At) -> None:
    record = failure_record("arn:f", "id-1", 3, "RetriesExhausted", b'{"a":1}', b'{"b":2}', at(0))
    assert record == {
        "version": "1.0",
        "timestamp": "2026-11-22T10:00:00.000Z",
        "requestContext": {
            "requestId": "id-1",
            "functionArn": "arn:f:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"a": 1},
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": {"b": 2},
    }
    assert json.dumps(record)
