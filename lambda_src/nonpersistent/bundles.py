"""The bundles during one pass: their images, and whether their rebuilds can be trusted (P7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from . import canary
from .canary import Admission, Bundle
from .claims import IN_VAIN, SETTLES_WITHIN
from .facts import ENDS_WITHIN, Claim, Decision, Facts, Phase, Verdict, after
from .journal import Line
from .lifecycle import REBUILDABLE_STATES
from .records import Record
from .tools import Tools
from .workspaces import IDS_PER_CALL

READING_HOLDS = timedelta(minutes=1)
"""How long a bundle's image and canary, once read, count as known. A shorter time costs calls; a
new image that appears while a burst drains reaches the rebuilds of this time unproven."""

PROOF_RENEWED_AFTER = timedelta(hours=1)
"""How old a proof must be for a good end to renew it: not every rebuild has to write it."""

UNSEEN_FOR = timedelta(minutes=30)
"""How long the others wait for a canary of which AWS shows nothing."""


class Bundles:
    """Decides who may be rebuilt from a bundle, and learns from how the rebuilds end."""

    def __init__(self, tools: Tools) -> None:
        self.newly_trusted: set[str] = set()
        """Bundles whose canary has ended well in this pass: the others no longer have to wait."""
        self._tools = tools
        self._images: dict[str, tuple[datetime, str | None]] = {}
        self._foreseen: set[str] = set()
        self._known: dict[str, tuple[datetime, Bundle]] = {}

    def foresee(self, bundle_ids: Iterable[str | None]) -> None:
        """Note bundles that will be needed, so that one call reads all their images."""
        self._foreseen.update(filter(None, bundle_ids))

    def image(self, bundle_id: str | None) -> str | None:
        """The image that a rebuild would use now; None if AWS does not say."""
        if bundle_id is None:
            return None
        if self._is_stale(bundle_id):
            others = sorted(filter(self._is_stale, self._foreseen - {bundle_id}))
            asked = [bundle_id, *others][:IDS_PER_CALL]
            found, now = self._tools.workspaces.images(asked), self._tools.clock.now()
            self._images |= {id_: (now, found.get(id_)) for id_ in asked}
        self._foreseen.add(bundle_id)
        return self._images[bundle_id][1]

    def proves(self, bundle_id: str | None, image: str | None) -> bool:
        """Whether an image may be rolled out: as far as is known, rebuilds from it end well."""
        if bundle_id is None or image is None or not self._tools.settings.roll_out_images:
            return False
        bundle = self._bundle(bundle_id)
        return image == bundle.image_id and bundle.proven_at is not None and not bundle.lost

    def rolls_out(self, record: Record) -> bool:
        """Whether a WorkSpace still lacks a proven image. Since the audit that found so, the bundle
        may have got another one, the WorkSpace's own again, or one whose rebuilds end badly."""
        bundle_id = record.facts.bundle_id
        image = self.image(bundle_id)
        is_unknown = image is None and self._tools.settings.roll_out_images
        return is_unknown or (self.proves(bundle_id, image) and image != record.facts.image_id)

    def admit(self, record: Record, *, only_ask: bool = False) -> Admission:
        """Decide whether a WorkSpace may be rebuilt; unless `only_ask`, it may become the canary.

        A canary's image has to be known for certain, so it is read again first.
        """
        bundle_id, canary_after = record.facts.bundle_id, self._tools.settings.canary_after
        if canary_after is None:
            return Admission.GO
        if bundle_id is None:
            return Admission.GO if only_ask else Admission.IMAGE_UNKNOWN
        while True:
            bundle, id_ = self._bundle(bundle_id), record.workspace_id
            now = self._tools.clock.now()
            is_stranger = bundle.is_held and id_ not in bundle.lost
            if bundle.canary not in (None, id_) and not bundle.is_proven(now, canary_after):
                return Admission.HELD if is_stranger else Admission.WAIT
            image = self.image(bundle_id)
            admitted, admission = canary.admit(bundle, image, id_, now, canary_after)
            if admission is Admission.GO_FIRST and is_stranger and self._can_try_again(bundle):
                return Admission.HELD
            if only_ask:
                return admission
            if admission is Admission.GO_FIRST and image != self._image_anew(bundle_id):
                continue
            if admitted == bundle or self._write(bundle, admitted):
                return admission

    def conclude(self, record: Record, decision: Decision) -> None:
        """Record what the end of a rebuild says about its bundle.

        A bad end speaks against it from the time at which a look first showed it, a good one for it
        from when the rebuild had ended, even if it was seen much later. Without canaries, too: they
        may be switched on at any time.
        """
        bundle_id = record.facts.bundle_id
        claim = record.facts.claim or record.facts.failed
        canary_after = self._tools.settings.canary_after
        if claim is None or bundle_id is None:
            return
        workspace_id, now = record.workspace_id, self._tools.clock.now()
        image = claim.image_id
        settled_at, failed = decision.facts.settled_at, decision.facts.failed
        seen_at = (failed.bad_since if failed is not None else None) or now
        if claim.goes_first and self._image_anew(bundle_id) not in (None, image):
            image = None  # it may have used the newer one
        if claim.was_endless:
            image = None  # a person may have ended it

        def concluded(bundle: Bundle) -> Bundle:
            if decision.verdict is Verdict.FINISHED:
                holds = min(PROOF_RENEWED_AFTER, (canary_after or timedelta.max) / 12)
                renews = image == bundle.image_id and not bundle.is_proven(now, holds)
                if claim.goes_first or renews:
                    ended_at = now if settled_at is None else settled_at - SETTLES_WITHIN
                    return canary.ended_well(bundle, workspace_id, image, claim.asked_at, ended_at)
            elif decision.verdict is Verdict.FAILED and decision.reason not in IN_VAIN:
                return canary.ended_badly(bundle, workspace_id, record.facts, seen_at)
            return canary.released(bundle, workspace_id)

        before, after = self._change(bundle_id, concluded)
        is_proven = after.proven_at not in (None, before.proven_at)
        if is_proven and (before.proven_at is None or claim.goes_first):
            self.newly_trusted.add(bundle_id)
            about = {"bundle_id": bundle_id, "image_id": claim.image_id}
            self._tools.journal.write(Line.TRUSTED, workspace_id, **about)

    def overdue(self, record: Record) -> None:
        """Count a rebuild that takes too long as a bad end, whether or not it was the canary."""
        facts, bundle_id, id_ = record.facts, record.facts.bundle_id, record.workspace_id
        if facts.claim is None or bundle_id is None:
            return
        overdue_at = facts.claim.asked_at + ENDS_WITHIN

        def lost(bundle: Bundle) -> Bundle:
            if id_ in bundle.lost or after(bundle.proven_at, overdue_at):  # each counts once
                return bundle
            return canary.ended_badly(bundle, id_, facts, overdue_at)

        if self._tools.clock.now() >= overdue_at:
            self._change(bundle_id, lost)

    def renew(self, bundle_ids: Iterable[str]) -> None:
        """Write which holds are over, even if nothing waits: gauges show what was written last."""
        for bundle_id in sorted(bundle_ids):
            self._bundle(bundle_id)

    def release(self, record: Record) -> None:
        """Free the canary's place if this WorkSpace has it: its rebuild did not take place."""
        bundle_id = record.facts.bundle_id
        if bundle_id is not None:
            self._change(bundle_id, lambda bundle: canary.released(bundle, record.workspace_id))

    def _change(self, bundle_id: str, change: Callable[[Bundle], Bundle]) -> tuple[Bundle, Bundle]:
        while True:
            before = self._bundle(bundle_id)
            after = change(before)
            if after == before or self._write(before, after):
                return before, after

    def _bundle(self, bundle_id: str) -> Bundle:
        now = self._tools.clock.now()
        read_at, bundle = self._known.get(bundle_id, (None, Bundle(bundle_id)))
        if read_at is None or now - read_at > READING_HOLDS:
            stored = self._tools.ledger.bundle(bundle_id)
            bundle = self._current(stored)
            self._known[bundle_id] = now, bundle
            has_grown = len(bundle.lost) > len(stored.lost)
            if (has_grown or bundle.is_held != stored.is_held) and self._write(stored, bundle):
                bundle = self._known[bundle_id][1]
        return bundle

    def _write(self, before: Bundle, bundle: Bundle) -> bool:
        """Write a bundle, and log if it is held from now on; False if it was changed meanwhile."""
        written = self._tools.ledger.write(bundle)
        if written is None:
            del self._known[bundle.bundle_id]
            return False
        self._known[bundle.bundle_id] = self._tools.clock.now(), written
        holds = self._tools.settings.canary_after is not None
        if holds and bundle.is_held and not before.is_held:
            about = {"bundle_id": bundle.bundle_id, "image_id": bundle.lost_image}
            self._tools.journal.write(Line.HELD_BUNDLE, bundle.lost[0], **about)
        return True

    def _current(self, bundle: Bundle) -> Bundle:
        """The bundle according to its WorkSpaces' records; one that cannot be read says nothing.

        A canary whose rebuild takes too long is lost. It is released if it has no requested
        rebuild, or if AWS no longer shows it: a deleted WorkSpace says nothing about the bundle.
        """
        first, now = bundle.canary, self._tools.clock.now()
        ids = {*bundle.lost, first} if first else {*bundle.lost}
        records = {each.workspace_id: each for each in self._tools.ledger.read(sorted(ids))}
        if first is not None:
            facts = records.get(first, Record(first)).facts
            claim = facts.claim
            if claim is None or not claim.goes_first or self._is_gone(facts, claim):
                bundle = canary.released(bundle, first)
            elif not facts.is_unseen and now >= (overdue_at := claim.asked_at + ENDS_WITHIN):
                bundle = canary.ended_badly(bundle, first, facts, overdue_at)
        mended = (id_ for id_, record in records.items() if self._is_mended(bundle, record.facts))
        return canary.without(bundle, frozenset(mended))

    def _is_gone(self, facts: Facts, claim: Claim) -> bool:
        """Whether AWS has shown nothing of a WorkSpace for UNSEEN_FOR."""
        unseen_for = self._tools.clock.now() - (claim.going_at or claim.asked_at)
        return facts.is_unseen and unseen_for >= UNSEEN_FOR

    def _can_try_again(self, bundle: Bundle) -> bool:
        """Whether a lost WorkSpace is only waiting for its next try: it comes first, however long
        the window was closed or the function paused."""
        now = self._tools.clock.now()
        return any(
            record.facts.phase is Phase.FAILED
            and not after(record.facts.held_until, now)
            and record.facts.trouble is not None
            and record.facts.trouble.reason in REBUILDABLE_STATES
            for record in self._tools.ledger.read(sorted(bundle.lost))
        )

    def _is_mended(self, bundle: Bundle, facts: Facts) -> bool:
        """Whether a lost WorkSpace is gone, or has been rebuilt successfully since.

        A WorkSpace that a person restored and that is in use again says nothing about the next
        rebuild, unless that would use another image.
        """
        if facts.claim is not None or facts.failures:
            return False
        if not facts.asked or (facts.rebuilt_at and facts.rebuilt_at >= facts.asked[0]):
            return True
        image = self.image(bundle.bundle_id)
        return None not in (image, bundle.lost_image) and image != bundle.lost_image

    def _image_anew(self, bundle_id: str) -> str | None:
        self._images.pop(bundle_id, None)
        return self.image(bundle_id)

    def _is_stale(self, bundle_id: str) -> bool:
        read_at, _ = self._images.get(bundle_id, (None, None))
        return read_at is None or self._tools.clock.now() - read_at > READING_HOLDS
