"""The first sight of a WorkSpace, and one that owes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nonpersistent.facts import Doubt, Facts, Need, Phase, Trouble, Verdict
from nonpersistent.observation import Observation
from tests.unit.looks import CLEAN, STUCK, busy, empty, judge, said, sight
from tests.unit.support import BUNDLE, NOON, at

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
    assert (decision.verdict, decision.facts) == (Verdict.BASELINE, Facts(baseline_at=STUCK.since))
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
