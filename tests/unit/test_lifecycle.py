"""From a session's end to the decision to rebuild. What follows a rebuild: test_claims.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nonpersistent.facts import Decision, Deferral, Doubt, Facts, Need, Trouble, Verdict
from nonpersistent.lifecycle import decide
from nonpersistent.observation import Observation
from tests.unit.looks import (
    CLEAN,
    FAILED,
    STUCK,
    TOLD,
    VACANT,
    busy,
    empty,
    judge,
    keep,
    said,
    sight,
)
from tests.unit.support import NOON, at, settings

# Vacant or not.


def test_p1_a_user_who_is_connected_is_left_alone() -> None:
    decision = judge(replace(TOLD, trouble=STUCK), busy(at(6)))
    assert said(decision) == (Verdict.IN_USE, None, None)
    assert decision.facts.trouble is None


def test_p2_who_was_asked_to_be_rebuilt_is_looked_at_until_they_leave() -> None:
    assert said(judge(replace(TOLD, wanted_at=NOON), busy(at(6)))) == (Verdict.IN_USE, None, at(10))


@pytest.mark.parametrize(
    ("needs_at", "refused", "kept"),
    [(at(6), True, True), (at(6.1), True, False), (at(6), False, False)],
    ids=["told", "not told yet", "no refusal"],
)
def test_p6_what_aws_refuses_to_rebuild_stays_told_while_its_user_is_back(
    needs_at: datetime, refused: bool, kept: bool
) -> None:
    stuck = Trouble(at(-30), Need.BLOCKED, "no", needs_at, refused)
    decision = judge(replace(TOLD, trouble=stuck), busy(at(6)))
    assert said(decision) == (Verdict.IN_USE, *(("no", at(65)) if kept else (None, None)))
    assert decision.facts.trouble == (stuck if kept else None)
    wanted = judge(replace(TOLD, trouble=stuck, wanted_at=NOON), busy(at(6)))
    assert wanted.look_at == at(10)


@pytest.mark.parametrize(
    ("seen", "doubt"),
    [
        (sight(NOON), Doubt.NO_ROW),
        (sight(NOON, connection="UNKNOWN"), Doubt.UNKNOWN_CONNECTION),
        (sight(NOON, connection="CONNECTED"), Doubt.STALE_SAMPLE),
        (busy(NOON, at(-11)), Doubt.STALE_SAMPLE),
        (busy(NOON, at(-1)), Doubt.OLDER_SAMPLE),
        (sight(NOON, connection="DISCONNECTED"), Doubt.STALE_SAMPLE),
        (empty(NOON, at(-11)), Doubt.STALE_SAMPLE),
        (empty(NOON, last_connected_at=NOON), Doubt.CONTRADICTION),
        (sight(NOON, state=None, state_asked=True), Doubt.NOT_FOUND),
    ],
)
def test_p1_missing_stale_or_contradictory_evidence_means_not_now_and_is_told(
    seen: Observation, doubt: str
) -> None:
    decision = judge(TOLD, seen)
    assert said(decision) == (Verdict.DEFERRED, doubt, at(5))
    assert decision.facts.trouble == Trouble(NOON, Need.UNKNOWN, doubt, at(90))


def test_p1_an_empty_sample_from_before_a_later_use_shows_no_vacancy() -> None:
    decision = judge(replace(TOLD, used_at=at(1)), empty(at(2), NOON))
    assert said(decision) == (Verdict.DEFERRED, Doubt.OLDER_SAMPLE, at(10))


def test_p2_a_session_that_was_seen_without_the_time_of_its_sample_is_not_forgotten() -> None:
    seen = sight(NOON, connection="CONNECTED")
    assert judge(Facts(baseline_at=at(-60)), seen).facts.is_dirty


@pytest.mark.parametrize("facts", [TOLD, VACANT])
def test_p6_a_state_that_forbids_a_rebuild_is_told(facts: Facts) -> None:
    decision = judge(facts, sight(at(25), state="ADMIN_MAINTENANCE"))
    assert said(decision) == (Verdict.DEFERRED, "ADMIN_MAINTENANCE", at(30))
    trouble = Trouble(at(25), Need.BLOCKED, "ADMIN_MAINTENANCE", at(115))
    assert decision.facts.trouble == trouble


@pytest.mark.parametrize("facts", [Facts(), CLEAN, TOLD, VACANT, FAILED])
def test_p8_a_workspace_about_which_aws_answers_with_an_error_is_told(facts: Facts) -> None:
    decision = judge(facts, Observation(at(25), error="InternalServerError"))
    assert (decision.verdict, decision.reason) == (Verdict.DEFERRED, "api:InternalServerError")
    assert decision.facts.trouble
    assert decision.facts.trouble.need is (Need.BLOCKED if facts is FAILED else Need.UNKNOWN)


# The grace period.


def test_a_vacancy_is_looked_at_a_sample_interval_after_the_grace() -> None:
    decision = judge(replace(TOLD, trouble=STUCK), empty(at(1)))
    assert said(decision) == (Verdict.VACANT, Deferral.GRACE, at(25))
    assert decision.facts == replace(TOLD, vacant_since=NOON, owed_since=NOON)


def test_p1_empty_throughout_the_grace_and_after_it_is_rebuilt() -> None:
    decision = judge(replace(VACANT, trouble=STUCK), empty(at(25), at(20)))
    assert decision == Decision(VACANT, Verdict.REBUILD)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (empty(at(25), at(19, 59)), Doubt.OLDER_SAMPLE),
        (sight(at(25), connection="UNKNOWN"), Doubt.UNKNOWN_CONNECTION),
        (sight(at(25)), Doubt.NO_ROW),
        (empty(at(25), state="MAINTENANCE"), "MAINTENANCE"),
        (empty(at(25), state="SUSPENDED"), "SUSPENDED"),
        (empty(at(25), state="STARTING"), "STARTING"),
        (empty(at(25), state="TERMINATED"), "TERMINATED"),
    ],
)
def test_p1_without_a_check_from_after_the_grace_or_in_another_state_a_rebuild_waits(
    seen: Observation, reason: str
) -> None:
    assert said(judge(VACANT, seen)) == (Verdict.DEFERRED, reason, at(30))


def test_p1_not_a_moment_before_the_end_of_the_grace() -> None:
    decision = decide(VACANT, empty(at(20), at(20)), at(19, 59.9), settings())
    assert decision.verdict is Verdict.VACANT
    assert judge(VACANT, empty(at(20), at(20))).verdict is Verdict.REBUILD


def test_p6_a_stopped_workspace_that_was_looked_at_too_early_waits_for_a_later_look() -> None:
    early = sight(at(19, 59), state="STOPPED", connection="UNKNOWN")
    decision = decide(VACANT, early, at(20), settings())
    assert said(decision) == (Verdict.DEFERRED, Doubt.OLDER_SAMPLE, at(25))
    assert decision.facts.trouble == Trouble(at(20), Need.UNKNOWN, Doubt.OLDER_SAMPLE, at(110))


def test_p1_reconnected_after_grace_check_is_left_alone() -> None:
    assert judge(VACANT, busy(at(25))).verdict is Verdict.IN_USE


def test_p1_gone_again_after_a_reconnect_begins_the_grace_anew() -> None:
    seen = empty(at(25), last_connected_at=at(22))
    assert said(judge(VACANT, seen)) == (Verdict.VACANT, Deferral.GRACE, at(50))


def test_p6_moving_last_known_puts_a_rebuild_off_with_a_reason_that_says_so() -> None:
    nothing_new = replace(VACANT, told_at=at(-6))
    decision = judge(nothing_new, empty(at(25), last_connected_at=at(22)))
    assert said(decision) == (Verdict.VACANT, Deferral.UNCONFIRMED, at(50))
    assert decision.facts.owed_since == at(-6)


def test_p1_a_late_alarm_prolongs_the_grace() -> None:
    told_again = replace(VACANT, told_at=at(21))
    assert said(judge(told_again, empty(at(25)))) == (Verdict.VACANT, Deferral.GRACE, at(50))


@pytest.mark.parametrize("seen", [sight(at(9)), sight(at(9), connection="UNKNOWN")])
def test_p6_within_the_grace_what_cannot_be_learnt_stays_told(seen: Observation) -> None:
    assert judge(replace(VACANT, trouble=STUCK), seen).facts.trouble == STUCK
    assert judge(replace(VACANT, trouble=STUCK), empty(at(9))).facts.trouble is None


@pytest.mark.parametrize("state", ["AVAILABLE", "ERROR", "UNHEALTHY", "STOPPED", "REBOOTING"])
def test_the_states_from_which_aws_rebuilds(state: str) -> None:
    assert judge(VACANT, empty(at(25), state=state)).verdict is Verdict.REBUILD


def test_p2_a_stopped_workspace_is_rebuilt() -> None:
    stopped = sight(at(25), state="STOPPED", connection="UNKNOWN")
    assert judge(VACANT, stopped).verdict is Verdict.REBUILD


def test_grace_0_rebuilds_at_once_but_needs_a_sample_from_after_the_alarm() -> None:
    none = {"grace": timedelta()}
    assert judge(replace(TOLD, told_at=at(-2)), empty(NOON), **none).verdict is Verdict.REBUILD
    decision = judge(TOLD, empty(at(0, 30), at(-1)), **none)
    assert said(decision) == (Verdict.DEFERRED, Doubt.OLDER_SAMPLE, at(0, 30))


def test_dry_run_decides_and_rebuilds_nothing() -> None:
    assert said(judge(VACANT, empty(at(25)), dry_run=True)) == (Verdict.DRY_RUN, None, None)


def test_p1_an_administrators_rebuild_waits_for_no_grace_but_for_a_fresh_sample() -> None:
    wanted = Facts(baseline_at=at(-300), wanted_at=NOON)
    assert judge(wanted, empty(at(2), at(1))).verdict is Verdict.REBUILD
    assert judge(wanted, busy(at(2), at(1))).verdict is Verdict.IN_USE
    assert said(judge(wanted, empty(at(2), at(-1))))[:2] == (Verdict.DEFERRED, Doubt.OLDER_SAMPLE)


def test_p1_who_signs_in_after_an_administrator_asked_has_a_session_like_any_other() -> None:
    """The request may be weeks old: it waited for a hold, a window, a dry run or a held bundle."""
    wanted = replace(VACANT, wanted_at=at(-9999), signed_in_at=at(-60))
    assert judge(wanted, empty(at(9))).verdict is Verdict.VACANT
    assert judge(wanted, empty(at(25))).verdict is Verdict.REBUILD
    assert keep(wanted, empty(at(25))).needs_snapshot


@pytest.mark.parametrize(
    ("facts", "seen", "wanted"),
    [
        (VACANT, busy(at(9)), False),
        (replace(VACANT, settled_at=at(30)), busy(at(9)), False),
        (VACANT, empty(at(9), last_connected_at=at(5)), False),
        (VACANT, empty(at(9), last_connected_at=at(-1)), True),
        (VACANT, empty(at(9)), True),
        (replace(VACANT, vacant_since=None), busy(at(9)), True),
    ],
    ids=[
        "connected",
        "a rebuild settles",
        "was connected",
        "before the request",
        "nobody",
        "the session it is for",
    ],
)
def test_p1_so_has_who_comes_back_unseen_after_it_was_vacant(
    facts: Facts, seen: Observation, wanted: bool
) -> None:
    """Their sign-in was lost."""
    assert judge(replace(facts, wanted_at=NOON), seen).facts.is_wanted is wanted


# A rebuild that failed.


def test_p3_a_failed_rebuild_is_repeated_when_its_time_has_come_and_its_trouble_stays() -> None:
    assert FAILED.failed is not None
    works = replace(FAILED, failed=replace(FAILED.failed, bad_since=None))
    assert judge(FAILED, empty(at(25))) == Decision(works, Verdict.REBUILD)
    early = replace(FAILED, retry_at=at(60))
    assert said(judge(early, empty(at(25)))) == (Verdict.DEFERRED, Deferral.RETRY, at(35))
    assert judge(early, empty(at(25), state="AVAILABLE")).facts.trouble == FAILED.trouble


@pytest.mark.parametrize("state", ["ERROR", "UNHEALTHY"])
@pytest.mark.parametrize("connection", ["UNKNOWN", None, "DISCONNECTED"])
def test_p2_unhealthy_for_good_is_repeated_although_nothing_tells_who_is_connected(
    state: str, connection: str | None
) -> None:
    seen = sight(at(25), state=state, connection=connection)
    assert judge(FAILED, seen).verdict is Verdict.REBUILD


@pytest.mark.parametrize(
    "facts", [VACANT, replace(FAILED, failed=None)], ids=["no claim", "not begun"]
)
def test_p1_a_bad_state_that_no_rebuild_has_caused_does_not_show_that_nobody_is_connected(
    facts: Facts,
) -> None:
    unclear = sight(at(25), state="UNHEALTHY", connection="UNKNOWN")
    assert judge(facts, unclear).reason == Doubt.UNKNOWN_CONNECTION


def test_p1_who_is_connected_although_the_rebuild_failed_is_left_alone() -> None:
    decision = judge(FAILED, busy(at(25), state="UNHEALTHY"))
    assert decision.verdict is Verdict.IN_USE
    facts = decision.facts
    assert (facts.failed, facts.trouble, facts.retry_at, facts.failures) == (None, None, None, 0)
    stale = busy(at(25), at(-290), state="UNHEALTHY")
    assert judge(FAILED, stale).verdict is Verdict.REBUILD


def test_p6_within_the_grace_a_failed_rebuild_stays_told() -> None:
    told = replace(FAILED, told_at=at(20))
    assert judge(told, empty(at(25))).facts.trouble == FAILED.trouble


def test_p1_after_a_failed_rebuild_that_nobody_owed_evidence_is_needed_as_ever() -> None:
    """Somebody else had begun it."""
    others = replace(FAILED, used_at=None, told_at=None, vacant_since=None, owed_since=None)
    unclear = sight(at(25), connection="UNKNOWN")
    assert said(judge(others, unclear))[:2] == (Verdict.DEFERRED, Doubt.UNKNOWN_CONNECTION)
