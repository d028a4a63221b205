"""Whether a rebuild is seen to begin, and how often it is looked at. Ends: test_claims_ends.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nonpersistent.claims import NOT_BEGUN, NOT_SEEN, SHORTEST, WATCH_EVERY, next_look_at
from nonpersistent.facts import Claim, Need, Trouble, Verdict
from tests.unit.claimed import ACCEPTED, ASKED, BEGUN, OWED, follow
from tests.unit.looks import CLAIM, judge, said, sight
from tests.unit.support import DEFAULTS, NOON, at, settings


def test_p3_a_rebuild_that_shows_has_begun_whether_aws_answered_or_not() -> None:
    decision = follow(replace(ACCEPTED, bad_since=at(2)), 3, "REBUILDING")
    assert said(decision) == (Verdict.REBUILDING, "REBUILDING", at(55))
    assert decision.facts == replace(OWED, claim=replace(ACCEPTED, begun_at=at(3), going_at=at(3)))
    unanswered = follow(CLAIM, 3, "REBUILDING").facts.claim
    assert unanswered == replace(CLAIM, accepted_at=NOON, begun_at=at(3), going_at=at(3))


def test_p3_until_it_must_have_shown_it_is_watched_closely_enough_not_to_be_missed() -> None:
    assert WATCH_EVERY + timedelta(minutes=1) < SHORTEST
    first = follow(ACCEPTED, 6.5, "AVAILABLE")
    assert said(first) == (Verdict.REBUILDING, "AVAILABLE", at(13))
    assert first.facts.claim == replace(ACCEPTED, watched_to=at(6.5), going_at=at(6.5))
    assert said(follow(replace(ACCEPTED, watched_to=at(6.5)), 12, "AVAILABLE"))[2] == at(19)


@pytest.mark.parametrize(
    ("watched_to", "minutes", "state", "now_to"),
    [
        (None, 9.75, "AVAILABLE", 9.75),
        (None, 9.76, "AVAILABLE", None),
        (3, 12.75, "AVAILABLE", 12.75),
        (3, 12.76, "AVAILABLE", 3),
        (3, 9, "UPDATING", 3),
        (3, 9, "REBOOTING", 9),
        (3, 9, "STOPPED", 9),
        (3, 9, None, 3),
    ],
    ids=[
        *("unbroken", "broken", "unbroken", "broken", "another state", "a reboot", "a stop"),
        "not in the answer",
    ],
)
def test_p3_a_watch_is_unbroken_if_each_look_shows_what_was_before(
    watched_to: float | None, minutes: float, state: str | None, now_to: float | None
) -> None:
    claim = replace(ACCEPTED, watched_to=None if watched_to is None else at(watched_to))
    decision = follow(claim, minutes, state)
    assert decision.verdict is Verdict.REBUILDING
    assert decision.facts.claim
    assert decision.facts.claim.watched_to == (None if now_to is None else at(now_to))


def test_p3_nothing_is_seen_of_a_claim_whose_state_was_unknown() -> None:
    claim = replace(ACCEPTED, state=None)
    assert follow(claim, 3, None).facts.claim == claim


@pytest.mark.parametrize("claim", [CLAIM, ACCEPTED], ids=["unanswered", "accepted"])
def test_p3_without_a_trace_on_looks_that_could_not_miss_it_it_did_not_take_place(
    claim: Claim,
) -> None:
    watched = replace(claim, watched_to=at(6.5))
    assert follow(watched, 12.99, "AVAILABLE").verdict is Verdict.REBUILDING
    decision = follow(watched, 13, "AVAILABLE")
    assert said(decision) == (Verdict.FAILED, NOT_BEGUN, at(13 + 120 + 2))
    assert decision.facts == replace(
        OWED,
        asked=ASKED,
        failures=1,
        retry_at=at(133),
        trouble=Trouble(at(13), Need.BLOCKED, NOT_BEGUN, at(43)),
    )


@pytest.mark.parametrize("state", ["REBOOTING", "STOPPING", "STOPPED", "STARTING"])
def test_p2_a_stop_or_reboot_does_not_hide_that_it_did_not_take_place(state: str) -> None:
    """But only a state that lasts decides: the rebuild itself may pass through the others."""
    watched = replace(ACCEPTED, watched_to=at(6.5))
    decision = follow(watched, 13, state)
    if state != "STOPPED":
        assert said(decision) == (Verdict.REBUILDING, state, at(20))
        assert decision.facts.claim is not None
        assert follow(decision.facts.claim, 20, "AVAILABLE", address="10.0.0.9").verdict is (
            Verdict.FINISHED
        )
        decision = follow(decision.facts.claim, 20, "AVAILABLE")
    assert (decision.verdict, decision.reason) == (Verdict.FAILED, NOT_BEGUN)
    for claim in (replace(ACCEPTED, watched_to=at(3)), replace(BEGUN, watched_to=at(6.5))):
        assert follow(claim, 13, state).verdict is not Verdict.FAILED


def test_a_state_that_passes_is_looked_into_until_the_rebuild_is_endless() -> None:
    """Where the watch is broken, its end is learnt like any other's."""
    for minutes, look_at in ((13, at(55)), (133, at(145))):
        watched = replace(ACCEPTED, watched_to=at(3 if minutes == 13 else 127))
        assert said(follow(watched, minutes, "STARTING"))[2] == look_at


