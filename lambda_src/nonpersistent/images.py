"""Which image a bundle's WorkSpaces may be rebuilt from (P7). Pure.

A new image reaches one WorkSpace first. If that ends well the image is proven and the others
follow; if it ends badly a second and a third are tried, as the first may have been ill itself;
then the image counts as bad and its bundle waits for the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

TRIALS = 3
"""WorkSpaces that meet a bad image at the most."""


class Admission(StrEnum):
    """What a WorkSpace that owes a rebuild may do with the image its bundle has now."""

    GO = "go"
    PROVE = "prove"
    WAIT = "wait"
    BAD = "bad"


@dataclass(frozen=True)
class Proof:
    """What is known of a bundle's images.

    proven     the image that all may have
    candidate  a newer one
    on         the WorkSpace that is trying the candidate
    failed     trials of the candidate that ended badly
    """

    bundle_id: str
    proven: str | None = None
    candidate: str | None = None
    on: str | None = None
    failed: int = 0
    version: int = 0


def admit(proof: Proof, image: str | None, workspace_id: str) -> tuple[Proof, Admission]:
    """Whether `workspace_id` may be rebuilt from `image`, and the proof as it is then.

    The image that is current when a bundle is first seen is taken as proven. A bundle without
    an image id (None) cannot be proven, and goes.
    """
    if image is None or image == proof.proven:
        return proof, Admission.GO
    if proof.proven is None:
        return replace(proof, proven=image), Admission.GO
    if image != proof.candidate:
        trial = replace(proof, candidate=image, on=workspace_id, failed=0)
        return trial, Admission.PROVE
    if proof.failed >= TRIALS:
        return proof, Admission.BAD
    if proof.on in (None, workspace_id):
        return replace(proof, on=workspace_id), Admission.PROVE
    return proof, Admission.WAIT


def proved(proof: Proof) -> Proof:
    """The trial ended well: the candidate is for everybody."""
    return replace(proof, proven=proof.candidate, candidate=None, on=None, failed=0)


def failed(proof: Proof) -> Proof:
    """The trial ended badly: the next WorkSpace may try, or nobody."""
    return replace(proof, on=None, failed=proof.failed + 1)


def abandoned(proof: Proof) -> Proof:
    """The trial did not take place: the next WorkSpace may try."""
    return replace(proof, on=None)
