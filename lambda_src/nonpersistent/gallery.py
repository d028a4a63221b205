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
        proof = self._current(self._ledger.proof(bundle_id))
        _, admission = images.admit(proof, self._image(bundle_id), workspace_id)
        return self._tell(admission, workspace_id, proof)

    def admit(self, workspace_id: str, bundle_id: str) -> Admission:
        """Whether a WorkSpace may be rebuilt from its bundle's image; takes the trial's place."""
        image = self._image(bundle_id)
        while True:
            proof = self._ledger.proof(bundle_id)
            decided, admission = images.admit(self._current(proof), image, workspace_id)
            if decided == proof or self._ledger.write_proof(decided):
                break
        if admission is Admission.PROVE:
            self._say(Entry.IMAGE_PROVING, workspace_id, decided)
        return self._tell(admission, workspace_id, decided)

    def conclude(self, record: Record, decision: Decision) -> None:
        """What the end of a rebuild says of the image that it was to prove.

        A rebuild that was refused, or never begun, says nothing: the next WorkSpace may try.
        """
        bundle_id = record.facts.bundle_id
        if not record.facts.proving or bundle_id is None:
            return
        verdict = decision.verdict
        if verdict is Verdict.FINISHED:
            conclude = images.proved
        elif verdict is Verdict.FAILED and decision.reason != NEVER_BEGAN:
            conclude = images.failed
        else:
            conclude = images.abandoned
        while True:
            proof = self._ledger.proof(bundle_id)
            if proof.on != record.workspace_id:
                return
            concluded = conclude(proof)
            if self._ledger.write_proof(concluded):
                break
        if verdict is Verdict.FINISHED:
            self._say(Entry.IMAGE_PROVEN, record.workspace_id, proof)
        elif concluded.failed >= images.TRIALS:
            self._tell(Admission.BAD, record.workspace_id, proof)

    def _current(self, proof: Proof) -> Proof:
        """What a trial's record says of it: it goes on, takes too long, or never took place.

        A trial without end has met the image, like one that failed; so may one without a record.
        """
        if proof.on is None:
            return proof
        [trial] = self._ledger.read([proof.on])
        asked_at = trial.facts.asked_at
        if trial.version and (asked_at is None or not trial.facts.proving):
            return images.abandoned(proof)
        if asked_at is None or self._clock.now() - asked_at >= TRIAL_HOLDS:
            return images.failed(proof)
        return proof

    def _image(self, bundle_id: str) -> str | None:
        now = self._clock.now()
        stale = self._read_at is None or now - self._read_at > IMAGE_HOLDS
        if stale or bundle_id not in self._images:
            bundles = sorted({*self._images, bundle_id})
            found = self._workspaces.images(bundles)
            self._images = {id_: found.get(id_) for id_ in bundles}
            self._read_at = self._clock.now()
        return self._images[bundle_id]

    def _tell(self, admission: Admission, workspace_id: str, proof: Proof) -> Admission:
        """Say in each pass that meets it that an image is bad: the alarm lasts as long."""
        if admission is Admission.BAD and proof.bundle_id not in self._refused:
            self._refused.add(proof.bundle_id)
            self._say(Entry.IMAGE_REFUSED, workspace_id, proof)
        return admission

    def _say(self, entry: Entry, workspace_id: str, proof: Proof) -> None:
        self._journal.write(
            entry, workspace_id, bundle_id=proof.bundle_id, image_id=proof.candidate
        )
