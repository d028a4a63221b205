"""How facts look in DynamoDB: times as ISO 8601 in UTC, of fixed width, so that they sort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from .canary import Bundle
from .facts import Claim, Facts, Need, Trouble

Item = Mapping[str, Any]

T = TypeVar("T")

UNREADABLE = (KeyError, ValueError, TypeError, AttributeError)
"""What reading an item raises that this code has not written."""

PARTS: Mapping[str, type[Claim] | type[Trouble]] = {
    "claim": Claim,
    "failed": Claim,
    "trouble": Trouble,
}


KINDS = {
    "asked": "L",
    "claim": "M",
    "failed": "M",
    "failures": "N",
    "goes_first": "BOOL",
    "lost": "L",
    "lost_to_it": "L",
    "refused": "BOOL",
    "trouble": "M",
    "version": "N",
}
"""DynamoDB's types of the attributes that are no strings."""


@dataclass(frozen=True)
class Record:
    """A WorkSpace's facts as they were read; `version` 0 means there is no item yet.

    `look_at` is when it is due for a look, `reason` why it was left as it is.
    """

    workspace_id: str
    facts: Facts = field(default_factory=Facts)
    version: int = 0
    look_at: datetime | None = None
    reason: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the planned time for a look has come."""
        return self.look_at is not None and self.look_at <= now


def to_item(record: Record) -> dict[str, Any]:
    """The item of a record. With a time to look it is in the sparse index, without not.

    What the index shows of it, the phase and what it needs a person for, is written beside.
    """
    item = _written(record.facts) | {
        "id": {"S": record.workspace_id},
        "version": {"N": str(record.version)},
        "phase": {"S": record.facts.phase.value},
    }
    if record.look_at is not None:
        item["due_at"] = from_moment(record.look_at)
    if record.reason is not None:
        item["reason"] = {"S": record.reason}
    if (needs := record.facts.needs(record.reason)) is not None:
        item |= {"needs": {"S": needs[0].value}, "needs_at": from_moment(needs[1])}
    return item


def from_item(item: Item) -> Record:
    """The record of an item. Raises one of UNREADABLE."""
    return Record(
        workspace_id=item["id"]["S"],
        facts=_read(Facts, item),
        version=int(item["version"]["N"]),
        look_at=to_moment(item["due_at"]) if "due_at" in item else None,
        reason=item["reason"]["S"] if "reason" in item else None,
    )


def bundle_to_item(bundle: Bundle) -> dict[str, Any]:
    """The item of a bundle."""
    return _written(bundle) | {"id": {"S": bundle.bundle_id}}


def bundle_from_item(bundle_id: str, item: Item) -> Bundle:
    """The bundle of an item; of an empty one, a bundle of which nothing is known.

    One that cannot be read is not trusted either, and is overwritten (version -1).
    """
    try:
        return _read(Bundle, {**item, "bundle_id": {"S": bundle_id}})
    except UNREADABLE:
        return Bundle(bundle_id, version=-1)


def from_moment(moment: datetime) -> dict[str, str]:
    """As 2026-11-22T10:06:41.123Z."""
    return {"S": moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"}


def to_moment(value: Mapping[str, str]) -> datetime:
    """The reverse of from_moment. Raises one of UNREADABLE."""
    moment = datetime.fromisoformat(value["S"])
    if moment.tzinfo is None:
        raise ValueError(f"a time without an offset: {value['S']}")
    return moment


def _written(owner: Any) -> dict[str, Any]:
    """The attributes of a dataclass that say something."""
    given = {each.name: getattr(owner, each.name) for each in fields(owner)}
    return {name: _to_attribute(value) for name, value in given.items() if value not in (None, ())}


def _to_attribute(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case datetime():
            return from_moment(value)
        case str():
            return {"S": str(value)}
        case tuple():
            return {"L": [_to_attribute(each) for each in value]}
        case _:
            return {"M": _written(value)}


def _read(kind: type[T], item: Item) -> T:
    """A dataclass from the attributes that its fields are named after."""
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: _from_attribute(name, item[name]) for name in names if name in item})


def _from_attribute(name: str, attribute: Mapping[str, Any]) -> Any:
    kind = KINDS.get(name, "S")
    value = attribute[kind]
    match kind:
        case "BOOL":
            return bool(value)
        case "N":
            return int(value)
        case "L":
            return tuple(to_moment(each) if name == "asked" else str(each["S"]) for each in value)
        case "M":
            return _read(PARTS[name], value)
    if name.endswith(("_at", "since", "_until", "_to")):
        return to_moment(attribute)
    return Need(value) if name == "need" else str(value)
