"""Functions of the local AWS run in real processes, with real failures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.times import until

from .deployed import Deployed


def test_a_function_runs_in_a_process_of_its_own_and_stays_warm(
    f: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "leaks")
    _, first = f.invoke({})
    _, second = f.invoke({})
    assert first["pid"] == second["pid"] != os.getpid()
    assert 0 < first["left"] <= 2000 * f.aws.tempo.speed
    assert "HOST_SECRET" not in first["environment"]
    assert first["environment"]["AWS_ENDPOINT_URL"] == f.aws.endpoint
    until(lambda: len(f.seen()) == 2, "two log lines")
    logged = f.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert any('"seen"' in event["message"] for event in logged)


def test_new_code_and_new_configuration_replace_the_container(
    f: Deployed, zipped: Callable[[str], bytes]
) -> None:
    _, first = f.invoke({})
    f.functions.update_function_configuration(
        FunctionName="f", Environment={"Variables": {"VERSION": "2"}}
    )
    _, second = f.invoke({})
    assert second["version"] == "2"
    f.functions.update_function_code(
        FunctionName="f", ZipFile=zipped("def handler(event, context): return 'new'")
    )
    assert f.invoke({}) == (None, "new")
    assert first["pid"] != second["pid"]
    assert len(f.aws.containers()) == 1


def test_errors_time_outs_and_deaths_are_function_errors(f: Deployed) -> None:
    kind, answer = f.invoke({"fail": 1})
    assert (kind, answer["errorType"]) == ("Unhandled", "ValueError")
    kind, answer = f.invoke({"exit": 1})
    assert (kind, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    f.functions.update_function_configuration(FunctionName="f", Timeout=1)
    kind, answer = f.invoke({"sleep": 30})
    assert (kind, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "timed out after 1.00 seconds" in answer["errorMessage"]
    assert f.aws.containers() == []


def test_a_function_can_be_killed_in_the_middle_and_the_event_is_tried_again(f: Deployed) -> None:
    f.aws.submit("f", {"sleep": 1})
    until(lambda: f.seen(), "the first try")
    assert f.aws.kill("f") == 1
    until(lambda: len(f.seen()) == 2, "the second try")
    until(lambda: f.aws.pending() == 0, "an empty queue")
    assert [i.result.failed for i in f.aws.invocations] == [True, False]


def test_overlapping_invocations_get_a_container_each(f: Deployed) -> None:
    for _ in range(3):
        f.aws.submit("f", {"sleep": 0.5})
    until(lambda: len({line["pid"] for line in f.lines if "pid" in line}) == 3, "three processes")


def test_a_dead_letter_reaches_its_queue(f: Deployed) -> None:
    queue = f.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:dead"
    for retries in (2, 1):  # the second configuration replaces the first
        f.functions.put_function_event_invoke_config(
            FunctionName="f",
            MaximumRetryAttempts=retries,
            DestinationConfig={"OnFailure": {"Destination": arn}},
        )
    shown = f.functions.get_function_event_invoke_config(FunctionName="f")
    assert shown["MaximumRetryAttempts"] == 1
    f.functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"fail": 1}')
    received: list[Any] = []

    def receive() -> bool:
        received.extend(f.client("sqs").receive_message(QueueUrl=queue).get("Messages", []))
        return bool(received)

    until(receive, "a dead letter")
    assert json.loads(received[0]["Body"])["requestContext"]["approximateInvokeCount"] == 2
