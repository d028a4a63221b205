"""Bad input, on the deployed module."""

from __future__ import annotations

import json

from .conftest import Theatre
from .recovering import failures


def session_end(workspace_id: str) -> str:
    """The least that an alarm has to say."""
    dimension = {"name": "WorkspaceId", "value": workspace_id}
    metric = {"Namespace": "AWS/WorkSpaces", "MetricName": "SessionDisconnect"}
    return json.dumps({"Trigger": {**metric, "Dimensions": [dimension]}})


def publish(theatre: Theatre, message: str) -> None:
    theatre.client("sns").publish(TopicArn=theatre.outputs["topic_arn"], Message=message)


def test_p4_a_message_that_says_nothing_is_ignored_with_its_reason(theatre: Theatre) -> None:
    """Each other reason: tests/fixtures/hostile.json."""
    message, stage, failed = "Wake up", theatre.stage, failures(theatre)
    publish(theatre, message)
    ignored = {"decision": "ignored", "reason": "not_json"}.items()
    stage.until("ignored", lambda: any(ignored <= line.items() for line in list(stage.log)))
    assert message not in json.dumps(stage.log), "the body of a message was logged"
    assert failures(theatre) == failed


def test_p4_an_alarm_for_a_workspace_off_the_roster_is_ignored(theatre: Theatre) -> None:
    eve = theatre.stage.ids["Eve"]
    before = len(theatre.stage.said("ignored", "Eve"))
    publish(theatre, session_end(eve))
    theatre.stage.until("ignored", lambda: len(theatre.stage.said("ignored", "Eve")) > before)
    assert theatre.stage.calls_about("Eve") == []
