"""publish_events: others are told of rebuilds, and nothing waits for that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from nonpersistent import handler
from nonpersistent.announcer import DETAIL_TYPES, Announcer
from nonpersistent.facts import Verdict
from nonpersistent.journal import Line
from tests.unit.container import ENVIRONMENT, Invocation, container
from tests.unit.stage import DUE, Stage
from tests.unit.support import NOON, WS

LINE: Mapping[str, Any] = {"decision": "finished", "workspace_id": WS}
TIMEOUT = ReadTimeoutError(endpoint_url="https://events")


class Bus:
    """EventBridge, which may fail: an exception, or error codes by entry."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []
        self.fault: Exception | None = None
        self.codes: list[str | None] = []

    def put_events(self, Entries: list[Any]) -> Any:
        """As boto3's."""
        self.calls.append(Entries)
        if self.fault:
            raise self.fault
        codes = self.codes or [None] * len(Entries)
        return {"Entries": [{"ErrorCode": code} if code else {"EventId": "e"} for code in codes]}


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def announcer(bus: Bus) -> Announcer:
    return Announcer(lambda: bus)  # type: ignore[arg-type, return-value]


def test_an_event_has_the_fields_of_its_line(announcer: Announcer, bus: Bus) -> None:
    announcer.hear(LINE)
    assert bus.calls == []
    assert not announcer.end()
    [[entry]] = bus.calls
    assert entry["Source"] == "workspaces-nonpersistent"
    assert entry["DetailType"] == "WorkSpace Rebuild Ended"
    assert json.loads(entry["Detail"]) == LINE
    announcer.end()
    assert len(bus.calls) == 1


def test_a_call_takes_ten(announcer: Announcer, bus: Bus) -> None:
    for _ in range(23):
        announcer.hear(LINE)
    announcer.end()
    assert [len(entries) for entries in bus.calls] == [10, 10, 3]


def test_other_lines_are_no_events(announcer: Announcer, bus: Bus) -> None:
    for decision in {*Verdict, *Line} - set(DETAIL_TYPES):
        announcer.hear({"decision": decision})
    announcer.end()
    assert bus.calls == []
    assert set(DETAIL_TYPES) <= {each.value for each in (*Verdict, *Line)}


def test_the_api_takes_an_entry() -> None:
    client = boto3.client("events", region_name="us-east-1")
    with Stubber(client) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]})
        sending = Announcer(lambda: client)
        sending.hear(LINE)
        assert not sending.end()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ClientError({"Error": {"Code": "AccessDenied"}}, "PutEvents"), "AccessDenied"),
        (TIMEOUT, "ReadTimeoutError"),
    ],
)
def test_after_a_call_that_failed_none_is_made_in_the_same_pass(
    announcer: Announcer, bus: Bus, fault: Exception, code: str
) -> None:
    bus.fault = fault
    for _ in range(23):
        announcer.hear(LINE)
    assert announcer.end() == {code: 10, "not_sent": 13}
    assert len(bus.calls) == 1
    bus.fault = None
    announcer.hear(LINE)
    assert not announcer.end()
    assert len(bus.calls) == 2


def test_single_entries_may_be_lost(announcer: Announcer, bus: Bus) -> None:
    bus.codes = ["ThrottlingException", None, "ThrottlingException"]
    for _ in range(3):
        announcer.hear(LINE)
    assert announcer.end() == {"ThrottlingException": 2}


def reconcile(stage: Stage, bus: Bus, monkeypatch: pytest.MonkeyPatch, publishes: str) -> None:
    """A pass of the whole function, with one WorkSpace to rebuild."""
    monkeypatch.setitem(ENVIRONMENT, "PUBLISH_EVENTS", publishes)
    monkeypatch.setattr(handler, "_events", lambda: bus)
    container(stage, monkeypatch)
    stage.has(DUE, NOON)
    handler.lambda_handler({"task": "reconcile"}, Invocation())
    assert stage.desktops.rebuilds() == [WS]


@pytest.mark.parametrize(
    ("publishes", "told"), [("true", ["rebuild_requested"]), ("false", [])], ids=["on", "off"]
)
def test_the_function_publishes_if_told_to(
    stage: Stage, bus: Bus, monkeypatch: pytest.MonkeyPatch, publishes: str, told: list[str]
) -> None:
    reconcile(stage, bus, monkeypatch, publishes)
    entries = [entry for entries in bus.calls for entry in entries]
    assert [json.loads(entry["Detail"])["decision"] for entry in entries] == told


def test_events_that_were_lost_are_told_and_hold_up_nothing(
    stage: Stage, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.fault = TIMEOUT
    reconcile(stage, bus, monkeypatch, "true")
    [line] = stage.lines.of("events_lost")
    assert (line["reason"], line["events"]) == ("ReadTimeoutError", 1)


def test_the_client_waits_for_nothing() -> None:
    handler._events.cache_clear()
    config: Any = handler._events().meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries["total_max_attempts"] == 1
