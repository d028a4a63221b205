"""What a pass works with, and the one place where it writes a decision down and logs it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from .clock import Clock
from .facts import USUAL_DELAY, Decision, Deferral, Facts, Need, Verdict
from .journal import Journal, Line, Tally
from .lateness import reckon
from .lease import Lease
from .ledger import Ledger
from .pacing import Pacer
from .records import Record
from .settings import Settings
from .workspaces import WorkSpaces


@dataclass
class Tools:
    """The tools of one pass, and what it has counted."""

    settings: Settings
    ledger: Ledger
    journal: Journal
    workspaces: WorkSpaces
    tally: Tally = field(default_factory=Tally, init=False)
    allowance: timedelta = field(default=USUAL_DELAY, init=False)
    members: frozenset[str] = field(default=frozenset(), init=False)
    """The roster as last read."""

    @property
    def clock(self) -> Clock:
        return self.ledger.clock

    @property
    def lease(self) -> Lease:
        return self.workspaces.lease

    @property
    def pacer(self) -> Pacer:
        return self.workspaces.pacer

    def roster(self) -> frozenset[str]:
        """The WorkSpaces that may be touched; their number determines how long a burst takes."""
        self.members = self.ledger.roster()
        seconds = round(2 * len(self.members) / self.settings.api_rate, 3)
        self.allowance = USUAL_DELAY + timedelta(seconds=seconds)
        return self.members

    def write(self, record: Record, decision: Decision, **said: Any) -> None:
        """Write a decision down and log it. If nothing has changed, nothing is written.

        Anything recorded meanwhile wins: the WorkSpace stays due and is looked at again.
        """
        now = self.clock.now()
        facts = reckon(
            record.facts,
            decision,
            now,
            self.settings,
            self.allowance,
            waited_for=record.reason,
            planned_at=record.look_at,
        )
        reason = facts.trouble.reason if facts.trouble is not None else decision.reason
        written = replace(record, facts=facts, look_at=decision.look_at, reason=reason)
        if written == record:
            return
        verdict, why, kept = decision.verdict, decision.reason, self.ledger.write(written)
        if kept is None:
            verdict, why, said = Verdict.DEFERRED, Deferral.SUPERSEDED, {}
        about = {"user": facts.user, "phase": facts.phase.value, "reason": why}
        self.journal.write(verdict, record.workspace_id, **about, due_at=decision.look_at, **said)
        if kept is not None and verdict is not Verdict.FAILED:
            self.tell_blocked(record, facts)

    def tell_blocked(self, before: Record, facts: Facts) -> None:
        """Log that a WorkSpace has become blocked, but not each time that it still is."""
        trouble, was = facts.trouble, before.facts.trouble
        if trouble is None or trouble.need is not Need.BLOCKED:
            return
        if was is None or was.need is not Need.BLOCKED:
            about = {"user": facts.user, "reason": trouble.reason, "bundle_id": facts.bundle_id}
            self.journal.write(Line.BLOCKED, before.workspace_id, **about)
