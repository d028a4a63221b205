"""A new image reaches one WorkSpace first."""

from __future__ import annotations

import pytest

from nonpersistent.images import (
    TRIALS,
    Admission,
    Proof,
    abandoned,
    admit,
    failed,
    proved,
)
from tests.unit.support import BUNDLE, OTHER, WS

PROVEN = Proof(BUNDLE, proven="wsi-1", version=3)
TRIAL = Proof(BUNDLE, proven="wsi-1", candidate="wsi-2", on=WS, version=4)
BAD = Proof(BUNDLE, proven="wsi-1", candidate="wsi-2", failed=TRIALS)


@pytest.mark.parametrize(
    ("proof", "image", "workspace_id", "admission"),
    [
        (Proof(BUNDLE), "wsi-1", WS, Admission.GO),
        (PROVEN, "wsi-1", WS, Admission.GO),
        (PROVEN, None, WS, Admission.GO),
        (PROVEN, "wsi-2", WS, Admission.PROVE),
        (TRIAL, "wsi-2", WS, Admission.PROVE),
        (TRIAL, "wsi-2", OTHER, Admission.WAIT),
        (TRIAL, "wsi-1", OTHER, Admission.GO),
        (TRIAL, "wsi-3", OTHER, Admission.PROVE),
        (abandoned(TRIAL), "wsi-2", OTHER, Admission.PROVE),
        (failed(TRIAL), "wsi-2", OTHER, Admission.PROVE),
        (proved(TRIAL), "wsi-2", OTHER, Admission.GO),
        (BAD, "wsi-2", WS, Admission.BAD),
        (BAD, "wsi-1", WS, Admission.GO),
        (BAD, "wsi-3", WS, Admission.PROVE),
    ],
)
def test_p7_admission(
    proof: Proof, image: str | None, workspace_id: str, admission: Admission
) -> None:
    assert admit(proof, image, workspace_id)[1] is admission


def test_the_image_of_the_first_sight_is_taken_as_proven() -> None:
    assert admit(Proof(BUNDLE), "wsi-1", WS)[0] == Proof(BUNDLE, proven="wsi-1")


def test_p7_a_newer_candidate_takes_the_place_of_a_bad_one_and_its_failures() -> None:
    proof, _ = admit(BAD, "wsi-3", OTHER)
    assert proof == Proof(BUNDLE, proven="wsi-1", candidate="wsi-3", on=OTHER)


def test_p7_a_bad_image_meets_three_workspaces_and_no_more() -> None:
    proof, met = PROVEN, 0
    for number in range(10):
        proof, admission = admit(proof, "wsi-2", f"ws-{number:09}")
        if admission is Admission.PROVE:
            met += 1
            proof = failed(proof)
    assert met == TRIALS == 3


def test_a_proven_candidate_is_for_everybody() -> None:
    assert proved(TRIAL) == Proof(BUNDLE, proven="wsi-2", version=4)


def test_an_abandoned_trial_says_nothing() -> None:
    assert abandoned(TRIAL) == Proof(BUNDLE, proven="wsi-1", candidate="wsi-2", version=4)
