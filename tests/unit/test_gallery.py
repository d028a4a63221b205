"""Who may have the image that a bundle has now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nonpersistent.aftermath import NEVER_BEGAN
from nonpersistent.decisions import Decision, Verdict
from nonpersistent.facts import Facts
from nonpersistent.gallery import IMAGE_HOLDS, TRIAL_HOLDS
from nonpersistent.images import Admission, Proof
from nonpersistent.records import Record
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at

TRYING = replace(DUE, asked_at=NOON, accepted_at=at(0, 1), proving=True)


def ended(verdict: Verdict, reason: str | None = None) -> Decision:
    return Decision(DUE, verdict, reason=reason)


@pytest.fixture
def trial(stage: Stage) -> Record:
    """WS has the second image; the others wait."""
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001"))
    assert stage.gallery().admit(WS, BUNDLE) is Admission.PROVE
    return stage.has(TRYING, None)


def test_p7_the_first_image_seen_is_for_everybody(stage: Stage) -> None:
    gallery = stage.gallery()
    assert gallery.admit(WS, BUNDLE) is gallery.admit(OTHER, BUNDLE) is Admission.GO
    assert stage.ledger.proof(BUNDLE).proven == "wsi-first0001"
    assert stage.lines.all == []


@pytest.mark.usefixtures("trial")
def test_p7_while_one_tries_the_others_wait(stage: Stage) -> None:
    [line] = stage.lines.of("image_proving")
    assert (line["workspace_id"], line["bundle_id"]) == (WS, BUNDLE)
    assert line["image_id"] == "wsi-second002"
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.WAIT


def test_would_admit_takes_no_place(stage: Stage) -> None:
    assert stage.gallery().would_admit(WS, BUNDLE) is Admission.GO
    assert stage.ledger.proof(BUNDLE) == Proof(BUNDLE)


def test_p7_a_trial_that_ends_well_proves_the_image(stage: Stage, trial: Record) -> None:
    stage.gallery().conclude(trial, ended(Verdict.FINISHED))
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.GO
    [line] = stage.lines.of("image_proven")
    assert (line["workspace_id"], line["image_id"]) == (WS, "wsi-second002")


def test_p7_the_third_bad_end_refuses_the_image(stage: Stage, trial: Record) -> None:
    for id_ in (WS, OTHER, "ws-000000003"):
        assert stage.lines.of("image_refused") == []
        assert stage.gallery().admit(id_, BUNDLE) is Admission.PROVE
        stage.gallery().conclude(replace(trial, workspace_id=id_), ended(Verdict.FAILED))
    assert stage.gallery().admit("ws-000000004", BUNDLE) is Admission.BAD
    line, *_ = stage.lines.of("image_refused")
    assert line["image_id"] == "wsi-second002"


def test_p7_who_has_failed_lets_another_one_try_before_it_tries_again(
    stage: Stage, trial: Record
) -> None:
    stage.gallery().conclude(trial, ended(Verdict.FAILED))
    failed = stage.ledger.write(trial, replace(DUE, failed_at=stage.clock.now()), None)
    assert failed
    assert stage.gallery().would_admit(WS, BUNDLE) is Admission.WAIT
    assert stage.gallery().admit(WS, BUNDLE) is Admission.WAIT
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE


def test_p7_who_has_failed_tries_again_where_nobody_else_does(stage: Stage, trial: Record) -> None:
    stage.gallery().conclude(trial, ended(Verdict.FAILED))
    failed = stage.ledger.write(trial, replace(DUE, failed_at=stage.clock.now()), None)
    assert failed
    stage.clock.sleep(TRIAL_HOLDS.total_seconds() - 1)
    assert stage.gallery().admit(WS, BUNDLE) is Admission.WAIT
    stage.clock.sleep(1)
    assert stage.gallery().admit(WS, BUNDLE) is Admission.PROVE


def test_p7_a_trial_that_never_began_says_nothing(stage: Stage, trial: Record) -> None:
    stage.gallery().conclude(trial, ended(Verdict.FAILED, NEVER_BEGAN))
    assert (stage.ledger.proof(BUNDLE).trials, stage.ledger.proof(BUNDLE).failed) == ({}, ())


def test_p7_a_trial_whose_workspace_is_gone_has_met_its_image(stage: Stage, trial: Record) -> None:
    stage.gallery().conclude(trial, ended(Verdict.BLOCKED))
    assert stage.ledger.proof(BUNDLE).failed == (("wsi-second002", WS),)


def test_p7_only_the_trial_concludes(stage: Stage, trial: Record) -> None:
    gallery = stage.gallery()
    gallery.conclude(replace(trial, workspace_id=OTHER), ended(Verdict.FINISHED))
    gallery.conclude(replace(trial, facts=replace(TRYING, proving=False)), ended(Verdict.FINISHED))
    gallery.conclude(replace(trial, facts=replace(TRYING, bundle_id=None)), ended(Verdict.FINISHED))
    assert stage.ledger.proof(BUNDLE).trials == {"wsi-second002": WS}


# The bundle's image changes during a trial.


def test_p7_a_good_end_proves_no_image_that_came_later(stage: Stage, trial: Record) -> None:
    """The WorkSpace may have met either: the newer one gets a trial of its own."""
    stage.desktops.images[BUNDLE] = "wsi-third0003"
    stage.gallery().conclude(trial, ended(Verdict.FINISHED))
    assert stage.lines.of("image_proven") == []
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE
    stage.desktops.images[BUNDLE] = "wsi-second002"
    assert stage.gallery().admit("ws-000000003", BUNDLE) is Admission.PROVE


def test_p7_a_bad_end_counts_against_the_image_that_was_tried(stage: Stage, trial: Record) -> None:
    stage.desktops.images[BUNDLE] = "wsi-third0003"
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE
    stage.gallery().conclude(trial, ended(Verdict.FAILED))
    proof = stage.ledger.proof(BUNDLE)
    assert (proof.trials, proof.failed) == ({"wsi-third0003": OTHER}, (("wsi-second002", WS),))


def test_p7_a_refused_image_stays_refused_when_the_bundle_returns_to_it(
    stage: Stage, trial: Record
) -> None:
    for id_ in (WS, OTHER, "ws-000000003"):
        stage.gallery().admit(id_, BUNDLE)
        stage.gallery().conclude(replace(trial, workspace_id=id_), ended(Verdict.FAILED))
    stage.desktops.images[BUNDLE] = "wsi-third0003"
    assert stage.gallery().admit(WS, BUNDLE) is Admission.PROVE
    stage.gallery().conclude(trial, ended(Verdict.FINISHED))
    stage.desktops.images[BUNDLE] = "wsi-second002"
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.BAD
    assert stage.lines.all[-1]["image_id"] == "wsi-second002"


def test_p7_an_image_that_was_proven_once_needs_no_second_proof(
    stage: Stage, trial: Record
) -> None:
    stage.gallery().conclude(trial, ended(Verdict.FINISHED))
    stage.desktops.images[BUNDLE] = "wsi-first0001"
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.GO


def test_p7_a_trial_knows_its_image(stage: Stage) -> None:
    """It is read anew: what was read a minute ago may not be what the rebuild takes."""
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001"))
    gallery = stage.gallery()
    assert gallery.would_admit(WS, BUNDLE) is Admission.PROVE
    stage.desktops.images[BUNDLE] = "wsi-third0003"
    assert gallery.admit(WS, BUNDLE) is Admission.PROVE
    assert stage.ledger.proof(BUNDLE).trials == {"wsi-third0003": WS}
    assert [line["image_id"] for line in stage.lines.all] == ["wsi-third0003"]


def test_p7_a_trial_that_finds_the_known_image_back_is_none(stage: Stage) -> None:
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001"))
    gallery = stage.gallery()
    gallery.would_admit(WS, BUNDLE)
    stage.desktops.images[BUNDLE] = "wsi-first0001"
    assert gallery.admit(WS, BUNDLE) is Admission.GO
    assert stage.ledger.proof(BUNDLE).trials == {}


@pytest.mark.usefixtures("trial")
def test_p7_trials_of_two_images_are_followed_each(stage: Stage) -> None:
    stage.desktops.images[BUNDLE] = "wsi-third0003"
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE
    stage.has(DUE, None, OTHER)
    assert stage.gallery().admit("ws-000000003", BUNDLE) is Admission.PROVE
    assert stage.ledger.proof(BUNDLE).trials == {
        "wsi-second002": WS,
        "wsi-third0003": "ws-000000003",
    }


# Trials that nobody concludes.


def test_p7_a_trial_that_was_taken_off_the_roster_may_have_met_the_image(
    stage: Stage, trial: Record
) -> None:
    stage.ledger.forget(trial.workspace_id)
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE
    assert stage.ledger.proof(BUNDLE).failed == (("wsi-second002", WS),)


@pytest.mark.parametrize("facts", [replace(TRYING, proving=False), DUE], ids=["no trial", "ended"])
def test_p7_a_trial_that_does_not_go_on_frees_its_place(
    stage: Stage, trial: Record, facts: Facts
) -> None:
    stage.ledger.write(trial, facts, None)
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE
    assert stage.ledger.proof(BUNDLE).failed == ()


@pytest.mark.usefixtures("trial")
def test_p2_the_others_do_not_wait_for_a_trial_without_end(stage: Stage) -> None:
    stage.clock.set(NOON + TRIAL_HOLDS - timedelta(seconds=1))
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.WAIT
    stage.clock.set(NOON + TRIAL_HOLDS)
    assert stage.gallery().admit(OTHER, BUNDLE) is Admission.PROVE


def test_p7_trials_without_end_meet_three_workspaces_and_no_more(stage: Stage) -> None:
    """A bad image may hang its rebuilds rather than fail them."""
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001"))
    admitted = []
    for number in range(5):
        id_ = f"ws-{number:09}"
        admitted.append(stage.gallery().admit(id_, BUNDLE))
        stage.has(replace(TRYING, asked_at=stage.clock.now()), None, id_)
        stage.clock.sleep(TRIAL_HOLDS.total_seconds())
    assert admitted.count(Admission.PROVE) == 3


def test_p7_images_are_read_again_when_they_may_have_changed(stage: Stage) -> None:
    gallery = stage.gallery()
    gallery.admit(WS, BUNDLE)
    stage.clock.set(NOON + IMAGE_HOLDS)
    gallery.admit(WS, BUNDLE)
    assert len(stage.desktops.calls) == 1
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.clock.set(NOON + IMAGE_HOLDS + timedelta(seconds=1))
    assert gallery.admit(WS, BUNDLE) is Admission.PROVE


def test_p5_the_images_of_several_bundles_are_read_together(stage: Stage) -> None:
    gallery = stage.gallery()
    gallery.admit(WS, BUNDLE)
    gallery.admit(OTHER, "wsb-other0001")
    gallery.admit(OTHER, BUNDLE)
    assert [request for _, request in stage.desktops.calls] == [
        {"BundleIds": [BUNDLE]},
        {"BundleIds": [BUNDLE, "wsb-other0001"]},
    ]


def test_p7_two_that_write_a_proof_at_once_are_told_apart(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001"))
    stage.has(TRYING, None, OTHER)
    write = stage.ledger.write_proof

    def meanwhile(proof: Proof) -> bool:
        monkeypatch.setattr(stage.ledger, "write_proof", write)
        assert write(replace(proof, trials={"wsi-second002": OTHER}))
        return write(proof)

    monkeypatch.setattr(stage.ledger, "write_proof", meanwhile)
    assert stage.gallery().admit(WS, BUNDLE) is Admission.WAIT
    assert stage.lines.all == []


def test_p7_a_conclusion_that_is_overtaken_is_drawn_again(
    stage: Stage, trial: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = stage.ledger.write_proof

    def meanwhile(proof: Proof) -> bool:
        monkeypatch.setattr(stage.ledger, "write_proof", write)
        assert write(stage.ledger.proof(BUNDLE))
        return write(proof)

    monkeypatch.setattr(stage.ledger, "write_proof", meanwhile)
    stage.gallery().conclude(trial, ended(Verdict.FINISHED))
    assert stage.ledger.proof(BUNDLE).proven == "wsi-second002"
    assert len(stage.lines.of("image_proven")) == 1


def test_p7_the_image_of_the_first_meeting_is_proven_and_stays_so(stage: Stage) -> None:
    gallery = stage.gallery()
    gallery.meet(BUNDLE)
    gallery.meet(BUNDLE)
    assert len(stage.desktops.calls) == 1
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.gallery().meet(BUNDLE)
    assert stage.ledger.proof(BUNDLE) == Proof(BUNDLE, proven="wsi-first0001", version=1)
