"""What is known, what was seen, and the phase that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent.facts import (
    ENDS_WITHIN,
    NOTICE_LAG,
    Claim,
    Deferral,
    Facts,
    Need,
    Phase,
    Trouble,
    after,
    latest,
)
from nonpersistent.observation import Observation
from tests.unit.looks import busy, empty, sight
from tests.unit.support import NOON, at

USED = Facts(baseline_at=at(-60), used_at=NOON)
VACANT = replace(USED, vacant_since=at(1), owed_since=at(1), late_at=at(90))
CLAIM = Claim(asked_at=at(30))
OVERDUE = at(30) + ENDS_WITHIN
STOPPED = replace(CLAIM, going_at=OVERDUE, stopped_since=at(161))
FAILED = replace(VACANT, retry_at=at(150))
TROUBLE = Trouble(at(2), Need.BLOCKED, "MAINTENANCE", at(92))
A_MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("facts", "phase"),
    [
        (Facts(), Phase.NEW),
        (Facts(baseline_at=NOON), Phase.CLEAN),
        (Facts(rebuilt_at=NOON), Phase.CLEAN),
        (Facts(used_at=NOON), Phase.IN_USE),
        (Facts(told_at=NOON), Phase.IN_USE),
        (Facts(wanted_at=NOON), Phase.IN_USE),
        (USED, Phase.IN_USE),
        (replace(USED, baseline_at=NOON), Phase.CLEAN),
        (replace(USED, rebuilt_at=at(1)), Phase.CLEAN),
        (replace(USED, rebuilt_at=at(-1)), Phase.IN_USE),
        (VACANT, Phase.VACANT),
        (replace(VACANT, vacant_since=NOON), Phase.VACANT),
        (replace(VACANT, vacant_since=at(-1)), Phase.IN_USE),
        (Facts(told_at=NOON, vacant_since=at(-6)), Phase.VACANT),
        (FAILED, Phase.FAILED),
        (replace(FAILED, rebuilt_at=at(1)), Phase.FAILED),
        (replace(FAILED, failed=CLAIM), Phase.FAILED),
        (replace(VACANT, claim=CLAIM), Phase.REBUILDING),
        (replace(FAILED, claim=CLAIM), Phase.REBUILDING),
        (Facts(claim=CLAIM), Phase.REBUILDING),
    ],
)
def test_the_phase_follows_from_the_facts(facts: Facts, phase: Phase) -> None:
    assert facts.phase is phase
    assert facts.is_owed == (phase in ("vacant", "failed"))


@pytest.mark.parametrize(("wanted", "is_wanted"), [(-1, False), (0, True), (1, True)])
def test_p2_an_administrators_request_is_open_until_a_rebuild_follows_it(
    wanted: float, is_wanted: bool
) -> None:
    facts = Facts(rebuilt_at=NOON, wanted_at=at(wanted))
    assert (facts.is_wanted, facts.is_dirty) == (is_wanted, is_wanted)
    assert Facts(wanted_at=NOON).is_wanted
    assert not Facts(rebuilt_at=NOON).is_wanted


@pytest.mark.parametrize("settled_at", [None, at(-9), at(30)])
def test_p3_an_alarm_that_a_rebuild_may_have_caused_owes_nothing(settled_at: Any) -> None:
    """CloudWatch tells of a session end up to 15 minutes late, so of the rebuild's own, too."""
    rebuilt = Facts(rebuilt_at=NOON, settled_at=settled_at)
    settled = max(NOON, settled_at or NOON)
    assert replace(rebuilt, told_at=settled + NOTICE_LAG).phase is Phase.CLEAN
    assert replace(rebuilt, told_at=settled + NOTICE_LAG + A_MOMENT).phase is Phase.IN_USE


def test_clean_at_is_the_later_of_baseline_and_rebuild() -> None:
    assert Facts(rebuilt_at=NOON, baseline_at=at(1)).clean_at == at(1)
    assert Facts(rebuilt_at=at(2), baseline_at=at(1)).clean_at == at(2)


@pytest.mark.parametrize(
    ("facts", "reason", "needs"),
    [
        (replace(VACANT, trouble=TROUBLE, claim=CLAIM), None, (Need.BLOCKED, at(92))),
        (replace(VACANT, claim=CLAIM), None, None),
        (replace(VACANT, claim=replace(CLAIM, going_at=OVERDUE - A_MOMENT)), None, None),
        (replace(VACANT, claim=replace(CLAIM, going_at=OVERDUE)), None, (Need.ENDLESS, OVERDUE)),
        (replace(VACANT, claim=replace(STOPPED, bad_since=at(9))), None, (Need.ENDLESS, at(181))),
        (replace(VACANT, claim=replace(STOPPED, bad_since=at(165))), None, (Need.ENDLESS, at(185))),
        (VACANT, None, (Need.LATE, at(90))),
        (VACANT, Deferral.WINDOW, (Need.LATE, at(90))),
        (VACANT, Deferral.HELD_BUNDLE, (Need.HELD_BUNDLE, at(1))),
        (replace(VACANT, owed_since=None), Deferral.HELD_BUNDLE, (Need.HELD_BUNDLE, at(90))),
        (replace(VACANT, braked_at=at(95)), Deferral.WINDOW, (Need.BRAKED, at(95))),
        (replace(VACANT, braked_at=at(95), late_at=None), Deferral.BRAKE, None),
        (replace(VACANT, late_at=None), Deferral.HELD_BUNDLE, None),
        (Facts(baseline_at=NOON), None, None),
    ],
)
def test_p6_what_a_workspace_needs_a_person_for_follows_from_the_facts(
    facts: Facts, reason: str | None, needs: tuple[Need, object] | None
) -> None:
    assert facts.needs(reason) == needs


@pytest.mark.parametrize(
    ("seen", "vacant_at"),
    [
        (empty(NOON), at(-1)),
        (empty(NOON, at(-10)), at(-10)),
        (empty(NOON, at(-10) - A_MOMENT), None),
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
        (busy(NOON, at(-11), state="ERROR"), NOON),
        (Observation(NOON), None),
    ],
)
def test_p1_only_fresh_and_consistent_evidence_shows_an_empty_workspace(
    seen: Observation, vacant_at: object
) -> None:
    assert seen.vacant_at == vacant_at


@pytest.mark.parametrize(
    ("seen", "connected_at"),
    [
        (busy(NOON, at(-3)), at(-3)),
        (busy(NOON, at(3)), NOON),
        (sight(NOON, connection="CONNECTED"), NOON),
        (empty(NOON), None),
        (sight(NOON, checked_at=NOON), None),
    ],
)
def test_p1_a_connected_sample_is_use_at_its_time_and_never_after_the_look(
    seen: Observation, connected_at: object
) -> None:
    assert seen.connected_at == connected_at


def test_latest_ignores_what_is_unknown() -> None:
    assert latest(None, NOON, at(1), None) == at(1)
    assert latest(None) is None


def test_a_moment_is_after_another_only_if_both_are_known() -> None:
    assert after(at(1), NOON)
    assert not after(NOON, NOON)
    assert not after(NOON, at(1))
    assert not after(None, NOON)
    assert not after(NOON, None)
