"""The bundles' images during one pass: what each bundle has now, and what is proven of it (P7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from . import images
from .aftermath import NEVER_BEGAN
from .clock import Clock
from .decisions import Decision, Verdict
from .images import Admission, Proof
from .journal import Entry, Journal
from .ledger import Ledger
from .records import Record
from .workspaces import WorkSpaces

IMAGE_HOLDS = timedelta(minutes=1)
"""How long a bundle's image is taken as known. Shorter costs calls; an image that appears while a
burst drains reaches the rebuilds of this time unproven."""

TRIAL_HOLDS = timedelta(hours=3)
"""How long the others wait for a trial; AWS says that a rebuild takes up to an hour."""


class Gallery:
    """Admits WorkSpaces to their bundle's image, and draws conclusions from trials."""

    def __init__(
        self, ledger: Ledger, workspaces: WorkSpaces, journal: Journal, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._workspaces = workspaces
        self._journal = journal
        self._clock = clock
        self._images: dict[str, str | None] = {}
        self._read_at: datetime | None = None
        self._met: set[str] = set()
        self._refused: set[str] = set()

    def meet(self, bundle_id: str) -> None:
        """The image that a bundle has when it is first seen is taken as proven."""
        if bundle_id in self._met:
            return
        self._met.add(bundle_id)
        proof = self._ledger.proof(bundle_id)
        if proof.proven is None:
            self._ledger.write_proof(replace(proof, proven=self._image(bundle_id)))

    def would_admit(self, workspace_id: str, bundle_id: str) -> Admission:
        """What admit would say, without taking a trial's place."""
        proof, image = self._ledger.proof(bundle_id), self._image(bundle_id)
        _, admission = self._decide(proof, image, workspace_id)
        return self._tell(admission, workspace_id, bundle_id, image)

    def admit(self, workspace_id: str, bundle_id: str) -> Admission:
        """Whether a WorkSpace may be rebuilt from its bundle's image; takes the trial's place.

        A trial has to know its image, so that is read anew for it.
        """
        image = self._image(bundle_id)
        while True:
            proof = self._ledger.proof(bundle_id)
            decided, admission = self._decide(proof, image, workspace_id)
            if admission is Admission.PROVE and (newest := self._read_anew(bundle_id)) != image:
                image = newest
                continue
            if decided == proof or self._ledger.write_proof(decided):
                break
        if admission is Admission.PROVE:
            self._say(Entry.IMAGE_PROVING, workspace_id, bundle_id, image)
        return self._tell(admission, workspace_id, bundle_id, image)

    def conclude(self, record: Record, decision: Decision) -> None:
        """What the end of a rebuild says of the image that it was to prove.

        A rebuild that never began says nothing, and the next WorkSpace may try. So does one that
        ended well after the bundle's image has changed: it may have met the newer one. One whose
        WorkSpace is gone has met its image, like one that failed.
        """
        bundle_id, workspace_id = record.facts.bundle_id, record.workspace_id
        if not record.facts.proving or bundle_id is None:
            return
        newest = self._image(bundle_id)
        while True:
            proof = self._ledger.proof(bundle_id)
            image = proof.tried_by(workspace_id)
            if image is None:
                return
            if decision.verdict is Verdict.FINISHED and image == newest:
                concluded = images.proved(proof, image)
            elif decision.verdict is Verdict.FINISHED or decision.reason == NEVER_BEGAN:
                concluded = images.abandoned(proof, workspace_id)
            else:
                concluded = images.failed(proof, workspace_id)
            if self._ledger.write_proof(concluded):
                break
        if concluded.knows(image):
            self._say(Entry.IMAGE_PROVEN, workspace_id, bundle_id, image)
        elif images.is_bad(concluded, image):
            self._tell(Admission.BAD, workspace_id, bundle_id, image)

    def _decide(
        self, proof: Proof, image: str | None, workspace_id: str
    ) -> tuple[Proof, Admission]:
        """A WorkSpace that has failed lets others try, for as long as a trial may take."""
        current = self._current(proof)
        decided, admission = images.admit(current, image, workspace_id)
        if admission is Admission.PROVE and (image, workspace_id) in current.failed:
            [record] = self._ledger.read([workspace_id])
            failed_at = record.facts.failed_at
            if failed_at is not None and self._clock.now() - failed_at < TRIAL_HOLDS:
                return current, Admission.WAIT
        return decided, admission

    def _current(self, proof: Proof) -> Proof:
        """What the trials' records say of them: they go on, take too long, or never took place.

        A trial without end has met the image, like one that failed; so may one without a record.
        """
        for trial in self._ledger.read(sorted(proof.trials.values())):
            asked_at = trial.facts.asked_at
            if trial.version and (asked_at is None or not trial.facts.proving):
                proof = images.abandoned(proof, trial.workspace_id)
            elif asked_at is None or self._clock.now() - asked_at >= TRIAL_HOLDS:
                proof = images.failed(proof, trial.workspace_id)
        return proof

    def _read_anew(self, bundle_id: str) -> str | None:
        self._read_at = None
        return self._image(bundle_id)

    def _image(self, bundle_id: str) -> str | None:
        now = self._clock.now()
        stale = self._read_at is None or now - self._read_at > IMAGE_HOLDS
        if stale or bundle_id not in self._images:
            bundles = sorted({*self._images, bundle_id})
            found = self._workspaces.images(bundles)
            self._images = {id_: found.get(id_) for id_ in bundles}
            self._read_at = self._clock.now()
        return self._images[bundle_id]

    def _tell(
        self, admission: Admission, workspace_id: str, bundle_id: str, image: str | None
    ) -> Admission:
        """Say in each pass that meets it that an image is bad: the alarm lasts as long."""
        if admission is Admission.BAD and bundle_id not in self._refused:
            self._refused.add(bundle_id)
            self._say(Entry.IMAGE_REFUSED, workspace_id, bundle_id, image)
        return admission

    def _say(self, entry: Entry, workspace_id: str, bundle_id: str, image: str | None) -> None:
        self._journal.write(entry, workspace_id, bundle_id=bundle_id, image_id=image)
