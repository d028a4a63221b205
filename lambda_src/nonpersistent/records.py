"""How facts are stored in DynamoDB: times as ISO 8601 in UTC, of fixed width, so that they sort."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from .canary import Bundle
from .facts import Claim, Facts, Need, Trouble

Item = Mapping[str, Any]

T = TypeVar("T")

UNREADABLE = (KeyError, ValueError, TypeError, AttributeError)
"""What reading an item may raise if this code has not written it."""

PARTS = {"claim": Claim, "failed": Claim, "trouble": Trouble}

KINDS = {
    **dict.fromkeys(("asked", "bundle_ids", "lost", "lost_to_it"), "L"),
    **dict.fromkeys(PARTS, "M"),
    **dict.fromkeys(("failures", "version"), "N"),
    **dict.fromkeys(("goes_first", "refused"), "BOOL"),
}
"""The DynamoDB types of the attributes that are not strings."""


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
        return self.look_at is not None and self.look_at <= now


def to_item(kept: Record | Bundle) -> dict[str, Any]:
    """The item of a record or a bundle. It is in the sparse index only if it has a time to look.

    The phase, and what it needs a person for, are written too, as the index shows them.
    """
    if isinstance(kept, Bundle):
        return _written({**vars(kept), "id": kept.bundle_id})
    needs, needs_at = kept.facts.needs(kept.reason) or (None, None)
    own = {"id": kept.workspace_id, "version": kept.version, "reason": kept.reason}
    shown = {"due_at": kept.look_at, "phase": kept.facts.phase}
    return _written({**vars(kept.facts), **own, **shown, "needs": needs, "needs_at": needs_at})


def record_of(item: Item) -> Record | None:
    """The record of an item; None if it cannot be read."""
    with suppress(*UNREADABLE):
        return Record(
            workspace_id=item["id"]["S"],
            facts=read(Facts, item),
            version=int(item["version"]["N"]),
            look_at=to_moment(item["due_at"]) if "due_at" in item else None,
            reason=item["reason"]["S"] if "reason" in item else None,
        )
    return None


def bundle_of(bundle_id: str, item: Item) -> Bundle:
    """The bundle of an item; if the item is empty, a bundle about which nothing is known.

    One that cannot be read is not trusted either, and is overwritten (version -1).
    """
    with suppress(*UNREADABLE):
        return read(Bundle, {**item, "bundle_id": {"S": bundle_id}})
    return Bundle(bundle_id, version=-1)


def from_moment(moment: datetime) -> dict[str, str]:
    """A time as an attribute, such as 2026-11-22T10:06:41.123Z."""
    return {"S": moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"}


def to_moment(value: Mapping[str, str]) -> datetime:
    """The reverse of from_moment. Raises one of UNREADABLE."""
    moment = datetime.fromisoformat(value["S"])
    if moment.tzinfo is None or moment.year >= 2200:
        raise ValueError(f"a time without an offset, or that cannot be: {value['S']}")
    return moment


def _written(given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the values that are neither None nor an empty tuple."""
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
            return {"M": _written(vars(value))}


def read(kind: type[T], item: Item) -> T:
    """A dataclass from the attributes that have its fields' names. Raises one of UNREADABLE."""
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
            return read(PARTS[name], value)
    if name.endswith(("_at", "since", "_until", "watched_to")):
        return to_moment(attribute)
    return Need(value) if name in ("need", "needs") else str(value)
