"""Do what is due: look at WorkSpaces 25 at a time, decide each, act, write down what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from . import lifecycle
from .clock import Clock
from .facts import NOTICE_LAG, Facts, Observation, Phase, after
from .gallery import Gallery
from .journal import Entry, Journal
from .ledger import AUDIT, KEYS_PER_READ, Ledger
from .lifecycle import Decision, Deferral, Verdict
from .rebuilder import Rebuilder
from .records import Record
from .settings import Settings
from .turn import REBUILD_RESERVE, Turn
from .workspaces import IDS_PER_CALL, Refused, Unavailable, WorkSpaces, in_batches

NEEDS_STATE = frozenset({Phase.VACANT, Phase.BLOCKED, Phase.REBUILDING})
"""Phases whose next step depends on the WorkSpace's state, not only on who is connected."""

OWING = frozenset(
    {Verdict.DEFERRED, Verdict.REBUILD, Verdict.REFUSED, Verdict.FAILED, Verdict.BLOCKED}
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


class Reconciler:
    """One pass over what is due, by the invocation whose turn it is."""

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
        self._settings = settings
        self._ledger = ledger
        self._workspaces = workspaces
        self._rebuilder = rebuilder
        self._gallery = gallery
        self._turn = turn
        self._journal = journal
        self._clock = clock
        self._tally = Tally()

    def run(self) -> Tally:
        """Work until nothing more is due, the time is up, or the API does not answer.

        Each WorkSpace is met once in a pass: the index lags behind, and what was put off for a
        moment is for the next one. What is left stays due. An idle minute costs one empty query.
        """
        met: set[str] = set()
        due = self._due_besides(met)
        if not due:
            return self._tally
        if not self._turn.begin():
            self._tally.reason = "another_invocation_acts"
            return self._tally
        try:
            while due:
                self._work([id_ for id_ in due if id_ != AUDIT])
                if AUDIT in due:
                    self._audit()
                met.update(due)
                due = self._due_besides(met)
        except Unavailable as unavailable:
            self._tally.reason = f"workspaces_api_unavailable: {unavailable}"
        finally:
            self._turn.end()
        return self._tally

    def _due_besides(self, met: set[str]) -> list[str]:
        due = [entry.id for entry in self._ledger.due(self._clock.now()) if entry.id not in met]
        self._tally.due += len(due)
        self._tally.left += len(due)
        return due

    def _work(self, ids: Sequence[str]) -> None:
        """The roster is read for each batch: who was taken off it is not touched any more (P4)."""
        for batch in in_batches(ids, IDS_PER_CALL):
            now = self._clock.now()
            roster = self._ledger.roster()
            records = self._ledger.read(batch)
            for record in records:
                if record.workspace_id not in roster:
                    self._forget(record.workspace_id)
            known = [record for record in records if record.workspace_id in roster]
            if not self._look([record for record in known if _is_due(record, now)]):
                return
            self._tally.left -= len(batch)

    def _audit(self) -> None:
        """See the whole roster, and so what every signal missed (P2).

        WorkSpaces whose next look is planned before the next audit are left to it. Where the time
        is up, the next actor goes on from the last hundred that was seen whole.
        """
        next_audit = self._clock.now() + self._settings.audit_interval
        roster = self._ledger.roster()
        position = self._ledger.audit_position()
        rest = sorted(id_ for id_ in roster if id_ > position)
        for ids in in_batches(rest, KEYS_PER_READ):
            records = self._ledger.read(ids)
            unplanned = [r for r in records if r.look_at is None or r.look_at > next_audit]
            for start in range(0, len(unplanned), IDS_PER_CALL):
                if not self._look(unplanned[start : start + IDS_PER_CALL], audit=True):
                    return
            self._ledger.move_audit(ids[-1])
        for record in list(self._ledger.everything()):
            if record.workspace_id not in roster:
                self._forget(record.workspace_id)
        self._ledger.end_audit()
        self._tally.left -= 1

    def _look(self, records: Sequence[Record], audit: bool = False) -> bool:
        """Ask AWS what each decision needs, and settle one after the other; False if time is up."""
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
            self._tally.looked += 1
            self._rebuilder.defer(record, *held)
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
        self._tally.looked += 1
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
                decision = lifecycle.refuse(record.facts, newest.code, now, self._settings)
            else:
                seen = replace(seen, snapshot_at=newest, snapshot_asked=True)
                decision = lifecycle.decide(record.facts, seen, now, self._settings)
        if decision.verdict is Verdict.REBUILD:
            if self._rebuilder.rebuild(record, seen):
                self._tally.rebuilt += 1
                return
        else:
            self._note(record, decision)
        self._age(decision, now)

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

    def _age(self, decision: Decision, now: datetime) -> None:
        """A debt that is left; somebody in use owes nothing yet."""
        since = lifecycle.owed_at(decision.facts, self._settings)
        if since is not None and decision.verdict in OWING:
            age = (now - since).total_seconds()
            self._tally.oldest_due_seconds = max(self._tally.oldest_due_seconds, age)

    def _forget(self, workspace_id: str) -> None:
        self._ledger.forget(workspace_id)
        self._journal.write(Entry.FORGOTTEN, workspace_id, reason="not_in_workspace_ids")


def _is_due(record: Record, now: datetime) -> bool:
    """The index lags behind the table: only what the table says counts."""
    return record.look_at is not None and record.look_at <= now
