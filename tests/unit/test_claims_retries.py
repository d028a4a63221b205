"""A rebuild that failed: when it is tried again, and what mends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nonpersistent import claims
from nonpersistent.claims import HEALS_WITHIN, NOT_BEGUN
from nonpersistent.facts import Decision, Facts, Need, Trouble, Verdict
from tests.unit.claimed import BEGUN, ILL, LOST, OWED
from tests.unit.looks import busy, empty, judge, sight
from tests.unit.support import DEFAULTS, IMAGE, NEWER, NOON, at

FAILED_AT = at(50)
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


def test_a_good_state_within_an_hour_is_the_rebuilds_own_end() -> None:
    late = at(40) + HEALS_WITHIN
    decision = claims.heal(LOST, sight(late), late, DEFAULTS)
    assert decision
    assert (decision.verdict, decision.look_at) == (Verdict.FINISHED, at(105))
    assert decision.facts.asked == LOST.asked
    assert decision.facts.rebuilt_at == at(5)
    used = claims.heal(replace(LOST, used_at=at(60)), sight(late), late, DEFAULTS)
    assert used
    assert used.look_at == at(105)
    later = late + timedelta(milliseconds=1)
    assert claims.heal(LOST, sight(later), later, DEFAULTS) is None
    again = claims.after_failure(LOST, sight(later), later, DEFAULTS)
    assert again
    assert (again.verdict, again.reason) == (Verdict.DEFERRED, "retry")


@pytest.mark.parametrize("state", ["REBOOTING", "STOPPED"])
def test_p7_who_was_rebooted_or_stopped_has_not_recovered_by_itself(state: str) -> None:
    lost = replace(LOST, failed=replace(ILL, goes_first=True))
    stopped = judge(lost, empty(at(60), state=state))
    assert (stopped.verdict, stopped.facts.failures) == (Verdict.DEFERRED, 1)
    works = judge(stopped.facts, empty(at(70)))
    assert (works.verdict, works.facts.image_id) == (Verdict.FINISHED, None)
    broken = judge(stopped.facts, sight(at(70), state="ERROR"))
    assert broken.facts.failed == replace(ILL, goes_first=False, image_id=None)


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


@pytest.mark.parametrize(
    ("seen_going", "bad_since", "needs_at"),
    [(131, 120, 170), (132, 120, 140), (132, 121, 170)],
    ids=["not seen too late", "told", "perhaps its end"],
)
def test_p6_one_that_was_told_as_endless_needs_a_person_as_soon_as_it_has_failed(
    seen_going: float, bad_since: float, needs_at: float
) -> None:
    bad = replace(BEGUN, going_at=at(seen_going), bad_since=at(bad_since))
    decision = claims.fail(replace(OWED, claim=bad), bad, "ERROR", at(140), DEFAULTS)
    assert decision.facts.trouble == Trouble(at(140), Need.BLOCKED, "ERROR", at(needs_at))


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
