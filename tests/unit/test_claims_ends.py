"""A rebuild ends: well, badly, or nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nonpersistent.claims import NOT_BEGUN
from nonpersistent.facts import Claim, Facts, Need, Phase, Trouble, Verdict
from tests.unit.claimed import ACCEPTED, ASKED, BEGUN, ILL, LOST, OWED, follow
from tests.unit.looks import CLAIM, judge, said, sight
from tests.unit.support import BUNDLE, IMAGE, NOON, at


@pytest.mark.parametrize("state", ["AVAILABLE", "STOPPED"])
def test_a_good_end_wipes_the_slate_but_for_what_was_recorded(state: str) -> None:
    claim = replace(BEGUN, stopped_since=at(30))
    troubled = replace(OWED, claim=claim, failures=2, retry_at=at(1), baseline_at=at(-999))
    decision = judge(troubled, sight(at(40), state=state, address="10.0.0.1"))
    assert said(decision) == (Verdict.FINISHED, None, at(45))
    assert decision.facts == Facts(
        used_at=at(-60),
        told_at=at(-30),
        wanted_at=at(-25),
        rebuilt_at=at(5),
        settled_at=at(70),
        asked=ASKED,
        held_at=at(-20),
        held_until=at(-10),
        hold_reason="released",
        user="ada",
        bundle_id=BUNDLE,
        image_id=IMAGE,
    )
    assert decision.facts.phase is Phase.CLEAN


def test_a_rebuild_began_when_it_was_last_seen_accepted_or_asked_for() -> None:
    moved = "10.0.0.9"
    assert follow(BEGUN, 40, "AVAILABLE").facts.rebuilt_at == at(5)
    assert follow(ACCEPTED, 40, "AVAILABLE", address=moved).facts.rebuilt_at == at(0, 1)
    assert follow(CLAIM, 40, "AVAILABLE", address=moved).facts.rebuilt_at == NOON


@pytest.mark.parametrize("news", [{"told_at": at(86)}, {"used_at": at(6)}, {"wanted_at": at(6)}])
def test_p2_what_followed_the_rebuild_is_looked_into_at_once(news: dict[str, Any]) -> None:
    decision = judge(replace(OWED, claim=BEGUN, **news), sight(at(40)))
    assert decision.facts.phase is Phase.IN_USE
    assert decision.look_at == at(45)


@pytest.mark.parametrize("state", ["ERROR", "UNHEALTHY", "IMPAIRED"])
def test_p3_a_bad_end_counts_when_it_is_seen_twice_ten_minutes_apart(state: str) -> None:
    first = follow(BEGUN, 40, state)
    assert said(first) == (Verdict.REBUILDING, state, at(50))
    assert first.facts.claim == replace(BEGUN, bad_since=at(40), going_at=at(40))
    assert said(follow(ILL, 49.9, state)) == (Verdict.REBUILDING, state, at(55))
    assert follow(ILL, 49.9, "AVAILABLE").verdict is Verdict.FINISHED
    second = follow(ILL, 50, state)
    assert said(second) == (Verdict.FAILED, state, at(60))
    assert second.facts == replace(
        OWED,
        claim=None,
        failed=ILL,
        asked=ASKED,
        settled_at=at(80),
        failures=1,
        retry_at=at(170),
        trouble=Trouble(at(50), Need.BLOCKED, state, at(80)),
    )
    assert second.facts.phase is Phase.FAILED


def test_p7_a_stop_is_a_good_end_only_if_it_lasts_for_ten_minutes() -> None:
    """A rebuild may stop on its way, and what follows be a bad end."""
    first = follow(BEGUN, 40, "STOPPED")
    assert said(first) == (Verdict.REBUILDING, "STOPPED", at(50))
    stopped = replace(BEGUN, stopped_since=at(40), going_at=at(40))
    assert first.facts.claim == stopped
    assert said(follow(stopped, 49.9, "STOPPED")) == (Verdict.REBUILDING, "STOPPED", at(55))
    assert follow(stopped, 50, "STOPPED").verdict is Verdict.FINISHED
    assert follow(stopped, 50, "AVAILABLE").verdict is Verdict.FINISHED
    broken = follow(stopped, 50, "ERROR").facts.claim
    assert broken == replace(stopped, bad_since=at(50), stopped_since=None, going_at=at(50))
    went_on = follow(stopped, 50, "STARTING").facts.claim
    assert went_on == replace(stopped, stopped_since=None, going_at=at(50))


def test_p7_a_stop_before_the_rebuild_began_or_went_on_is_none_of_its_end() -> None:
    before = follow(ACCEPTED, 8, "STOPPED").facts.claim
    assert before == replace(ACCEPTED, watched_to=at(8), going_at=at(8))
    moved = follow(replace(ACCEPTED, going_at=at(8)), 16, "STOPPED", address="10.0.0.9")
    assert said(moved) == (Verdict.REBUILDING, "STOPPED", at(26))
    begun = follow(replace(BEGUN, stopped_since=at(8)), 20, "REBUILDING")
    assert said(begun) == (Verdict.REBUILDING, "REBUILDING", at(55))
    assert begun.facts.claim == replace(BEGUN, begun_at=at(20), going_at=at(20))
    assert follow(begun.facts.claim, 30, "STOPPED").verdict is Verdict.REBUILDING


@pytest.mark.parametrize(
    ("going_at", "minutes", "settled_at"),
    [(150, 214, 244), (150, 215, 245), (150, 216, 245), (None, 130, 160), (None, 133, 162)],
)
def test_p3_a_rebuild_has_settled_half_an_hour_after_its_end_however_late(
    going_at: float | None, minutes: float, settled_at: float
) -> None:
    """If looks were missed, the end is taken to be when the next one was planned."""
    claim = replace(BEGUN, going_at=None if going_at is None else at(going_at))
    assert follow(claim, minutes, "AVAILABLE").facts.settled_at == at(settled_at)


def test_p3_a_bad_state_from_before_is_no_bad_end() -> None:
    was_ill = replace(ACCEPTED, state="UNHEALTHY", watched_to=at(9))
    assert follow(was_ill, 12, "UNHEALTHY").verdict is Verdict.REBUILDING
    assert follow(was_ill, 13, "UNHEALTHY").reason == NOT_BEGUN


def test_a_bad_state_that_nobody_has_watched_come_is_a_bad_end() -> None:
    assert follow(ACCEPTED, 20, "ERROR").facts.claim == replace(
        ACCEPTED, bad_since=at(20), going_at=at(20)
    )


@pytest.mark.parametrize("state", ["TERMINATING", "TERMINATED"])
def test_p6_a_workspace_that_is_gone_is_told(state: str) -> None:
    decision = follow(BEGUN, 40, state)
    assert said(decision) == (Verdict.DEFERRED, state, at(45))
    trouble = Trouble(at(40), Need.UNKNOWN, state, at(130))
    assert decision.facts == replace(OWED, asked=ASKED, trouble=trouble)


@pytest.mark.parametrize("claim", [ACCEPTED, BEGUN])
def test_a_state_that_is_no_end_is_waited_out(claim: Claim) -> None:
    decision = follow(claim, 50, "MAINTENANCE", address="10.0.0.9")
    assert said(decision) == (Verdict.REBUILDING, "MAINTENANCE", at(80))


@pytest.mark.parametrize("state", ["REBOOTING", "STOPPING", "STOPPED", "STARTING"])
def test_p7_after_a_bad_state_no_reboot_or_stop_is_an_end_nor_proves_what_follows(
    state: str,
) -> None:
    ill = replace(ILL, goes_first=True)
    decision = follow(ill, 62, state)
    assert said(decision) == (Verdict.REBUILDING, state, at(67))
    stopped_since = at(62) if state == "STOPPED" else None
    unproven = replace(ill, image_id=None, going_at=at(62), stopped_since=stopped_since)
    assert decision.facts.claim == unproven
    assert judge(decision.facts, sight(at(72), state=state)).verdict is Verdict.REBUILDING
    assert judge(decision.facts, sight(at(67), state="UNHEALTHY")).verdict is Verdict.FAILED
    works = judge(decision.facts, sight(at(67)))
    assert (works.verdict, works.facts.image_id) == (Verdict.FINISHED, None)


@pytest.mark.parametrize(
    ("error", "verdict", "reason", "needs_at"),
    [
        (None, Verdict.REBUILDING, "not_found", 140),
        ("InternalServerError", Verdict.DEFERRED, "api:InternalServerError", 80),
    ],
)
@pytest.mark.parametrize("claim", [ACCEPTED, BEGUN])
def test_p6_a_rebuild_of_which_aws_tells_nothing_goes_on_and_is_unknown_until_it_does(
    claim: Claim, error: str | None, verdict: Verdict, reason: str, needs_at: float
) -> None:
    decision = follow(claim, 50, None, error=error)
    assert said(decision) == (verdict, reason, at(55))
    unknown = Trouble(at(50), Need.UNKNOWN, reason, at(needs_at))
    assert decision.facts == replace(OWED, claim=claim, trouble=unknown)
    shown = judge(decision.facts, sight(at(60), state="REBUILDING")).facts
    assert shown.claim == replace(claim, accepted_at=at(0, 1), begun_at=at(60), going_at=at(60))
    assert shown.trouble is None
    again = replace(decision.facts, failures=1)
    still = judge(again, sight(at(60), state="REBUILDING")).facts
    assert still.trouble == replace(unknown, reason="REBUILDING")


@pytest.mark.parametrize("error", [None, "InternalServerError"])
@pytest.mark.parametrize("failures", [0, 1], ids=["first", "retry"])
def test_p2_one_answer_without_it_does_not_break_the_watch(
    error: str | None, failures: int
) -> None:
    """Else a rebuild that never began would be believed, and the session end be gone."""
    told = Trouble(at(-600), Need.BLOCKED, "ERROR", at(-570)) if failures else None
    facts = replace(OWED, claim=ACCEPTED, failures=failures, trouble=told)
    for minutes, state in ((7, None), (8, "AVAILABLE"), (15, "AVAILABLE")):
        known = replace(sight(at(minutes), address="10.0.0.1"), state=state)
        decision = judge(facts, replace(known, error=None if state else error))
        assert decision.look_at
        assert state or decision.look_at <= at(8)
        facts = decision.facts
    assert (decision.verdict, decision.reason) == (Verdict.FAILED, NOT_BEGUN)


def test_p2_a_retry_that_never_began_leaves_the_bad_end_that_shows_nobody_is_connected() -> None:
    """UNHEALTHY has no connection status: without it, the WorkSpace would be stuck."""
    retried = replace(LOST, claim=replace(CLAIM, asked_at=at(200), state="UNHEALTHY"))
    for minutes in (206, 213):
        seen = sight(at(minutes), state="UNHEALTHY", connection="UNKNOWN", address="10.0.0.1")
        retried = judge(retried, seen).facts
    assert (retried.claim, retried.failed, retried.failures) == (None, LOST.failed, 2)
    due = sight(at(800), state="UNHEALTHY", connection="UNKNOWN")
    assert judge(retried, due).verdict is Verdict.REBUILD
