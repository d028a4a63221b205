"""When a debt is late, and what is told of one that waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from nonpersistent.facts import Decision, Deferral, Doubt, Facts, Need, Trouble, Verdict
from nonpersistent.lateness import NO_LIMITS, reckon
from nonpersistent.lifecycle import SNAPSHOT_INTERVAL, SNAPSHOT_SLACK
from nonpersistent.settings import Window
from tests.unit.looks import VACANT
from tests.unit.support import NIGHTS, NOON, at, settings

ALLOWANCE = timedelta(hours=1)
LATE = replace(VACANT, late_at=at(80))
LONG_AGO = replace(LATE, used_at=at(-110), told_at=at(-100), owed_since=at(-106), late_at=at(-20))
WAS_STUCK = replace(LATE, trouble=Trouble(at(-100), Need.UNKNOWN, "no_row", at(-10)))


def in_doubt(need: Need) -> Facts:
    return replace(LONG_AGO, trouble=Trouble(at(-15), need, "no_row", at(-20)))


def stuck_since(minutes: float) -> Facts:
    return replace(LONG_AGO, trouble=Trouble(at(minutes), Need.UNKNOWN, "no_row", at(-10)))


BRAKED = replace(LATE, trouble=Trouble(at(-15), Need.BRAKED, "no_row", at(-20)))


def reckoned(
    facts: Facts, before: Facts = LATE, minutes: float = 0, dry_run: bool = False, **decision: Any
) -> datetime | None:
    given: dict[str, Any] = {"verdict": Verdict.DEFERRED} | decision
    decided = Decision(facts, **given)
    return reckon(before, decided, at(minutes), settings(dry_run=dry_run), ALLOWANCE).late_at


SNAPSHOT: dict[str, Any] = {"expected_by": at(420), "reason": Deferral.SNAPSHOT}
GONE = replace(LATE, vacant_since=None)
UNDATED = replace(VACANT, owed_since=None, told_at=None)
HELD = replace(LATE, held_until=at(15))
STILL_STUCK = replace(LONG_AGO, trouble=WAS_STUCK.trouble)
DEBTS: dict[str, tuple[datetime | None, Facts, dict[str, Any]]] = {
    "a new debt": (at(80), VACANT, {}),
    "owed in a dry run until now": (at(88), VACANT, {"before": VACANT, "minutes": 8}),
    "held until now": (at(95), HELD, {"minutes": 15}),
    "held still": (at(80), HELD, {"minutes": 14}),
    "a known one": (at(80), LATE, {}),
    "one that was asked for": (at(81), replace(VACANT, wanted_at=at(1)), {}),
    "one of which nobody knows since when": (at(83), UNDATED, {"minutes": 3}),
    "the debt of a later session": (at(83), replace(LATE, owed_since=at(3), late_at=at(99)), {}),
    "an alarm of a later session": (at(89), replace(LATE, told_at=at(9)), {}),
    "one that waits by choice": (at(480), replace(LATE, told_at=at(9), late_at=at(480)), {}),
    "somebody is there": (None, replace(GONE, owed_since=None), {}),
    "put off by a sign-in that nothing confirms": (at(99), replace(GONE, late_at=at(99)), {}),
    "nothing is owed": (None, replace(LATE, rebuilt_at=at(1)), {}),
    "a dry run owes nothing": (None, LATE, {"dry_run": True}),
    "a sign-in before the alarm": (at(80), replace(VACANT, signed_in_at=at(-60)), {}),
    "a sign-in since": (at(85), replace(LATE, signed_in_at=at(5)), {}),
    "sign-ins without end": (at(314), replace(LATE, signed_in_at=at(999)), {}),
    "a wait that was chosen": (at(480), LATE, {"expected_by": at(420)}),
    "a shorter one": (at(80), LATE, {"expected_by": at(5)}),
    "what is late stays late": (at(80), LATE, {"expected_by": at(420), "minutes": 80}),
    "but for a snapshot": (at(480), LATE, SNAPSHOT | {"minutes": 80}),
    "a moment before": (at(480), LATE, {"expected_by": at(420), "minutes": 79.9}),
    "stuck until now: begins anew": (at(85), LATE, {"before": WAS_STUCK, "minutes": 5}),
    "not stuck for long": (at(-20), LONG_AGO, {"before": WAS_STUCK, "minutes": -10.1}),
    "still stuck": (at(-20), STILL_STUCK, {"before": WAS_STUCK}),
    "a later time stays": (at(99), replace(LATE, late_at=at(99)), {"before": WAS_STUCK}),
    "stuck for just long enough": (at(70), LONG_AGO, {"before": WAS_STUCK, "minutes": -10}),
    "late before trouble of another kind": (at(-20), LONG_AGO, {"before": stuck_since(-15)}),
    "late when it began": (at(85), LONG_AGO, {"before": stuck_since(-20), "minutes": 5}),
    "late before a doubt": (at(-20), LONG_AGO, {"before": in_doubt(Need.LATE)}),
    "braked before a doubt, and not late": (at(80), LATE, {"before": BRAKED, "minutes": 5}),
    "braked before a doubt": (at(-20), LONG_AGO, {"before": in_doubt(Need.BRAKED)}),
}


@pytest.mark.parametrize(("late_at", "facts", "given"), DEBTS.values(), ids=list(DEBTS))
def test_p6_a_debt_knows_when_it_should_have_been_paid(
    late_at: datetime | None, facts: Facts, given: dict[str, Any]
) -> None:
    assert reckoned(facts, **given) == late_at


HALF_AN_HOUR = Window(time(19), time(19, 30), "UTC")
TOMORROW = at((24 + 7) * 60)
TONIGHT = at(7 * 60)
EXISTS_WITHIN = SNAPSHOT_INTERVAL + SNAPSHOT_SLACK + timedelta(minutes=20)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("waited_for", "owed_since", "why", "late_at"),
    [
        *((why, at(0), Deferral.WINDOW, TONIGHT + ALLOWANCE) for why in NO_LIMITS),
        (Deferral.CANARY, TONIGHT - timedelta(minutes=20), "window", TONIGHT + ALLOWANCE),
        (Deferral.CANARY, TONIGHT - timedelta(minutes=19), "window", TOMORROW + ALLOWANCE),
        (Deferral.CANARY, at(0), Deferral.SNAPSHOT, TOMORROW + ALLOWANCE),
        (Deferral.SNAPSHOT, at(0), Deferral.WINDOW, TOMORROW + ALLOWANCE),
        (Deferral.SNAPSHOT, TONIGHT - EXISTS_WITHIN, Deferral.WINDOW, TONIGHT + ALLOWANCE),
        (Deferral.SNAPSHOT, TONIGHT - EXISTS_WITHIN + SECOND, "window", TOMORROW + ALLOWANCE),
        (Deferral.HELD_BUNDLE, at(0), Deferral.WINDOW, TOMORROW + ALLOWANCE),
        (Deferral.BRAKE, at(0), Deferral.WINDOW, TOMORROW + ALLOWANCE),
        ("STOPPING", at(0), Deferral.WINDOW, TOMORROW + ALLOWANCE),
    ],
)
def test_p6_a_debt_that_waited_in_vain_for_a_whole_window_is_late(
    waited_for: str, owed_since: datetime, why: str, late_at: datetime
) -> None:
    """Or it would wait for the next one each time, and nobody would be told."""
    facts = replace(LATE, told_at=owed_since, owed_since=owed_since, late_at=TONIGHT + ALLOWANCE)
    decided = Decision(facts, Verdict.DEFERRED, TOMORROW, why, expected_by=TOMORROW)
    now = TONIGHT + timedelta(minutes=30)
    chosen = settings(window=HALF_AN_HOUR)
    planned_at = TONIGHT if waited_for == Deferral.WINDOW else now
    facts = reckon(
        facts, decided, now, chosen, ALLOWANCE, waited_for=waited_for, planned_at=planned_at
    )
    assert facts.late_at == late_at


EVENINGS = Window(time(22), time(23), "UTC")
ODD_EVENINGS = Window(time(22, 3), time(23), "UTC")  # the look is at five past
UNTIL_LATE = Window(time(19), time(22, 10), "UTC")
MORNINGS = Window(time(8), time(10), "UTC")
YESTERDAY, LAST_NIGHT, EARLY, TONIGHT_AT_TEN = at(-24 * 60), at(-14 * 60), at(-300), at(600)


@pytest.mark.parametrize(
    ("owed_since", "planned_at", "window", "minutes", "is_missed"),
    [
        (EARLY, TONIGHT_AT_TEN, EVENINGS, 60, False),
        (YESTERDAY, LAST_NIGHT, EVENINGS, 60, True),
        (YESTERDAY, LAST_NIGHT + timedelta(minutes=5), ODD_EVENINGS, 60, True),
        (EARLY, TONIGHT_AT_TEN, MORNINGS, 60, False),
        (EARLY, TONIGHT_AT_TEN, MORNINGS, 601, False),
        (EARLY, TONIGHT_AT_TEN, UNTIL_LATE, 611, False),
        (YESTERDAY, LAST_NIGHT, MORNINGS, 60, True),
        (at(-210), LAST_NIGHT, MORNINGS, 60, False),
        (EARLY, None, MORNINGS, 60, True),
    ],
    ids=[
        "kept",
        "missed",
        "missed, if it opens at odd minutes",
        "changed",
        "changed and looked at late",
        "changed and looked at when it was over",
        "missed both",
        "owed since the second was open",
        "not planned",
    ],
)
def test_p6_no_window_was_missed_that_only_a_change_of_it_put_into_the_past(
    owed_since: datetime,
    planned_at: datetime | None,
    window: Window,
    minutes: float,
    is_missed: bool,
) -> None:
    """All these debts have waited for a window at 22:00."""
    now, chosen = at(minutes), settings(window=window)
    late_at, opens_at = at(minutes + 5), chosen.rebuild_allowed_at(now)
    facts = replace(LATE, told_at=owed_since, owed_since=owed_since, late_at=late_at)
    decided = Decision(facts, Verdict.DEFERRED, opens_at, Deferral.WINDOW, expected_by=opens_at)
    waited_for = Deferral.WINDOW
    facts = reckon(
        facts, decided, now, chosen, ALLOWANCE, waited_for=waited_for, planned_at=planned_at
    )
    assert facts.late_at == (late_at if is_missed else opens_at + ALLOWANCE)


# The trouble of one that waits.

LEFT = Facts(used_at=at(-60), vacant_since=at(-40), owed_since=at(-40))


def told_of(facts: Facts, waits_for: str, minutes: float = 5) -> Trouble | None:
    waits = Decision(facts, Verdict.DEFERRED, at(300), waits_for)
    return reckon(facts, waits, at(minutes), settings(), ALLOWANCE).trouble


@pytest.mark.parametrize(
    ("doubt", "waits_for", "kept"),
    [
        (Doubt.OLDER_SAMPLE, Deferral.BRAKE, False),
        (Doubt.OLDER_SAMPLE, Deferral.IMAGE, False),
        (Doubt.OLDER_SAMPLE, Doubt.OLDER_SAMPLE, True),
        (Doubt.STALE_SAMPLE, Deferral.BRAKE, True),
        (Doubt.STALE_SAMPLE, Deferral.CANARY, True),
    ],
)
def test_p6_no_awaited_sample_rings_while_the_look_waits_for_something_else(
    doubt: Doubt, waits_for: Deferral | Doubt, kept: bool
) -> None:
    trouble = Trouble(at(0), Need.UNKNOWN, doubt, at(90))
    assert told_of(replace(LEFT, trouble=trouble), waits_for) == (trouble if kept else None)


@pytest.mark.parametrize(
    ("retry_at", "refused"), [(at(-5), False), (None, True)], ids=["failed", "refused"]
)
def test_p6_no_awaited_sample_hides_that_a_rebuild_failed_or_was_refused(
    retry_at: datetime | None, refused: bool
) -> None:
    trouble = Trouble(at(-90), Need.BLOCKED, Doubt.OLDER_SAMPLE, at(-60), refused)
    facts = replace(LEFT, trouble=trouble, retry_at=retry_at)
    assert told_of(facts, Deferral.BRAKE) == trouble


@pytest.mark.parametrize(
    ("waits_for", "minutes", "failures", "kept"),
    [
        (Deferral.CANARY, 9.9, 0, False),
        (Deferral.WINDOW, 9.9, 0, False),
        (Deferral.HELD_BUNDLE, 9.9, 0, False),
        (Deferral.CANARY, 10, 0, True),
        (Deferral.CANARY, 9.9, 1, True),
        (Deferral.HOLD, 9.9, 0, False),
        ("Conflict", 9.9, 0, True),
    ],
)
def test_p6_a_refusal_that_was_met_once_does_not_ring_until_the_next_try(
    waits_for: str, minutes: float, failures: int, kept: bool
) -> None:
    trouble = Trouble(NOON, Need.BLOCKED, "Conflict", at(30), refused=True)
    facts = replace(VACANT, trouble=trouble, failures=failures)
    assert told_of(facts, waits_for, minutes) == (trouble if kept else None)


@pytest.mark.parametrize("waits_for", [Deferral.BRAKE, Deferral.SHARE])
@pytest.mark.parametrize(("minutes", "needs_at"), [(9.9, at(432)), (10, at(30))])
def test_p6_a_refusal_that_waits_for_a_place_has_time_for_its_next_try(
    waits_for: str, minutes: float, needs_at: datetime
) -> None:
    trouble = Trouble(NOON, Need.BLOCKED, "Conflict", at(30), refused=True)
    told = told_of(replace(VACANT, trouble=trouble), waits_for, minutes)
    assert told == replace(trouble, needs_at=needs_at)
    later = replace(trouble, needs_at=at(999))
    assert told_of(replace(VACANT, trouble=later), waits_for, minutes) == later


MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEKDAYS = replace(NIGHTS, days=frozenset(range(5)))


@pytest.mark.parametrize("place", [Deferral.BRAKE, Deferral.SHARE])
@pytest.mark.parametrize(
    ("window", "days", "braked_at"),
    [
        (None, 0, MONDAY + timedelta(days=3, hours=9)),
        (NIGHTS, 0, MONDAY + timedelta(days=3, hours=9)),
        (WEEKDAYS, 0, MONDAY + timedelta(days=3, hours=9)),
        (WEEKDAYS, 4, MONDAY + timedelta(days=9, hours=7)),
    ],
    ids=["at any time", "each night", "until Thursday night", "not over the weekend"],
)
def test_p6_who_waits_for_a_place_on_three_open_days_needs_a_person_also_while_it_is_closed(
    place: Deferral, window: Window | None, days: int, braked_at: datetime
) -> None:
    owed_since = MONDAY + timedelta(days=days)
    facts = Facts(used_at=owed_since - timedelta(hours=1), owed_since=owed_since)
    facts = replace(facts, vacant_since=owed_since)

    def waits(before: Facts, why: Deferral | Doubt) -> datetime | None:
        decision = Decision(before, Verdict.DEFERRED, None, why)
        now = owed_since + timedelta(hours=9)
        return reckon(before, decision, now, settings(window=window), timedelta()).braked_at

    assert waits(facts, Deferral.WINDOW) is None
    assert waits(facts, place) == braked_at
    queued = replace(facts, braked_at=braked_at)
    assert waits(queued, Deferral.WINDOW) == braked_at
    assert waits(queued, Deferral.CANARY) == braked_at
    assert waits(queued, Deferral.HELD_BUNDLE) is None
    assert waits(queued, Doubt.NO_ROW) is None
    later = replace(queued, braked_at=braked_at - timedelta(hours=9))  # it has waited for long
    assert waits(later, place) == later.braked_at
    younger = Decision(replace(later, owed_since=at(0)), Verdict.DEFERRED, None, place)
    older = replace(later, owed_since=at(-60))
    anew = reckon(older, younger, NOON, settings(), timedelta()).braked_at
    assert anew == NOON + timedelta(days=3)
    for hours in (0, 9):
        late = replace(facts, late_at=owed_since + timedelta(hours=hours))
        assert waits(late, place) is None  # told as late
    doubt = Trouble(MONDAY, Need.UNKNOWN, Doubt.NO_ROW, MONDAY + timedelta(hours=1))
    assert waits(replace(queued, trouble=doubt), Doubt.NO_ROW) == braked_at


def test_p6_a_session_that_is_seen_ends_the_wait_for_a_place() -> None:
    """Else the debt that follows it would be told at once."""
    back = Decision(replace(GONE, owed_since=None, braked_at=at(99)), Verdict.IN_USE)
    assert reckon(LATE, back, NOON, settings(), ALLOWANCE).braked_at is None
