"""Do what is due, in order of time: look at WorkSpaces, and audit the whole roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .answers import Unavailable
from .claims import LONGEST_PAUSE
from .examiner import Examiner, is_suspect
from .facts import Deferral, Phase, Verdict
from .journal import Line, Tally
from .ledger import AUDIT, ODD_ITEM, Entry, NoRoster
from .records import Record
from .settings import TICK, SettingsError
from .table import KEYS_PER_READ
from .tools import Tools
from .workspaces import IDS_PER_CALL, in_batches

UNREADABLE_WAITS = 60 * TICK
"""How long an item that cannot be read is put off."""

NONSENSE = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What may be raised when facts make no sense, see `_examine`."""

UNSEEN_WAITS = frozenset({Deferral.HELD_BUNDLE, Deferral.IMAGE, Deferral.BRAKE, Deferral.SHARE})
"""What may last for days without a look: somebody may rebuild or delete the WorkSpace meanwhile."""


class Reconciler:
    """One pass over what is due, by the invocation that has the lease."""

    def __init__(self, tools: Tools) -> None:
        self.tally = tools.tally
        self._tools = tools
        self._examiner = Examiner(tools)
        self._due: dict[str, Entry] = {}
        self._asked_at: datetime
        self._met_at: dict[str, datetime] = {}
        self._woken: set[str] = set()

    def run(self, due: Sequence[Entry]) -> Tally:
        """Work until nothing more is `due`, the time is up, or the API does not answer.

        What is left stays due.
        """
        try:
            self._expect(due)
            if self._due and not self._tools.lease.begin():
                self.tally.reason = "another_invocation_acts"
            elif self._due:
                self._work_off()
        finally:
            self.tally.left = len(self._due)
        return self.tally

    def _work_off(self) -> None:
        try:
            while entry := self._next():
                done = self._audit() if entry.id == AUDIT else self._work(self._batch(entry))
                if not done:
                    return
        except Unavailable as unavailable:
            self.tally.reason = f"workspaces_api_unavailable: {unavailable}"
        finally:
            self._tools.lease.end()

    def _expect(self, due: Sequence[Entry]) -> None:
        """Add what is due, each at most once a minute: one put off for a moment waits that long."""
        now = self._tools.clock.now()
        self._asked_at = now
        for entry in due:
            met_at = self._met_at.get(entry.id)
            if entry.id not in self._due and (met_at is None or now - met_at >= TICK):
                self._due[entry.id] = entry
                self.tally.due += 1

    def _next(self) -> Entry | None:
        """What comes next: rebuilds under way, as a look at them must not be late; then what has
        been due longest; last of all what may fail."""
        now = self._tools.clock.now()
        if not self._due or now - self._asked_at >= TICK:
            self._expect(self._tools.ledger.due(now))
        return min(self._due.values(), key=self._rank, default=None)

    def _rank(self, entry: Entry) -> tuple[bool, bool, bool, datetime]:
        """The sort key. If rebuilds are limited, the oldest debts come first, not the longest due;
        a WorkSpace that nobody used and that only lacks an image comes last."""
        rolls_out = entry.outdated_at is not None
        since = entry.owed_since if self._tools.settings.is_limited else None
        under_way = entry.phase == Phase.REBUILDING
        return is_suspect(entry.reason), not under_way, rolls_out, since or entry.due_at

    def _batch(self, first: Entry) -> list[str]:
        """Up to 25 of the same rank as `first`; what may fail is examined alone."""
        if is_suspect(first.reason):
            return [first.id]
        others = [entry for entry in self._due.values() if entry.id != AUDIT]
        alike = [entry for entry in others if self._rank(entry)[:2] == self._rank(first)[:2]]
        return [entry.id for entry in sorted(alike, key=self._rank)[:IDS_PER_CALL]]

    def _work(self, ids: Sequence[str]) -> bool:
        """Work off a batch. The roster is read for each: what left it is no longer touched (P4)."""
        now = self._tools.clock.now()
        known = self._on_roster(ids)
        # The list of what is due may be minutes old: what the table says now counts.
        woken = [r for r in known if r.workspace_id in self._woken and r.look_at is not None]
        due = [record for record in known if record.is_due(now) or record in woken]
        if not self._examine(due):
            return False
        for id_ in ids:
            self._done(id_)
        self._wake()
        return True

    def _examine(self, records: Sequence[Record], *, audit: bool = False) -> bool:
        """Examine records. Facts that this code has not written may be readable and yet make no
        sense: their WorkSpace is found and set aside, and does not hold up the others (P8)."""
        try:
            return self._examiner.examine(records, audit=audit)
        except (NoRoster, SettingsError):
            raise
        except NONSENSE as error:
            if len(records) == 1:
                self._set_aside(records[0].workspace_id, repr(error))
                return True
        # Records that were settled before the error have another version now.
        left = (r for r in records if self._tools.ledger.read([r.workspace_id]) == [r])
        return all(self._examine([record], audit=audit) for record in left)

    def _set_aside(self, id_: str, detail: str | None = None) -> None:
        look_at = self._tools.clock.now() + UNREADABLE_WAITS
        self._tools.ledger.set_aside(id_, look_at)
        about = {"reason": ODD_ITEM, "detail": detail, "due_at": look_at}
        self._tools.journal.write(Verdict.NOT_LEARNT, id_, **about)

    def _wake(self) -> None:
        """Make due what waited for a canary that ended well, or for a place that is now free."""
        trusted, self._examiner.bundles.newly_trusted = self._examiner.bundles.newly_trusted, set()
        ended, self._examiner.ended = self._examiner.ended, 0
        has_share = self._tools.settings.maximum_rebuilding_percent is not None
        if not (trusted or (ended and has_share)):
            return
        planned = sorted(self._tools.ledger.planned(), key=self._rank)
        others = {Deferral.CANARY, Deferral.HELD_BUNDLE}
        woken = [e for e in planned if e.reason in others and e.bundle_id in trusted]
        if has_share:
            woken += [e for e in planned if e.reason == Deferral.SHARE][:ended]
        for entry in woken:
            self._woken.add(entry.id)
            self._due.setdefault(entry.id, entry)

    def _done(self, id_: str) -> None:
        del self._due[id_]
        self._woken.discard(id_)
        self._met_at[id_] = self._tools.clock.now()

    def _on_roster(self, ids: Sequence[str]) -> list[Record]:
        """The records of these WorkSpaces; those off the roster are forgotten."""
        roster = self._tools.roster()
        records = self._tools.ledger.read(ids)
        for id_ in set(ids) - {record.workspace_id for record in records}:
            if id_ in roster:
                self._set_aside(id_)
            else:
                self._tools.ledger.forget_unreadable(id_)
                self._tell_forgotten(id_)
        return self._forget_others(records, roster)

    def _audit(self) -> bool:
        """Look at the whole roster, and find what no signal reported (P2); False if time is up.

        In that case, the next actor continues after the last batch that was seen completely.
        """
        ledger = self._tools.ledger
        now = self._tools.clock.now()
        next_audit = now + self._tools.settings.audit_interval
        position = ledger.audit().seen_up_to
        rest = sorted(id_ for id_ in self._tools.roster() if id_ > position)
        for ids in in_batches(rest, KEYS_PER_READ):
            known = ledger.read(ids)
            left = {r.workspace_id for r in known if not _is_unseen(r, now, next_audit)}
            unseen = [id_ for id_ in ids if id_ not in left]  # also what cannot be read
            for batch in in_batches(unseen, IDS_PER_CALL):
                if not (self._follow_up() and self._audit_batch(batch)):
                    return False
            ledger.move_audit(ids[-1])
        members = self._forget_others(list(ledger.everything()), self._tools.roster())
        bundle_ids = set(filter(None, (record.facts.bundle_id for record in members)))
        ledger.end_audit(self._tools.clock.now(), bundle_ids)
        self._done(AUDIT)
        self._examiner.bundles.renew(bundle_ids)
        return True

    def _audit_batch(self, ids: Sequence[str]) -> bool:
        known = self._on_roster(ids)
        alone = [record for record in known if is_suspect(record.reason)]
        together = [record for record in known if not is_suspect(record.reason)]
        return self._examine(together, audit=True) and all(
            self._examine([record], audit=True) for record in alone
        )

    def _follow_up(self) -> bool:
        """Look at the rebuilds whose look falls due while the audit lasts; False if time is up."""
        while (entry := self._next()) is not None and entry.phase == Phase.REBUILDING:
            if not self._work(self._batch(entry)):
                return False
        return True

    def _forget_others(self, records: Sequence[Record], roster: frozenset[str]) -> list[Record]:
        """The records of WorkSpaces on the roster; those of others are dropped."""
        for record in records:
            if record.workspace_id not in roster and self._tools.ledger.forget(record):
                self._tell_forgotten(record.workspace_id)
        return [record for record in records if record.workspace_id in roster]

    def _tell_forgotten(self, id_: str) -> None:
        self._tools.journal.write(Line.FORGOTTEN, id_, reason="not_in_workspace_ids")


def _is_unseen(record: Record, now: datetime, next_audit: datetime) -> bool:
    """Whether no look is planned before the next audit: a WorkSpace that waits may be used until
    then. For one in use, a look after LONGEST_PAUSE is too late to tell when its session ended."""
    phase = record.facts.phase
    if record.look_at is None or record.reason in UNSEEN_WAITS or phase is Phase.FAILED:
        return True
    soon = min(next_audit, now + LONGEST_PAUSE) if phase is Phase.IN_USE else next_audit
    return record.look_at > soon and phase is not Phase.REBUILDING
