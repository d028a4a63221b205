"""What AWS refuses, what others begin, and what nobody can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent import claims
from nonpersistent.facts import (
    ENDS_WITHIN,
    Claim,
    Decision,
    Doubt,
    Facts,
    Need,
    Phase,
    Trouble,
    Verdict,
)
from nonpersistent.observation import Observation
from tests.unit.claimed import BEGUN, OWED, follow
from tests.unit.looks import judge, said, sight
from tests.unit.support import BUNDLE, DEFAULTS, NOON, at, settings


def test_p6_a_refusal_keeps_the_debt() -> None:
    decision = claims.refuse(OWED, "NoSnapshot", NOON, DEFAULTS)
    assert said(decision) == (Verdict.REFUSED, "NoSnapshot", at(5))
    trouble = Trouble(NOON, Need.BLOCKED, "NoSnapshot", at(30), refused=True)
    assert decision.facts == replace(OWED, trouble=trouble)


def test_a_refusal_is_asked_for_again_after_about_a_sample_interval() -> None:
    at_once = claims.refuse(OWED, "no", NOON, settings(grace=timedelta()))
    assert at_once.look_at == at(4)


def test_p3_a_rebuild_that_somebody_else_began_is_followed_like_ours() -> None:
    seen = Observation(NOON, state="REBUILDING", bundle_id="wsb-other00001")
    decision = judge(OWED, seen)
    assert said(decision) == (Verdict.REBUILDING, "REBUILDING", at(55))
    claim = Claim(asked_at=NOON, accepted_at=NOON, begun_at=NOON, going_at=NOON)
    assert decision.facts == replace(OWED, claim=claim, bundle_id="wsb-other00001")
    unnamed = judge(Facts(bundle_id=BUNDLE), replace(seen, bundle_id=None))
    assert unnamed.facts == Facts(claim=claim, bundle_id=BUNDLE)


def trouble(facts: Facts, minutes: float, **changes: Any) -> Decision:
    return claims.trouble(facts, Need.UNKNOWN, "no_row", at(minutes), settings(**changes))


@pytest.mark.parametrize(
    ("since", "changes", "pause"),
    [
        (None, {}, 5),
        (0, {}, 5),
        (-10, {}, 5),
        (-60, {}, 30),
        (-300, {}, 60),
        (-300, {"audit_interval": timedelta(minutes=15)}, 15),
        (-300, {"audit_interval": timedelta(hours=3)}, 60),
        (-2, {"grace": timedelta(minutes=8)}, 2),
    ],
)
def test_p5_what_lasts_is_looked_at_ever_more_rarely(
    since: float | None, changes: dict[str, Any], pause: float
) -> None:
    before = None if since is None else Trouble(at(since), Need.UNKNOWN, "no_row", at(90))
    assert trouble(replace(OWED, trouble=before), 0, **changes).look_at == at(pause)


def test_p6_trouble_keeps_its_age_whatever_its_reason_becomes() -> None:
    first = trouble(OWED, 0).facts
    assert first.trouble == Trouble(NOON, Need.UNKNOWN, "no_row", at(90))
    refused = claims.refuse(first, "no", at(10), DEFAULTS).facts
    assert refused.trouble == Trouble(NOON, Need.BLOCKED, "no", at(30), refused=True)
    later = Trouble(NOON, Need.UNKNOWN, "no_row", at(30), refused=True)
    assert trouble(refused, 20).facts.trouble == later


@pytest.mark.parametrize(
    ("reason", "refused", "minute", "told"),
    [
        (Doubt.NO_ROW, True, 30, "no"),
        (Doubt.NO_ROW, True, 29, Doubt.NO_ROW),
        (Doubt.NO_ROW, False, 30, Doubt.NO_ROW),
        ("STOPPING", True, 30, "STOPPING"),
    ],
)
def test_p6_a_person_is_told_why_aws_refuses_and_not_of_doubts_meanwhile(
    reason: str, refused: bool, minute: float, told: str
) -> None:
    stuck = replace(OWED, trouble=Trouble(NOON, Need.BLOCKED, "no", at(30), refused))
    decision = claims.trouble(stuck, Need.UNKNOWN, reason, at(minute), DEFAULTS)
    assert decision.reason == told
    assert decision.facts.trouble is not None
    assert decision.facts.trouble.reason == told


@pytest.mark.parametrize("first", [Need.BLOCKED, Need.UNKNOWN])
@pytest.mark.parametrize(("needs_at", "told"), [(9, True), (10, True), (11, False)])
def test_p6_what_a_person_was_told_of_rings_under_one_name(
    first: Need, needs_at: float, told: bool
) -> None:
    """Out of maintenance, a WorkSpace has no fresh sample yet: that is no other fault."""
    before = Trouble(at(-90), first, "ADMIN_MAINTENANCE", at(needs_at))
    after = trouble(replace(OWED, trouble=before), 10).facts.trouble
    assert after is not None
    assert after.need is (first if told else Need.UNKNOWN)
    assert after.reason == "no_row"


@pytest.mark.parametrize(("late_at", "need"), [(0, Need.LATE), (1, Need.UNKNOWN)])
def test_p6_a_doubt_does_not_silence_an_alarm_that_rings(late_at: float, need: Need) -> None:
    late = replace(OWED, late_at=at(late_at), held_until=None)
    doubted = trouble(late, 0).facts.trouble
    needs_at = at(late_at) if need is Need.LATE else at(90)
    assert doubted == Trouble(NOON, need, "no_row", needs_at)


@pytest.mark.parametrize("told", sorted(claims.TOLD_BEFORE))
@pytest.mark.parametrize(("minutes", "lasts"), [(89, False), (90, True)])
def test_p6_a_doubt_that_lasts_is_a_fault_of_its_own(
    told: Need, minutes: float, lasts: bool
) -> None:
    """Such as an id that AWS does not know any more."""
    doubted = replace(OWED, trouble=Trouble(NOON, told, "no_row", at(-60)))
    trouble_then = trouble(doubted, minutes).facts.trouble
    own = Trouble(NOON, Need.UNKNOWN, "no_row", at(90))
    assert trouble_then == (own if lasts else doubted.trouble)


@pytest.mark.parametrize("doubt", sorted(claims.MAYBE_USED))
def test_p6_a_debt_that_is_late_as_somebody_may_be_there_stays_late(doubt: str) -> None:
    late = replace(OWED, trouble=Trouble(NOON, Need.LATE, doubt, at(-60)))
    decision = claims.trouble(late, Need.UNKNOWN, doubt, at(240), DEFAULTS)
    assert (decision.facts, decision.look_at) == (late, at(300))


def test_p6_when_a_doubt_may_be_a_fault_of_its_own_it_is_looked_at() -> None:
    doubted = replace(OWED, trouble=Trouble(NOON, Need.LATE, "no_row", at(-60)))
    assert trouble(doubted, 60).look_at == at(90)
    assert trouble(doubted, 89.9).look_at == at(90)
    assert trouble(doubted, 90).look_at == at(135)


def test_p6_nor_does_an_answer_without_a_workspace_whose_rebuild_does_not_end() -> None:
    endless = follow(replace(BEGUN, going_at=at(132)), 135, None).facts
    assert endless.needs(None) == (Need.ENDLESS, BEGUN.asked_at + ENDS_WITHIN)


def test_p6_a_failed_rebuild_stays_what_needs_a_person() -> None:
    lost = claims.fail(OWED, BEGUN, "ERROR", NOON, DEFAULTS).facts
    assert trouble(lost, 10).facts.trouble == Trouble(NOON, Need.BLOCKED, "no_row", at(30))


def test_p6_ends_impaired_is_failed_and_retried() -> None:
    facts = replace(OWED, claim=BEGUN)
    for minutes in (40, 50):
        facts = judge(facts, sight(at(minutes), state="IMPAIRED")).facts
    assert facts.phase is Phase.FAILED
    unhealthy = sight(at(170), state="UNHEALTHY", connection="UNKNOWN")
    assert judge(facts, unhealthy).verdict is Verdict.REBUILD


def test_a_rebuild_that_goes_on_for_more_than_two_hours_needs_a_person() -> None:
    facts = follow(BEGUN, 60 * 9, "REBUILDING").facts
    assert facts.needs("REBUILDING") == (Need.ENDLESS, NOON + ENDS_WITHIN)
