"""Asynchronous invocation: retries, age, destination."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.lambda_.function import Function, Result, environment_of
from sandbox.lambda_.invocations import Finished, Invocations, Services
from sandbox.lambda_.retries import GivenUp, RetryRules
from tests.times import until

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
FUNCTION = Function("f", ARN, "app.handler", "python3.13", 3, 128, b"", environment={"OWN": "1"})


class World:
    """Stands in for the rest of the local AWS; every run fails `failures` times."""

    def __init__(self) -> None:
        self.rules = RetryRules(attempts=2, on_failure="arn:queue")
        self.failures = 0
        self.runs: list[tuple[str, bytes]] = []
        self.sent: list[tuple[str, Any]] = []
        self.finished: list[Finished] = []

    def run(self, _: Function, payload: bytes, request_id: str) -> Result:
        self.runs.append((request_id, payload))
        if len(self.runs) <= self.failures:
            return Result.error("ValueError", "no", 0.0)
        return Result(b"{}", failed=False, seconds=0.0)

    def services(self) -> Services:
        return Services(
            find=lambda name: FUNCTION if name in ("f", ARN) else None,
            rules=lambda _: self.rules,
            run=self.run,
            send=lambda arn, record, _: self.sent.append((arn, record)),
            finished=self.finished.append,
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def invocations(world: World) -> Iterator[Invocations]:
    queue = Invocations(world.services(), (0.01, 0.02), workers=2)
    yield queue
    queue.close()
    queue.join()


def test_a_failing_event_is_tried_three_times_and_then_sent_to_the_destination(
    world: World, invocations: Invocations
) -> None:
    world.failures = 99
    request_id = invocations.submit("f", b'{"a":1}')
    until(lambda: world.sent, "the failure record")
    assert world.runs == [(request_id, b'{"a":1}')] * 3
    ((arn, record),) = world.sent
    assert arn == "arn:queue"
    context = record["requestContext"]
    assert (context["requestId"], context["condition"]) == (request_id, "RetriesExhausted")
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_an_event_that_succeeds_in_the_end_is_not_reported(
    world: World, invocations: Invocations
) -> None:
    world.failures = 2
    invocations.submit("f", b"{}")
    until(lambda: len(world.finished) == 3, "three tries")
    until(lambda: invocations.pending() == 0, "an empty queue")
    assert [finished.result.failed for finished in world.finished] == [True, True, False]
    assert world.sent == []


def test_an_event_that_is_too_old_is_given_up_unrun(world: World, invocations: Invocations) -> None:
    world.rules = RetryRules(age=-1.0, on_failure="arn:queue")
    invocations.submit("f", b"{}")
    until(lambda: world.sent, "the failure record")
    record = world.sent[0][1]
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responsePayload" not in record
    assert world.runs == []


def test_an_event_for_no_function_disturbs_nothing(world: World, invocations: Invocations) -> None:
    invocations.submit("absent", b"{}")
    invocations.submit("f", b"{}")
    until(lambda: len(world.runs) == 1, "the other event")


def test_a_container_sees_its_own_variables_and_awss_and_nothing_else() -> None:
    environment = environment_of(FUNCTION, "http://127.0.0.1:1", "stream", "/home-of-nobody")
    assert environment["OWN"] == "1"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert environment["TZ"] == ":UTC"
    assert set(environment) - {"OWN"} == {
        *(key for key in environment if key.startswith(("AWS_", "LC_"))),
        *("_HANDLER", "HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "TZ"),
    }


def test_an_event_waits_a_minute_then_two_and_is_given_up_then() -> None:
    rules = RetryRules()
    assert [rules.after_failure(tries) for tries in (1, 2, 3)] == [
        60.0,
        120.0,
        GivenUp.RETRIES_EXHAUSTED,
    ]
    assert RetryRules(attempts=0).after_failure(1) is GivenUp.RETRIES_EXHAUSTED
    assert rules.before(21_600) is None
    assert rules.before(21_601) is GivenUp.EVENT_AGE_EXCEEDED
