"""What becomes of a rebuild that was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent import claims
from nonpersistent.claims import (
    HEALS_WITHIN,
    NOT_BEGUN,
    NOT_SEEN,
    SHORTEST,
    WATCH_EVERY,
    next_look_at,
)
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
from tests.unit.looks import CLAIM, busy, judge, said, sight
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, at, settings

ACCEPTED = replace(CLAIM, accepted_at=at(0, 1))
BEGUN = replace(ACCEPTED, begun_at=at(5))
ILL = replace(BEGUN, bad_since=at(40))
ASKED = (NOON, at(-3000), at(-2000))
"""When rebuilds were asked for, after this one too."""
OWED = Facts(
    used_at=at(-60),
    told_at=at(-30),
    wanted_at=at(-25),
    vacant_since=at(-36),
    owed_since=at(-36),
    asked=(at(-3000), at(-2000), at(-1000)),
    held_at=at(-20),
    held_until=at(-10),
    hold_reason="released",
    bundle_id=BUNDLE,
    user="ada",
)
DEFAULTS = settings()


def follow(claim: Claim, minutes: float, state: str | None, **details: Any) -> Decision:
    seen = replace(sight(at(minutes), address="10.0.0.1"), state=state, **details)
    return judge(replace(OWED, claim=claim), seen)


# It is seen to begin, or not.


def test_p3_a_rebuild_that_shows_has_begun_whether_aws_answered_or_not() -> None:
    decision = follow(replace(ACCEPTED, bad_since=at(2)), 3, "REBUILDING")
    assert said(decision) == (Verdict.REBUILDING, "REBUILDING", at(55))
    assert decision.facts == replace(OWED, claim=replace(ACCEPTED, begun_at=at(3)))
    unanswered = follow(CLAIM, 3, "REBUILDING").facts.claim
    assert unanswered == replace(CLAIM, accepted_at=NOON, begun_at=at(3))


def test_p3_until_it_must_have_shown_it_is_watched_closely_enough_not_to_be_missed() -> None:
    assert WATCH_EVERY + timedelta(minutes=1) < SHORTEST
    first = follow(ACCEPTED, 6.5, "AVAILABLE")
    assert said(first) == (Verdict.REBUILDING, "AVAILABLE", at(13))
    assert first.facts.claim == replace(ACCEPTED, watched_to=at(6.5))
    assert said(follow(replace(ACCEPTED, watched_to=at(6.5)), 12, "AVAILABLE"))[2] == at(19)


@pytest.mark.parametrize(
    ("watched_to", "minutes", "state", "now_to"),
    [
        (None, 9.75, "AVAILABLE", 9.75),
        (None, 9.76, "AVAILABLE", None),
        (3, 12.75, "AVAILABLE", 12.75),
        (3, 12.76, "AVAILABLE", 3),
        (3, 9, "STOPPED", 3),
        (3, 9, None, 3),
    ],
    ids=["unbroken", "broken", "unbroken", "broken", "another state", "not in the answer"],
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


@pytest.mark.parametrize(("state", "now_to"), [("AVAILABLE", 9), ("STOPPED", 3), ("ERROR", 9)])
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


# It ends.


@pytest.mark.parametrize("state", ["AVAILABLE", "STOPPED"])
def test_a_good_end_wipes_the_slate_but_for_what_was_recorded(state: str) -> None:
    troubled = replace(OWED, claim=BEGUN, failures=2, retry_at=at(1), baseline_at=at(-999))
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
    assert first.facts.claim == replace(BEGUN, bad_since=at(40))
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


def test_p3_a_bad_state_from_before_is_no_bad_end() -> None:
    was_ill = replace(ACCEPTED, state="UNHEALTHY", watched_to=at(9))
    assert follow(was_ill, 12, "UNHEALTHY").verdict is Verdict.REBUILDING
    assert follow(was_ill, 13, "UNHEALTHY").reason == NOT_BEGUN


def test_a_bad_state_that_nobody_has_watched_come_is_a_bad_end() -> None:
    assert follow(ACCEPTED, 20, "ERROR").facts.claim == replace(ACCEPTED, bad_since=at(20))


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
    assert shown.claim == replace(claim, accepted_at=at(0, 1), begun_at=at(60))
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
        (BEGUN, 131, 165),
        (BEGUN, 132, 195),
        (replace(CANARY, begun_at=at(5)), 5, 10),
        (CANARY, 13, 20),
        (CANARY, 131, 135),
        (replace(CANARY, bad_since=at(40)), 41, 50),
        (CANARY, 132, 195),
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


# It failed, and is tried again.

FAILED_AT = at(50)
LOST = replace(OWED, failed=ILL, asked=ASKED, failures=1, retry_at=at(170))
NEVER_BEGAN = replace(LOST, failed=None)


@pytest.mark.parametrize(
    ("failures", "hours"), [(0, 2), (1, 8), (2, 24), (3, 24), (9, 24)], ids=str
)
def test_p3_it_is_tried_again_ever_more_rarely(failures: int, hours: int) -> None:
    known = replace(OWED, failures=failures)
    facts = claims.fail(known, BEGUN, "ERROR", NOON, DEFAULTS).facts
    assert facts.retry_at == at(60 * hours)
    assert facts.failures == failures + 1
    assert facts.trouble == Trouble(NOON, Need.BLOCKED, "ERROR", at(30))


def test_p6_it_is_one_fault_however_often_the_repetition_fails() -> None:
    told = Trouble(at(-120), Need.BLOCKED, "ERROR", at(-90))
    again = replace(OWED, failures=1, trouble=told)
    facts = claims.fail(again, BEGUN, "UNHEALTHY", NOON, DEFAULTS).facts
    assert facts.trouble == replace(told, reason="UNHEALTHY")
    first = claims.fail(replace(again, failures=0), BEGUN, NOT_BEGUN, NOON, DEFAULTS).facts
    assert first.trouble == Trouble(NOON, Need.BLOCKED, NOT_BEGUN, at(30))


def test_a_good_state_within_three_quarters_of_an_hour_is_the_rebuilds_own_end() -> None:
    late = at(40) + HEALS_WITHIN
    decision = claims.heal(LOST, sight(late), late, DEFAULTS)
    assert decision
    assert (decision.verdict, decision.look_at) == (Verdict.FINISHED, at(90))
    assert decision.facts.asked == LOST.asked
    assert decision.facts.rebuilt_at == at(5)
    used = claims.heal(replace(LOST, used_at=at(60)), sight(late), late, DEFAULTS)
    assert used
    assert used.look_at == at(90)
    later = late + timedelta(milliseconds=1)
    assert claims.heal(LOST, sight(later), later, DEFAULTS) is None
    again = claims.after_failure(LOST, sight(later), later, DEFAULTS)
    assert again
    assert (again.verdict, again.reason) == (Verdict.DEFERRED, "retry")


def test_what_did_not_take_place_cannot_heal() -> None:
    assert claims.may_heal(LOST, at(60))
    assert not claims.may_heal(NEVER_BEGAN, at(60))


@pytest.mark.parametrize(
    ("facts", "minutes", "image", "look_at"),
    [
        (LOST, 60, None, 70),
        (LOST, 60, IMAGE, 70),
        (LOST, 165, None, 170),
        (LOST, 169.9, None, 170),
        (LOST, 170, None, None),
        (LOST, 60, NEWER, None),
        (NEVER_BEGAN, 60, NEWER, 170),
        (NEVER_BEGAN, 170, None, None),
        (replace(LOST, retry_at=None), 60, None, None),
    ],
)
def test_p3_it_waits_for_its_time_or_for_another_image(
    facts: Facts, minutes: float, image: str | None, look_at: float | None
) -> None:
    seen = sight(at(minutes), state="ERROR", bundle_image=image)
    decision = claims.after_failure(facts, seen, at(minutes), DEFAULTS)
    if look_at is None:
        assert decision is None
    else:
        assert decision == Decision(facts, Verdict.DEFERRED, at(look_at), "retry")


def test_p6_an_error_that_is_over_no_longer_says_what_is_wrong() -> None:
    odd = Trouble(at(50), Need.BLOCKED, "api:Odd", at(80))
    facts = replace(LOST, trouble=odd)
    for state, reason in ((None, "api:Odd"), ("UNHEALTHY", "UNHEALTHY")):
        decision = claims.after_failure(facts, sight(at(60), state=state), at(60), DEFAULTS)
        assert decision is not None
        assert decision.facts.trouble == replace(odd, reason=reason)


@pytest.mark.parametrize(("minutes", "needs_at"), [(131, 161), (132, 132)])
def test_p6_one_that_was_told_as_endless_needs_a_person_as_soon_as_it_has_failed(
    minutes: float, needs_at: float
) -> None:
    decision = claims.fail(OWED, replace(BEGUN, bad_since=at(9)), "ERROR", at(minutes), DEFAULTS)
    assert decision.facts.trouble == Trouble(at(minutes), Need.BLOCKED, "ERROR", at(needs_at))


def test_p2_a_rebuild_that_an_administrator_asks_for_comes_at_once_after_a_failure() -> None:
    seen = sight(at(60), state="ERROR")
    before, since = replace(LOST, wanted_at=at(-1)), replace(LOST, wanted_at=at(1))
    assert claims.after_failure(before, seen, at(60), DEFAULTS) is not None
    assert claims.after_failure(since, seen, at(60), DEFAULTS) is None


DAY = 24 * 60


@pytest.mark.parametrize(
    ("asked", "mended"),
    [
        ((0, -10, -20), False),
        ((0, -10), True),
        ((0, -10, 60 - DAY), True),
        ((0, -10, 60.1 - DAY), False),
    ],
)
def test_p3_images_that_follow_each_other_make_no_more_than_three_tries_a_day(
    asked: tuple[float, ...], mended: bool
) -> None:
    facts = replace(LOST, asked=tuple(map(at, asked)))
    seen = sight(at(60), bundle_image=NEWER)
    assert claims.is_mended(facts, seen, at(60)) is mended


def test_an_image_that_is_not_known_is_not_another_one() -> None:
    assert LOST.failed
    nameless = replace(LOST, failed=replace(LOST.failed, image_id=None))
    assert not claims.is_mended(nameless, sight(at(60), bundle_image=NEWER), at(60))


@pytest.mark.parametrize(
    ("before", "failures", "told"),
    [(NEVER_BEGAN, 1, False), (NEVER_BEGAN, 2, True), (LOST, 2, False)],
    ids=["not begun", "not begun again", "it began, and works again"],
)
def test_p6_use_does_not_mend_what_is_never_rebuilt(
    before: Facts, failures: int, told: bool
) -> None:
    """As often as its user comes, one fault is one alarm."""
    blocked = Trouble(FAILED_AT, Need.BLOCKED, NOT_BEGUN, at(80))
    facts = replace(before, failures=failures, trouble=blocked)
    decision = judge(facts, busy(at(240), state="AVAILABLE"))
    kept = (failures, blocked) if told else (0, None)
    assert decision.verdict is Verdict.IN_USE
    assert (decision.facts.failures, decision.facts.trouble) == kept
    assert (decision.facts.failed, decision.facts.retry_at) == (None, None)
    assert decision.look_at == (at(300) if told else None)


# What AWS refuses, what others begin, what nobody can do.


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
    claim = Claim(asked_at=NOON, accepted_at=NOON, begun_at=NOON)
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


def test_p6_when_a_doubt_may_be_a_fault_of_its_own_it_is_looked_at() -> None:
    doubted = replace(OWED, trouble=Trouble(NOON, Need.LATE, "no_row", at(-60)))
    assert trouble(doubted, 60).look_at == at(90)
    assert trouble(doubted, 89.9).look_at == at(90)
    assert trouble(doubted, 90).look_at == at(135)


def test_p6_nor_does_an_answer_without_a_workspace_whose_rebuild_does_not_end() -> None:
    endless = follow(BEGUN, 135, None).facts
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
