"""What a look teaches, what follows for the debt, and what holds whatever is known and seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.facts import (
    Claim,
    Decision,
    Deferral,
    Doubt,
    Facts,
    Need,
    Phase,
    Trouble,
    Verdict,
)
from nonpersistent.lateness import NO_LIMITS, reckon
from nonpersistent.lifecycle import (
    SNAPSHOT_INTERVAL,
    SNAPSHOT_SLACK,
    evident_at,
    learn,
    owed_at,
)
from nonpersistent.observation import Observation
from nonpersistent.settings import Window
from tests.unit.looks import TOLD, VACANT, busy, empty, failed, judge, sight
from tests.unit.support import BUNDLE, NIGHTS, NOON, at, settings


def test_the_first_sample_after_the_use_begins_the_vacancy_and_later_ones_do_not_move_it() -> None:
    once = learn(TOLD, empty(at(5)))
    assert (once.vacant_since, once.owed_since) == (at(4), at(4))
    assert learn(once, empty(at(10))) == once


@pytest.mark.parametrize("last_connected_at", [at(-6), at(3)], ids=["same", "later"])
def test_p1_use_after_the_vacancy_ends_it(last_connected_at: datetime) -> None:
    seen = empty(at(5), last_connected_at=last_connected_at)
    assert learn(VACANT, seen).vacant_since == at(4)
    assert learn(VACANT, seen).used_at == last_connected_at


@pytest.mark.parametrize("checked_at", [at(4), None])
def test_p1_a_connected_sample_ends_the_vacancy(checked_at: datetime | None) -> None:
    seen = sight(at(5), connection="CONNECTED", checked_at=checked_at)
    assert learn(VACANT, seen).vacant_since is None


@pytest.mark.parametrize(("checked_at", "ends"), [(at(-6), True), (at(-8), False)])
def test_an_old_connected_sample_says_nothing_against_a_later_vacancy(
    checked_at: datetime, ends: bool
) -> None:
    learned = learn(VACANT, busy(NOON, checked_at))
    assert (learned.vacant_since is None) == ends
    assert learned.used_at == checked_at


def test_p1_a_sample_as_old_as_the_use_shows_no_vacancy() -> None:
    facts = Facts(used_at=at(4))
    assert learn(facts, empty(at(5))).vacant_since is None
    assert learn(replace(facts, used_at=at(3)), empty(at(5))).vacant_since == at(4)


def test_times_ahead_of_the_look_count_as_its_time() -> None:
    assert learn(TOLD, busy(at(5), at(9))).used_at == at(5)
    assert learn(TOLD, sight(at(5), last_connected_at=at(9))).used_at == at(5)


def test_what_a_look_does_not_tell_stays_known() -> None:
    known = learn(TOLD, sight(NOON, bundle_id=BUNDLE, user="ada", snapshot_at=at(-9)))
    assert (known.bundle_id, known.user, known.snapshot_at) == (BUNDLE, "ada", at(-9))
    assert learn(known, sight(NOON, snapshot_at=at(-20))) == known
    newer = learn(known, sight(NOON, bundle_id="wsb-other00001", user="bob"))
    assert (newer.bundle_id, newer.user) == ("wsb-other00001", "bob")


# What a rebuild may have moved by itself.

REBUILT = Facts(rebuilt_at=NOON, settled_at=at(70), asked=(NOON,))
FAILED = failed(VACANT, Claim(asked_at=NOON), at(50), retry_at=at(170), settled_at=at(80))


@pytest.mark.parametrize(
    ("facts", "minutes", "counts"),
    [
        (REBUILT, 30, False),
        (REBUILT, 69.9, False),
        (REBUILT, 70, True),
        (REBUILT, 0, True),
        (replace(REBUILT, asked=()), 30, True),
        (replace(REBUILT, asked=(NOON, at(-90))), 30, False),
        (replace(REBUILT, told_at=at(86)), 30, True),
        (FAILED, 30, False),
        (FAILED, 80, True),
    ],
)
def test_p3_touched_a_last_connection_that_the_rebuild_moved_makes_no_debt(
    facts: Facts, minutes: float, counts: bool
) -> None:
    learned = learn(facts, sight(at(90), last_connected_at=at(minutes)))
    assert learned.used_at == (at(minutes) if counts else facts.used_at)


def test_p1_it_puts_off_a_rebuild_that_is_owed_all_the_same() -> None:
    owed = replace(FAILED, vacant_since=at(20))
    assert learn(owed, empty(at(60), last_connected_at=at(30))).vacant_since == at(59)
    assert learn(owed, sight(at(60), last_connected_at=at(30))).vacant_since is None


def test_p1_a_sample_tells_of_use_also_while_a_rebuild_settles() -> None:
    assert learn(REBUILT, busy(at(31))).used_at == at(30)


def test_a_session_after_a_failed_rebuild_is_one_like_any_other() -> None:
    used = learn(FAILED, busy(at(60)))
    assert used == replace(
        FAILED,
        used_at=at(59),
        vacant_since=None,
        owed_since=None,
        failed=None,
        failures=0,
        retry_at=None,
        trouble=None,
    )
    assert learn(FAILED, busy(at(60), NOON)).phase is Phase.FAILED


def test_p3_use_before_the_failed_rebuild_was_seen_to_go_on_is_none_after_it() -> None:
    begun = replace(FAILED, failed=Claim(asked_at=NOON, begun_at=at(10)))
    assert learn(begun, busy(at(60), at(10))).phase is Phase.FAILED
    assert learn(begun, busy(at(60), at(10, 1))).phase is Phase.IN_USE


# The debt.


def test_p6_moving_last_known_does_not_make_the_debt_younger() -> None:
    """It puts the rebuild off, as somebody may have come; a debt put off for hours is noticed."""
    first = learn(Facts(used_at=at(-310)), empty(at(-300)))
    again = learn(replace(first, used_at=at(-10)), empty(NOON))
    assert (again.vacant_since, again.owed_since) == (at(-1), first.vacant_since)


@pytest.mark.parametrize(
    ("news", "owed_since"),
    [
        ({"told_at": at(-20)}, at(-1)),
        ({"told_at": at(-301)}, at(-301)),
        ({"used_at": at(-10)}, at(-301)),
    ],
    ids=["an alarm", "the same alarm", "a sign-in"],
)
def test_p6_a_session_that_aws_shows_begins_a_debt_of_its_own(
    news: dict[str, Any], owed_since: datetime
) -> None:
    first = learn(Facts(used_at=at(-310)), empty(at(-300)))
    again = learn(replace(first, vacant_since=None, **news), empty(NOON))
    assert again.owed_since == owed_since


def test_p6_a_session_that_is_seen_ends_the_debt_before_it() -> None:
    first = learn(Facts(used_at=at(-310)), empty(at(-300)))
    during = learn(first, busy(at(-10)))
    assert during.owed_since is None
    assert learn(during, empty(NOON)).owed_since == at(-1)


def test_the_end_of_a_session_is_evident_in_what_showed_it_first() -> None:
    assert evident_at(VACANT) == at(-6)
    assert evident_at(replace(VACANT, used_at=at(-3))) == NOON
    assert evident_at(replace(VACANT, rebuilt_at=at(-3))) == NOON
    assert evident_at(replace(VACANT, used_at=at(1))) is None
    assert evident_at(replace(TOLD, told_at=None)) is None


@pytest.mark.parametrize(
    ("facts", "due_at"),
    [
        (VACANT, at(20)),
        (replace(VACANT, vacant_since=at(3)), at(23)),
        (replace(VACANT, told_at=None), at(14)),
        (replace(VACANT, wanted_at=at(1)), at(1)),
        (replace(VACANT, wanted_at=at(1), signed_in_at=at(1)), at(1)),
        (replace(VACANT, wanted_at=at(1), signed_in_at=at(1, 1)), at(20)),
        (Facts(used_at=NOON), None),
    ],
)
def test_a_rebuild_falls_due_a_grace_period_after_the_last_evidence(
    facts: Facts, due_at: datetime | None
) -> None:
    assert owed_at(facts, settings()) == due_at


ALLOWANCE = timedelta(hours=1)
LATE = replace(VACANT, late_at=at(80))
LONG_AGO = replace(LATE, used_at=at(-110), told_at=at(-100), owed_since=at(-106), late_at=at(-20))
WAS_STUCK = replace(LATE, trouble=Trouble(at(-100), Need.UNKNOWN, "no_row", at(-10)))


def in_doubt(need: Need) -> Facts:
    return replace(LONG_AGO, trouble=Trouble(at(-15), need, "no_row", at(-20)))


def reckoned(
    facts: Facts, before: Facts = LATE, minutes: float = 0, dry_run: bool = False, **decision: Any
) -> datetime | None:
    given: dict[str, Any] = {"verdict": Verdict.DEFERRED} | decision
    decided = Decision(facts, **given)
    return reckon(before, decided, at(minutes), settings(dry_run=dry_run), ALLOWANCE).late_at


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
    "the debt of a later session": (at(83), replace(LATE, owed_since=at(3)), {}),
    "an alarm of a later session": (at(89), replace(LATE, told_at=at(9)), {}),
    "one that waits by choice": (at(480), replace(LATE, told_at=at(9), late_at=at(480)), {}),
    "somebody is there": (None, replace(GONE, owed_since=None), {}),
    "put off by a sign-in that nothing confirms": (at(99), replace(GONE, late_at=at(99)), {}),
    "nothing is owed": (None, replace(LATE, rebuilt_at=at(1)), {}),
    "a dry run owes nothing": (None, LATE, {"dry_run": True}),
    "a sign-in since": (at(85), replace(LATE, signed_in_at=at(5)), {}),
    "sign-ins without end": (at(314), replace(LATE, signed_in_at=at(999)), {}),
    "a wait that was chosen": (at(480), LATE, {"expected_by": at(420)}),
    "a shorter one": (at(80), LATE, {"expected_by": at(5)}),
    "what is late stays late": (at(80), LATE, {"expected_by": at(420), "minutes": 80}),
    "a moment before": (at(480), LATE, {"expected_by": at(420), "minutes": 79.9}),
    "stuck until now: begins anew": (at(85), LATE, {"before": WAS_STUCK, "minutes": 5}),
    "not stuck for long": (at(-20), LONG_AGO, {"before": WAS_STUCK, "minutes": -10.1}),
    "still stuck": (at(-20), STILL_STUCK, {"before": WAS_STUCK}),
    "a later time stays": (at(99), replace(LATE, late_at=at(99)), {"before": WAS_STUCK}),
    "stuck for just long enough": (at(70), LONG_AGO, {"before": WAS_STUCK, "minutes": -10}),
    "late before a doubt": (at(-20), LONG_AGO, {"before": in_doubt(Need.LATE)}),
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
    assert reckon(facts, decided, now, chosen, ALLOWANCE, waited_for=waited_for).late_at == late_at


# Whatever is known and seen.

SOMETIME = st.none() | st.integers(-120, 120).map(at)
STATES = [None, "AVAILABLE", "STOPPED", "ERROR", "UNHEALTHY", "REBUILDING", "TERMINATED"]
SIGHTS = st.builds(
    Observation,
    looked_at=st.integers(0, 120).map(at),
    state=st.sampled_from(STATES),
    state_asked=st.booleans(),
    connection=st.sampled_from([None, "CONNECTED", "DISCONNECTED", "UNKNOWN"]),
    checked_at=SOMETIME,
    last_connected_at=SOMETIME,
)
FACTS = st.builds(
    Facts,
    used_at=SOMETIME,
    told_at=SOMETIME,
    wanted_at=SOMETIME,
    vacant_since=SOMETIME,
    rebuilt_at=SOMETIME,
    baseline_at=SOMETIME,
)
CLAIMED = st.builds(
    Claim,
    asked_at=st.integers(-120, 0).map(at),
    accepted_at=SOMETIME,
    begun_at=SOMETIME,
    watched_to=SOMETIME,
    bad_since=SOMETIME,
    state=st.sampled_from(STATES),
    goes_first=st.booleans(),
)


@given(FACTS, SIGHTS, SIGHTS)
def test_p2_learning_of_use_only_grows_and_commutes(
    facts: Facts, one: Observation, other: Observation
) -> None:
    learned = learn(learn(facts, one), other)
    assert learned.used_at == learn(learn(facts, other), one).used_at
    assert facts.used_at is None or (learned.used_at and learned.used_at >= facts.used_at)
    assert learn(learned, other) == learned or learned.vacant_since is None
    assert (learned.told_at, learned.wanted_at) == (facts.told_at, facts.wanted_at)


@given(FACTS, SIGHTS, st.sampled_from([0, 1, 20]))
def test_p1_a_rebuild_has_every_evidence(facts: Facts, seen: Observation, grace: int) -> None:
    decision = judge(facts, seen, grace=timedelta(minutes=grace))
    if decision.verdict is Verdict.REBUILD:
        known = decision.facts
        assert known.is_dirty
        assert known.vacant_since is not None
        assert known.used_at is None or known.used_at < known.vacant_since
        due_at = owed_at(known, settings(grace=timedelta(minutes=grace)))
        assert seen.vacant_at is not None
        assert due_at is not None
        assert due_at <= seen.vacant_at <= seen.looked_at
        assert seen.connection != "CONNECTED" or not seen.is_fresh


@given(FACTS, SIGHTS)
def test_p2_every_debt_is_looked_at_again(facts: Facts, seen: Observation) -> None:
    decision = judge(facts, seen)
    owes_nothing = {Verdict.BASELINE, Verdict.CLEAN, Verdict.IN_USE, Verdict.REBUILD}
    if decision.look_at is None:
        assert decision.verdict in owes_nothing
    else:
        assert decision.look_at >= seen.looked_at


@given(FACTS, CLAIMED, SIGHTS)
def test_p3_a_rebuild_that_was_asked_for_is_followed_to_its_end_before_another_one(
    facts: Facts, claim: Claim, seen: Observation
) -> None:
    decision = judge(replace(facts, claim=claim), seen)
    assert decision.verdict is not Verdict.REBUILD
    assert decision.facts.used_at == facts.used_at
    if decision.facts.claim is not None:
        assert decision.verdict in (Verdict.REBUILDING, Verdict.DEFERRED)
    if decision.verdict not in (Verdict.FINISHED, Verdict.BELIEVED):
        assert decision.look_at is not None
        assert decision.look_at >= seen.looked_at


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
        (Deferral.BRAKE, 9.9, 0, True),
        ("Conflict", 9.9, 0, True),
    ],
)
def test_p6_a_refusal_that_was_met_once_does_not_ring_until_the_next_try(
    waits_for: str, minutes: float, failures: int, kept: bool
) -> None:
    trouble = Trouble(NOON, Need.BLOCKED, "Conflict", at(30), refused=True)
    facts = replace(VACANT, trouble=trouble, failures=failures)
    assert told_of(facts, waits_for, minutes) == (trouble if kept else None)


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
    doubt = Trouble(MONDAY, Need.UNKNOWN, Doubt.NO_ROW, MONDAY + timedelta(hours=1))
    assert waits(replace(queued, trouble=doubt), Doubt.NO_ROW) == braked_at
