"""A pass over what is due. Audits: test_audit.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Facts, Need, Trouble
from nonpersistent.journal import Tally
from nonpersistent.ledger import Entry, NoRoster
from nonpersistent.records import Record
from nonpersistent.settings import SLOWEST_RATE, SettingsError, UserVolume
from nonpersistent.workspaces import TRIES
from tests.unit.looks import failed
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NIGHTS, NOON, OTHER, WS, at, fleet, settings, sign_in

TOLD = Facts(baseline_at=at(-300), told_at=at(-1))
CLAIM = Claim(asked_at=at(-50), accepted_at=at(-50), state="AVAILABLE", address="10.0.0.1")
ASKED = replace(DUE, claim=CLAIM)
ILL = (500, "InternalServerError")


def many(stage: Stage, count: int, facts: Facts = DUE) -> list[str]:
    ids = fleet(count)
    for number, id_ in enumerate(ids):
        stage.has(facts, at(-1, 0.01 * number), id_)
    return ids


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


def test_p2_an_api_that_does_not_answer_leaves_everything_due(stage: Stage) -> None:
    stage.has(DUE, NOON)
    fault = (400, "ThrottlingException")
    stage.desktops.faults["DescribeWorkspacesConnectionStatus"] = [fault] * TRIES
    tally = stage.run()
    assert tally.left == 1
    assert tally.reason == "workspaces_api_unavailable: ThrottlingException"
    assert stage.record().look_at == NOON


def test_p8_poison_one_of_whom_the_api_fails_is_told_put_off_and_then_asked_about_alone(
    stage: Stage,
) -> None:
    ids = many(stage, 4)
    stage.desktops.poison[ids[1]] = ILL
    assert stage.run().rebuilt == 3
    record = stage.record(ids[1])
    assert record.reason == "api:InternalServerError"
    assert record.facts.trouble
    assert record.facts.trouble.need is Need.UNKNOWN
    stage.has(DUE, record.look_at, OTHER)
    stage.time.now = record.look_at or NOON
    stage.desktops.calls.clear()
    assert stage.run().rebuilt == 1
    alone = {"WorkspaceIds": [ids[1]]}
    assert [asked for _, asked in stage.desktops.calls if alone == asked]
    assert stage.desktops.calls[0][1] == {"WorkspaceIds": [OTHER]}


def test_p8_poison_one_that_is_looked_at_first_and_alone_holds_up_nobody(stage: Stage) -> None:
    under_way = Claim(asked_at=at(-20), accepted_at=at(-20), begun_at=at(-12))
    stage.has(replace(DUE, claim=under_way), NOON, OTHER)
    stage.has(DUE, NOON)
    stage.desktops.poison[OTHER] = ILL
    assert stage.run().rebuilt == 1
    assert stage.desktops.rebuilds() == [WS]
    assert stage.record(OTHER).reason == "api:InternalServerError"


def test_p8_one_whose_facts_make_no_sense_harms_nobody_who_is_compared_with_it(
    stage: Stage,
) -> None:
    stage.has(replace(DUE, retry_at=at(300)), at(60), OTHER)  # a repetition of nothing
    stage.has(DUE, NOON)
    stage.desktops.poison[WS] = ILL
    stage.run()
    assert stage.record().reason == "api:InternalServerError"


@pytest.mark.parametrize("others", [0, 1], ids=["alone on the roster", "like all others"])
def test_p8_if_nobody_is_answered_that_is_an_outage(stage: Stage, others: int) -> None:
    for id_, look_at in ((WS, NOON), (OTHER, at(30)))[: 1 + others]:
        stage.has(DUE, look_at, id_)
        stage.desktops.poison[id_] = ILL
    assert stage.run().reason == "workspaces_api_unavailable: InternalServerError"
    assert (stage.record().reason, stage.record().look_at) == (None, NOON)


def test_p8_suspects_are_asked_about_one_by_one(stage: Stage) -> None:
    """Together they would look like an outage."""
    for id_ in (WS, OTHER):
        stage.has(DUE, NOON, id_, reason="api:InternalServerError")
        stage.desktops.poison[id_] = ILL
    assert stage.run() == Tally(due=2, looked=2)


def test_p8_a_suspect_whose_question_is_not_answered_ends_no_pass(stage: Stage) -> None:
    stage.has(DUE, NOON, reason="api:InternalServerError")
    stage.desktops.poison[WS] = ILL
    assert stage.run() == Tally(due=1, looked=1)
    assert stage.record().reason == "api:InternalServerError"
    stage.time.now = at(9)
    stage.desktops.poison.clear()
    stage.run()
    assert stage.desktops.names()[-4:] == [
        "DescribeWorkspacesConnectionStatus",
        "DescribeWorkspaces",
        "DescribeWorkspaceBundles",
        "RebuildWorkspaces",
    ]


def set_aside(stage: Stage, id_: str) -> tuple[dict[str, Any], Entry]:
    """The line and the entry of an item that cannot be used."""
    [line] = stage.lines.of("not_learnt")
    assert (line["workspace_id"], line["reason"]) == (id_, "unreadable_item")
    [entry] = [entry for entry in stage.ledger.planned() if entry.id == id_]
    assert (entry.needs, entry.reason) == (Need.UNKNOWN, "unreadable_item")
    return line, entry


def test_p8_an_item_that_cannot_be_read_is_told_and_holds_up_nobody(stage: Stage) -> None:
    stage.has(DUE, NOON)
    stage.has(None, None, OTHER)
    stage.put(Record(OTHER, DUE, 1, at(-1)), failures={"S": "many"})
    assert stage.run() == Tally(due=2, looked=1, rebuilt=1)
    line, entry = set_aside(stage, OTHER)
    assert line["due_at"] == entry.due_at.isoformat()
    assert at(60) <= entry.due_at < at(60, 9)


@pytest.mark.parametrize("audit", [False, True])
@pytest.mark.parametrize(
    ("edited", "raised"),
    [
        ({"retry_at": {"S": "2026-11-22T11:00:00.000Z"}}, True),
        ({"held_until": {"S": "9999-12-31T23:59:59.000Z"}}, False),
    ],
    ids=["a retry of nothing", "a hold for ever"],
)
def test_p8_an_item_that_makes_no_sense_is_told_and_holds_up_nobody(
    stage: Stage, edited: dict[str, Any], raised: bool, audit: bool
) -> None:
    """Somebody has edited it."""
    look_at = None if audit else NOON
    stage.has(DUE, look_at)
    stage.has(DUE, look_at, OTHER)
    stage.put(Record(WS, DUE, 1, look_at), **edited)
    if audit:
        stage.ledger.ask_audit(NOON)
    assert stage.run().rebuilt == 1
    assert stage.desktops.rebuilds() == [OTHER]
    line, _ = set_aside(stage, WS)
    assert line.get("detail") == ("IndexError('tuple index out of range')" if raised else None)


def test_p8_a_setting_that_cannot_be_used_is_no_fault_of_an_item(stage: Stage) -> None:
    """It shows only once somebody is due: `errors` has to ring."""
    stage.settings = settings(window=replace(NIGHTS, timezone="Mars/Olympus"))
    stage.has(DUE, NOON)
    with pytest.raises(SettingsError, match="Mars/Olympus"):
        stage.run()
    assert stage.lines.of("not_learnt") == []


def test_p4_a_roster_that_is_lost_meanwhile_ends_the_pass(stage: Stage) -> None:
    stage.has(DUE, NOON)
    stage.desktops.poison[WS] = ILL
    stage.has(None, None, OTHER)
    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = stage.lose_roster
    with pytest.raises(NoRoster):
        stage.run()


def test_p4_who_left_meanwhile_is_not_looked_at_to_tell_an_outage(stage: Stage) -> None:
    stage.has(DUE, NOON)
    stage.has(DUE, at(5), OTHER)
    stage.desktops.poison[WS] = ILL
    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = lambda: stage.roster(WS)
    assert stage.run().reason == "workspaces_api_unavailable: InternalServerError"
    assert stage.desktops.rebuilds() == []


def test_p6_one_that_is_taken_off_the_roster_is_told_no_more(stage: Stage) -> None:
    stage.has(None, None)
    stage.put(Record(OTHER, DUE, 1, at(-1)), failures={"S": "many"})
    stage.run()
    assert stage.ledger.planned() == []
    assert stage.lines.decisions == [("forgotten", "not_in_workspace_ids")]


def test_p2_an_error_of_the_ledger_is_raised_and_the_lease_handed_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.has(DUE, NOON)
    down = ClientError({"Error": {"Code": "InternalServerError"}}, "BatchGetItem")
    monkeypatch.setattr(type(stage.ledger), "read", Mock(side_effect=down))
    with pytest.raises(ClientError, match="InternalServerError"):
        stage.run()
    assert stage.ledger.lease("another", NOON, at(1))


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


def test_p7_who_waits_for_a_canary_is_woken_when_it_ends_well(stage: Stage) -> None:
    stage.settings = CANARIES
    claim = replace(CLAIM, goes_first=True, begun_at=at(-45), image_id=IMAGE)
    stage.has(replace(DUE, claim=claim), NOON)
    stage.has(DUE, at(9), OTHER, reason="canary")
    stage.has(replace(DUE, bundle_id="wsb-other00001"), at(9), "ws-000000003", reason="canary")
    stage.has(DUE, at(9), "ws-000000004", reason="window")
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=WS))
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


# Waits that need no question.


def test_p5_outside_the_window_nobody_is_asked_about(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    assert stage.meets(DUE, NOON) == Tally(due=1, looked=1)
    assert stage.desktops.calls == []
    assert stage.lines.decisions == [("deferred", "window")]
    assert stage.record().look_at == at(7 * 60)


@pytest.fixture
def braked(stage: Stage) -> Stage:
    """Nobody may be rebuilt before 12:50."""
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    stage.has(Facts(rebuilt_at=at(-10), asked=(at(-10),)), None, OTHER)
    return stage


def test_p5_behind_the_brake_nobody_is_asked_about(braked: Stage) -> None:
    braked.has(DUE, at(-1))
    braked.has(DUE, NOON, third := "ws-00000000third")
    assert braked.run().looked == 2
    assert braked.desktops.calls == []
    assert (braked.record().look_at, braked.record(third).look_at) == (at(50), at(50))


def test_p1_the_brake_does_not_hide_who_is_in_use(braked: Stage) -> None:
    braked.meets(TOLD, NOON, connection="CONNECTED")
    assert braked.lines.decisions == [("in_use", None)]


# The user volume.

KEEP = settings(user_volume=UserVolume.KEEP)


def test_keep_asks_for_a_snapshot_and_rebuilds_on_its_strength(stage: Stage) -> None:
    stage.settings = KEEP
    assert stage.meets(DUE, NOON, snapshot_at=at(-30)).rebuilt == 1
    assert stage.desktops.names()[-3:] == [
        "DescribeWorkspaceSnapshots",
        "DescribeWorkspaceBundles",
        "RebuildWorkspaces",
    ]


def test_keep_waits_for_the_next_snapshot(stage: Stage) -> None:
    stage.settings = KEEP
    assert stage.meets(DUE, NOON, snapshot_at=at(-60)).rebuilt == 0
    assert stage.record().look_at == at(-60 + 12 * 60 + 5)
    assert stage.lines.decisions == [("deferred", "snapshot")]


def test_p5_an_audit_before_its_time_does_not_ask_for_the_snapshot_again(stage: Stage) -> None:
    stage.settings = KEEP
    stage.has(DUE, at(90), reason="snapshot")
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert stage.record().look_at == at(90)
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]


def test_p2_a_workspace_whose_snapshots_may_not_be_read_does_not_stop_the_others(
    stage: Stage,
) -> None:
    """With workspace_tag, one without the tag; it stays the first that is due."""
    stage.settings = KEEP
    stage.has(DUE, at(-1), snapshot_at=at(-30))
    stage.has(DUE, NOON, OTHER, snapshot_at=at(-30))
    for _ in range(3):
        stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
        try:
            stage.run()
        except ClientError:
            stage.clock.sleep(60)
    assert OTHER in stage.desktops.rebuilds()


def test_p6_snapshots_that_cannot_be_read_are_told_until_they_can(stage: Stage) -> None:
    stage.settings = KEEP
    stage.has(DUE, NOON)
    stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
    stage.run()
    denied = "AccessDeniedException"
    assert stage.lines.decisions == [("deferred", denied), ("blocked", denied)]
    told = stage.facts().trouble
    assert told == Trouble(at(0, 1), Need.BLOCKED, denied, at(30, 1))
    stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, denied)]
    stage.passes(at(6))
    assert stage.facts().trouble == told
    stage.passes(at(12))
    assert (stage.facts().trouble, stage.record().reason) == (None, "snapshot")


# What a claim's end is told as.


SEEN = replace(CLAIM, accepted_at=at(-49), begun_at=at(-15), image_id=IMAGE)


@pytest.mark.parametrize(
    ("claim", "state", "decision", "took"),
    [
        (SEEN, "AVAILABLE", "finished", 49 * 60),
        (replace(SEEN, accepted_at=None), "AVAILABLE", "finished", 50 * 60),
        (replace(SEEN, begun_at=at(-15, -0.1)), "AVAILABLE", "finished", None),
        (replace(SEEN, begun_at=None), "AVAILABLE", "believed", None),
        (replace(SEEN, bad_since=at(-10)), "ERROR", "failed", 49 * 60),
    ],
    ids=["seen", "unanswered", "seen long ago", "never seen", "seen to fail"],
)
def test_p6_an_end_tells_its_image_and_how_long_it_took_where_looks_show_it(
    stage: Stage, claim: Claim, state: str, decision: str, took: float | None
) -> None:
    assert stage.meets(replace(DUE, claim=claim), NOON, state=state) == Tally(due=1, looked=1)
    [line] = stage.lines.all
    assert (line["decision"], line["image_id"]) == (decision, IMAGE)
    assert line.get("took_seconds") == took
    assert stage.desktops.names() == ["DescribeWorkspaces"]


@pytest.mark.parametrize("state", ["REBUILDING", "TERMINATED"])
def test_p6_what_is_no_end_does_not(stage: Stage, state: str) -> None:
    stage.meets(ASKED, NOON, state=state)
    assert "took_seconds" not in stage.lines.all[0]


# A rebuild that failed.

LOST = failed(
    replace(DUE, used_at=at(-600), told_at=None, vacant_since=at(-590), owed_since=at(-590)),
    replace(CLAIM, asked_at=at(-100), bad_since=at(-46), image_id="wsi-old00001"),
    at(-36),
    retry_at=at(60),
)


def test_p5_a_failed_rebuild_waits_for_its_time_without_a_look(stage: Stage) -> None:
    stage.desktops.images[BUNDLE] = "wsi-old00001"
    assert stage.meets(LOST, NOON, state="ERROR") == Tally(due=1, looked=1)
    assert stage.desktops.names() == ["DescribeWorkspaceBundles"]
    assert (stage.record().look_at, stage.record().reason) == (at(10), "ERROR")
    assert stage.lines.decisions == [("deferred", "retry")]


@pytest.mark.parametrize(
    ("signs", "asks"),
    [
        ({"used_at": at(-30)}, True),
        ({"used_at": at(-90)}, True),
        ({"used_at": at(-90.5)}, False),
        ({"told_at": at(-3)}, True),
        ({"told_at": at(-5)}, False),
        ({"told_at": at(-78), "settled_at": None}, True),
        ({"told_at": at(-79), "settled_at": None}, False),
    ],
)
def test_p2_one_that_was_restored_and_used_owes_a_rebuild_for_that_session(
    stage: Stage, signs: dict[str, Any], asks: bool
) -> None:
    """Its alarm may be the failed rebuild's own, until that has settled. Until the shortest rebuild
    has ended, whoever signed in did so before it began."""
    stage.desktops.images[BUNDLE] = "wsi-old00001"
    known: dict[str, Any] = {"settled_at": at(-16), **signs}
    stage.has(replace(LOST, **known), NOON, last_at=at(-600))
    if asks:
        stage.desktops.desks[WS].last_at = signs.get("used_at", at(-10))
    stage.run()
    assert ("DescribeWorkspacesConnectionStatus" in stage.desktops.names()) == asks
    assert (stage.facts().failures == 0) == asks


def test_p2_another_image_is_tried_at_once(stage: Stage) -> None:
    assert stage.meets(LOST, NOON, state="ERROR").rebuilt == 1
    claim = stage.facts().claim
    assert claim
    assert claim.image_id == IMAGE


def test_ill_for_six_a_bad_end_that_may_heal_is_looked_at(stage: Stage) -> None:
    assert LOST.failed
    claim = replace(LOST.failed, bad_since=at(-20), image_id=IMAGE)
    stage.has(replace(LOST, failed=claim), NOON)
    stage.settings = CANARIES
    lost = Bundle(BUNDLE, image_id=IMAGE, lost=(WS,), lost_at=claim.asked_at)
    stage.ledger.write_bundle(lost)
    stage.run()
    [line] = stage.lines.of("finished")
    assert (line["asked_at"], line["image_id"]) == (claim.asked_at.isoformat(), IMAGE)
    assert stage.facts().image_id == IMAGE
    assert stage.ledger.bundle(BUNDLE).lost == ()


def test_p1_a_held_workspace_is_not_asked_about(stage: Stage) -> None:
    assert stage.meets(replace(DUE, held_until=at(60)), NOON) == Tally(due=1, looked=1)
    assert (stage.desktops.calls, stage.record().look_at) == ([], at(60))


@pytest.mark.parametrize("wanted_at", [None, at(-1)])
def test_p1_an_audit_looks_at_a_held_workspace_and_does_not_rebuild_it(
    stage: Stage, wanted_at: datetime | None
) -> None:
    until = at(72 * 60)
    held = stage.has(replace(DUE, wanted_at=wanted_at, held_until=until), until)
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]
    assert stage.record().look_at == until
    assert stage.record().facts.held_until == held.facts.held_until
    assert stage.lines.decisions == [("deferred", "hold")]


@pytest.mark.parametrize(("grace", "wanted"), [(0, False), (20, True)])
def test_p5_a_look_that_may_be_followed_by_a_rebuild_asks_for_the_state(
    stage: Stage, grace: float, wanted: bool
) -> None:
    stage.settings = settings(grace=timedelta(minutes=grace))
    assert stage.meets(replace(TOLD, wanted_at=at(-1) if wanted else None), NOON).rebuilt == 1
