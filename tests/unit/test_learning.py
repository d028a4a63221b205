"""What a look teaches, and what follows for the debt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from nonpersistent.facts import Claim, Facts, Phase
from nonpersistent.lifecycle import evident_at, learn, owed_at
from tests.unit.looks import TOLD, VACANT, busy, empty, failed, sight
from tests.unit.support import BUNDLE, NOON, at, settings


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
