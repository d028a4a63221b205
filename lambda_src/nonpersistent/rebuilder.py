"""The rebuild itself: claim, ask AWS once, keep what it said (P3).

The claim is a conditional write of `asked_at`, the fence: it fails if anything was recorded since
the WorkSpace was read. Wherever the function dies after it, the WorkSpace's own state tells later
whether AWS heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from . import aftermath, lifecycle
from .answers import Accepted, Refused, Throttled
from .clock import Clock
from .decisions import Decision, Deferral, Verdict
from .facts import Facts, Observation
from .gallery import Gallery
from .images import Admission
from .journal import Entry, Journal
from .ledger import Ledger
from .pacing import HOUR, Brake, Pacer
from .records import Record
from .settings import Settings
from .workspaces import WorkSpaces

LOOK_HOLDS = timedelta(minutes=1)
"""How long after a look a rebuild may still be asked for on its strength."""

BAD_IMAGE_HOLDS = timedelta(minutes=30)
"""How long a WorkSpace waits, at the most, to see whether its bundle has a new image."""


class Rebuilder:
    """Asks for rebuilds, one at a time: at the API's rate, within the brake, of proven images."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        workspaces: WorkSpaces,
        gallery: Gallery,
        pacer: Pacer,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._workspaces = workspaces
        self._gallery = gallery
        self._pacer = pacer
        self._journal = journal
        self._clock = clock

    def held_back(self, record: Record) -> tuple[Deferral, datetime] | None:
        """Why a rebuild would have to wait whatever the WorkSpace looks like, and until when."""
        now = self._clock.now()
        if look_at := self._brake.hold_back(now):
            return Deferral.BRAKE, look_at
        if record.facts.bundle_id is None or not self._settings.prove_images:
            return None
        return self._unproven(
            self._gallery.would_admit(record.workspace_id, record.facts.bundle_id), now
        )

    def rebuild(self, record: Record, seen: Observation) -> bool:
        """Rebuild a WorkSpace whose rebuild was decided; True if AWS accepted.

        Waits for the pacer, so the decision is made once more with the time as it is then.
        """
        now = self._clock.now()
        if look_at := self._brake.hold_back(now):
            return self.defer(record, Deferral.BRAKE, look_at)
        admission = Admission.GO
        if self._settings.prove_images and seen.bundle_id is not None:
            admission = self._gallery.admit(record.workspace_id, seen.bundle_id)
        if unproven := self._unproven(admission, now):
            return self.defer(record, *unproven)
        self._pacer.wait()
        now = self._clock.now()
        decision = lifecycle.decide(record.facts, seen, now, self._settings)
        if decision.verdict is not Verdict.REBUILD:
            return self.defer(record, decision.reason, decision.look_at or now)
        if now - seen.looked_at > LOOK_HOLDS:
            return self.defer(record, Deferral.EVIDENCE, now)
        claim = replace(
            decision.facts,
            asked_at=now,
            address=seen.address,
            proving=admission is Admission.PROVE,
        )
        look_at = self._settings.next_look(now + self._settings.patience)
        claimed = self._ledger.write(record, claim, look_at)
        if claimed is None:
            self._journal.write(Verdict.DEFERRED, record.workspace_id, reason=Deferral.SUPERSEDED)
            return False
        self._brake.take(now)
        return self._ask(claimed)

    def defer(self, record: Record, why: str | None, until: datetime) -> bool:
        """The rebuild waits; False, as nothing was rebuilt."""
        look_at = self._settings.next_look(until)
        self._ledger.write(record, record.facts, look_at, waits_for=why)
        self._journal.write(Verdict.DEFERRED, record.workspace_id, reason=why, due_at=look_at)
        return False

    def _ask(self, claimed: Record) -> bool:
        workspace_id = claimed.workspace_id
        outcome = self._workspaces.rebuild(workspace_id)
        now = self._clock.now()
        match outcome:
            case Accepted():
                self._keep(claimed, lambda facts: self._accepted(facts, now))
                waited = now - (lifecycle.evident_at(claimed.facts) or now)
                self._journal.write(
                    Entry.REBUILD_REQUESTED, workspace_id, waited_seconds=waited.total_seconds()
                )
                return True
            case Refused(code, message):
                kept = self._keep(
                    claimed, lambda facts: aftermath.refuse(facts, code, now, self._settings)
                )
                self._journal.write(Verdict.REFUSED, workspace_id, reason=code, detail=message)
                if kept.is_blocked:
                    self._journal.write(Verdict.BLOCKED, workspace_id, reason=code)
            case Throttled():
                self._keep(claimed, lambda facts: _taken_back(facts, now))
                self._journal.write(Verdict.DEFERRED, workspace_id, reason=Deferral.THROTTLED)
            case _:
                self._journal.write(Entry.UNANSWERED, workspace_id, reason=outcome.detail)
        return False

    def _accepted(self, facts: Facts, now: datetime) -> Decision:
        """The next audit sees how it ended; a trial is followed more closely."""
        look_at = now + self._settings.patience if facts.proving else None
        return Decision(
            replace(facts, accepted_at=now),
            Verdict.REBUILDING,
            look_at and self._settings.next_look(look_at),
        )

    def _keep(self, claimed: Record, change: Callable[[Facts], Decision]) -> Decision:
        """Write the outcome, again and again if signals are recorded meanwhile.

        The claim is ours until its outcome is known. If the lease was too short and somebody
        else resolved it, what they found out stands.
        """
        record = claimed
        while True:
            decision = change(record.facts)
            if self._ledger.write(record, decision.facts, decision.look_at, decision.reason):
                return decision
            [record] = self._ledger.read([record.workspace_id])
            if record.facts.asked_at != claimed.facts.asked_at:
                return decision

    def _unproven(self, admission: Admission, now: datetime) -> tuple[Deferral, datetime] | None:
        match admission:
            case Admission.WAIT:
                return Deferral.PROVING, now + self._settings.patience
            case Admission.BAD:
                wait = min(BAD_IMAGE_HOLDS, self._settings.audit_interval)
                return Deferral.PROVING, now + wait
            case _:
                return None

    @cached_property
    def _brake(self) -> Brake:
        """Knows the rebuilds of the last hour; they are looked up only if there is a limit."""
        limit = self._settings.maximum_rebuilds_per_hour
        if limit is None:
            return Brake(None)
        since = self._clock.now() - HOUR
        records = self._ledger.everything()
        asked = (moment for record in records for moment in lifecycle.rebuilds(record.facts))
        return Brake(limit, [moment for moment in asked if moment > since])


def _taken_back(facts: Facts, now: datetime) -> Decision:
    return Decision(aftermath.unclaimed(facts), Verdict.DEFERRED, now, Deferral.THROTTLED)
