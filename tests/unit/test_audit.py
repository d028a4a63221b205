"""An audit sees the whole roster, and so what every signal missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from nonpersistent.examiner import Tally
from nonpersistent.facts import ATTEMPTS, Facts
from nonpersistent.images import TRIALS, Proof
from nonpersistent.ledger import AUDIT, NoRoster
from nonpersistent.settings import Window
from nonpersistent.table import FLEET
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at, settings

CLEAN = Facts(baseline_at=at(-300), bundle_id=BUNDLE)


@pytest.fixture
def audit(stage: Stage) -> Stage:
    stage.ledger.ask_audit(NOON)
    return stage


def test_the_first_audit_takes_the_baseline_and_rebuilds_nothing(audit: Stage) -> None:
    audit.has(None, None, last_at=at(-100))
    assert audit.run() == Tally(due=1, looked=1)
    assert audit.facts().clean_at == at(0, 0)
    assert audit.lines.decisions == [("baseline", None)]
    assert audit.ledger.due(at(999)) == []


def test_p2_an_audit_finds_a_session_that_no_signal_told_of(audit: Stage) -> None:
    audit.has(CLEAN, None, last_at=at(-30))
    audit.run()
    assert audit.facts().used_at == at(-30)
    assert audit.lines.decisions == [("vacant", "grace")]


def test_p2_an_audit_plans_what_is_blocked_again(audit: Stage) -> None:
    audit.has(replace(DUE, attempts=ATTEMPTS, reason="no"), None)
    assert audit.run().rebuilt == 1


def test_an_audit_leaves_who_has_a_look_planned_to_it(audit: Stage) -> None:
    audit.has(CLEAN, at(5), last_at=at(-30))
    assert audit.run() == Tally(due=1)
    assert audit.desktops.calls == []


def test_p3_an_audit_sees_the_end_of_a_rebuild_without_asking_who_is_connected(
    audit: Stage,
) -> None:
    audit.has(replace(DUE, asked_at=at(-50), accepted_at=at(-50), begun=True), None)
    audit.run()
    assert audit.lines.of("finished")
    assert audit.desktops.names() == ["DescribeWorkspaces"]


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
    audit.client.delete_item(TableName="ledger", Key={**FLEET, "id": {"S": "roster"}})
    with pytest.raises(NoRoster):
        audit.run()
    assert (audit.facts(), audit.facts(OTHER)) == (DUE, DUE)
    assert {due.id for due in audit.ledger.due(NOON)} == {AUDIT, OTHER}
    assert audit.desktops.calls == []
    audit.roster(WS, OTHER)
    audit.clock.sleep(60)
    assert audit.run().rebuilt == 1


def test_an_audit_of_an_empty_roster_ends(audit: Stage) -> None:
    assert audit.run() == Tally(due=1)
    assert audit.ledger.due(at(999)) == []


def test_p2_an_audit_that_runs_out_of_time_is_gone_on_with(audit: Stage) -> None:
    ids = [f"ws-{number:09}" for number in range(130)]
    for id_ in ids:
        audit.has(None, None, id_)
    audit.roster(*ids)
    audit.seconds_left = lambda: 900.0 if len(audit.desktops.calls) < 8 else 0.0
    # The last of the four looks at the first hundred is cut short: they are seen again.
    assert audit.run().left == 1
    assert audit.ledger.audit_position() == ""
    assert audit.ledger.due(NOON)
    audit.seconds_left = lambda: 900.0 if len(audit.desktops.calls) < 17 else 0.0
    audit.clock.sleep(60)
    audit.run()
    assert audit.ledger.audit_position() == ids[99]
    audit.seconds_left = lambda: 900.0
    audit.clock.sleep(60)
    tally = audit.run()
    assert (tally.looked, tally.left) == (30, 0)
    assert all(record.version for record in audit.ledger.read(ids))
    assert len(audit.lines.of("baseline")) == 130


def test_an_audit_tells_the_state_of_everybody(audit: Stage) -> None:
    audit.has(CLEAN, None)
    audit.run()
    assert audit.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]


def test_p2_signals_first_then_the_audit(audit: Stage) -> None:
    audit.has(DUE, at(-1))
    audit.has(None, None, OTHER)
    assert audit.run() == Tally(due=2, looked=3, rebuilt=1)
    said = [decision for decision, _ in audit.lines.decisions]
    assert said == ["rebuild_requested", "rebuilding", "baseline"]


def test_dry_run_says_a_debt_once(audit: Stage) -> None:
    audit.settings = settings(dry_run=True)
    audit.has(DUE, at(-1))
    audit.run()
    audit.clock.sleep(timedelta(hours=1).total_seconds())
    audit.ledger.ask_audit(audit.clock.now())
    audit.run()
    assert audit.lines.decisions == [("dry_run", None)]
    assert audit.desktops.rebuilds() == []


@pytest.mark.parametrize(("planned", "looked"), [(60, 0), (61, 1)])
def test_p2_an_audit_sees_who_has_a_look_planned_after_the_next_one(
    audit: Stage, planned: float, looked: int
) -> None:
    audit.has(CLEAN, at(planned), last_at=at(-30))
    assert audit.run().looked == looked


def test_p2_an_audit_looks_at_debts_that_the_window_holds_back(audit: Stage) -> None:
    """Otherwise a user who comes and goes before it opens would be seen only then."""
    audit.settings = settings(window=Window(time(19), time(6), "UTC"))
    audit.has(DUE, at(7 * 60), last_at=at(-20))
    audit.run()
    assert audit.facts().used_at == at(-20)


def test_p7_the_baseline_takes_the_image_of_its_bundle_as_proven(audit: Stage) -> None:
    audit.settings = settings(prove_images=True)
    audit.has(None, None)
    audit.has(None, None, OTHER, bundle=None)
    audit.run()
    assert audit.ledger.proof(BUNDLE).proven == "wsi-first0001"


def test_p7_an_audit_looks_whether_a_bundle_has_got_a_good_image(stage: Stage) -> None:
    """Whoever waits for it has a look planned before the next audit, but not at once."""
    stage.settings = settings(prove_images=True)
    stage.desktops.images[BUNDLE] = "wsi-bad000000"
    failed = tuple(("wsi-bad000000", f"ws-00000000{number}") for number in range(TRIALS))
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001", failed=failed))
    stage.has(DUE, NOON)
    stage.run()
    assert stage.record().look_at == at(30)
    stage.desktops.images[BUNDLE] = "wsi-first0001"
    stage.clock.sleep(60)
    stage.ledger.ask_audit(stage.clock.now())
    assert stage.run().rebuilt == 1
