"""The ledger: what is known about each WorkSpace, in one DynamoDB table.

Signals are recorded by updates that only increase times, so they commute and may be repeated.
The actor's writes are conditional on the version that it has read: if anything was recorded
meanwhile, they fail, and the WorkSpace is looked at again.

Items, by `id`: a WorkSpace (its facts), a bundle (whether its rebuilds can be trusted), "roster"
(written by Terraform), "audit", "lease".
An item with a time to look carries `due_at`, the key of the sparse index `due`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from .canary import Bundle
from .clock import Clock
from .facts import Need, after
from .records import UNREADABLE, Item, Record, bundle_of, from_moment, read, record_of, to_item
from .signals import Kind, Signal
from .table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Kept = TypeVar("Kept", Record, Bundle)

ROSTER, AUDIT, LEASE = "roster", "audit", "lease"

SIGNALS = {
    Kind.SESSION_END: "told_at",
    Kind.SIGN_IN: "used_at",
    Kind.REBUILD: "wanted_at",
    Kind.HOLD: "held_at",
    Kind.RELEASE: "held_at",
}
"""The time that each kind of signal moves forward."""

ODD_ITEM = "unreadable_item"
"""The reason why a WorkSpace needs a person if somebody has changed its item."""

LONGEST_LEASE = timedelta(minutes=15)
"""The longest that an invocation can last: an item that says more is not a lease."""

COUNT = "ADD version :one"
"""Changes the version, so that the write of an actor that has not seen the signal fails."""


class NoRoster(LookupError):
    """The item that says which WorkSpaces may be touched is missing; an empty one is allowed."""


@dataclass(frozen=True)
class Entry:
    """What the index shows of an item that has a time to look: a WorkSpace, or the audit."""

    id: str
    due_at: datetime
    phase: str | None = None
    needs: Need | None = None
    needs_at: datetime | None = None
    reason: str | None = None
    user: str | None = None
    bundle_id: str | None = None
    owed_since: datetime | None = None
    outdated_at: datetime | None = None


@dataclass(frozen=True)
class Audit:
    """How far the audit under way has got; when the last one was completed, and which bundles the
    fleet's WorkSpaces had then."""

    seen_up_to: str = ""
    completed_at: datetime | None = None
    bundle_ids: tuple[str, ...] = ()


