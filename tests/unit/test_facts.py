"""What is known, what was seen, and the phase that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nonpersistent.facts import ATTEMPTS, NOTICE_LAG, Facts, Observation, Phase, after, latest
from tests.unit.support import NOON, at, busy, empty, sight

USED = Facts(baseline_at=at(-60), used_at=NOON)
VACANT = replace(USED, vacant_since=at(1))


@pytest.mark.parametrize(
    ("facts", "phase"),
    [
        (Facts(), Phase.CLEAN),
        (Facts(baseline_at=NOON), Phase.CLEAN),
        (Facts(used_at=NOON), Phase.IN_USE),
        (Facts(told_at=NOON), Phase.IN_USE),
        (USED, Phase.IN_USE),
        (replace(USED, baseline_at=NOON), Phase.CLEAN),
        (replace(USED, rebuilt_at=at(1)), Phase.CLEAN),
        (replace(USED, rebuilt_at=at(-1)), Phase.IN_USE),
        (VACANT, Phase.VACANT),
        (replace(VACANT, vacant_since=NOON), Phase.VACANT),
        (replace(VACANT, vacant_since=at(-1)), Phase.IN_USE),
        (replace(VACANT, attempts=ATTEMPTS - 1), Phase.VACANT),
        (replace(VACANT, attempts=ATTEMPTS), Phase.BLOCKED),
        (replace(USED, attempts=ATTEMPTS), Phase.IN_USE),
        (replace(VACANT, asked_at=at(30)), Phase.REBUILDING),
        (replace(VACANT, attempts=ATTEMPTS, asked_at=at(30)), Phase.REBUILDING),
        (Facts(told_at=NOON, vacant_since=at(-6)), Phase.VACANT),
    ],
)
def test_the_phase_follows_from_the_facts(facts: Facts, phase: Phase) -> None:
    assert facts.phase is phase


def test_p3_an_alarm_soon_after_a_rebuild_speaks_of_the_session_before_it() -> None:
    rebuilt = Facts(rebuilt_at=NOON)
    assert replace(rebuilt, told_at=NOON + NOTICE_LAG).phase is Phase.CLEAN


def test_p2_an_alarm_long_after_a_rebuild_speaks_of_a_new_session() -> None:
    told = NOON + NOTICE_LAG + timedelta(milliseconds=1)
    assert Facts(rebuilt_at=NOON, told_at=told).phase is Phase.IN_USE


def test_clean_at_is_the_later_of_baseline_and_rebuild() -> None:
    assert Facts(rebuilt_at=NOON, baseline_at=at(1)).clean_at == at(1)
    assert Facts(rebuilt_at=at(2), baseline_at=at(1)).clean_at == at(2)


@pytest.mark.parametrize(
    ("seen", "vacant_at"),
    [
        (empty(NOON), at(-1)),
        (empty(NOON, at(-10)), at(-10)),
        (empty(NOON, at(-10, -0.001)), None),
        (empty(NOON, at(1)), NOON),
        (empty(NOON, last_connected_at=at(-30)), at(-1)),
        (empty(NOON, last_connected_at=at(-1)), None),
        (empty(NOON, last_connected_at=NOON), None),
        (sight(NOON, connection="DISCONNECTED"), None),
        (busy(NOON), None),
        (sight(NOON), None),
        (sight(NOON, connection="UNKNOWN", checked_at=at(-1)), None),
        (sight(NOON, connection="UNKNOWN", state="STOPPED"), NOON),
        (sight(NOON, state="STOPPED"), NOON),
        (sight(NOON, state="ERROR", connection="UNKNOWN"), NOON),
        (sight(NOON, state="UNHEALTHY", connection="UNKNOWN"), None),
        (busy(NOON, state="STOPPED"), None),
        (busy(NOON, state="ERROR"), None),
        (Observation(NOON), None),
    ],
)
def test_p1_only_fresh_and_consistent_evidence_shows_an_empty_workspace(
    seen: Observation, vacant_at: object
) -> None:
    assert seen.vacant_at == vacant_at


def test_latest_ignores_what_is_unknown() -> None:
    assert latest(None, NOON, at(1), None) == at(1)
    assert latest(None) is None


def test_a_moment_is_after_another_only_if_both_are_known() -> None:
    assert after(at(1), NOON)
    assert not after(NOON, NOON)
    assert after(NOON, NOON, or_same=True)
    assert not after(NOON, at(1), or_same=True)
    assert not after(None, NOON)
    assert not after(NOON, None)
