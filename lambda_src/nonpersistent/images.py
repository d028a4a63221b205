"""Which image a bundle's WorkSpaces may be rebuilt from (P7). Pure.

A new image reaches one WorkSpace first. If that ends well the image is proven and the others
follow; if it ends badly a second and a third are tried, as the first may have been ill itself;
then the image counts as bad and its bundle waits for another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

TRIALS = 3
"""WorkSpaces that meet a bad image at the most."""

MEMORY = 60
"""Bad ends, and images proven earlier, that a proof remembers: twenty bad images."""


class Admission(StrEnum):
    """What a WorkSpace that owes a rebuild may do with the image its bundle has now."""

    GO = "go"
    PROVE = "prove"
    WAIT = "wait"
    BAD = "bad"


@dataclass(frozen=True)
class Proof:
    """What is known of a bundle's images. An image never changes, so it holds for good.

    proven   the image that was proven last
    earlier  those proven before it, newest first: the bundle may return to them
    trials   by image: the WorkSpace that is trying it
    failed   image and WorkSpace of the trials that ended badly, newest first; each pair once, as a
             WorkSpace that is ill itself speaks against an image only once
    """

    bundle_id: str
    proven: str | None = None
    earlier: tuple[str, ...] = ()
    trials: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[tuple[str, str], ...] = ()
    version: int = 0

    def knows(self, image: str) -> bool:
        """Whether all may have an image."""
        return image == self.proven or image in self.earlier

    def tried_by(self, workspace_id: str) -> str | None:
        """The image that a WorkSpace is trying."""
        return next((image for image, on in self.trials.items() if on == workspace_id), None)


def admit(proof: Proof, image: str | None, workspace_id: str) -> tuple[Proof, Admission]:
    """Whether `workspace_id` may be rebuilt from `image`, and the proof as it is then.

    The image that is current when a bundle is first seen is taken as proven. A bundle without
    an image id (None) cannot be proven, and goes.
    """
    if image is None or proof.knows(image):
        return proof, Admission.GO
    if proof.proven is None:
        return replace(proof, proven=image), Admission.GO
    if is_bad(proof, image):
        return proof, Admission.BAD
    if proof.trials.get(image, workspace_id) != workspace_id:
        return proof, Admission.WAIT
    others = abandoned(proof, workspace_id).trials
    return replace(proof, trials={**others, image: workspace_id}), Admission.PROVE


def is_bad(proof: Proof, image: str) -> bool:
    """Whether an image is given up."""
    return failures(proof, image) >= TRIALS


def failures(proof: Proof, image: str) -> int:
    """How many WorkSpaces have met an image and failed."""
    return sum(tried == image for tried, _ in proof.failed)


def proved(proof: Proof, image: str) -> Proof:
    """The trial of an image ended well: it is for everybody."""
    earlier = (proof.proven, *proof.earlier) if proof.proven else proof.earlier
    trials = {other: on for other, on in proof.trials.items() if other != image}
    return replace(proof, proven=image, earlier=earlier[:MEMORY], trials=trials)


def failed(proof: Proof, workspace_id: str) -> Proof:
    """The trial of a WorkSpace ended badly: the next one may try, or nobody."""
    image, ends = proof.tried_by(workspace_id), proof.failed
    if image and (image, workspace_id) not in ends:
        ends = ((image, workspace_id), *ends)[:MEMORY]
    return replace(abandoned(proof, workspace_id), failed=ends)


def abandoned(proof: Proof, workspace_id: str) -> Proof:
    """The trial of a WorkSpace did not take place, or says nothing: the next one may try."""
    trials = {image: on for image, on in proof.trials.items() if on != workspace_id}
    return replace(proof, trials=trials)
