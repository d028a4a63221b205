"""An audit sees the whole roster, and so what every signal missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Deferral, Facts, Need, Phase
from nonpersistent.journal import Tally
from nonpersistent.ledger import AUDIT, NoRoster
from nonpersistent.records import Record
from tests.unit.desktops import Desktop
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at, fleet, session_end, settings

CLEAN = Facts(baseline_at=at(-300), bundle_id=BUNDLE, user="ada")
REBUILDING = replace(DUE, claim=Claim(asked_at=at(-50), accepted_at=at(-50), begun_at=at(-45)))


@pytest.fixture
def audit(stage: Stage) -> Stage:
    stage.ledger.ask_audit(NOON)
    return stage


def test_the_first_audit_takes_the_baseline_and_rebuilds_nothing(audit: Stage) -> None:
    assert audit.meets(None, None, last_at=at(-100)) == Tally(due=1, looked=1)
    assert audit.facts().clean_at == at(0, 0)
    assert audit.lines.decisions == [("baseline", None)]
    assert audit.ledger.due(at(999)) == []


def test_p2_an_audit_finds_a_session_that_no_signal_told_of(audit: Stage) -> None:
    audit.meets(CLEAN, None, last_at=at(-30))
    assert audit.facts().used_at == at(-30)
    assert audit.lines.decisions == [("vacant", "grace")]


def test_an_audit_leaves_who_has_a_look_planned_to_it(audit: Stage) -> None:
    assert audit.meets(CLEAN, at(5), last_at=at(-30)) == Tally(due=1)
    assert audit.desktops.calls == []


def test_p6_an_audit_tells_of_an_item_that_cannot_be_read(audit: Stage) -> None:
    """Nothing was planned for it, so nobody else comes across it."""
    audit.has(CLEAN, None)
    audit.has(None, None, OTHER)
    audit.put(Record(OTHER, CLEAN, 1), failures={"S": "many"})
    assert audit.run() == Tally(due=1, looked=1)
    told = [(line["workspace_id"], line["reason"]) for line in audit.lines.of("not_learnt")]
    assert told == [(OTHER, "unreadable_item")]
    [entry] = audit.ledger.planned()
    assert (entry.id, entry.needs) == (OTHER, Need.UNKNOWN)


def test_p3_rebuilds_are_followed_while_an_audit_lasts(audit: Stage) -> None:
    audit.has(None, None, "ws-000000001")
    audit.has(REBUILDING, at(0, 20), "ws-000000002")
    audit.has(DUE, at(0, 20), "ws-000000003")
    audit.desktops.before["DescribeWorkspacesConnectionStatus"] = lambda: audit.clock.sleep(60)
    for number in range(4, 30):
        audit.has(None, None, f"ws-{number:09}")
    audit.run()
    said = [line["workspace_id"] for line in audit.lines.all]
    assert said.index("ws-000000001") < said.index("ws-000000002") < said.index("ws-000000029")
    assert said.index("ws-000000003") > said.index("ws-000000029")


def test_p2_an_audit_whose_time_is_up_during_a_look_at_a_rebuild_is_gone_on_with(
    audit: Stage,
) -> None:
    audit.desktops.desks = {id_: Desktop() for id_ in fleet(26)}
    audit.has(REBUILDING, at(0, 20), WS)
    audit.roster(WS, *audit.desktops.desks)
    audit.desktops.before["DescribeWorkspacesConnectionStatus"] = lambda: audit.clock.sleep(61)
    audit.seconds_left = lambda: 900.0 if len(audit.desktops.calls) < 2 else 29.9
    assert audit.run().left == 2
    assert audit.facts(WS) == REBUILDING
    assert audit.ledger.audit().completed_at == NOON


def test_p2_of_whom_something_is_recorded_meanwhile_is_not_forgotten(audit: Stage) -> None:
    """It was put on the roster again."""
    audit.has(DUE, at(50))
    audit.roster()
    read = audit.ledger.everything

    def everything() -> list[Record]:
        found = list(read())
        audit.ledger.record(session_end(at(-1)), at(50))
        return found

    vars(audit.ledger)["everything"] = everything
    audit.run()
    assert audit.facts().told_at == at(-1)
    assert audit.lines.of("forgotten") == []


def test_p4_an_audit_forgets_who_is_off_the_roster(audit: Stage) -> None:
    audit.has(CLEAN, None)
    audit.has(DUE, at(50), OTHER)
    audit.roster(WS)
    audit.run()
    assert audit.record(OTHER).version == 0
    assert audit.record().version > 0
    assert audit.lines.decisions == [("forgotten", "not_in_workspace_ids")]


def test_p2_a_lost_roster_is_no_reason_to_forget_anybody(audit: Stage) -> None:
    """Terraform writes it again; until then every pass fails, which rings, and all debts stay."""
    audit.has(DUE, at(50))
    audit.has(DUE, NOON, OTHER)
    audit.lose_roster()
    with pytest.raises(NoRoster):
        audit.run()
    assert (audit.facts(), audit.facts(OTHER)) == (DUE, DUE)
    assert {entry.id for entry in audit.ledger.due(NOON)} == {AUDIT, OTHER}
    assert audit.desktops.calls == []
    audit.roster(WS, OTHER)
    audit.clock.sleep(60)
    assert audit.run().rebuilt == 1


def test_an_audit_of_an_empty_roster_ends(audit: Stage) -> None:
    assert audit.run() == Tally(due=1)
    assert audit.ledger.due(at(999)) == []


def test_p2_an_audit_that_runs_out_of_time_is_gone_on_with(audit: Stage) -> None:
    ids = fleet(130)
    audit.desktops.desks = {id_: Desktop() for id_ in ids}
    audit.roster(*ids)
    audit.seconds_left = lambda: 900.0 if len(audit.desktops.calls) < 8 else 0.0
    # The last of the four looks at the first hundred is cut short: they are seen again.
    assert audit.run().left == 1
    assert audit.ledger.audit().seen_up_to == ""
    assert audit.ledger.due(NOON)
    audit.seconds_left = lambda: 900.0 if len(audit.desktops.calls) < 17 else 0.0
    audit.clock.sleep(60)
    audit.run()
    assert audit.ledger.audit().seen_up_to == ids[99]
    audit.seconds_left = lambda: 900.0
    audit.clock.sleep(60)
    tally = audit.run()
    assert (tally.looked, tally.left) == (30, 0)
    assert all(record.version for record in audit.ledger.read(ids))
    assert len(audit.lines.of("baseline")) == 130


def test_p5_an_audit_of_who_owes_nothing_is_one_call(audit: Stage) -> None:
    audit.meets(CLEAN, None)
    assert audit.desktops.names() == ["DescribeWorkspacesConnectionStatus"]


def test_p2_signals_first_then_the_audit(audit: Stage) -> None:
    audit.has(DUE, at(-1))
    assert audit.meets(None, None, OTHER) == Tally(due=2, looked=2, rebuilt=1)
    said = [decision for decision, _ in audit.lines.decisions]
    assert said == ["rebuild_requested", "baseline"]


def test_dry_run_says_a_debt_once(audit: Stage) -> None:
    audit.settings = settings(dry_run=True)
    audit.meets(DUE, at(-1))
    audit.clock.sleep(timedelta(hours=1).total_seconds())
    audit.ledger.ask_audit(audit.clock.now())
    audit.run()
    assert audit.lines.decisions == [("dry_run", None)]
    assert audit.desktops.rebuilds() == []


FAILED = replace(DUE, used_at=at(-600), failed=REBUILDING.claim, asked=(at(-50),))
FAILED = replace(FAILED, failures=3, retry_at=at(999))


@pytest.mark.parametrize(
    ("facts", "planned", "looked"),
    [(REBUILDING, 999, 0), (DUE, 60, 0), (DUE, 61, 1), (FAILED, 60, 1), (FAILED, 61, 1)],
)
def test_p2_an_audit_sees_who_uses_a_workspace_that_waits_for_long(
    audit: Stage, facts: Facts, planned: float, looked: int
) -> None:
    assert audit.meets(facts, at(planned), connection="CONNECTED").looked == looked


@pytest.mark.parametrize(
    ("reason", "looked"),
    [
        (Deferral.HELD_BUNDLE, 1),
        (Deferral.IMAGE, 1),
        (Deferral.BRAKE, 1),
        (Deferral.SHARE, 1),
        (Deferral.CANARY, 0),
    ],
)
def test_p6_an_audit_sees_what_became_of_one_whose_wait_may_last_for_days(
    audit: Stage, reason: Deferral, looked: int
) -> None:
    assert audit.meets(DUE, at(9), reason=reason, connection="CONNECTED").looked == looked


def test_p3_an_audit_sees_that_a_person_rebuilds_one_that_failed(audit: Stage) -> None:
    audit.meets(FAILED, at(9), state="REBUILDING", connection="UNKNOWN")
    assert audit.facts().phase is Phase.REBUILDING


@pytest.mark.parametrize(("used", "planned", "looked"), [(0, 60, 0), (0, 61, 1), (-90, 61, 0)])
def test_p2_an_audit_sees_whose_session_ended_while_it_waited_for_something_else(
    audit: Stage, used: float, planned: float, looked: int
) -> None:
    """Somebody came while it waited for a snapshot: that look would tell of the end too late."""
    audit.settings = settings(audit_interval=timedelta(hours=4))
    assert audit.meets(replace(DUE, used_at=at(used)), at(planned)).looked == looked


def test_p4_left_mid_audit_is_not_touched(audit: Stage) -> None:
    ids = fleet(30)
    for id_ in ids:
        audit.has(None, None, id_)
    audit.desktops.before["DescribeWorkspaces"] = lambda: audit.roster(*ids[:28])
    audit.run()
    assert len(audit.lines.of("baseline")) == 28
    assert audit.record(ids[29]).version == 0


def test_p2_joined_mid_audit_is_not_forgotten(audit: Stage) -> None:
    audit.has(None, None)

    def join() -> None:
        audit.roster(WS, OTHER)
        audit.ledger.record(session_end(NOON, OTHER), at(5))

    audit.desktops.before["DescribeWorkspaces"] = join
    audit.run()
    assert audit.facts(OTHER).told_at == NOON
    assert audit.lines.of("forgotten") == []


def test_p8_in_an_audit_too_a_suspect_is_asked_about_alone(audit: Stage) -> None:
    suspect = audit.has(CLEAN, None, reason="api:Odd")
    audit.has(CLEAN, None, OTHER)
    audit.desktops.poison[suspect.workspace_id] = (500, "Odd")
    assert audit.run().looked == 2
    assert audit.lines.decisions == [("deferred", "api:Odd")]
    assert audit.ledger.audit().completed_at is not None
    asked = [request["WorkspaceIds"] for _, request in audit.desktops.calls]
    assert asked[0] == [OTHER]
    assert all(ids == [WS] for ids in asked[2:])


def test_p2_an_audit_sees_who_uses_a_suspect_that_waits_for_long(audit: Stage) -> None:
    held = replace(DUE, held_until=at(300))
    audit.meets(held, at(300), reason="api:Odd", connection="CONNECTED")
    assert audit.facts().phase is Phase.IN_USE


def test_p6_an_audit_says_when_it_was_completed(audit: Stage) -> None:
    audit.meets(None, None)
    assert audit.ledger.audit().completed_at == audit.clock.now()


@pytest.mark.parametrize("canary_after", [timedelta(hours=12), None])
def test_p6_an_audit_finds_that_those_a_bundle_was_held_for_are_gone(
    audit: Stage, canary_after: timedelta | None
) -> None:
    audit.settings = settings(canary_after=canary_after)
    audit.has(CLEAN, None, last_at=at(-400))
    audit.ledger.write(Bundle(BUNDLE, lost=tuple(fleet(3)), lost_at=at(-99)))
    audit.run()
    assert audit.ledger.audit().bundle_ids == (BUNDLE,)
    assert not audit.ledger.bundle(BUNDLE).is_held