class Ledger:
    """Reads and writes the table. Raises botocore's errors: an event that fails is retried."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self.clock = clock
        self._table = Table(client, table, clock)

    def roster(self) -> frozenset[str]:
        """The WorkSpaces that may be touched at all, as Terraform last wrote them (P4).

        Raises NoRoster: without it, it is unknown who was removed, and whose debts may be dropped.
        """
        item = self._table.get(ROSTER)
        if "workspace_ids" not in item:
            raise NoRoster("the ledger has no roster; apply the module again, it writes one")
        return frozenset(entry["S"] for entry in item["workspace_ids"]["L"])

    def record(self, signal: Signal, look_at: datetime) -> bool:
        """Record what a signal says; False if something at least as late was already known.

        All but sign-ins are also queued for a look at `look_at`. They may bring a planned look
        forward but never put it off: no stream of messages can postpone a rebuild.
        """
        attribute = SIGNALS[signal.kind]
        news = _is_older(attribute)
        values: dict[str, Any] = {":at": from_moment(signal.at), ":one": {"N": "1"}}
        tell = f"SET {attribute} = :at"
        if signal.until is not None:
            tell += ", held_until = :until, hold_reason = :reason"
            values[":until"] = from_moment(signal.until)
            values[":reason"] = {"S": signal.reason or "released"}
        if signal.kind is Kind.SIGN_IN:
            update = f"{tell}, signed_in_at = :at {COUNT}"
            if self._table.update(signal.workspace_id, update, values, news):
                return True
            # A look may have seen the session before its sign-in event arrives.
            update, news = f"SET signed_in_at = :at {COUNT}", _is_older("signed_in_at")
            return self._table.update(signal.workspace_id, update, values, news)
        values[":look_at"] = from_moment(look_at)
        sooner = f"{news} AND (attribute_not_exists(due_at) OR due_at > :look_at)"
        update = f"{tell}, due_at = :look_at {COUNT}"
        if self._table.update(signal.workspace_id, update, values, sooner):
            return True
        update = f"{tell}, due_at = if_not_exists(due_at, :look_at) {COUNT}"
        return self._table.update(signal.workspace_id, update, values, news)

    def due(self, now: datetime) -> list[Entry]:
        """What is due by `now`, longest overdue first. One query, empty in an idle minute."""
        return list(self._entries({":now": from_moment(now)}, "due_at <= :now"))

    def planned(self) -> list[Entry]:
        """Every WorkSpace that has a time to look: owed a rebuild, under way, or in trouble."""
        return [entry for entry in self._entries({}) if entry.id != AUDIT]

    def read(self, workspace_ids: Sequence[str]) -> list[Record]:
        """The records of these WorkSpaces, in this order; an empty one if nothing is known.

        One that cannot be read is left out, see `set_aside`.
        """
        records: dict[str, Record | None] = {id_: Record(id_) for id_ in workspace_ids}
        for item in self._table.get_all(workspace_ids):
            records[item["id"]["S"]] = record_of(item)
        return [record for record in records.values() if record is not None]

    def write(self, kept: Kept) -> Kept | None:
        """Write a record or a bundle over its predecessor; None if that has changed meanwhile."""
        written = replace(kept, version=max(0, kept.version) + 1)
        return written if self._replace(to_item(written), kept.version) else None

    def set_aside(self, workspace_id: str, look_at: datetime) -> None:
        """Put off an item that cannot be read. It needs a person from its first `look_at` on."""
        given: Item = {":look_at": from_moment(look_at), ":reason": {"S": ODD_ITEM}}
        told = {":need": {"S": Need.UNKNOWN.value}, **given}
        update = "SET due_at = :look_at, needs = :need, needs_at = :look_at, reason = :reason"
        is_new = "attribute_exists(id) AND (attribute_not_exists(reason) OR reason <> :reason)"
        if not self._table.update(workspace_id, update, told, is_new):
            self._table.update(workspace_id, "SET due_at = :look_at", given, "reason = :reason")

    def forget(self, record: Record) -> bool:
        """Drop the record of a WorkSpace that left the roster, if it is still as it was read.

        If the WorkSpace is on the roster again and something was recorded about it, it is kept. So
        is a hold until its end: the WorkSpace may return before. False if nothing was dropped.
        """
        if after(record.facts.held_until, self.clock.now()):
            rest = Record(record.workspace_id, record.facts.hold, record.version)
            return record != rest and self.write(rest) is not None
        version = {":seen": {"N": str(record.version)}}
        return self._table.delete(record.workspace_id, "version = :seen", version)

    def forget_unreadable(self, workspace_id: str) -> None:
        """Drop a record that cannot be read, of a WorkSpace that has left the roster."""
        self._table.delete(workspace_id)

    def everything(self) -> Iterator[Record]:
        """Every record that can be read: a scan, for rare questions only."""
        for item in self._table.scan():
            if item["id"]["S"].startswith("ws-") and (record := record_of(item)) is not None:
                yield record

    def bundle(self, bundle_id: str) -> Bundle:
        return bundle_of(bundle_id, self._table.get(bundle_id))

    def bundles(self, bundle_ids: Sequence[str]) -> list[Bundle]:
        """Those of these bundles that have an item, with one request for every 100."""
        return [bundle_of(item["id"]["S"], item) for item in self._table.get_all(bundle_ids)]

    def lease(self, owner: str, now: datetime, until: datetime) -> bool:
        """Take or extend the right to act; False while another owner has it."""
        return self._table.put(
            {"id": {"S": LEASE}, "held_by": {"S": owner}, "expires_at": from_moment(until)},
            "held_by = :owner OR expires_at <= :now OR NOT expires_at BETWEEN :now AND :longest",
            {
                ":now": from_moment(now),
                ":owner": {"S": owner},
                ":longest": from_moment(now + LONGEST_LEASE),
            },
        )

    def ask_audit(self, now: datetime) -> None:
        """Make an audit due now, unless one is already due or under way."""
        self._table.update(
            AUDIT,
            "SET due_at = if_not_exists(due_at, :now), "
            "completed_at = if_not_exists(completed_at, :now)",
            {":now": from_moment(now)},
        )

    def audit(self) -> Audit:
        """The audit's state. If its item cannot be read, the audit starts over."""
        with suppress(*UNREADABLE):
            return read(Audit, self._table.get(AUDIT))
        return Audit()

    def move_audit(self, position: str) -> None:
        """Record how far the audit has got, for the actor that continues it."""
        self._table.update(AUDIT, "SET seen_up_to = :position", {":position": {"S": position}})

    def end_audit(self, now: datetime, bundle_ids: Iterable[str] = ()) -> None:
        """Record that the whole roster was seen: no audit is due until one is requested again."""
        bundles = [{"S": bundle_id} for bundle_id in sorted(bundle_ids)]
        ended: Item = {"completed_at": from_moment(now), "bundle_ids": {"L": bundles}}
        self._table.put({"id": {"S": AUDIT}, **ended})

    def _entries(self, values: Item, *conditions: str) -> Iterator[Entry]:
        for item in self._table.query("due", values, *conditions):
            now = self.clock.now()
            entry = Entry(item["id"]["S"], now, None, Need.UNKNOWN, now, ODD_ITEM)
            with suppress(*UNREADABLE):
                entry = read(Entry, item)
            yield Entry(AUDIT, entry.due_at) if entry.id == AUDIT else entry

    def _replace(self, item: Item, version: int) -> bool:
        """Write an item if its predecessor has `version`; 0: if there is none, -1: in any case."""
        if version < 0:
            return self._table.put(item)
        if version == 0:
            return self._table.put(item, "attribute_not_exists(id)")
        return self._table.put(item, "version = :seen", {":seen": {"N": str(version)}})


def _is_older(attribute: str) -> str:
    """The condition that a time is news: none is stored yet, or an earlier one."""
    return f"(attribute_not_exists({attribute}) OR {attribute} < :at)"
