"""What becomes of a rebuild that was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent.aftermath import refuse, unclaimed
from nonpersistent.decisions import Decision, Verdict
from nonpersistent.facts import ATTEMPTS, NOTICE_LAG, Facts, Observation, Phase
from nonpersistent.lifecycle import decide
from tests.unit.support import BUNDLE, NOON, at, settings, sight

GRACE_20 = settings()
OWED = Facts(used_at=at(-60), told_at=at(-30), vacant_since=at(-36), bundle_id=BUNDLE)
CLAIMED = replace(OWED, asked_at=NOON, address="10.0.0.1")
ACCEPTED = replace(CLAIMED, accepted_at=at(0, 1))
BEGUN = replace(ACCEPTED, begun=True)


def judge(facts: Facts, minutes: float, state: str | None, **details: Any) -> Decision:
    seen = replace(sight(at(minutes), address="10.0.0.1"), state=state, **details)
    return decide(facts, seen, seen.looked_at, GRACE_20)


def test_a_rebuild_that_has_begun_is_left_to_the_next_audit() -> None:
    decision = judge(ACCEPTED, 3, "REBUILDING")
    assert decision == Decision(BEGUN, Verdict.REBUILDING, None, "REBUILDING")


def test_p7_a_trial_is_followed_closely() -> None:
    trial = replace(ACCEPTED, proving=True)
    assert judge(trial, 3, "REBUILDING").look_at == at(8)
    assert judge(trial, 3, "AVAILABLE").look_at == at(8)
    assert judge(trial, 30, "STARTING").look_at == at(35)


@pytest.mark.parametrize("state", ["AVAILABLE", "STOPPED"])
def test_a_rebuild_that_was_seen_to_begin_has_finished(state: str) -> None:
    decision = judge(BEGUN, 40, state)
    assert decision.verdict is Verdict.FINISHED
    assert decision.facts == Facts(
        used_at=at(-60), told_at=at(-30), rebuilt_at=at(0, 1), bundle_id=BUNDLE
    )
    assert decision.facts.phase is Phase.CLEAN
    assert decision.look_at is None


def test_a_new_address_tells_a_rebuild_that_finished_between_two_looks() -> None:
    decision = judge(ACCEPTED, 2, "AVAILABLE", address="10.0.0.9")
    assert decision.verdict is Verdict.FINISHED
    assert judge(ACCEPTED, 2, "STARTING", address="10.0.0.9").verdict is Verdict.REBUILDING


def test_p3_killed_after_the_call_the_workspace_tells_that_aws_had_heard() -> None:
    begun = judge(CLAIMED, 5, "REBUILDING").facts
    assert begun.accepted_at == NOON
    assert judge(begun, 40, "AVAILABLE").facts.rebuilt_at == NOON
    assert judge(CLAIMED, 40, "AVAILABLE", address="10.0.0.9").facts.rebuilt_at == NOON


def test_p2_killed_before_the_call_the_rebuild_is_owed_again() -> None:
    assert judge(CLAIMED, 4.9, "AVAILABLE").verdict is Verdict.REBUILDING
    assert judge(CLAIMED, 4.9, "AVAILABLE").look_at == at(10)
    decision = judge(CLAIMED, 5, "AVAILABLE")
    assert (decision.verdict, decision.reason) == (Verdict.FAILED, "never_began")
    assert decision.facts == replace(OWED, failed_at=NOON, attempts=1, reason="never_began")
    assert decision.look_at == at(10)


def test_p2_killed_before_the_call_with_no_address_known_the_rebuild_is_owed_again() -> None:
    decision = judge(replace(CLAIMED, address=None), 5, "AVAILABLE")
    assert decision.reason == "never_began"


def test_p2_an_accepted_rebuild_that_left_the_address_as_it_was_never_began() -> None:
    assert judge(ACCEPTED, 60, "AVAILABLE").reason == "never_began"


def test_a_rebuild_that_was_seen_to_begin_may_end_at_any_time() -> None:
    assert judge(BEGUN, 2, "AVAILABLE").verdict is Verdict.FINISHED
    assert judge(BEGUN, 2, "ERROR").verdict is Verdict.FAILED
    assert judge(BEGUN, 2, "ERROR").facts.failed_at == NOON
    assert judge(replace(BEGUN, rebuilt_at=at(-40)), 2, "AVAILABLE").facts.rebuilt_before_at == at(
        -40
    )
    assert judge(replace(BEGUN, failed_at=at(-9)), 2, "AVAILABLE").facts.failed_at == at(-9)
    assert judge(ACCEPTED, 2, "ERROR").verdict is Verdict.REBUILDING


def test_an_accepted_rebuild_whose_address_is_not_told_has_finished() -> None:
    assert judge(ACCEPTED, 60, "AVAILABLE", address=None).verdict is Verdict.FINISHED
    assert judge(replace(ACCEPTED, address=None), 60, "STOPPED").verdict is Verdict.FINISHED


@pytest.mark.parametrize("state", ["ERROR", "UNHEALTHY"])
@pytest.mark.parametrize("address", ["10.0.0.1", "10.0.0.9"])
def test_p6_a_rebuild_that_ends_badly_is_owed_again_and_counted(state: str, address: str) -> None:
    decision = judge(BEGUN, 40, state, address=address)
    assert (decision.verdict, decision.reason) == (Verdict.FAILED, state)
    assert decision.facts.attempts == 1
    assert decision.facts.phase is Phase.VACANT


def test_a_state_on_the_way_is_waited_out() -> None:
    assert judge(CLAIMED, 90, "MAINTENANCE").look_at == at(95)
    assert judge(ACCEPTED, 90, "MAINTENANCE").look_at is None
    assert judge(BEGUN, 90, "PENDING").verdict is Verdict.REBUILDING


def test_p6_a_workspace_that_was_terminated_meanwhile_is_blocked() -> None:
    decision = judge(ACCEPTED, 40, "TERMINATING")
    assert decision == Decision(OWED, Verdict.BLOCKED, None, "TERMINATING")


def test_a_missing_description_does_not_undo_the_claim() -> None:
    decision = judge(ACCEPTED, 40, None, missing=True)
    assert decision == Decision(ACCEPTED, Verdict.BLOCKED, None, "not_found")


# What was recorded while the rebuild went on.


def test_p3_evidence_from_before_the_rebuild_is_no_debt_after_it() -> None:
    facts = replace(BEGUN, used_at=at(0, 1), told_at=at(0, 1) + NOTICE_LAG)
    assert judge(facts, 40, "AVAILABLE").facts.phase is Phase.CLEAN


def test_p2_a_session_after_the_rebuild_is_a_debt_of_its_own() -> None:
    used = judge(replace(BEGUN, used_at=at(0, 2)), 40, "AVAILABLE").facts
    told = judge(replace(BEGUN, told_at=at(16)), 40, "AVAILABLE").facts
    assert (used.phase, told.phase) == (Phase.IN_USE, Phase.IN_USE)


@pytest.mark.parametrize("news", [{"told_at": at(38)}, {"used_at": at(35)}])
def test_p2_a_session_end_told_before_the_rebuild_was_seen_to_finish_is_looked_into(
    news: dict[str, Any],
) -> None:
    """Otherwise it takes two audits: one to see the rebuild's end, one to see the user's."""
    decision = judge(replace(ACCEPTED, **news), 40, "AVAILABLE", address="10.0.0.9")
    assert decision.facts.phase is Phase.IN_USE
    assert decision.look_at is not None


# Refusals.


def test_p6_a_refusal_takes_the_claim_back_and_keeps_the_debt() -> None:
    decision = refuse(CLAIMED, "NoSnapshot", NOON, GRACE_20)
    assert decision.facts == replace(OWED, attempts=1, reason="NoSnapshot")
    assert (decision.verdict, decision.reason) == (Verdict.REFUSED, "NoSnapshot")
    assert not decision.is_blocked


def test_refusals_are_waited_out_longer_each_time_until_a_person_is_needed() -> None:
    waits = []
    facts = CLAIMED
    for _ in range(ATTEMPTS + 1):
        decision = refuse(facts, "no", NOON, GRACE_20)
        waits.append(decision.look_at)
        facts = replace(decision.facts, asked_at=NOON)
    assert waits == [at(5), at(15), None, None]
    assert decision.is_blocked
    assert decision.facts.phase is Phase.BLOCKED


def test_p2_a_blocked_workspace_is_tried_again_by_an_audit() -> None:
    blocked = replace(OWED, attempts=ATTEMPTS, reason="no")
    seen = sight(NOON, connection="DISCONNECTED", checked_at=at(-1))
    assert decide(blocked, seen, NOON, GRACE_20).verdict is Verdict.REBUILD


def test_a_blocked_workspace_with_a_planned_look_is_not_waiting_for_a_person() -> None:
    blocked = replace(OWED, attempts=ATTEMPTS)
    waiting = decide(blocked, Observation(NOON), NOON, GRACE_20)
    assert not waiting.is_blocked
    assert Decision(blocked, Verdict.DEFERRED).is_blocked
    assert Decision(OWED, Verdict.BLOCKED, at(1)).is_blocked
    assert not Decision(OWED, Verdict.DEFERRED).is_blocked


def test_a_finished_rebuild_wipes_the_slate() -> None:
    troubled = replace(BEGUN, attempts=2, reason="no", proving=True)
    facts = judge(troubled, 40, "AVAILABLE").facts
    assert (facts.attempts, facts.reason, facts.proving, facts.asked_at) == (0, None, False, None)


def test_unclaimed_leaves_no_trace_of_the_claim() -> None:
    assert unclaimed(replace(BEGUN, proving=True)) == OWED


def test_the_wait_for_a_rebuild_to_begin_follows_a_short_grace() -> None:
    brisk = settings(grace=timedelta(seconds=6))
    seen = sight(at(0, 3), address="10.0.0.1")
    assert decide(CLAIMED, seen, seen.looked_at, brisk).look_at == at(0, 4.5)
