"""Examine WorkSpaces, 25 at a time: look, decide each, have it done, write down what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from . import aftermath, lifecycle
from .answers import Refused
from .clock import Clock
from .decisions import Decision, Deferral, Verdict
from .facts import NOTICE_LAG, Facts, Observation, Phase, after
from .gallery import Gallery
from .journal import Journal
from .ledger import Ledger
from .rebuilder import Rebuilder
from .records import Record
from .settings import Settings
from .turn import REBUILD_RESERVE, Turn
from .workspaces import WorkSpaces

NEEDS_STATE = frozenset({Phase.VACANT, Phase.BLOCKED, Phase.REBUILDING})
"""Phases whose next step depends on the WorkSpace's state, not only on who is connected."""

OWING = frozenset(
    {
        Verdict.VACANT,
        Verdict.DEFERRED,
        Verdict.REBUILD,
        Verdict.REFUSED,
        Verdict.FAILED,
        Verdict.BLOCKED,
    }
)
"""Verdicts that leave a debt unpaid, as does a rebuild that did not come about."""


@dataclass
class Tally:
    """What a pass did. `oldest_due_seconds` is the age of the oldest debt it met and left."""

    due: int = 0
    looked: int = 0
    rebuilt: int = 0
    left: int = 0
    oldest_due_seconds: float = 0.0
    reason: str | None = None

    def owes_since(self, since: datetime, now: datetime) -> None:
        """A debt of that age is left."""
        self.oldest_due_seconds = max(self.oldest_due_seconds, (now - since).total_seconds())


class Examiner:
    """Of one pass. Counts what it does in `tally`."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        workspaces: WorkSpaces,
        rebuilder: Rebuilder,
        gallery: Gallery,
        turn: Turn,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self.tally = Tally()
        self._settings = settings
        self._ledger = ledger
        self._workspaces = workspaces
        self._rebuilder = rebuilder
        self._gallery = gallery
        self._turn = turn
        self._journal = journal
        self._clock = clock

    def examine(self, records: Sequence[Record], audit: bool = False) -> bool:
        """Ask AWS what each decision needs, and settle one after the other; False if time is up.

        An audit looks at every WorkSpace, also at one whose rebuild cannot happen now in any case.
        Raises Unavailable.
        """
        if not self._turn.goes_on():
            return False
        asked = [record for record in records if audit or not self._waits(record)]
        everything = audit or not self._settings.grace
        seen = self._workspaces.look(
            [r.workspace_id for r in asked if r.facts.phase is not Phase.REBUILDING],
            [r.workspace_id for r in asked if everything or r.facts.phase in NEEDS_STATE],
        )
        for record in asked:
            if not self._turn.goes_on(REBUILD_RESERVE):
                return False
            self._settle(record, seen[record.workspace_id])
        return True

    def _waits(self, record: Record) -> bool:
        """Defer a rebuild that cannot happen now in any case, without asking AWS."""
        if record.facts.phase not in (Phase.VACANT, Phase.BLOCKED):
            return False
        now = self._clock.now()
        if self._in_grace(record.facts, now) or self._settings.rebuild_allowed_at(now) > now:
            self._settle(record, Observation(looked_at=now))
        elif held := self._rebuilder.held_back(record):
            self.tally.looked += 1
            self._rebuilder.defer(record, *held)
            self._age(record.facts, now)
        else:
            return False
        return True

    def _in_grace(self, facts: Facts, now: datetime) -> bool:
        """Whether a look can change nothing yet. An alarm long after the vacancy was seen may speak
        of somebody who came back unseen: that is looked into."""
        due_at = lifecycle.owed_at(facts, self._settings)
        if due_at is None or facts.vacant_since is None or now >= due_at:
            return False
        return not after(facts.told_at, facts.vacant_since + NOTICE_LAG)

    def _settle(self, record: Record, seen: Observation) -> None:
        """Decide, and do it."""
        self.tally.looked += 1
        if record.version == 0:
            self._note(record, Decision(lifecycle.first_sight(seen), Verdict.BASELINE))
            if self._settings.prove_images and seen.bundle_id is not None:
                self._gallery.meet(seen.bundle_id)
            return
        now = self._clock.now()
        decision = lifecycle.decide(record.facts, seen, now, self._settings)
        if decision.needs_snapshot:
            newest = self._workspaces.newest_snapshot(record.workspace_id)
            now = self._clock.now()
            if isinstance(newest, Refused):
                decision = aftermath.refuse(record.facts, newest.code, now, self._settings)
            else:
                seen = replace(seen, snapshot_at=newest, snapshot_asked=True)
                decision = lifecycle.decide(record.facts, seen, now, self._settings)
        if decision.verdict is Verdict.REBUILD:
            if self._rebuilder.rebuild(record, seen):
                self.tally.rebuilt += 1
                return
        else:
            self._note(record, decision)
        if decision.verdict in OWING:
            self._age(decision.facts, now)

    def _note(self, record: Record, decision: Decision) -> None:
        """Write down what changed. What was recorded meanwhile wins and is looked at again.

        Nothing new is not worth a line, except that a WorkSpace still needs a person.
        """
        changed = (decision.facts, decision.look_at) != (record.facts, record.look_at)
        if not changed and not decision.is_blocked:
            return
        if record.facts.asked_at and not decision.facts.asked_at:
            self._gallery.conclude(record, decision)
        outcome = (decision.facts, decision.look_at, decision.reason)
        if changed and not self._ledger.write(record, *outcome):
            decision = replace(decision, verdict=Verdict.DEFERRED, reason=Deferral.SUPERSEDED)
        took = None
        if decision.verdict is Verdict.FINISHED and record.facts.asked_at is not None:
            took = (self._clock.now() - record.facts.asked_at).total_seconds()
        self._journal.write(
            decision.verdict,
            record.workspace_id,
            phase=decision.facts.phase.value,
            reason=decision.reason,
            due_at=decision.look_at,
            took_seconds=took,
        )
        if decision.is_blocked and decision.verdict is not Verdict.BLOCKED:
            self._journal.write(Verdict.BLOCKED, record.workspace_id, reason=decision.reason)

    def _age(self, facts: Facts, now: datetime) -> None:
        """A debt is left, if anything shows since when."""
        since = lifecycle.overdue_since(facts, self._settings)
        if since is not None:
            self.tally.owes_since(since, now)
