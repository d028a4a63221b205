"""A pass over what is due. Audits: test_audit.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from botocore.exceptions import ClientError

from nonpersistent.examiner import Tally
from nonpersistent.facts import Facts
from nonpersistent.settings import SLOWEST_RATE, UserVolume, Window
from nonpersistent.workspaces import TRIES
from tests.unit.stage import DUE, Stage
from tests.unit.support import NOON, OTHER, WS, at, settings, sign_in

TOLD = Facts(baseline_at=at(-300), told_at=at(-1))
ASKED = replace(DUE, asked_at=at(-50), accepted_at=at(-50), address="10.0.0.1")


def many(stage: Stage, count: int, facts: Facts = DUE) -> list[str]:
    ids = [f"ws-{number:09}" for number in range(count)]
    for number, id_ in enumerate(ids):
        stage.has(facts, at(-1, 0.01 * number), id_)
    return ids


def test_an_idle_pass_costs_one_query(stage: Stage) -> None:
    stage.has(DUE, at(1))
    assert stage.run() == Tally()
    assert stage.desktops.calls == []
    assert stage.lines.all == []
    assert stage.ledger.lease("another", NOON, at(1))


def test_a_debt_is_rebuilt(stage: Stage) -> None:
    stage.has(DUE, NOON)
    assert stage.run() == Tally(due=1, looked=1, rebuilt=1)
    assert stage.desktops.rebuilds() == [WS]
    assert stage.lines.decisions == [("rebuild_requested", None)]


def test_p5_what_falls_due_during_a_pass_is_done_in_it_and_nothing_twice(stage: Stage) -> None:
    stage.settings = settings(grace=timedelta(minutes=20))
    stage.has(DUE, NOON)
    stage.has(TOLD, at(0, 0.2), OTHER, connection="UNKNOWN", state="STARTING")
    assert stage.run() == Tally(due=2, looked=2, rebuilt=1)
    assert len(stage.lines.of("deferred")) == 1


def test_p5_a_vacancy_within_its_grace_is_not_asked_about_again(stage: Stage) -> None:
    stage.has(replace(DUE, told_at=at(-1), vacant_since=at(-10), owed_since=at(-10)), NOON)
    assert stage.run() == Tally(due=1, looked=1)
    assert stage.desktops.calls == []
    assert stage.record().look_at == at(24)


def test_p5_at_the_very_end_of_the_grace_it_is_looked_at(stage: Stage) -> None:
    stage.has(replace(DUE, told_at=at(-20), vacant_since=at(-20)), NOON)
    assert stage.run().rebuilt == 1


def test_p1_an_alarm_long_after_the_vacancy_is_looked_into(stage: Stage) -> None:
    """Somebody may have come back unseen, and left again."""
    stage.has(replace(DUE, told_at=at(-1), vacant_since=at(-17)), NOON)
    stage.run()
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]


def test_a_session_end_is_looked_into_with_one_call(stage: Stage) -> None:
    stage.has(TOLD, NOON)
    assert stage.run() == Tally(due=1, looked=1)
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus"]
    [line] = stage.lines.all
    assert (line["decision"], line["phase"], line["reason"]) == ("vacant", "vacant", "grace")
    assert line["due_at"] == at(25).isoformat()
    assert "took_seconds" not in line
    assert stage.record().look_at == at(25)


def test_grace_0_needs_the_state_at_the_first_look(stage: Stage) -> None:
    stage.settings = settings(grace=timedelta())
    stage.has(TOLD, NOON)
    assert stage.run().rebuilt == 1


def test_p5_a_burst_takes_two_looks_for_25_and_one_call_each_at_the_rate(stage: Stage) -> None:
    ids = many(stage, 30)
    assert stage.run() == Tally(due=30, looked=30, rebuilt=30)
    assert stage.desktops.rebuilds() == ids
    assert len(stage.desktops.calls) == 34
    gaps = zip(stage.desktops.times, stage.desktops.times[1:], strict=False)
    assert min(after - before for before, after in gaps) >= timedelta(seconds=0.5)


@pytest.mark.parametrize("rate", [0.5, SLOWEST_RATE])
def test_p2_a_slow_rate_is_slow_but_rebuilds(stage: Stage, rate: float) -> None:
    stage.settings = settings(api_rate=rate)
    stage.has(DUE, NOON)
    for _ in range(30):
        stage.run()
        stage.clock.sleep(60)
    assert stage.desktops.rebuilds() == [WS]


def test_p5_only_one_invocation_acts(stage: Stage) -> None:
    stage.has(DUE, NOON)
    stage.ledger.lease("another", NOON, at(1))
    assert stage.run() == Tally(due=1, left=1, reason="another_invocation_acts")
    assert stage.desktops.calls == []


def test_p2_what_there_is_no_time_for_stays_due(stage: Stage) -> None:
    ids = many(stage, 3)
    stage.seconds_left = lambda: 15.4 if stage.desktops.rebuilds() else 30.5
    tally = stage.run()
    assert (tally.due, tally.rebuilt, tally.left) == (3, 1, 3)
    assert stage.desktops.rebuilds() == ids[:1]
    assert stage.ledger.lease("another", stage.clock.now() + timedelta(seconds=1), at(9))


def test_p2_without_time_for_a_look_nothing_is_asked(stage: Stage) -> None:
    many(stage, 1)
    stage.seconds_left = lambda: 30.0
    assert stage.run().left == 1
    assert stage.desktops.calls == []


def test_p2_an_api_that_does_not_answer_leaves_everything_due(stage: Stage) -> None:
    stage.has(DUE, NOON)
    fault = (400, "ThrottlingException")
    stage.desktops.faults["DescribeWorkspacesConnectionStatus"] = [fault] * TRIES
    tally = stage.run()
    assert tally.left == 1
    assert tally.reason == "workspaces_api_unavailable: ThrottlingException"
    assert stage.record().look_at == NOON


def test_p6_what_nobody_could_look_at_tells_its_age(stage: Stage) -> None:
    """An API that others use up for hours rings, although nothing is decided meanwhile."""
    stage.has(DUE, at(-300))
    stage.has(DUE, at(-1), OTHER)
    fault = (400, "ThrottlingException")
    stage.desktops.faults["DescribeWorkspacesConnectionStatus"] = [fault] * TRIES
    assert stage.run().oldest_due_seconds == pytest.approx(300 * 60, abs=60)


def test_p6_what_another_invocation_is_working_off_is_not_overdue(stage: Stage) -> None:
    stage.has(DUE, at(-300))
    stage.ledger.lease("another", NOON, at(2))
    assert stage.run() == Tally(due=1, left=1, reason="another_invocation_acts")


def test_p6_an_audit_that_is_left_is_no_debt_by_itself(stage: Stage) -> None:
    stage.ledger.ask_audit(at(-300))
    stage.has(None, None)
    stage.seconds_left = lambda: 30.0
    assert stage.run() == Tally(due=1, left=1)


def test_p2_an_error_that_cannot_be_placed_is_raised_and_the_turn_handed_over(
    stage: Stage,
) -> None:
    stage.has(DUE, NOON)
    stage.desktops.faults["DescribeWorkspacesConnectionStatus"] = [(400, "AccessDeniedException")]
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.run()
    assert stage.ledger.lease("another", at(0, 0.5), at(1))


def test_p4_who_is_off_the_roster_is_forgotten_and_not_asked_about(stage: Stage) -> None:
    stage.has(DUE, NOON)
    stage.roster(OTHER)
    assert stage.run() == Tally(due=1)
    assert stage.desktops.calls == []
    assert stage.record().version == 0
    [line] = stage.lines.all
    assert (line["decision"], line["workspace_id"]) == ("forgotten", WS)


def test_p4_the_roster_is_read_again_for_each_batch(stage: Stage) -> None:
    ids = many(stage, 26)
    stage.desktops.before["RebuildWorkspaces"] = lambda: stage.roster(*ids[:25])
    assert stage.run().rebuilt == 25
    assert stage.lines.decisions[-1] == ("forgotten", "not_in_workspace_ids")


def test_p1_what_the_table_says_when_its_turn_comes_counts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.has(DUE, at(5))
    stage.has(DUE, None, OTHER)
    due = stage.ledger.due(at(5))
    monkeypatch.setattr(type(stage.ledger), "due", lambda *_: due)
    assert stage.run().looked == 0


def test_p1_a_signal_during_the_look_wins(stage: Stage) -> None:
    stage.has(TOLD, NOON)

    def meanwhile() -> None:
        stage.ledger.record(sign_in(NOON), NOON)

    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = meanwhile
    stage.run()
    assert stage.facts() == replace(TOLD, used_at=NOON)
    assert stage.record().look_at == NOON
    assert stage.lines.decisions == [("deferred", "superseded")]


def test_nothing_is_written_or_said_when_nothing_has_changed(stage: Stage) -> None:
    unsettled = replace(ASKED, accepted_at=None)
    stage.has(unsettled, NOON, state="MAINTENANCE")
    stage.run()
    assert stage.record().look_at == at(5)
    before, said = stage.record(), len(stage.lines.all)
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert (stage.record(), len(stage.lines.all)) == (before, said)


# Waits that need no question.


def test_p5_outside_the_window_nobody_is_asked_about(stage: Stage) -> None:
    stage.settings = settings(window=Window(time(19), time(6), "UTC"))
    stage.has(DUE, NOON)
    tally = stage.run()
    assert tally == Tally(due=1, looked=1, oldest_due_seconds=26 * 60)
    assert stage.desktops.calls == []
    assert stage.lines.decisions == [("deferred", "window")]
    assert stage.record().look_at == at(7 * 60)


def test_p5_behind_the_brake_nobody_is_asked_about(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    stage.has(Facts(rebuilt_at=at(-10)), None, OTHER)
    stage.has(DUE, at(-1))
    stage.has(DUE, NOON, third := "ws-00000000third")
    assert stage.run().looked == 2
    assert stage.desktops.calls == []
    assert (stage.record().look_at, stage.record(third).look_at) == (at(50), at(50))


def test_p1_the_brake_does_not_hide_who_is_in_use(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    stage.has(Facts(rebuilt_at=at(-10)), None, OTHER)
    stage.has(TOLD, NOON, connection="CONNECTED")
    stage.run()
    assert stage.lines.decisions == [("in_use", None)]


# The user volume.


def test_keep_asks_for_a_snapshot_and_rebuilds_on_its_strength(stage: Stage) -> None:
    stage.settings = settings(user_volume=UserVolume.KEEP)
    stage.has(DUE, NOON, snapshot_at=at(-30))
    assert stage.run().rebuilt == 1
    assert stage.desktops.names()[-2:] == ["DescribeWorkspaceSnapshots", "RebuildWorkspaces"]


def test_keep_waits_for_the_next_snapshot(stage: Stage) -> None:
    stage.settings = settings(user_volume=UserVolume.KEEP)
    stage.has(DUE, NOON, snapshot_at=at(-60))
    tally = stage.run()
    assert tally.rebuilt == 0
    assert tally.oldest_due_seconds == pytest.approx(26 * 60, abs=2)
    assert stage.record().look_at == at(-60 + 12 * 60)
    assert stage.lines.decisions == [("deferred", "snapshot")]


def test_p2_a_workspace_whose_snapshots_may_not_be_read_does_not_stop_the_others(
    stage: Stage,
) -> None:
    """With workspace_tag, one without the tag; it stays the first that is due."""
    stage.settings = settings(user_volume=UserVolume.KEEP)
    stage.has(DUE, at(-1), snapshot_at=at(-30))
    stage.has(DUE, NOON, OTHER, snapshot_at=at(-30))
    for _ in range(3):
        stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
        try:
            stage.run()
        except ClientError:
            stage.clock.sleep(60)
    assert OTHER in stage.desktops.rebuilds()


def test_p6_snapshots_that_may_not_be_read_are_a_refusal_that_is_told(stage: Stage) -> None:
    stage.settings = settings(user_volume=UserVolume.KEEP)
    stage.has(DUE, NOON)
    stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
    stage.run()
    assert stage.lines.decisions == [("refused", "AccessDeniedException")]
    assert stage.facts() == replace(DUE, attempts=1, reason="AccessDeniedException")
