"""What a look teaches, and what is known by then. What is decided of it: test_lifecycle.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from nonpersistent.facts import Facts, Observation, Phase
from nonpersistent.lifecycle import (
    evident_at,
    first_sight,
    learn,
    overdue_since,
    owed_at,
    rebuilds,
)
from tests.unit.support import BUNDLE, NOON, at, busy, empty, settings, sight

TOLD = Facts(baseline_at=at(-300), used_at=at(-60), told_at=NOON)
VACANT = replace(TOLD, vacant_since=at(-6))
"""The session ended before 11:54; the alarm came at noon."""


# First sight.


def test_first_sight_of_an_empty_workspace_is_a_baseline_and_no_debt() -> None:
    facts = first_sight(empty(NOON, bundle_id=BUNDLE, last_connected_at=at(-500)))
    assert facts == Facts(baseline_at=at(-1), bundle_id=BUNDLE)
    assert facts.phase is Phase.CLEAN


def test_first_sight_without_evidence_is_a_baseline_now() -> None:
    assert first_sight(sight(NOON)) == Facts(baseline_at=NOON)


def test_p2_a_session_in_progress_at_first_sight_will_owe_a_rebuild() -> None:
    assert first_sight(busy(NOON)).phase is Phase.IN_USE
    assert first_sight(sight(NOON, connection="CONNECTED")).used_at == NOON
    assert first_sight(empty(NOON, at(-4), last_connected_at=at(-3))).used_at == at(-3)


# Learning.


def test_the_first_sample_after_the_use_begins_the_vacancy_and_later_ones_do_not_move_it() -> None:
    once = learn(TOLD, empty(at(5)))
    assert once.vacant_since == at(4)
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


@pytest.mark.parametrize("checked_at", [at(-6), at(-8)])
def test_an_old_connected_sample_says_nothing_against_a_later_vacancy(
    checked_at: datetime,
) -> None:
    facts = replace(VACANT, vacant_since=at(-6))
    learned = learn(facts, busy(NOON, checked_at))
    assert (learned.vacant_since is None) == (checked_at == at(-6))
    assert learned.used_at == checked_at


def test_p1_a_sample_as_old_as_the_use_shows_no_vacancy() -> None:
    facts = Facts(used_at=at(4))
    assert learn(facts, empty(at(5))).vacant_since is None
    assert learn(replace(facts, used_at=at(3)), empty(at(5))).vacant_since == at(4)


def test_times_ahead_of_the_look_count_as_its_time() -> None:
    assert learn(TOLD, busy(at(5), at(9))).used_at == at(5)
    assert learn(TOLD, sight(at(5), last_connected_at=at(9))).used_at == at(5)


def test_the_bundle_is_kept_when_a_look_does_not_tell_it() -> None:
    known = learn(TOLD, sight(NOON, bundle_id=BUNDLE))
    assert learn(known, sight(NOON)).bundle_id == BUNDLE


# What the log and the brake ask.


def test_the_end_of_a_session_is_evident_in_what_showed_it_first() -> None:
    assert evident_at(VACANT) == at(-6)
    assert evident_at(replace(VACANT, used_at=at(-3))) == NOON
    assert evident_at(replace(VACANT, rebuilt_at=at(-3))) == NOON
    assert evident_at(replace(VACANT, used_at=at(1))) is None
    assert evident_at(replace(TOLD, told_at=None)) is None


def test_nothing_is_owed_without_a_vacancy_or_an_alarm() -> None:
    assert owed_at(Facts(used_at=NOON), settings()) is None


def test_the_rebuilds_that_count_are_the_finished_one_and_the_one_asked_for() -> None:
    assert rebuilds(Facts()) == []
    assert rebuilds(Facts(rebuilt_at=NOON)) == [NOON]
    assert rebuilds(Facts(failed_at=NOON)) == [NOON]
    assert rebuilds(Facts(rebuilt_before_at=NOON)) == [NOON]
    assert rebuilds(Facts(rebuilt_at=NOON, asked_at=at(1), accepted_at=at(2))) == [NOON, at(1)]


def test_p6_a_sign_in_that_nothing_confirms_does_not_make_the_debt_younger() -> None:
    """It puts the rebuild off, as somebody may have come; a debt put off for hours is noticed."""
    first = learn(Facts(used_at=at(-310)), empty(at(-300)))
    assert first.vacant_since is not None
    again = learn(replace(first, used_at=at(-10)), empty(NOON))
    assert again.vacant_since is not None
    assert again.vacant_since > at(-10)
    assert overdue_since(again, settings()) == first.vacant_since + settings().grace


@pytest.mark.parametrize(
    "seen", [busy(at(-10)), replace(empty(at(-5)), last_connected_at=at(-20))], ids=["seen", "told"]
)
def test_p6_a_session_that_aws_shows_begins_a_debt_of_its_own(seen: Observation) -> None:
    first = learn(Facts(used_at=at(-310)), empty(at(-300)))
    again = learn(learn(first, seen), empty(NOON))
    assert again.vacant_since is not None
    assert again.owed_since == again.vacant_since > at(-300)
