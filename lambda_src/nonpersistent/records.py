"""How facts look in DynamoDB: times as ISO 8601 in UTC, of fixed width, so that they sort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from .facts import Facts
from .images import Proof

Item = Mapping[str, Any]

_TIMES = tuple(each.name for each in fields(Facts) if each.name.endswith(("_at", "_since")))


@dataclass(frozen=True)
class Record:
    """A WorkSpace's facts as they were read; `version` 0 means there is no item yet.

    `look_at` is when it is due for a look, `waits_for` what puts off a rebuild that was decided.
    """

    workspace_id: str
    facts: Facts = field(default_factory=Facts)
    version: int = 0
    look_at: datetime | None = None
    waits_for: str | None = None


def to_item(record: Record) -> dict[str, Any]:
    """The item of a record. With a time to look it is in the sparse index, without not."""
    facts = record.facts
    item: dict[str, Any] = {
        "id": {"S": record.workspace_id},
        "version": {"N": str(record.version)},
        "attempts": {"N": str(facts.attempts)},
        "begun": {"BOOL": facts.begun},
        "proving": {"BOOL": facts.proving},
    }
    for name in _TIMES:
        if (moment := getattr(facts, name)) is not None:
            item[name] = from_moment(moment)
    item |= _texts(facts, ("address", "bundle_id", "reason")) | _texts(record, ("waits_for",))
    if record.look_at is not None:
        item["due_at"] = from_moment(record.look_at)
    return item


def from_item(item: Item) -> Record:
    """The record of an item."""
    facts = Facts(
        **{name: to_moment(item[name]) for name in _TIMES if name in item},
        address=item.get("address", {}).get("S"),
        bundle_id=item.get("bundle_id", {}).get("S"),
        reason=item.get("reason", {}).get("S"),
        begun=bool(item.get("begun", {}).get("BOOL")),
        proving=bool(item.get("proving", {}).get("BOOL")),
        attempts=int(item.get("attempts", {}).get("N", 0)),
    )
    return Record(
        workspace_id=item["id"]["S"],
        facts=facts,
        version=int(item["version"]["N"]),
        look_at=to_moment(item["due_at"]) if "due_at" in item else None,
        waits_for=item.get("waits_for", {}).get("S"),
    )


def proof_to_item(proof: Proof) -> dict[str, Any]:
    """The item of a bundle's proof."""
    return {
        "id": {"S": proof.bundle_id},
        "version": {"N": str(proof.version)},
        "earlier": {"L": [{"S": image} for image in proof.earlier]},
        "trials": {"M": {image: {"S": on} for image, on in proof.trials.items()}},
        "failed": {"L": [{"S": " ".join(pair)} for pair in proof.failed]},
        **_texts(proof, ("proven",)),
    }


def proof_from_item(bundle_id: str, item: Item) -> Proof:
    """The proof of a bundle; an empty one of an empty item."""
    trials = item.get("trials", {}).get("M", {})
    pairs = (pair.partition(" ") for pair in _list(item, "failed"))
    return Proof(
        bundle_id,
        proven=item.get("proven", {}).get("S"),
        earlier=tuple(_list(item, "earlier")),
        trials={image: on["S"] for image, on in trials.items()},
        failed=tuple((image, workspace_id) for image, _, workspace_id in pairs),
        version=int(item.get("version", {}).get("N", 0)),
    )


def _list(item: Item, name: str) -> list[str]:
    return [each["S"] for each in item.get(name, {}).get("L", ())]


def _texts(owner: object, names: Iterable[str]) -> dict[str, Any]:
    """The attributes of `owner` that are not None."""
    given = {name: getattr(owner, name) for name in names}
    return {name: {"S": text} for name, text in given.items() if text is not None}


def from_moment(moment: datetime) -> dict[str, str]:
    """As 2026-11-22T10:06:41.123Z."""
    return {"S": moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"}


def to_moment(value: Mapping[str, str]) -> datetime:
    """The reverse of from_moment."""
    return datetime.fromisoformat(value["S"])
