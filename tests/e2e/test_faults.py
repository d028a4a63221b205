"""Bad input, on the deployed module."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Theatre


def session_end(workspace_id: str) -> str:
    """The least that an alarm has to say."""
    dimension = {"name": "WorkspaceId", "value": workspace_id}
    metric = {"Namespace": "AWS/WorkSpaces", "MetricName": "SessionDisconnect"}
    return json.dumps({"Trigger": {**metric, "Dimensions": [dimension]}})


def publish(theatre: Theatre, message: str) -> None:
    theatre.client("sns").publish(TopicArn=theatre.outputs["topic_arn"], Message=message)


def ignored(theatre: Theatre, reason: str) -> list[dict[str, Any]]:
    lines = list(theatre.stage.log)
    return [
        line for line in lines if (line.get("decision"), line.get("reason")) == ("ignored", reason)
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Wake up", "not_json"),
        (json.dumps({"AlarmName": "all of them", "NewStateValue": "ALARM"}), "not_a_metric_alarm"),
        (
            session_end("ws-ONE"),
            "malformed_workspace_id",
        ),
        (
            json.dumps({"Trigger": {"Namespace": "AWS/EC2", "Dimensions": []}}),
            "another_namespace",
        ),
    ],
)
def test_p4_a_message_that_says_nothing_is_ignored_with_its_reason(
    theatre: Theatre, message: str, reason: str
) -> None:
    before, errors = len(ignored(theatre, reason)), _failed(theatre)
    publish(theatre, message)
    theatre.stage.until(reason, lambda: len(ignored(theatre, reason)) > before)
    assert message not in json.dumps(theatre.stage.log), "the body of a message was logged"
    assert _failed(theatre) == errors


def test_p4_an_alarm_for_a_workspace_off_the_roster_is_ignored(theatre: Theatre) -> None:
    eve = theatre.stage.ids["Eve"]
    before = len(theatre.stage.said("ignored", "Eve"))
    publish(theatre, session_end(eve))
    theatre.stage.until("ignored", lambda: len(theatre.stage.said("ignored", "Eve")) > before)
    assert theatre.stage.calls_about("Eve") == []


def _failed(theatre: Theatre) -> int:
    return sum(finished.result.failed for finished in theatre.stage.aws.invocations)
