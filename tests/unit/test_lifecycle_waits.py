"""What a rebuild that is due waits for: the window, a snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from nonpersistent.facts import Decision, Deferral, Doubt, Facts, Need, Verdict
from nonpersistent.observation import Observation
from nonpersistent.settings import Window
from tests.unit.looks import FAILED, TOLD, VACANT, empty, judge, keep, said, sight
from tests.unit.support import NIGHTS, NOON, at

# The window.


def test_outside_the_window_a_rebuild_waits_for_its_opening() -> None:
    decision = judge(VACANT, empty(at(25)), window=NIGHTS)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(7 * 60))
    assert decision.expected_by == at(7 * 60)
    assert judge(VACANT, empty(at(7 * 60)), window=NIGHTS).verdict is Verdict.REBUILD


@pytest.mark.parametrize(("hours", "look_at"), [(0, 420), (2, 120), (7, 420), (9, 420)])
def test_p6_a_hold_that_ends_before_the_opening_is_looked_into_then(
    hours: int, look_at: int
) -> None:
    """From its end on, the wait for the window counts: else the rebuild would seem late."""
    held = replace(VACANT, held_at=at(0), held_until=at(60 * hours), hold_reason="case 17")
    decision = judge(held, empty(at(25)), window=NIGHTS)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(look_at))
    assert decision.expected_by == at(7 * 60)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Observation(at(25)), Deferral.WINDOW),
        (Observation(at(25), state_asked=True, state="AVAILABLE"), Doubt.NO_ROW),
        (empty(at(25), at(5)), Doubt.STALE_SAMPLE),
        (Observation(at(25), state_asked=True, state="STOPPED"), Deferral.WINDOW),
        (Observation(at(25), state_asked=True, state="MAINTENANCE"), "MAINTENANCE"),
        (replace(empty(at(25)), state_asked=True, state="IMPAIRED"), "IMPAIRED"),
    ],
    ids=["no look", "no row", "an old sample", "stopped", "in maintenance", "impaired"],
)
def test_p6_what_hinders_a_rebuild_is_kept_while_the_window_is_closed(
    seen: Observation, reason: str
) -> None:
    decision = judge(VACANT, seen, window=NIGHTS)
    assert decision.reason == reason
    assert (decision.facts.trouble is None) == (reason is Deferral.WINDOW)


@pytest.mark.parametrize("state", [None, "TERMINATED"])
@pytest.mark.parametrize("grace", [20, 240])
def test_p6_one_that_is_gone_is_told_whatever_it_waits_for(state: str | None, grace: int) -> None:
    seen = sight(at(25), state=state, state_asked=True)
    decision = judge(VACANT, seen, window=NIGHTS, grace=timedelta(minutes=grace))
    assert decision.facts.trouble is not None
    assert decision.facts.trouble.need is Need.UNKNOWN
    assert decision.reason == (state or Doubt.NOT_FOUND)


def test_the_last_minutes_of_the_window_count() -> None:
    closing = Window(time(10), time(12, 22), "UTC")
    assert judge(VACANT, empty(at(20), at(20)), window=closing).verdict is Verdict.REBUILD
    assert judge(VACANT, empty(at(19)), window=closing).reason is Deferral.WINDOW


def test_p6_a_grace_that_ends_outside_of_the_window_waits_for_it_and_says_so() -> None:
    decision = judge(TOLD, empty(at(1)), window=NIGHTS)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(7 * 60))


# The user volume.


def asked(snapshot_at: datetime | None, minutes: float = 25) -> Observation:
    return empty(at(minutes), snapshot_at=snapshot_at, snapshot_asked=True)


def test_keep_asks_for_the_snapshot_only_when_all_else_is_settled() -> None:
    decision = keep(VACANT, empty(at(25)))
    assert decision == Decision(
        VACANT, Verdict.DEFERRED, at(25), Deferral.SNAPSHOT, needs_snapshot=True
    )
    assert not keep(VACANT, empty(at(9))).needs_snapshot
    assert not keep(VACANT, sight(at(25))).needs_snapshot


HOURS_12 = 12 * 60


@pytest.mark.parametrize(
    ("snapshot_at", "minutes", "look_at"),
    [
        (None, 25, at(55)),
        (at(-7), 25, at(-7 + HOURS_12 + 5 + 2)),
        (at(-HOURS_12), 25, at(HOURS_12 + 5)),
        (None, HOURS_12 + 29, at(HOURS_12 + 60)),
        (None, HOURS_12 + 30, at(HOURS_12 + 150)),
    ],
    ids=["none", "too old", "as old as the end", "nearly overdue", "overdue"],
)
def test_keep_waits_for_a_snapshot_that_holds_the_session(
    snapshot_at: datetime | None, minutes: float, look_at: datetime
) -> None:
    decision = keep(VACANT, asked(snapshot_at, minutes))
    assert said(decision) == (Verdict.DEFERRED, Deferral.SNAPSHOT, look_at)
    assert decision.expected_by == at(HOURS_12 + 30)
    assert decision.facts.snapshot_at == snapshot_at


def test_keep_does_not_ask_before_a_snapshot_is_to_be_expected() -> None:
    known = replace(VACANT, snapshot_at=at(-60))
    assert said(keep(known, empty(at(25)))) == (Verdict.DEFERRED, "snapshot", at(HOURS_12 - 60))
    assert keep(known, empty(at(HOURS_12 - 60))).needs_snapshot
    rebuilt = replace(VACANT, settled_at=at(-100))
    assert keep(rebuilt, empty(at(25))).look_at == at(HOURS_12 - 100)
    assert keep(replace(rebuilt, snapshot_at=at(-120)), empty(at(25))).look_at == at(HOURS_12 - 100)


@pytest.mark.parametrize(
    ("facts", "snapshot_at", "verdict"),
    [
        (VACANT, at(-3), Verdict.DEFERRED),
        (VACANT, NOON, Verdict.REBUILD),
        (replace(VACANT, told_at=None), at(-7), Verdict.DEFERRED),
        (replace(VACANT, told_at=None), at(-6), Verdict.REBUILD),
        (replace(VACANT, snapshot_at=NOON), None, Verdict.REBUILD),
    ],
    ids=["before the alarm", "at the alarm", "before", "at the vacancy", "known before"],
)
def test_keep_rebuilds_once_a_snapshot_is_newer_than_whatever_showed_the_end(
    facts: Facts, snapshot_at: datetime | None, verdict: Verdict
) -> None:
    """Back unseen from 11:55 to 11:59: the last-connection time may be that of the log-in."""
    assert keep(facts, asked(snapshot_at)).verdict is verdict


def test_keep_waits_for_no_snapshot_once_a_rebuild_has_rolled_the_volume_back() -> None:
    """A WorkSpace in ERROR may never get another one."""
    assert keep(FAILED, sight(at(25), state="ERROR")).verdict is Verdict.REBUILD
    assert keep(replace(FAILED, failed=None), empty(at(25))).needs_snapshot


def test_keep_rebuilds_without_a_snapshot_when_an_administrator_asks_for_it() -> None:
    assert keep(replace(VACANT, wanted_at=at(1)), empty(at(25))).verdict is Verdict.REBUILD
