"""The whole function: an event comes in, WorkSpaces are rebuilt, lines are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from nonpersistent import handler
from nonpersistent.facts import Facts, Phase
from nonpersistent.handler import ROSTER_HOLDS, lambda_handler
from nonpersistent.ledger import Ledger
from nonpersistent.settings import SettingsError
from tests.ledger_table import InMemory
from tests.unit.container import ENVIRONMENT, Invocation
from tests.unit.desktops import Desktop
from tests.unit.stage import DUE, Stage
from tests.unit.support import NOON, OTHER, WS, at, event
from tests.unit.test_signals import about, plain, record

RECONCILE = {"task": "reconcile"}
STRANGERS = record(about({"name": "WorkspaceId", "value": "ws-stranger1"}))
START = at(0, 12)
"""Between two ticks: what is recorded is looked into at the next one."""


def invoke(given: object) -> dict[str, Any]:
    return lambda_handler(given, Invocation())


def tick(stage: Stage) -> None:
    """A minute passes."""
    stage.clock.sleep(60)
    invoke(RECONCILE)


@pytest.fixture(autouse=True)
def function(stage: Stage, in_memory: InMemory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A container that has just started, with a WorkSpace on its roster."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(handler, "CLOCK", stage.clock)
    caches = (handler._container, handler._dynamodb, handler._workspaces)
    for cached in caches:
        cached.cache_clear()
    stage.desktops.serve(handler._workspaces())
    in_memory.serve(handler._dynamodb())
    stage.has(None, None)
    stage.ledger.end_audit(NOON)
    stage.time.now = START
    yield stage
    for cached in caches:
        cached.cache_clear()


def test_a_session_ends_and_the_workspace_is_rebuilt_after_the_grace(stage: Stage) -> None:
    invoke(event("alarm"))
    while not stage.desktops.rebuilds() and stage.clock.now() < at(60):
        tick(stage)
    assert stage.desktops.rebuilds() == [WS]
    # A common look, a grace period of 20 minutes, a sample, and a common look again.
    assert at(25) <= stage.clock.now() < at(36)
    kinds = [each for each, _ in stage.lines.decisions if each not in ("pass", "gauges")]
    assert kinds == ["recorded", "vacant", "rebuild_requested"]


def test_p1_reconnected_within_the_grace_is_left_alone(stage: Stage) -> None:
    invoke(event("alarm"))
    for minute in range(40):
        desk = stage.desktops.desks[WS]
        desk.connection = "CONNECTED" if minute >= 10 else "DISCONNECTED"
        tick(stage)
    assert stage.desktops.rebuilds() == []
    assert ("in_use", None) in stage.lines.decisions


def test_p8_a_request_is_recorded_for_all_but_the_one_whose_item_somebody_has_changed(
    stage: Stage,
) -> None:
    for id_ in (WS, OTHER):
        stage.has(DUE, at(60), id_)
    stage.put(stage.record(), version={"S": "three"})
    with pytest.raises(ClientError, match="ValidationException"):
        invoke({"task": "rebuild", "workspace_ids": [WS, OTHER]})
    [record] = stage.ledger.read([OTHER])
    assert record.facts.wanted_at == START


def test_p3_twenty_copies_of_an_alarm_are_one_rebuild(stage: Stage) -> None:
    for minute in range(0, 100, 5):
        invoke(event("alarm"))
        if stage.desktops.desks[WS].state == "REBUILDING" and minute > 60:
            stage.desktops.desks[WS] = Desktop(address="10.0.0.9")
        stage.clock.sleep(5 * 60)
        invoke(RECONCILE)
    assert stage.desktops.rebuilds() == [WS]
    assert stage.facts().phase is Phase.CLEAN
    assert stage.lines.of("finished")


def test_p3_killed_after_the_call_it_is_made_once(stage: Stage) -> None:
    stage.has(DUE, NOON, OTHER)
    desk = stage.desktops.desks[OTHER]

    def killed() -> None:
        desk.state = "REBUILDING"
        raise KeyboardInterrupt

    stage.desktops.before["RebuildWorkspaces"] = killed
    with pytest.raises(KeyboardInterrupt):
        invoke(RECONCILE)
    stage.desktops.before.clear()
    for minute in range(60):
        tick(stage)
        desk.state = "REBUILDING" if minute < 30 else "AVAILABLE"
    assert stage.desktops.rebuilds() == [OTHER]
    assert stage.facts(OTHER).phase is Phase.CLEAN
    [claim] = stage.facts(OTHER).asked
    assert at(0, 13) < claim < at(0, 15)


def test_p6_a_reconcile_says_what_it_did_also_when_idle(stage: Stage) -> None:
    assert invoke(RECONCILE) == {"due": 0, "looked": 0, "rebuilt": 0, "left": 0, "reason": None}
    [line] = stage.lines.of("pass")
    assert (line["fleet"], line["task"]) == ("desks", "reconcile")
    assert (line["due"], line["looked"], line["left"]) == (0, 0, 0)


def test_p6_the_gauges_are_told_every_five_minutes_and_by_reconciles_alone(stage: Stage) -> None:
    invoke({"task": "audit"})
    invoke(event("alarm"))
    assert stage.lines.of("gauges") == []
    invoke(RECONCILE)
    for seconds in (0, 299.9, 0.1):
        stage.clock.sleep(seconds)
        told = len(stage.lines.of("gauges"))
        invoke(RECONCILE)
    assert (told, len(stage.lines.of("gauges"))) == (1, 2)


@pytest.mark.parametrize(
    ("request_", "signal"),
    [
        ({"task": "rebuild"}, "rebuild"),
        ({"task": "hold", "hours": 72, "reason": "demo"}, "hold"),
        ({"task": "release"}, "release"),
    ],
)
def test_an_administrators_request_is_recorded_and_looked_into_at_once(
    stage: Stage, request_: dict[str, Any], signal: str
) -> None:
    stage.has(DUE, at(90), OTHER)
    invoke(request_ | {"workspace_ids": [OTHER, "ws-stranger1"]})
    recorded, ignored = stage.lines.all[:2]
    assert (recorded["decision"], recorded["signal"]) == ("recorded", signal)
    assert (ignored["decision"], ignored["reason"]) == ("ignored", "not_in_workspace_ids")
    assert stage.desktops.rebuilds() == ([] if signal == "hold" else [OTHER])
    assert (stage.record(OTHER).reason == "hold") == (signal == "hold")


def test_p5_two_invocations_of_one_request_are_two_owners(stage: Stage) -> None:
    """Lambda may deliver an event twice at once: the second must not act beside the first."""
    stage.has(DUE, NOON, OTHER)
    second: list[dict[str, Any]] = []

    def meanwhile() -> None:
        stage.desktops.before.clear()
        second.append(invoke(RECONCILE))

    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = meanwhile
    assert invoke(RECONCILE)["rebuilt"] == 1
    assert second[0]["reason"] == "another_invocation_acts"


def test_p6_a_pass_that_is_cut_off_has_said_what_it_did(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.has(DUE, NOON, OTHER)
    monkeypatch.setattr(Ledger, "read", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        invoke(RECONCILE)
    assert [(line["due"], line["left"]) for line in stage.lines.of("pass")] == [(1, 1)]


def test_p2_an_audit_takes_the_baseline(stage: Stage) -> None:
    invoke({"task": "audit"})
    assert stage.lines.decisions == [("baseline", None), ("pass", None)]
    assert stage.lines.all[-1]["task"] == "audit"
    assert stage.facts().baseline_at == START


def test_a_signal_is_recorded_without_a_call_and_looked_into_at_the_next_tick(stage: Stage) -> None:
    invoke(record(plain()))
    assert stage.record().look_at == at(5)
    assert stage.desktops.calls == []
    [line] = stage.lines.all
    assert (line["decision"], line["signal"]) == ("recorded", "session_end")
    assert line["at"] == START.isoformat()


def test_a_sign_in_is_recorded(stage: Stage) -> None:
    invoke(event("sign_in"))
    assert stage.facts() == Facts(used_at=at(-107, 37.603), signed_in_at=at(-107, 37.603))
    assert stage.lines.all[0]["signal"] == "sign_in"


def test_a_signal_that_finds_something_due_acts_and_says_so(stage: Stage) -> None:
    stage.has(DUE, NOON, OTHER)
    assert invoke(event("sign_in"))["rebuilt"] == 1
    assert "task" not in stage.lines.of("pass")[0]


def test_a_repeated_alarm_is_said_to_be_no_news(stage: Stage) -> None:
    invoke(event("alarm"))
    invoke(event("alarm"))
    assert stage.lines.decisions == [("recorded", None), ("ignored", "nothing_new")]


def test_p4_a_workspace_off_the_roster_is_never_touched(stage: Stage) -> None:
    invoke(STRANGERS)
    assert stage.lines.decisions == [("ignored", "not_in_workspace_ids")]
    assert stage.lines.all[0]["workspace_id"] == "ws-stranger1"
    assert stage.record("ws-stranger1").version == 0
    assert stage.desktops.calls == []


def test_p4_who_joins_the_roster_is_known_at_once_and_who_leaves_within_a_minute(
    stage: Stage,
) -> None:
    invoke(STRANGERS)
    stage.roster("ws-stranger1")
    invoke(STRANGERS)
    assert stage.lines.decisions[-1] == ("recorded", None)
    stage.roster(WS)
    stage.time.now = START + ROSTER_HOLDS
    invoke(STRANGERS)
    assert ("ignored", "not_in_workspace_ids") in stage.lines.decisions[2:]


def test_the_roster_is_read_once_for_a_burst_of_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Ledger] = []
    roster = Ledger.roster

    def counted(ledger: Ledger) -> frozenset[str]:
        reads.append(ledger)
        return roster(ledger)

    monkeypatch.setattr(Ledger, "roster", counted)
    for _ in range(3):
        invoke(event("alarm"))
    assert len(reads) == 1


def test_p2_the_time_that_the_runtime_leaves_is_kept_to(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.has(DUE, NOON, OTHER)
    monkeypatch.setattr(Invocation, "milliseconds", 29_999)
    assert invoke(RECONCILE)["left"] == 1
    assert stage.desktops.calls == []


def test_a_wrong_environment_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRY_RUN", "perhaps")
    with pytest.raises(SettingsError, match="DRY_RUN must be true or false"):
        invoke(RECONCILE)


def test_p3_the_clients_try_as_often_as_they_should_and_time_out_early(stage: Stage) -> None:
    """botocore's own defaults are 60 s, and several attempts that the pacer knows nothing of."""
    workspaces: Any = handler._workspaces().meta.config
    dynamodb: Any = handler._dynamodb().meta.config
    assert (workspaces.connect_timeout, workspaces.read_timeout) == (3, 6)
    assert (dynamodb.connect_timeout, dynamodb.read_timeout) == (2, 3)
    assert workspaces.retries["total_max_attempts"] == 1
    assert dynamodb.retries["total_max_attempts"] == 5
    stage.has(DUE, NOON, OTHER)
    fault = ReadTimeoutError(endpoint_url="https://workspaces.us-east-1.amazonaws.com/")
    stage.desktops.faults["RebuildWorkspaces"] = [fault, fault]
    invoke(RECONCILE)
    assert stage.desktops.rebuilds() == [OTHER]
    assert stage.lines.of("unanswered")


def test_a_container_keeps_its_clients(stage: Stage) -> None:
    invoke(RECONCILE)
    running = handler._container()
    invoke(RECONCILE)
    assert handler._container() is running
    assert stage.desktops.calls == []
