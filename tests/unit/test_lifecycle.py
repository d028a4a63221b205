"""From a session's end to the decision to rebuild. What follows a rebuild: test_aftermath.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from nonpersistent.decisions import Decision, Deferral, Verdict
from nonpersistent.facts import Facts, Observation
from nonpersistent.lifecycle import (
    decide,
    owed_at,
)
from nonpersistent.settings import UserVolume, Window
from tests.unit.support import NOON, at, busy, empty, settings, sight

GRACE_20 = settings()
TOLD = Facts(baseline_at=at(-300), used_at=at(-60), told_at=NOON)
VACANT = replace(TOLD, vacant_since=at(-6))
"""The session ended before 11:54; the alarm came at noon: due at 12:20."""


def judge(facts: Facts, seen: Observation, **changes: Any) -> Decision:
    return decide(facts, seen, seen.looked_at, settings(**changes))


def said(decision: Decision) -> tuple[Verdict, str | None, datetime | None]:
    return decision.verdict, decision.reason, decision.look_at


# Vacant or not.


def test_p1_a_user_who_is_connected_is_left_alone() -> None:
    assert said(judge(TOLD, busy(at(6)))) == (Verdict.IN_USE, None, None)


def test_p2_an_alarm_newer_than_a_connected_sample_is_looked_into_again() -> None:
    decision = judge(TOLD, busy(at(0, 30)))
    assert said(decision) == (Verdict.DEFERRED, Deferral.EVIDENCE, at(6))


@pytest.mark.parametrize(
    "seen",
    [
        sight(NOON),
        sight(NOON, connection="CONNECTED"),
        sight(NOON, connection="DISCONNECTED"),
        empty(NOON, at(-11)),
        empty(NOON, last_connected_at=NOON),
    ],
    ids=["no row", "no time, connected", "no time", "stale", "contradictory"],
)
def test_p1_missing_stale_or_contradictory_evidence_means_not_now(seen: Observation) -> None:
    assert said(judge(TOLD, seen)) == (Verdict.DEFERRED, Deferral.EVIDENCE, at(5))


def test_p2_a_session_that_was_seen_without_the_time_of_its_sample_is_not_forgotten() -> None:
    seen = sight(NOON, connection="CONNECTED")
    assert judge(Facts(baseline_at=at(-60)), seen).facts.is_dirty


def test_a_vacancy_is_looked_at_a_sample_interval_after_the_grace() -> None:
    decision = judge(TOLD, empty(at(1)))
    assert said(decision) == (Verdict.VACANT, Deferral.GRACE, at(25))
    assert owed_at(decision.facts, GRACE_20) == at(20)


def test_a_clean_workspace_is_left_to_the_next_audit() -> None:
    decision = judge(Facts(rebuilt_at=at(-5), told_at=NOON, vacant_since=at(-4)), empty(NOON))
    assert said(decision) == (Verdict.CLEAN, None, None)
    assert decision.facts.vacant_since is None


# The rebuild falls due.


def test_p1_empty_throughout_the_grace_and_after_it_is_rebuilt() -> None:
    assert said(judge(VACANT, empty(at(25), at(20)))) == (Verdict.REBUILD, None, None)


def test_p1_a_check_from_before_the_end_of_the_grace_does_not_count() -> None:
    decision = judge(VACANT, empty(at(25), at(19, 59)))
    assert said(decision) == (Verdict.DEFERRED, Deferral.EVIDENCE, at(30))


def test_p1_not_a_moment_before_the_end_of_the_grace() -> None:
    decision = decide(VACANT, empty(at(20), at(20)), at(19, 59.9), GRACE_20)
    assert decision.verdict is Verdict.VACANT
    assert judge(VACANT, empty(at(20), at(20))).verdict is Verdict.REBUILD


def test_p1_reconnected_after_the_grace_is_left_alone() -> None:
    assert judge(VACANT, busy(at(25))).verdict is Verdict.IN_USE


def test_p1_gone_again_after_a_reconnect_begins_the_grace_anew() -> None:
    decision = judge(VACANT, empty(at(25), last_connected_at=at(22)))
    assert said(decision) == (Verdict.VACANT, Deferral.GRACE, at(49))


def test_p1_a_late_alarm_prolongs_the_grace() -> None:
    told_again = replace(VACANT, told_at=at(21))
    assert said(judge(told_again, empty(at(25)))) == (Verdict.VACANT, Deferral.GRACE, at(46))


@pytest.mark.parametrize("connection", ["UNKNOWN", None])
def test_p1_without_a_status_nothing_is_rebuilt(connection: str | None) -> None:
    decision = judge(VACANT, sight(at(25), connection=connection))
    assert said(decision) == (Verdict.DEFERRED, Deferral.EVIDENCE, at(30))


def test_a_stopped_workspace_is_rebuilt() -> None:
    stopped = sight(at(25), state="STOPPED", connection="UNKNOWN")
    assert judge(VACANT, stopped).verdict is Verdict.REBUILD


@pytest.mark.parametrize("state", ["AVAILABLE", "ERROR", "UNHEALTHY", "STOPPED", "REBOOTING"])
def test_the_states_from_which_aws_rebuilds(state: str) -> None:
    assert judge(VACANT, empty(at(25), state=state)).verdict is Verdict.REBUILD


@pytest.mark.parametrize("state", ["MAINTENANCE", "SUSPENDED", "STARTING", "REBUILDING", None])
def test_another_state_is_waited_out(state: str | None) -> None:
    decision = judge(VACANT, empty(at(25), state=state))
    assert said(decision) == (Verdict.DEFERRED, Deferral.STATE, at(30))


@pytest.mark.parametrize("facts", [TOLD, VACANT])
@pytest.mark.parametrize(
    ("gone", "why"),
    [({"missing": True, "state": None}, "not_found"), ({"state": "TERMINATED"}, "TERMINATED")],
)
def test_p6_a_workspace_that_is_gone_is_blocked(facts: Facts, gone: Any, why: str) -> None:
    assert said(judge(facts, sight(at(25), **gone))) == (Verdict.BLOCKED, why, None)


def test_grace_0_rebuilds_at_once() -> None:
    decision = judge(replace(TOLD, told_at=at(-2)), empty(NOON), grace=timedelta())
    assert decision.verdict is Verdict.REBUILD


def test_p1_grace_0_needs_a_sample_from_after_the_alarm() -> None:
    decision = judge(TOLD, empty(at(0, 30), at(-1)), grace=timedelta())
    assert said(decision) == (Verdict.DEFERRED, Deferral.EVIDENCE, at(0, 30))


def test_dry_run_decides_and_rebuilds_nothing() -> None:
    assert said(judge(VACANT, empty(at(25)), dry_run=True)) == (Verdict.DRY_RUN, None, None)


EVENING = Window(time(19), time(6), "UTC")


def test_outside_the_window_a_rebuild_waits_for_its_opening() -> None:
    decision = judge(VACANT, empty(at(25)), window=EVENING)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(7 * 60))
    assert judge(VACANT, empty(at(7 * 60)), window=EVENING).verdict is Verdict.REBUILD


def test_the_last_minutes_of_the_window_count() -> None:
    closing = Window(time(10), time(12, 22), "UTC")
    assert judge(VACANT, empty(at(20), at(20)), window=closing).verdict is Verdict.REBUILD
    assert judge(VACANT, empty(at(19)), window=closing).reason is Deferral.WINDOW


def test_p6_a_grace_that_ends_outside_of_the_window_waits_for_it_and_says_so() -> None:
    decision = judge(TOLD, empty(at(1)), window=EVENING)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(7 * 60))


# The user volume.


def keep(facts: Facts, snapshot_at: datetime | None) -> Decision:
    seen = empty(at(25), snapshot_at=snapshot_at, snapshot_asked=True)
    return judge(facts, seen, user_volume=UserVolume.KEEP)


def test_keep_asks_for_the_snapshot_only_when_all_else_is_settled() -> None:
    decision = judge(VACANT, empty(at(25)), user_volume=UserVolume.KEEP)
    assert decision.needs_snapshot
    assert decision.facts == replace(VACANT, owed_since=VACANT.vacant_since)
    assert said(decision) == (Verdict.DEFERRED, Deferral.SNAPSHOT, at(25))
    assert not judge(VACANT, empty(at(9)), user_volume=UserVolume.KEEP).needs_snapshot


@pytest.mark.parametrize(
    ("snapshot_at", "look_at"),
    [(None, at(55)), (at(-7), at(-7 + 12 * 60)), (at(-12 * 60), at(55))],
    ids=["none", "too old", "overdue"],
)
def test_keep_waits_for_a_snapshot_that_holds_the_session(
    snapshot_at: datetime | None, look_at: datetime
) -> None:
    assert said(keep(VACANT, snapshot_at)) == (Verdict.DEFERRED, Deferral.SNAPSHOT, look_at)


def test_keep_rebuilds_once_the_snapshot_holds_the_session() -> None:
    facts = replace(VACANT, told_at=at(-6))
    assert keep(facts, at(-6)).verdict is Verdict.REBUILD


def test_keep_waits_for_a_snapshot_newer_than_the_last_session_end_that_was_told() -> None:
    """Back unseen from 11:55 to 11:59: the last-connection time may be that of the log-in."""
    assert keep(VACANT, at(-3)).reason == Deferral.SNAPSHOT


def test_keep_waits_for_a_snapshot_newer_than_a_vacancy_that_no_alarm_told_of() -> None:
    untold = replace(VACANT, told_at=None)
    assert keep(untold, at(-7)).reason == Deferral.SNAPSHOT
    assert keep(untold, at(-6)).verdict is Verdict.REBUILD
