"""The ledger: what is known of each WorkSpace, in one DynamoDB table.

Signals are recorded by updates that only let times grow, so they commute and may be repeated.
The actor's writes are conditional on the version it has read: whatever was recorded meanwhile
makes them fail, and the WorkSpace is looked at again.

Items, by `id`: a WorkSpace (its facts), a bundle (its images' proof), "roster" (written by
Terraform), "audit", "lease".
An item with a time to look carries `due_at`, the key of the sparse index `due`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .clock import Clock
from .facts import Facts
from .images import Proof
from .records import (
    Item,
    Record,
    from_item,
    from_moment,
    proof_from_item,
    proof_to_item,
    to_item,
    to_moment,
)
from .signals import Kind, Signal
from .table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROSTER, AUDIT, LEASE = "roster", "audit", "lease"


class NoRoster(LookupError):
    """The item that says which WorkSpaces may be touched is not there; an empty one is."""


@dataclass(frozen=True)
class Due:
    """Something whose time has come: a WorkSpace id, or the audit."""

    id: str
    due_at: datetime


class Ledger:
    """Reads and writes the table. Raises botocore's errors: an event that fails is retried."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._table = Table(client, table, clock)

    def roster(self) -> frozenset[str]:
        """The WorkSpaces that may be touched at all, as Terraform wrote them last (P4).

        Raises NoRoster: without it nobody knows who was taken off, and whose debts may be dropped.
        """
        item = self._table.get(ROSTER)
        if "workspace_ids" not in item:
            raise NoRoster("the ledger has no roster; apply the module again, it writes one")
        return frozenset(entry["S"] for entry in item["workspace_ids"]["L"])

    def record(self, signal: Signal, look_at: datetime) -> bool:
        """Keep what a signal says; False if something as late was known already.

        A session end is also queued for a look at `look_at`. It may bring a planned look forward
        but never put it off: no stream of messages can postpone a rebuild.
        """
        attribute = "told_at" if signal.kind is Kind.SESSION_END else "used_at"
        news = f"(attribute_not_exists({attribute}) OR {attribute} < :at)"
        values: dict[str, Any] = {":at": from_moment(signal.at), ":one": {"N": "1"}}
        if signal.kind is Kind.SESSION_END:
            values[":look_at"] = from_moment(look_at)
            tell = "SET told_at = :at, due_at = {} ADD version :one"
            sooner = f"{news} AND (attribute_not_exists(due_at) OR due_at > :look_at)"
            if self._table.update(signal.workspace_id, tell.format(":look_at"), values, sooner):
                return True
            update = tell.format("if_not_exists(due_at, :look_at)")
        else:
            update = "SET used_at = :at ADD version :one"
        return self._table.update(signal.workspace_id, update, values, news)

    def due(self, now: datetime) -> list[Due]:
        """What is due by `now`, longest first. One query, empty in an idle minute."""
        found = self._table.query("due", "due_at <= :now", {":now": from_moment(now)})
        return [Due(item["id"]["S"], to_moment(item["due_at"])) for item in found]

    def read(self, workspace_ids: Sequence[str]) -> list[Record]:
        """The records of these WorkSpaces, in their order; an empty one where nothing is known."""
        records = {id_: Record(id_) for id_ in workspace_ids}
        for item in self._table.get_all(workspace_ids):
            record = from_item(item)
            records[record.workspace_id] = record
        return list(records.values())

    def write(
        self,
        seen: Record,
        facts: Facts,
        look_at: datetime | None,
        waits_for: str | None = None,
    ) -> Record | None:
        """Put `facts` in the place of what `seen` said; None if somebody wrote in between."""
        record = Record(seen.workspace_id, facts, seen.version + 1, look_at, waits_for)
        return record if self._replace(to_item(record), seen.version) else None

    def forget(self, workspace_id: str) -> None:
        """Drop the record of a WorkSpace that is no longer on the roster."""
        self._table.delete(workspace_id)

    def everything(self) -> Iterator[Record]:
        """The record of every WorkSpace that has one: a scan, for rare questions only."""
        for item in self._table.scan():
            if item["id"]["S"].startswith("ws-"):
                yield from_item(item)

    def proof(self, bundle_id: str) -> Proof:
        """What is known of a bundle's images (P7)."""
        return proof_from_item(bundle_id, self._table.get(bundle_id))

    def write_proof(self, proof: Proof) -> bool:
        """Put `proof` in the place of what it was made from; False if somebody wrote in between."""
        item = proof_to_item(replace(proof, version=proof.version + 1))
        return self._replace(item, proof.version)

    def lease(self, owner: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the right to act; False while another owner has it."""
        return self._table.put(
            {"id": {"S": LEASE}, "held_by": {"S": owner}, "expires_at": from_moment(until)},
            "attribute_not_exists(id) OR expires_at <= :now OR held_by = :owner",
            {":now": from_moment(now), ":owner": {"S": owner}},
        )

    def ask_audit(self, now: datetime) -> None:
        """An audit is due now, unless one is due or under way already."""
        self._table.update(
            AUDIT, "SET due_at = if_not_exists(due_at, :now)", {":now": from_moment(now)}
        )

    def audit_position(self) -> str:
        """The last WorkSpace that the audit under way has seen; empty at its beginning."""
        return str(self._table.get(AUDIT).get("seen_up_to", {}).get("S", ""))

    def move_audit(self, position: str) -> None:
        """Remember how far the audit has come, for whoever goes on with it."""
        self._table.update(AUDIT, "SET seen_up_to = :position", {":position": {"S": position}})

    def end_audit(self) -> None:
        """The whole roster was seen: no audit is due until the next one is asked for."""
        self._table.put({"id": {"S": AUDIT}}, "attribute_exists(id)")

    def _replace(self, item: Item, version: int) -> bool:
        """Write an item whose predecessor had `version`; 0 means that there was none."""
        if not version:
            return self._table.put(item, "attribute_not_exists(id)")
        return self._table.put(item, "version = :seen", {":seen": {"N": str(version)}})
