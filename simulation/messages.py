"""The events that reach the function, in AWS's format; the sandbox builds them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sandbox.delivery.notifications import (
    AlarmNews,
    alarm_message,
    alarm_subject,
    sign_in_event,
    sns_event,
)

REGION, ACCOUNT = "us-east-1", "123456789012"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:fleet-sessions"
_ALARM_ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:fleet-session-disconnect-"


def session_end(workspace_id: str, changed_at: datetime, sent_at: datetime) -> dict[str, Any]:
    """An SNS event that carries the notification of a WorkSpace's alarm."""
    news = AlarmNews(
        name=f"fleet-session-disconnect-{workspace_id}",
        arn=_ALARM_ARN + workspace_id,
        description=None,
        configured_at=changed_at,
        changed_at=changed_at,
        old_state="OK",
        new_state="ALARM",
        namespace="AWS/WorkSpaces",
        metric="SessionDisconnect",
        dimensions=[("WorkspaceId", workspace_id)],
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        threshold=1.0,
        comparison="GreaterThanOrEqualToThreshold",
        missing="notBreaching",
        datapoints_to_alarm=1,
        alarm_actions=[TOPIC_ARN],
    )
    text = json.dumps(alarm_message(news))
    return sns_event(TOPIC_ARN, f"{TOPIC_ARN}:1", "1", text, alarm_subject(news), None, sent_at)


def sign_in(workspace_id: str, at: datetime) -> dict[str, Any]:
    return sign_in_event(workspace_id, "d-9067012345", REGION, ACCOUNT, at)
