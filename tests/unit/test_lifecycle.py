"""From a session's end to the decision to rebuild. What follows a rebuild: test_claims.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from nonpersistent.facts import (
    Claim,
    Decision,
    Deferral,
    Doubt,
    Facts,
    Need,
    Phase,
    Trouble,
    Verdict,
)
from nonpersistent.lifecycle import decide
from nonpersistent.observation import Observation
from nonpersistent.settings import UserVolume, Window
from tests.unit.looks import TOLD, VACANT, busy, empty, failed, judge, said, sight
from tests.unit.support import BUNDLE, NIGHTS, NOON, at, settings

STUCK = Trouble(at(-9), Need.UNKNOWN, "no_row", at(81))
FAILED = failed(
    replace(VACANT, used_at=at(-260), told_at=at(-240), vacant_since=at(-246), owed_since=at(-246)),
    Claim(asked_at=at(-200), bad_since=at(-160)),
    at(-150),
    retry_at=at(-30),
)
KEEP = {"user_volume": UserVolume.KEEP}


# The first sight.


def test_p3_the_first_sight_of_an_empty_workspace_is_a_baseline_and_no_debt() -> None:
    seen = empty(NOON, bundle_id=BUNDLE, user="ada", last_connected_at=at(-500))
    decision = judge(Facts(), seen)
    assert said(decision) == (Verdict.BASELINE, None, None)
    assert decision.facts == Facts(baseline_at=at(-1), bundle_id=BUNDLE, user="ada")
    assert judge(Facts(), sight(NOON)).facts.baseline_at == NOON
    assert judge(Facts(), empty(NOON, last_connected_at=at(-1))).facts.baseline_at == NOON


def test_p2_what_was_used_since_it_was_looked_for_in_vain_will_owe_a_rebuild() -> None:
    """AWS left it out of its answer when it joined: its first session must not be forgotten."""
    missed = Facts(trouble=STUCK)
    decision = judge(missed, empty(NOON, last_connected_at=STUCK.since))
    assert (decision.verdict, decision.facts.baseline_at) == (Verdict.BASELINE, STUCK.since)
    used = judge(missed, empty(NOON, last_connected_at=STUCK.since + timedelta(seconds=1))).facts
    assert (used.phase, used.owed_since) == (Phase.VACANT, at(-1))


@pytest.mark.parametrize(
    ("seen", "used_at"),
    [
        (busy(NOON), at(-1)),
        (sight(NOON, connection="CONNECTED"), NOON),
        (empty(NOON, at(-4), last_connected_at=at(-3)), at(-3)),
    ],
    ids=["connected", "without a time", "after the sample"],
)
def test_p2_a_session_in_progress_at_first_sight_will_owe_a_rebuild(
    seen: Observation, used_at: datetime
) -> None:
    facts = judge(Facts(), seen).facts
    assert (facts.phase, facts.used_at, facts.baseline_at) == (Phase.IN_USE, used_at, None)


@pytest.mark.parametrize(
    ("state", "reason"), [(None, Doubt.NOT_FOUND), ("TERMINATED", "TERMINATED")]
)
def test_p6_unknown_id_is_told_and_not_taken_for_clean(state: str | None, reason: str) -> None:
    decision = judge(Facts(), sight(NOON, state=state, connection="CONNECTED"))
    assert said(decision) == (Verdict.DEFERRED, reason, at(5))
    assert decision.facts == Facts(trouble=Trouble(NOON, Need.UNKNOWN, reason, at(90)))


# Nothing is owed.

CLEAN = Facts(rebuilt_at=at(-100), settled_at=at(-61), used_at=at(-160))


def test_a_clean_workspace_is_left_to_signals_and_audits() -> None:
    met = replace(CLEAN, vacant_since=at(-4), owed_since=at(-4), trouble=STUCK)
    decision = judge(met, empty(NOON))
    assert said(decision) == (Verdict.CLEAN, None, None)
    assert decision.facts == CLEAN


@pytest.mark.parametrize(
    ("seen", "doubt"),
    [
        (empty(NOON, at(-30)), None),
        (empty(NOON, at(-30.1)), Doubt.STALE_SAMPLE),
        (busy(NOON, at(-100)), Doubt.STALE_SAMPLE),
        (sight(NOON, connection="DISCONNECTED"), Doubt.STALE_SAMPLE),
        (sight(NOON, connection="UNKNOWN", checked_at=at(-1)), Doubt.UNKNOWN_CONNECTION),
        (sight(NOON), Doubt.NO_ROW),
        (sight(NOON, state="UNHEALTHY"), Doubt.NO_ROW),
        (sight(NOON, state="IMPAIRED"), Doubt.NO_ROW),
        (sight(NOON, state="STOPPED", connection="UNKNOWN"), None),
        (sight(NOON, state="MAINTENANCE"), None),
        (sight(NOON, state=None, state_asked=True), Doubt.NOT_FOUND),
        (empty(NOON, state=None, state_asked=True), Doubt.NOT_FOUND),
        (sight(NOON, state=None), None),
        (empty(NOON, state="TERMINATING"), "TERMINATING"),
    ],
)
def test_p6_what_may_have_been_used_without_a_trace_is_told(
    seen: Observation, doubt: str | None
) -> None:
    decision = judge(CLEAN, seen)
    if doubt is None:
        assert said(decision) == (Verdict.CLEAN, None, None)
    else:
        assert said(decision) == (Verdict.NOT_LEARNT, doubt, at(5))
        assert decision.facts.trouble == Trouble(NOON, Need.UNKNOWN, doubt, at(90))


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"settled_at": at(-30)}, Verdict.NOT_LEARNT),
        ({"settled_at": at(-29.9)}, Verdict.CLEAN),
        ({"settled_at": None}, Verdict.NOT_LEARNT),
        ({"settled_at": None, "used_at": None}, Verdict.CLEAN),
    ],
    ids=["settled", "settling", "never rebuilt", "never used"],
)
def test_a_missing_row_worries_nobody_who_never_signed_in_or_was_just_rebuilt(
    changes: dict[str, Any], verdict: Verdict
) -> None:
    assert judge(replace(CLEAN, **changes), sight(NOON)).verdict is verdict


@pytest.mark.parametrize(
    ("rebuilt_at", "verdict"), [(at(-300), Verdict.NOT_LEARNT), (None, Verdict.CLEAN)]
)
def test_p6_a_bad_state_after_a_rebuild_worries_whether_anybody_used_it_or_not(
    rebuilt_at: datetime | None, verdict: Verdict
) -> None:
    never = replace(CLEAN, used_at=None, baseline_at=at(-600), rebuilt_at=rebuilt_at)
    for settled_at in (at(-61), at(20)):
        found = judge(replace(never, settled_at=settled_at), sight(NOON, state="UNHEALTHY"))
        assert found.verdict is verdict


def test_a_last_connection_is_a_use_that_makes_a_missing_row_worry() -> None:
    never = replace(CLEAN, settled_at=None, used_at=None)
    assert judge(never, sight(NOON, last_connected_at=at(-200))).verdict is Verdict.NOT_LEARNT


def test_so_is_one_that_the_rebuild_may_have_moved_although_it_makes_no_debt() -> None:
    never = replace(CLEAN, asked=(at(-100),), used_at=None)
    decision = judge(never, sight(NOON, connection="UNKNOWN", last_connected_at=at(-90)))
    assert (decision.verdict, decision.facts.used_at) == (Verdict.NOT_LEARNT, None)


def test_a_session_from_before_the_baseline_leaves_nothing_open() -> None:
    decision = judge(Facts(baseline_at=at(-5)), busy(NOON, at(-6)))
    assert said(decision) == (Verdict.CLEAN, None, None)


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
        (VACANT, empty(at(9), last_connected_at=at(5)), False),
        (VACANT, empty(at(9), last_connected_at=at(-1)), True),
        (VACANT, empty(at(9)), True),
        (replace(VACANT, vacant_since=None), busy(at(9)), True),
    ],
    ids=["connected", "was connected", "before the request", "nobody", "the session it is for"],
)
def test_p1_so_has_who_comes_back_unseen_after_it_was_vacant(
    facts: Facts, seen: Observation, wanted: bool
) -> None:
    """Their sign-in was lost."""
    assert judge(replace(facts, wanted_at=NOON), seen).facts.is_wanted is wanted


# The window.


def test_outside_the_window_a_rebuild_waits_for_its_opening() -> None:
    decision = judge(VACANT, empty(at(25)), window=NIGHTS)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(7 * 60))
    assert decision.expected_by == at(7 * 60)
    assert judge(VACANT, empty(at(7 * 60)), window=NIGHTS).verdict is Verdict.REBUILD


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Observation(at(25)), Deferral.WINDOW),
        (Observation(at(25), state_asked=True, state="AVAILABLE"), Doubt.NO_ROW),
        (empty(at(25), at(5)), Doubt.STALE_SAMPLE),
        (Observation(at(25), state_asked=True, state="STOPPED"), Deferral.WINDOW),
        (Observation(at(25), state_asked=True, state="MAINTENANCE"), Deferral.WINDOW),
    ],
    ids=["no look", "no row", "an old sample", "stopped", "forbidden until it opens"],
)
def test_p6_what_a_look_cannot_tell_is_kept_while_the_window_is_closed(
    seen: Observation, reason: Deferral | Doubt
) -> None:
    decision = judge(VACANT, seen, window=NIGHTS)
    assert decision.reason is reason
    assert (decision.facts.trouble is None) == (reason is Deferral.WINDOW)


@pytest.mark.parametrize("state", [None, "TERMINATED"])
@pytest.mark.parametrize("grace", [20, 240])
def test_p6_one_that_is_gone_is_told_whatever_it_waits_for(state: str | None, grace: int) -> None:
    seen = sight(at(25), state=state, state_asked=True)
    decision = judge(VACANT, seen, window=NIGHTS, grace=timedelta(minutes=grace))
    assert decision.facts.trouble is not None
    assert decision.facts.trouble.need is Need.UNKNOWN
    assert decision.reason == (state or Doubt.NOT_FOUND)


def test_the_last_minutes_of_the_window_count() -> None:
    closing = Window(time(10), time(12, 22), "UTC")
    assert judge(VACANT, empty(at(20), at(20)), window=closing).verdict is Verdict.REBUILD
    assert judge(VACANT, empty(at(19)), window=closing).reason is Deferral.WINDOW


def test_p6_a_grace_that_ends_outside_of_the_window_waits_for_it_and_says_so() -> None:
    decision = judge(TOLD, empty(at(1)), window=NIGHTS)
    assert said(decision) == (Verdict.DEFERRED, Deferral.WINDOW, at(7 * 60))


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


# The user volume.


def keep(facts: Facts, seen: Observation) -> Decision:
    return judge(facts, seen, **KEEP)


def asked(snapshot_at: datetime | None, minutes: float = 25) -> Observation:
    return empty(at(minutes), snapshot_at=snapshot_at, snapshot_asked=True)


def test_keep_asks_for_the_snapshot_only_when_all_else_is_settled() -> None:
    decision = keep(VACANT, empty(at(25)))
    assert decision == Decision(
        VACANT, Verdict.DEFERRED, at(25), Deferral.SNAPSHOT, needs_snapshot=True
    )
    assert not keep(VACANT, empty(at(9))).needs_snapshot
    assert not keep(VACANT, sight(at(25))).needs_snapshot


HOURS_12 = 12 * 60


@pytest.mark.parametrize(
    ("snapshot_at", "minutes", "look_at"),
    [
        (None, 25, at(55)),
        (at(-7), 25, at(-7 + HOURS_12 + 5 + 2)),
        (at(-HOURS_12), 25, at(HOURS_12 + 5)),
        (None, HOURS_12 + 29, at(HOURS_12 + 60)),
        (None, HOURS_12 + 30, at(HOURS_12 + 150)),
    ],
    ids=["none", "too old", "as old as the end", "nearly overdue", "overdue"],
)
def test_keep_waits_for_a_snapshot_that_holds_the_session(
    snapshot_at: datetime | None, minutes: float, look_at: datetime
) -> None:
    decision = keep(VACANT, asked(snapshot_at, minutes))
    assert said(decision) == (Verdict.DEFERRED, Deferral.SNAPSHOT, look_at)
    assert decision.expected_by == at(HOURS_12 + 30)
    assert decision.facts.snapshot_at == snapshot_at


def test_keep_does_not_ask_before_a_snapshot_is_to_be_expected() -> None:
    known = replace(VACANT, snapshot_at=at(-60))
    assert said(keep(known, empty(at(25)))) == (Verdict.DEFERRED, "snapshot", at(HOURS_12 - 60))
    assert keep(known, empty(at(HOURS_12 - 60))).needs_snapshot
    rebuilt = replace(VACANT, settled_at=at(-100))
    assert keep(rebuilt, empty(at(25))).look_at == at(HOURS_12 - 100)
    assert keep(replace(rebuilt, snapshot_at=at(-120)), empty(at(25))).look_at == at(HOURS_12 - 100)


@pytest.mark.parametrize(
    ("facts", "snapshot_at", "verdict"),
    [
        (VACANT, at(-3), Verdict.DEFERRED),
        (VACANT, NOON, Verdict.REBUILD),
        (replace(VACANT, told_at=None), at(-7), Verdict.DEFERRED),
        (replace(VACANT, told_at=None), at(-6), Verdict.REBUILD),
        (replace(VACANT, snapshot_at=NOON), None, Verdict.REBUILD),
    ],
    ids=["before the alarm", "at the alarm", "before", "at the vacancy", "known before"],
)
def test_keep_rebuilds_once_a_snapshot_is_newer_than_whatever_showed_the_end(
    facts: Facts, snapshot_at: datetime | None, verdict: Verdict
) -> None:
    """Back unseen from 11:55 to 11:59: the last-connection time may be that of the log-in."""
    assert keep(facts, asked(snapshot_at)).verdict is verdict


def test_keep_waits_for_no_snapshot_once_a_rebuild_has_rolled_the_volume_back() -> None:
    """A WorkSpace in ERROR may never get another one."""
    assert keep(FAILED, sight(at(25), state="ERROR")).verdict is Verdict.REBUILD
    assert keep(replace(FAILED, failed=None), empty(at(25))).needs_snapshot


def test_keep_rebuilds_without_a_snapshot_when_an_administrator_asks_for_it() -> None:
    assert keep(replace(VACANT, wanted_at=at(1)), empty(at(25))).verdict is Verdict.REBUILD
