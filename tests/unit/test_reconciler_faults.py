"""AWS fails, or an item makes no sense: that is told, and holds up no other WorkSpace (P8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from nonpersistent.answers import Unavailable
from nonpersistent.facts import Claim, Need, Phase
from nonpersistent.journal import Tally
from nonpersistent.ledger import Entry, NoRoster
from nonpersistent.records import Record
from nonpersistent.settings import SettingsError
from nonpersistent.workspaces import FAILURES_OF_AN_OUTAGE, TRIES
from tests.unit.stage import DUE, Stage, many
from tests.unit.support import NIGHTS, NOON, OTHER, WS, at, fleet, settings

ILL = (500, "InternalServerError")


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


@pytest.mark.parametrize("step", [1, 2], ids=["all of a batch", "every other"])
def test_p8_poison_however_many_aws_fails_about_the_others_are_rebuilt(
    stage: Stage, step: int
) -> None:
    ids = many(stage, 60)
    stage.desktops.poison = dict.fromkeys(ids[:50:step], ILL)
    assert stage.run().reason is None
    assert set(stage.desktops.rebuilds()) == set(ids) - set(stage.desktops.poison)
    assert all(stage.record(id_).reason for id_ in stage.desktops.poison)


def test_p8_whether_aws_answers_at_all_is_not_told_by_suspects(stage: Stage) -> None:
    *suspects, due, fine = fleet(27)
    for id_ in suspects:
        stage.has(DUE, at(30), id_, reason="api:InternalServerError")
    stage.has(DUE, NOON, due)
    stage.has(DUE, at(30), fine)
    stage.desktops.poison = dict.fromkeys([*suspects, due], ILL)
    stage.run()
    assert stage.record(due).reason == "api:InternalServerError"


def test_p8_most_of_the_others_may_be_poisoned_too(stage: Stage) -> None:
    ids = many(stage, 30)
    stage.desktops.poison = dict.fromkeys(ids[:27], ILL)
    assert stage.run().rebuilt == 3


def test_p8_an_outage_after_that_makes_no_suspects(stage: Stage) -> None:
    ids = many(stage, 50)
    stage.desktops.poison = dict.fromkeys(ids[:25], ILL)

    def begin() -> None:
        if stage.record(ids[0]).reason:
            stage.desktops.poison = dict.fromkeys(ids, ILL)

    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = begin
    assert stage.run().reason == "workspaces_api_unavailable: InternalServerError"
    assert [id_ for id_ in ids if stage.record(id_).reason] == ids[:25]


def test_p2_an_outage_shows_before_any_look_too(stage: Stage) -> None:
    ask = stage.tools().workspaces.newest_snapshot
    stage.desktops.faults["DescribeWorkspaceSnapshots"] = [ILL] * 99
    with pytest.raises(Unavailable, match="InternalServerError"):
        list(map(ask, fleet(25)))
    assert len(stage.desktops.calls) == FAILURES_OF_AN_OUTAGE


def test_p8_that_aws_answers_about_bundles_does_not_make_all_workspaces_suspects(
    canaries: Stage,
) -> None:
    ids = many(canaries, 25)
    for id_ in (WS, OTHER):
        canaries.has(DUE, at(30), id_)
    canaries.desktops.poison = dict.fromkeys([*ids, WS, OTHER], ILL)
    assert canaries.run().reason == "workspaces_api_unavailable: InternalServerError"
    assert not any(canaries.record(id_).reason for id_ in ids)


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


def test_p2_an_audit_sees_who_uses_a_workspace_next_to_an_item_that_makes_no_sense(
    stage: Stage,
) -> None:
    """Though none of them can be rebuilt before the window opens."""
    stage.settings = settings(window=NIGHTS)
    stage.has(DUE, None)
    stage.has(DUE, None, OTHER, connection="CONNECTED")
    stage.put(Record(WS, DUE, 1), retry_at={"S": "2026-11-22T11:00:00.000Z"})
    stage.ledger.ask_audit(NOON)
    stage.run()
    set_aside(stage, WS)
    assert stage.facts(OTHER).phase is Phase.IN_USE


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


def test_p2_an_error_of_the_ledger_is_raised_and_the_lease_handed_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.has(DUE, NOON)
    down = ClientError({"Error": {"Code": "InternalServerError"}}, "BatchGetItem")
    monkeypatch.setattr(type(stage.ledger), "read", Mock(side_effect=down))
    with pytest.raises(ClientError, match="InternalServerError"):
        stage.run()
    assert stage.ledger.lease("another", NOON, at(1))
