"""A pass over what is due. Audits: test_audit.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nonpersistent.canary import Bundle
from nonpersistent.facts import Facts
from nonpersistent.journal import Tally
from nonpersistent.records import Record
from nonpersistent.settings import SLOWEST_RATE
from tests.unit.stage import ASKED, CANARIES, CLAIM, DUE, TOLD, Stage, many
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at, settings, sign_in


def test_an_idle_pass_costs_one_query(stage: Stage) -> None:
    assert stage.meets(DUE, at(1)) == Tally()
    assert stage.desktops.calls == []
    assert stage.lines.all == []
    assert stage.ledger.lease("another", NOON, at(1))


def test_a_debt_is_rebuilt(stage: Stage) -> None:
    assert stage.meets(DUE, NOON) == Tally(due=1, looked=1, rebuilt=1)
    assert stage.desktops.rebuilds() == [WS]
    assert stage.lines.decisions == [("rebuild_requested", "session_end")]


def test_p5_what_falls_due_during_a_pass_is_done_in_it_and_nothing_twice(stage: Stage) -> None:
    stage.settings = settings(grace=timedelta(minutes=20))
    stage.has(DUE, NOON)
    stage.has(TOLD, at(0, 0.2), OTHER, connection="UNKNOWN", state="STARTING")
    assert stage.run() == Tally(due=2, looked=2, rebuilt=1)
    assert len(stage.lines.of("deferred")) == 1


@pytest.mark.parametrize(("seconds", "rebuilt"), [(60, 1), (59.999, 0)])
def test_p5_what_is_put_off_for_a_moment_comes_again_after_a_minute(
    stage: Stage, seconds: float, rebuilt: int
) -> None:
    """A look at another one lasts for as long."""
    stage.has(DUE, NOON)
    stage.has(TOLD, NOON, OTHER, reason="api:Odd")

    def last() -> None:
        if stage.desktops.rebuilds():
            stage.time.now = stage.desktops.times[-2] + timedelta(seconds=seconds)

    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = last
    stage.desktops.faults["RebuildWorkspaces"] = [(400, "ThrottlingException")]
    assert stage.run().rebuilt == rebuilt


def test_p5_a_vacancy_within_its_grace_is_not_asked_about_again(stage: Stage) -> None:
    stage.has(replace(DUE, told_at=at(-1), vacant_since=at(-10), owed_since=at(-10)), NOON)
    assert stage.run() == Tally(due=1, looked=1)
    assert stage.desktops.calls == []
    assert stage.record().look_at == at(25)


def test_p5_at_the_very_end_of_the_grace_it_is_looked_at(stage: Stage) -> None:
    assert stage.meets(replace(DUE, told_at=at(-20), vacant_since=at(-20)), NOON).rebuilt == 1


def test_p1_an_alarm_long_after_the_vacancy_is_looked_into(stage: Stage) -> None:
    """Somebody may have come back unseen, and left again."""
    stage.meets(replace(DUE, told_at=at(-1), vacant_since=at(-17)), NOON)
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]


def test_a_session_end_is_looked_into_with_one_call(stage: Stage) -> None:
    assert stage.meets(TOLD, NOON) == Tally(due=1, looked=1)
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus"]
    [line] = stage.lines.all
    assert (line["decision"], line["phase"], line["reason"]) == ("vacant", "vacant", "grace")
    assert line["due_at"] == at(25).isoformat()
    assert "took_seconds" not in line
    assert stage.record().look_at == at(25)


def test_p5_a_burst_takes_two_looks_for_25_and_one_call_each_at_the_rate(stage: Stage) -> None:
    ids = many(stage, 30)
    assert stage.run() == Tally(due=30, looked=30, rebuilt=30)
    assert stage.desktops.rebuilds() == ids
    assert len(stage.desktops.calls) == 35  # one asks for the bundle's image
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
    stage.seconds_left = lambda: 15.4 if stage.desktops.rebuilds() else 75.5
    tally = stage.run()
    assert (tally.due, tally.rebuilt, tally.left) == (3, 1, 3)
    assert stage.desktops.rebuilds() == ids[:1]
    assert stage.ledger.lease("another", stage.clock.now() + timedelta(seconds=1), at(9))


def test_p2_without_time_for_a_look_nothing_is_asked(stage: Stage) -> None:
    many(stage, 1)
    stage.seconds_left = lambda: 74.9
    assert stage.run().left == 1
    assert stage.desktops.calls == []


def test_p6_one_that_is_taken_off_the_roster_is_told_no_more(stage: Stage) -> None:
    stage.has(None, None)
    stage.put(Record(OTHER, DUE, 1, at(-1)), failures={"S": "many"})
    stage.run()
    assert stage.ledger.planned() == []
    [line] = stage.lines.all
    assert (line["decision"], line["reason"]) == ("forgotten", "not_in_workspace_ids")
    assert line["workspace_id"] == OTHER


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


def test_a_look_that_must_not_be_late_goes_first(stage: Stage) -> None:
    stage.has(DUE, at(-30), "ws-000000003")
    stage.has(DUE, at(-90), "ws-000000004", reason="api:InternalServerError")
    stage.meets(ASKED, at(-1), state="REBUILDING")
    first, second, *_ = [line["workspace_id"] for line in stage.lines.all]
    assert (first, second) == (WS, "ws-000000003")
    assert stage.lines.all[-1]["workspace_id"] == "ws-000000004"


@pytest.mark.parametrize(
    ("reason", "share"), [("canary", None), ("held_bundle", None), ("canary", 100)]
)
def test_p7_who_waits_for_a_canary_is_woken_when_it_ends_well(
    stage: Stage, reason: str, share: float | None
) -> None:
    stage.settings = replace(CANARIES, maximum_rebuilding_percent=share)
    claim = replace(CLAIM, goes_first=True, begun_at=at(-45), image_id=IMAGE)
    stage.has(replace(DUE, claim=claim), NOON)
    stage.has(DUE, at(9), OTHER, reason=reason)
    stage.has(replace(DUE, bundle_id="wsb-other00001"), at(9), "ws-000000003", reason=reason)
    stage.has(DUE, at(9), "ws-000000004", reason="window")
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    tally = stage.run()
    assert (tally.due, tally.rebuilt, tally.left) == (1, 1, 0)
    assert stage.desktops.rebuilds() == [OTHER]
    kinds = [decision for decision, _ in stage.lines.decisions]
    assert kinds == ["trusted", "finished", "rebuild_requested"]


def test_p1_a_signal_during_the_look_wins(stage: Stage) -> None:
    stage.has(TOLD, NOON)
    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = lambda: stage.ledger.record(
        sign_in(NOON), NOON
    )
    stage.run()
    assert stage.facts() == replace(TOLD, used_at=NOON, signed_in_at=NOON)
    assert stage.record().look_at == NOON
    assert stage.lines.decisions == [("deferred", "superseded")]


def test_nothing_is_written_or_said_when_nothing_has_changed(stage: Stage) -> None:
    stage.has(Facts(baseline_at=at(-300), user="ada", bundle_id=BUNDLE), None)
    before = stage.record()
    stage.ledger.ask_audit(NOON)
    assert stage.run().looked == 1
    assert (stage.record(), stage.lines.all) == (before, [])
