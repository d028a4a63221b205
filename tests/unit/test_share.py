"""maximum_rebuilding_percent: how many WorkSpaces are rebuilt at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ReadTimeoutError

from nonpersistent.facts import ENDS_WITHIN, Deferral
from nonpersistent.journal import Tally
from nonpersistent.pacing import Share
from simulation.clock import VirtualClock
from tests.unit.stage import DUE, Stage
from tests.unit.support import NOON, OTHER, WS, at, fleet, settings
from tests.unit.trust import UNDER_WAY

FLEET = fleet(10)


@pytest.fixture
def fifth(stage: Stage) -> Stage:
    """Two of ten may be rebuilt at once, all ten are due."""
    stage.settings = settings(maximum_rebuilding_percent=25)
    for minutes, id_ in enumerate(FLEET):
        ended = at(-60 - minutes)
        owing = replace(DUE, used_at=at(-90), told_at=None, vacant_since=ended, owed_since=ended)
        stage.has(owing, NOON, id_)
    return stage


def test_no_more_than_the_share_are_asked_for_and_the_oldest_debts_first(fifth: Stage) -> None:
    fifth.run()
    assert fifth.desktops.rebuilds() == [FLEET[9], FLEET[8]]
    waits = fifth.record(FLEET[0])
    assert (waits.reason, waits.look_at) == (Deferral.SHARE, at(15))
    assert waits.facts.late_at is not None
    assert waits.facts.late_at > at(15)


def test_p5_those_that_wait_cost_no_call(fifth: Stage) -> None:
    fifth.run()
    before = len(fifth.desktops.calls)
    fifth.time.now = at(15)
    fifth.run()
    assert len(fifth.desktops.calls) - before <= 1  # the look at those under way


def test_a_rebuild_whose_answer_got_lost_counts(fifth: Stage) -> None:
    lost = ReadTimeoutError(endpoint_url="https://aws")
    fifth.desktops.faults["RebuildWorkspaces"] = [lost, lost]
    fifth.run()
    fifth.has(DUE, at(11), OTHER)
    fifth.time.now = at(11)
    fifth.run()
    assert OTHER not in fifth.desktops.rebuilds()
    assert fifth.record(OTHER).reason == Deferral.SHARE


def test_the_end_of_one_makes_room_for_the_next(fifth: Stage) -> None:
    fifth.run()
    for id_ in (FLEET[9], FLEET[8]):
        fifth.desktops.desks[id_].state = "AVAILABLE"
    fifth.passes(at(80))
    assert fifth.desktops.rebuilds() == [FLEET[9], FLEET[8], FLEET[7], FLEET[6]]


def test_p8_one_that_takes_too_long_holds_up_nobody(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilding_percent=1)
    long_ago = replace(UNDER_WAY, asked_at=NOON - ENDS_WITHIN)
    stage.has(replace(DUE, claim=long_ago), at(30), OTHER)
    stage.meets(DUE, NOON)
    assert stage.desktops.rebuilds() == [WS]


@pytest.fixture
def half(stage: Stage) -> Stage:
    """One of two may be rebuilt at once, and this one is due."""
    stage.settings = settings(maximum_rebuilding_percent=50)
    stage.has(DUE, NOON)
    return stage


def test_one_that_is_under_way_fills_the_share_of_a_small_fleet(half: Stage) -> None:
    half.meets(replace(DUE, claim=UNDER_WAY), at(30), OTHER)
    assert half.desktops.rebuilds() == []
    assert half.record().reason == Deferral.SHARE


def test_one_that_failed_is_not_under_way(half: Stage) -> None:
    failed = replace(DUE, failed=UNDER_WAY, asked=(at(-30),), failures=1, retry_at=at(90))
    half.meets(failed, at(90), OTHER)
    assert half.desktops.rebuilds() == [WS]


@pytest.mark.parametrize(
    ("percent", "under_way", "full"),
    [
        (None, 500, False),
        (10, 9, False),
        (10, 10, True),
        (10.9, 10, True),
        (0.1, 0, False),
        (0.1, 1, True),
        (100, 99, False),
        (100, 100, True),
    ],
)
def test_a_share_of_a_hundred(
    clock: VirtualClock, percent: float | None, under_way: int, full: bool
) -> None:
    assert Share(percent, lambda: under_way, clock).is_full(100) is full


def test_what_is_under_way_is_counted_once_a_minute_and_with_our_own(clock: VirtualClock) -> None:
    counts = [0, 5]
    share = Share(2, lambda: counts.pop(0), clock)
    assert not share.is_full(100)
    share.take()
    clock.sleep(59)
    assert not share.is_full(100)
    share.take()
    assert share.is_full(100)
    clock.sleep(1)
    assert share.is_full(250)
    assert timedelta(seconds=60) == clock.now() - NOON


def test_a_place_that_becomes_free_goes_to_the_oldest_debt(stage: Stage) -> None:
    """Its own next look is planned later than that of a younger one."""
    stage.settings = settings(maximum_rebuilding_percent=34)
    ended = replace(DUE, claim=replace(UNDER_WAY, asked_at=at(-55)))
    stage.has(ended, NOON, FLEET[0], address="10.0.0.9")
    older, younger = replace(DUE, owed_since=at(-300)), replace(DUE, owed_since=at(-50))
    stage.has(older, at(9), OTHER, reason=Deferral.SHARE)
    stage.meets(younger, NOON, WS, reason=Deferral.SHARE)
    assert stage.desktops.rebuilds() == [OTHER]
    assert stage.record().reason == Deferral.SHARE


def test_p5_as_many_are_woken_as_places_become_free(stage: Stage) -> None:
    """One rebuild has ended, and the WorkSpace of the other is deleted."""
    stage.settings = settings(maximum_rebuilding_percent=25)
    for id_, state in ((FLEET[0], "AVAILABLE"), (FLEET[1], "TERMINATED")):
        stage.has(replace(DUE, claim=UNDER_WAY), NOON, id_, state=state)
    for id_ in FLEET[2:]:
        stage.has(DUE, at(9), id_, reason=Deferral.SHARE)
    assert stage.run() == Tally(due=2, looked=4, rebuilt=2)


def test_without_a_share_the_end_of_a_rebuild_makes_nobody_ask_who_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(type(stage.ledger), "planned")
    stage.meets(replace(DUE, claim=UNDER_WAY), NOON, address="10.0.0.9")
    assert [decision for decision, _ in stage.lines.decisions] == ["finished"]


def test_a_rebuild_of_somebody_else_takes_a_place_as_soon_as_it_is_seen(half: Stage) -> None:
    half.meets(replace(DUE, owed_since=at(-300)), NOON, OTHER, state="REBUILDING")
    assert half.desktops.rebuilds() == []
    assert half.record().reason == Deferral.SHARE
