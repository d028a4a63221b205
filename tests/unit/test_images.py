"""A new image reaches one WorkSpace first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nonpersistent.images import (
    MEMORY,
    TRIALS,
    Admission,
    Proof,
    abandoned,
    admit,
    failed,
    is_bad,
    proved,
)
from tests.unit.support import BUNDLE, OTHER, WS

PROVEN = Proof(BUNDLE, proven="wsi-1", version=3)
TRIAL = replace(PROVEN, trials={"wsi-2": WS})
TWO = replace(PROVEN, trials={"wsi-2": WS, "wsi-3": OTHER})
BAD = replace(PROVEN, failed=tuple(("wsi-2", f"ws-bad00000{n}") for n in range(TRIALS)))


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
        (abandoned(TRIAL, WS), "wsi-2", OTHER, Admission.PROVE),
        (failed(TRIAL, WS), "wsi-2", OTHER, Admission.PROVE),
        (proved(TRIAL, "wsi-2"), "wsi-2", OTHER, Admission.GO),
        (proved(TRIAL, "wsi-2"), "wsi-1", OTHER, Admission.GO),
        (BAD, "wsi-2", WS, Admission.BAD),
        (BAD, "wsi-1", WS, Admission.GO),
        (BAD, "wsi-3", WS, Admission.PROVE),
    ],
)
def test_p7_who_may_have_which_image(
    proof: Proof, image: str | None, workspace_id: str, admission: Admission
) -> None:
    assert admit(proof, image, workspace_id)[1] is admission


def test_the_image_of_the_first_sight_is_taken_as_proven() -> None:
    assert admit(Proof(BUNDLE), "wsi-1", WS)[0] == Proof(BUNDLE, proven="wsi-1")


def test_p7_an_image_that_appears_during_a_trial_is_tried_beside_it() -> None:
    assert admit(TRIAL, "wsi-3", OTHER)[0] == TWO


def test_p7_a_workspace_tries_one_image_at_a_time() -> None:
    """Its first trial did not come about, or it would not owe a rebuild."""
    assert admit(TRIAL, "wsi-3", WS)[0] == replace(PROVEN, trials={"wsi-3": WS})


def test_p7_a_bad_image_meets_three_workspaces_and_no_more() -> None:
    proof, met = PROVEN, 0
    for number in range(10):
        proof, admission = admit(proof, "wsi-2", f"ws-{number:09}")
        if admission is Admission.PROVE:
            met += 1
            proof = failed(proof, f"ws-{number:09}")
    assert met == TRIALS == 3


def test_p7_a_workspace_that_is_ill_itself_does_not_condemn_an_image() -> None:
    proof = PROVEN
    for _ in range(3 * TRIALS):
        proof = failed(admit(proof, "wsi-2", WS)[0], WS)
    assert not is_bad(proof, "wsi-2")
    assert admit(proof, "wsi-2", OTHER)[1] is Admission.PROVE


def test_p7_a_bad_image_is_remembered_when_the_bundle_returns_to_it() -> None:
    proof, met = PROVEN, 0
    for number in range(30):
        id_ = f"ws-{number:09}"
        image = "wsi-2" if number % 2 else f"wsi-new{number}"
        proof, admission = admit(proof, image, id_)
        met += image == "wsi-2" and admission is Admission.PROVE
        proof = failed(proof, id_)
    assert met == TRIALS
    assert is_bad(proof, "wsi-2")


def test_p7_a_bad_end_counts_against_the_image_that_was_tried_and_no_other() -> None:
    ended = failed(TWO, WS)
    assert ended == replace(PROVEN, trials={"wsi-3": OTHER}, failed=(("wsi-2", WS),))
    assert failed(ended, WS) == ended


def test_the_oldest_bad_ends_are_forgotten_first() -> None:
    old = tuple((f"wsi-old{number}", OTHER) for number in range(MEMORY))
    proof = replace(TRIAL, failed=old)
    ends = failed(proof, WS).failed
    assert (len(ends), ends[0], ends[-1]) == (MEMORY, ("wsi-2", WS), old[MEMORY - 2])


def test_p7_an_image_that_was_proven_stays_known_beside_later_ones() -> None:
    proof = proved(proved(TWO, "wsi-2"), "wsi-3")
    assert proof == replace(PROVEN, proven="wsi-3", earlier=("wsi-2", "wsi-1"))
    assert not proof.knows("wsi-4")


def test_the_images_proven_earlier_are_not_kept_without_end() -> None:
    proof = PROVEN
    for number in range(MEMORY + 9):
        proof = proved(proof, f"wsi-new{number}")
    assert len(proof.earlier) == MEMORY
    assert proof.earlier[0] == f"wsi-new{MEMORY + 7}"


def test_an_image_that_is_proven_without_a_predecessor_has_none() -> None:
    assert proved(Proof(BUNDLE), "wsi-1") == Proof(BUNDLE, proven="wsi-1")


def test_an_abandoned_trial_says_nothing() -> None:
    assert abandoned(TWO, WS) == replace(PROVEN, trials={"wsi-3": OTHER})