@pytest.mark.parametrize(("state", "now_to"), [("AVAILABLE", 9), ("UPDATING", 3), ("ERROR", 9)])
def test_p3_no_rebuild_passes_through_available_on_its_way(state: str, now_to: float) -> None:
    """A person mended it meanwhile: that is not the rebuild's end."""
    broken = replace(ACCEPTED, state="ERROR", watched_to=at(3))
    claim = follow(broken, 9, state).facts.claim
    assert claim is not None
    assert claim.watched_to == at(now_to)


def test_p3_where_nobody_looked_an_accepted_rebuild_is_believed_and_another_is_not() -> None:
    believed = follow(ACCEPTED, 40, "AVAILABLE")
    assert believed.verdict is Verdict.BELIEVED
    assert believed.facts.rebuilt_at == at(0, 1)
    used = judge(replace(OWED, claim=ACCEPTED, used_at=at(9)), sight(at(40)))
    assert (used.verdict, used.look_at) == (Verdict.BELIEVED, at(45))
    assert follow(ACCEPTED, 13, "STOPPED").verdict is Verdict.BELIEVED
    assert said(follow(CLAIM, 40, "AVAILABLE"))[:2] == (Verdict.FAILED, NOT_SEEN)


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        ("10.0.0.1", "10.0.0.9", Verdict.FINISHED),
        ("10.0.0.1", "10.0.0.1", Verdict.REBUILDING),
        ("10.0.0.1", None, Verdict.REBUILDING),
        (None, "10.0.0.9", Verdict.REBUILDING),
    ],
)
def test_a_moved_address_is_a_trace_and_an_unknown_one_is_not(
    before: str | None, now: str | None, verdict: Verdict
) -> None:
    claim = replace(ACCEPTED, address=before)
    assert follow(claim, 10, "AVAILABLE", address=now).verdict is verdict


# When it is looked at again.


CANARY = replace(ACCEPTED, goes_first=True)


@pytest.mark.parametrize(
    ("claim", "minutes", "look_at"),
    [
        (CLAIM, 0, 7),
        (replace(CLAIM, watched_to=at(6)), 6, 13),
        (replace(CLAIM, watched_to=at(2)), 10, 10),
        (CANARY, 0, 7),
        (CLAIM, 12.9, 13),
        (CLAIM, 13, 55),
        (BEGUN, 5, 55),
        (BEGUN, 25, 55),
        (BEGUN, 26, 60),
        (BEGUN, 95, 125),
        (BEGUN, 101, 132),
        (BEGUN, 131, 132),
        (BEGUN, 132, 145),
        (replace(CANARY, begun_at=at(5)), 5, 10),
        (CANARY, 13, 20),
        (CANARY, 131, 135),
        (replace(CANARY, bad_since=at(40)), 41, 50),
        (CANARY, 132, 145),
        (replace(BEGUN, bad_since=at(40)), 41, 50),
    ],
)
def test_p5_a_rebuild_is_looked_at_as_rarely_as_suffices(
    claim: Claim, minutes: float, look_at: float
) -> None:
    assert next_look_at(claim, at(minutes), DEFAULTS) == at(look_at)


def test_p3_looks_that_watch_for_its_begin_do_not_wait_for_a_common_moment() -> None:
    """Rounded up to five minutes, they would be more than ten apart."""
    assert next_look_at(replace(CLAIM, asked_at=at(0, 31)), at(0, 31), DEFAULTS) == at(8)
    brisk = settings(grace=timedelta(seconds=40))
    assert next_look_at(CLAIM, NOON, brisk) == at(6.5)
