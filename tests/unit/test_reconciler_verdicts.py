"""What a pass says and keeps of rebuilds that end, trials, and debts that age."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nonpersistent.facts import Facts
from nonpersistent.images import Proof
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at, session_end, settings

TOLD = Facts(baseline_at=at(-300), told_at=at(-1))
ASKED = replace(DUE, asked_at=at(-50), accepted_at=at(-50), address="10.0.0.1")


def test_p6_a_finished_rebuild_tells_how_long_it_took(stage: Stage) -> None:
    stage.has(ASKED, NOON, address="10.0.0.9")
    stage.run()
    [line] = stage.lines.of("finished")
    assert (line["took_seconds"], line["phase"]) == (50 * 60, "clean")
    assert stage.desktops.names() == ["DescribeWorkspaces"]


def test_p6_a_failed_rebuild_is_told_and_the_third_blocks(stage: Stage) -> None:
    stage.has(replace(ASKED, begun=True), NOON, state="ERROR")
    stage.has(replace(ASKED, begun=True, attempts=2), NOON, OTHER, state="ERROR")
    stage.run()
    assert sorted(stage.lines.decisions) == [
        ("blocked", "ERROR"),
        ("failed", "ERROR"),
        ("failed", "ERROR"),
    ]
    assert stage.record().look_at == at(5)
    assert stage.record(OTHER).look_at is None
    assert [line["workspace_id"] for line in stage.lines.of("blocked")] == [OTHER]
    assert not [line for line in stage.lines.all if "took_seconds" in line]


def test_p6_a_workspace_that_is_gone_is_told_once(stage: Stage) -> None:
    stage.has(DUE, NOON)
    del stage.desktops.desks[WS]
    stage.run()
    assert stage.lines.decisions == [("blocked", "not_found")]
    assert stage.record().look_at is None


@pytest.fixture
def trial(stage: Stage) -> Stage:
    stage.settings = settings(prove_images=True)
    stage.desktops.images[BUNDLE] = "wsi-2"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-1", trials={"wsi-2": WS}))
    return stage


def test_p7_the_end_of_a_trial_proves_the_image(trial: Stage) -> None:
    trial.has(replace(ASKED, begun=True, proving=True), NOON)
    trial.run()
    assert trial.ledger.proof(BUNDLE).proven == "wsi-2"
    assert trial.lines.decisions == [("image_proven", None), ("finished", None)]


def test_p7_a_trial_that_goes_on_says_nothing_of_the_image_yet(trial: Stage) -> None:
    trial.has(replace(ASKED, proving=True), NOON, state="REBUILDING")
    trial.run()
    assert trial.facts().begun
    proof = trial.ledger.proof(BUNDLE)
    assert (proof.trials, proof.proven) == ({"wsi-2": WS}, "wsi-1")


def test_p7_a_trial_that_failed_counts(trial: Stage) -> None:
    trial.has(replace(ASKED, begun=True, proving=True), NOON, state="ERROR")
    trial.run()
    assert trial.ledger.proof(BUNDLE).failed == (("wsi-2", WS),)


def test_p7_a_trial_that_never_began_says_nothing_of_the_image(trial: Stage) -> None:
    trial.has(replace(ASKED, proving=True), NOON)
    trial.run()
    assert trial.lines.decisions == [("failed", "never_began")]
    assert trial.ledger.proof(BUNDLE).failed == ()


def test_p6_the_oldest_debt_tells_its_age(stage: Stage) -> None:
    stage.has(DUE, NOON, state="MAINTENANCE")
    stage.has(
        replace(DUE, vacant_since=at(-90), owed_since=at(-90), told_at=None, used_at=at(-95)),
        NOON,
        OTHER,
    )
    stage.desktops.desks[OTHER].state = "SUSPENDED"
    assert stage.run().oldest_due_seconds == pytest.approx(70 * 60, abs=2)


def test_p6_an_alarm_that_no_evidence_confirms_ages_too(stage: Stage) -> None:
    """Its connection row is missing for hours: nobody would be told."""
    stage.has(replace(TOLD, told_at=at(-180)), NOON, row=False)
    assert stage.run().oldest_due_seconds > 0


def test_somebody_whose_session_nothing_ended_owes_nothing(stage: Stage) -> None:
    """Also where AWS does not say who is connected."""
    stage.has(Facts(used_at=at(-180), bundle_id=BUNDLE), NOON, row=False)
    assert stage.run().oldest_due_seconds == 0
    assert stage.lines.decisions == [("deferred", "evidence")]


def test_p2_a_session_end_that_is_told_while_a_rebuild_goes_on_is_not_lost(stage: Stage) -> None:
    """The rebuild had ended long ago, but no audit had seen that yet."""
    stage.has(ASKED, None, address="10.0.0.9")
    stage.ledger.record(session_end(at(-1)), NOON)
    stage.run()
    assert stage.facts().is_dirty
    assert stage.record().look_at is not None
