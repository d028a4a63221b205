"""The messages that AWS sends, in AWS's exact shapes: alarm notification, SNS record, sign-in, and
the record of a failed asynchronous invocation. Pure.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader

Message = dict[str, Any]
REASON = "Threshold Crossed"
"""Why an alarm's state changed. AWS says more, about the datapoints; nothing here reads it."""


@dataclass(frozen=True, slots=True)
class AlarmNews:
    """Everything that a metric alarm's notification contains."""

    name: str
    arn: str
    description: str | None
    configured_at: datetime
    changed_at: datetime
    old_state: str
    new_state: str
    namespace: str
    metric: str
    dimensions: Sequence[tuple[str, str]]
    statistic: str
    period: int
    evaluation_periods: int
    threshold: float
    comparison: str
    missing: str
    datapoints_to_alarm: int | None = None
    unit: str | None = None
    ok_actions: Sequence[str] = ()
    alarm_actions: Sequence[str] = ()
    insufficient_data_actions: Sequence[str] = ()

    @property
    def region(self) -> str:
        """The alarm's Region, such as us-east-1."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """The account id, twelve digits."""
        return self.arn.split(":")[4]


def alarm_subject(news: AlarmNews) -> str:
    """The subject of the notification, cut to the 100 characters that SNS allows."""
    return f'{news.new_state}: "{news.name}" in {region_name(news.region)}'[:100]


def alarm_message(news: AlarmNews) -> Message:
    """The message that a metric alarm publishes, as an object to be encoded as JSON."""
    trigger: Message = {
        "MetricName": news.metric,
        "Namespace": news.namespace,
        "StatisticType": "Statistic",
        "Statistic": news.statistic.upper(),
        "Unit": news.unit,
        "Dimensions": [{"value": value, "name": name} for name, value in news.dimensions],
        "Period": news.period,
        "EvaluationPeriods": news.evaluation_periods,
        "DatapointsToAlarm": news.datapoints_to_alarm or news.evaluation_periods,
        "ComparisonOperator": news.comparison,
        "Threshold": news.threshold,
        "TreatMissingData": news.missing,
        "EvaluateLowSampleCountPercentile": "",
    }
    return {
        "AlarmName": news.name,
        "AlarmDescription": news.description,
        "AWSAccountId": news.account,
        "AlarmConfigurationUpdatedTimestamp": cloudwatch_time(news.configured_at),
        "NewStateValue": news.new_state,
        "NewStateReason": REASON,
        "StateChangeTime": cloudwatch_time(news.changed_at),
        "Region": region_name(news.region),
        "AlarmArn": news.arn,
        "OldStateValue": news.old_state,
        "OKActions": list(news.ok_actions),
        "AlarmActions": list(news.alarm_actions),
        "InsufficientDataActions": list(news.insufficient_data_actions),
        "Trigger": trigger,
    }


def sns_event(
    topic_arn: str,
    subscription_arn: str,
    message_id: str,
    message: str,
    subject: str | None,
    attributes: Mapping[str, Any] | None,
    now: datetime,
) -> Message:
    """The event that a Lambda function subscribed to a topic receives."""
    region = topic_arn.split(":")[3]
    host = f"https://sns.{region}.amazonaws.com"
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription_arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": message_id,
                    "TopicArn": topic_arn,
                    "Subject": subject,
                    "Message": message,
                    "Timestamp": iso_milliseconds(now),
                    "SignatureVersion": "1",
                    "Signature": "not signed by the local AWS",
                    "SigningCertUrl": f"{host}/SimpleNotificationService-local.pem",
                    "UnsubscribeUrl": (
                        f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"
                    ),
                    "MessageAttributes": dict(attributes or {}),
                },
            }
        ]
    }


def sign_in_event(
    workspace_id: str, directory_id: str, region: str, account: str, now: datetime
) -> Message:
    """EventBridge's "WorkSpaces Access" event, as the WorkSpaces administration guide shows it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "WorkSpaces Access",
        "source": "aws.workspaces",
        "account": account,
        "time": iso_seconds(now),
        "region": region,
        "resources": [],
        "detail": {
            "clientIpAddress": "192.0.2.3",
            "actionType": "successfulLogin",
            "workspacesClientProductName": "WorkSpaces Desktop client",
            "loginTime": iso_milliseconds(now),
            "clientPlatform": "Windows",
            "directoryId": f"domain/{directory_id}",
            "clientVersion": "5.29.0.5432",
            "workspaceId": workspace_id,
        },
    }


def failure_record(
    function_arn: str,
    request_id: str,
    attempts: int,
    condition: str,
    request_payload: bytes,
    response_payload: bytes | None,
    now: datetime,
) -> Message:
    """The record that Lambda sends to an on-failure destination.

    `condition` is RetriesExhausted or EventAgeExceeded. Without a response, as for an event that
    grew too old, the two response members are absent.
    """
    record: Message = {
        "version": "1.0",
        "timestamp": iso_milliseconds(now),
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function_arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(request_payload),
    }
    if response_payload is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        }
        record["responsePayload"] = json.loads(response_payload)
    return record


@cache
def region_name(region: str) -> str:
    """A Region's name, such as `US East (N. Virginia)`, from botocore; its code if unknown."""
    for partition in Loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def cloudwatch_time(at: datetime) -> str:
    """Format a time as CloudWatch does: 2026-11-22T10:06:41.123+0000."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{_utc(at).microsecond // 1000:03d}+0000"


def iso_milliseconds(at: datetime) -> str:
    """Format a time with milliseconds: 2026-11-22T10:06:41.123Z."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{_utc(at).microsecond // 1000:03d}Z"


def iso_seconds(at: datetime) -> str:
    """Format a time without fractions of a second: 2026-11-22T10:06:41Z."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
