"""Do what is due: in the order of its time, WorkSpaces and the audit of the whole roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from . import lifecycle
from .answers import Unavailable
from .clock import Clock
from .decisions import Deferral
from .examiner import Examiner, Tally
from .journal import Entry, Journal
from .ledger import AUDIT, Ledger
from .records import Record
from .settings import Settings
from .table import KEYS_PER_READ
from .turn import Turn
from .workspaces import IDS_PER_CALL, in_batches


class Reconciler:
    """One pass over what is due, by the invocation whose turn it is."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        examiner: Examiner,
        turn: Turn,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._examiner = examiner
        self._turn = turn
        self._journal = journal
        self._clock = clock
        self._tally = examiner.tally
        self._left: dict[str, datetime] = {}
        """What is due and not done yet, and since when."""

    def run(self) -> Tally:
        """Work until nothing more is due, the time is up, or the API does not answer.

        Each WorkSpace is met once in a pass: what was put off for a moment is for the next one.
        What is left stays due. An idle minute costs one empty query.
        """
        met: set[str] = set()
        due = self._due_besides(met)
        if due and not self._turn.begin():
            self._tally.reason = "another_invocation_acts"
        elif due:
            try:
                self._work_off(due, met)
            except Unavailable as unavailable:
                self._tally.reason = f"workspaces_api_unavailable: {unavailable}"
            finally:
                self._turn.end()
            self._age()
        self._tally.left = len(self._left)
        return self._tally

    def _work_off(self, due: list[str], met: set[str]) -> None:
        while due:
            self._work([id_ for id_ in due if id_ != AUDIT])
            if AUDIT in due:
                self._audit()
            met.update(due)
            due = self._due_besides(met)

    def _due_besides(self, met: set[str]) -> list[str]:
        due = [entry for entry in self._ledger.due(self._clock.now()) if entry.id not in met]
        self._tally.due += len(due)
        self._left |= {entry.id: entry.due_at for entry in due}
        return [entry.id for entry in due]

    def _age(self) -> None:
        """Nobody decided on what is left: it is a debt at least since its look was due (P6)."""
        now = self._clock.now()
        for id_, due_at in self._left.items():
            if id_ != AUDIT:
                self._tally.owes_since(due_at, now)

    def _work(self, ids: Sequence[str]) -> None:
        """The roster is read for each batch: who was taken off it is not touched any more (P4)."""
        for batch in in_batches(self._oldest_first(ids), IDS_PER_CALL):
            now = self._clock.now()
            roster = self._ledger.roster()
            records = self._ledger.read(batch)
            for record in records:
                if record.workspace_id not in roster:
                    self._forget(record.workspace_id)
            known = [record for record in records if record.workspace_id in roster]
            if not self._examiner.examine([record for record in known if _is_due(record, now)]):
                return
            for id_ in batch:
                del self._left[id_]

    def _oldest_first(self, ids: Sequence[str]) -> Sequence[str]:
        """The brake's places go to the oldest debts, not to those whose look came first."""
        if self._settings.maximum_rebuilds_per_hour is None:
            return ids
        now = self._clock.now()
        records = self._ledger.read(ids)
        records.sort(key=lambda record: lifecycle.evident_at(record.facts) or now)
        return [record.workspace_id for record in records]

    def _audit(self) -> None:
        """See the whole roster, and so what every signal missed (P2).

        Where the time is up, the next actor goes on from the last hundred that was seen whole.
        """
        next_audit = self._clock.now() + self._settings.audit_interval
        roster = self._ledger.roster()
        position = self._ledger.audit_position()
        rest = sorted(id_ for id_ in roster if id_ > position)
        for ids in in_batches(rest, KEYS_PER_READ):
            records = self._ledger.read(ids)
            unseen = [record for record in records if not _is_seen_soon(record, next_audit)]
            for start in range(0, len(unseen), IDS_PER_CALL):
                if not self._examiner.examine(unseen[start : start + IDS_PER_CALL], audit=True):
                    return
            self._ledger.move_audit(ids[-1])
        for record in list(self._ledger.everything()):
            if record.workspace_id not in roster:
                self._forget(record.workspace_id)
        self._ledger.end_audit()
        del self._left[AUDIT]

    def _forget(self, workspace_id: str) -> None:
        self._ledger.forget(workspace_id)
        self._journal.write(Entry.FORGOTTEN, workspace_id, reason="not_in_workspace_ids")


def _is_seen_soon(record: Record, next_audit: datetime) -> bool:
    """Whether an audit may leave a WorkSpace to its next look, as that comes before the next audit.

    Not one that waits for an image: its bundle may have got another one.
    """
    planned = record.look_at is not None and record.look_at <= next_audit
    return planned and record.waits_for != Deferral.PROVING


def _is_due(record: Record, now: datetime) -> bool:
    """Minutes may have passed since it was asked what is due: what the table says now counts."""
    return record.look_at is not None and record.look_at <= now
