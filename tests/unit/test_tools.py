"""The one place that writes a decision down and tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from nonpersistent.facts import USUAL_DELAY, Decision, Deferral, Need, Trouble, Verdict
from nonpersistent.settings import Window
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at, fleet, settings, sign_in

STUCK = Trouble(NOON, Need.UNKNOWN, "no_row", at(90))


def test_p6_a_decision_is_written_and_told(stage: Stage) -> None:
    record = stage.has(DUE, NOON)
    decision = Decision(DUE, Verdict.DEFERRED, at(9), "window")
    stage.tools().write(record, decision, opens="late")
    late_at = NOON + settings().grace + USUAL_DELAY
    assert stage.record() == replace(
        record, facts=replace(DUE, late_at=late_at), version=2, look_at=at(9), reason="window"
    )
    [line] = stage.lines.all
    assert line["message"] == "ws-0a1b2c3d4: deferred (window)"
    assert (line["fleet"], line["user"], line["phase"]) == ("desks", "ada", "vacant")
    assert (line["due_at"], line["opens"]) == (at(9).isoformat(), "late")


def test_p6_the_reason_of_its_trouble_stays_with_a_workspace(stage: Stage) -> None:
    record = stage.has(DUE, NOON)
    stuck = replace(DUE, trouble=STUCK)
    stage.tools().write(record, Decision(stuck, Verdict.VACANT, at(9), "grace"))
    assert stage.record().reason == "no_row"
    assert stage.lines.decisions == [("vacant", "grace")]


def test_p6_who_is_blocked_is_told_with_its_user_and_its_bundle(stage: Stage) -> None:
    record = stage.has(DUE, NOON)
    blocked = replace(DUE, trouble=replace(STUCK, need=Need.BLOCKED))
    stage.tools().write(record, Decision(blocked, Verdict.VACANT, at(9), "grace"))
    [line] = stage.lines.of("blocked")
    assert (line["workspace_id"], line["reason"]) == (WS, "no_row")
    assert (line["user"], line["bundle_id"]) == ("ada", BUNDLE)


def test_p6_what_it_waited_for_counts_when_the_window_closes(stage: Stage) -> None:
    """It waited for the canary through a whole window: the next one is no excuse."""
    stage.settings = settings(window=Window(time(13), time(14), "UTC"))
    late = replace(DUE, late_at=at(180))
    record = stage.has(late, NOON, reason=Deferral.CANARY)
    stage.time.now = at(121)
    opens_at = at((24 + 1) * 60)
    waits = Decision(late, Verdict.DEFERRED, opens_at, Deferral.WINDOW, expected_by=opens_at)
    stage.tools().write(record, waits)
    assert stage.facts().late_at == at(180)


def test_p6_the_opening_that_it_waited_for_counts_when_the_window_was_changed(stage: Stage) -> None:
    """It waited for 17:00, so the new window from 13:00 to 14:00 was no chance."""
    stage.settings = settings(window=Window(time(13), time(14), "UTC"))
    late = replace(DUE, late_at=at(180))
    record = stage.has(late, at(300), reason=Deferral.WINDOW)
    stage.time.now = at(121)
    opens_at = at((24 + 1) * 60)
    waits = Decision(late, Verdict.DEFERRED, opens_at, Deferral.WINDOW, expected_by=opens_at)
    stage.tools().write(record, waits)
    assert stage.facts().late_at == opens_at + USUAL_DELAY


def test_p1_what_was_recorded_meanwhile_wins(stage: Stage) -> None:
    record = stage.has(DUE, NOON)
    stage.ledger.record(sign_in(at(1)), NOON)
    stage.tools().write(record, Decision(DUE, Verdict.VACANT, at(9)), opens="late")
    assert stage.facts().used_at == at(1)
    assert stage.record().look_at == NOON
    assert stage.lines.decisions == [("deferred", "superseded")]
    assert "opens" not in stage.lines.all[0]


def test_p6_a_large_fleet_may_take_as_long_as_its_rate_needs(stage: Stage) -> None:
    tools = stage.tools()
    assert tools.allowance == USUAL_DELAY
    stage.roster(*fleet(100), OTHER)
    assert OTHER in tools.roster()
    assert tools.allowance == USUAL_DELAY + timedelta(seconds=2 * 101 / 2)


def test_what_has_not_changed_is_not_written_whatever_the_rate(stage: Stage) -> None:
    """The ledger keeps milliseconds."""
    stage.settings = settings(api_rate=1.5)
    stage.roster(WS, OTHER)
    stage.has(replace(DUE, owed_since=NOON), NOON)
    tools = stage.tools()
    assert OTHER in tools.roster()
    assert tools.allowance == USUAL_DELAY + timedelta(seconds=2.667)
    for _ in range(2):
        tools.write(stage.record(), Decision(stage.facts(), Verdict.VACANT, at(9), Deferral.GRACE))
    assert len(stage.lines.decisions) == 1
