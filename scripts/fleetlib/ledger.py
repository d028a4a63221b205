"""The ledger as the function writes it: items by id, with times parsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .aws import Account, Problem

Item = Mapping[str, Any]

NOTICE_LAG = timedelta(minutes=12)
"""As in the function: how late an alarm may report a session that the rebuild itself ended."""

KEYS_PER_READ = 100
"""The most keys that one BatchGetItem call takes."""

TIMES = ("_at", "since", "_until", "watched_to")
"""The endings of the names of attributes that hold times."""

REQUIRED = {
    "claim": {"asked_at"},
    "failed": {"asked_at"},
    "trouble": {"since", "need", "reason", "needs_at"},
}
"""What the parts of a WorkSpace's item always have."""

TEXTS = (
    *("user", "bundle_id", "image_id", "hold_reason", "phase", "reason", "needs", "need"),
    *("claimed_by", "state", "address", "canary", "lost_image", "seen_up_to"),
)

KINDS = {
    **dict.fromkeys(TEXTS, "S"),
    **dict.fromkeys(("asked", "bundle_ids", "lost", "lost_to_it", "workspace_ids"), "L"),
    **dict.fromkeys(REQUIRED, "M"),
    **dict.fromkeys(("failures", "version"), "N"),
    **dict.fromkeys(("goes_first", "refused"), "BOOL"),
}
"""The DynamoDB types of the attributes that are not times. As in the function, others are ignored,
and an item with another type cannot be read."""

UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, OverflowError)
"""What decoding may raise if the function has not written the item."""


@dataclass(frozen=True)
class Ledger:
    """The roster, and all items that were read (WorkSpaces, bundles and others), by id."""

    roster: tuple[str, ...]
    items: Mapping[str, Item]


def read(account: Account) -> Ledger:
    """Read the whole ledger with one scan. Raises Problem if the table has no roster."""
    pages = account.pages("dynamodb", "scan", TableName=account.table, ConsistentRead=True)
    return _ledger(account, (item for page in pages for item in page["Items"]))


def read_some(account: Account, ids: Sequence[str]) -> Ledger:
    """Read only the roster and these items. Raises Problem if the table has no roster."""
    items: list[Item] = []
    wanted = [*dict.fromkeys(["roster", *ids])]
    keys = [{"fleet": {"S": "fleet"}, "id": {"S": id_}} for id_ in wanted]
    while keys:
        asked, keys = keys[:KEYS_PER_READ], keys[KEYS_PER_READ:]
        answer = account.client("dynamodb").batch_get_item(
            RequestItems={account.table: {"Keys": asked, "ConsistentRead": True}}
        )
        items += answer["Responses"][account.table]
        keys += answer.get("UnprocessedKeys", {}).get(account.table, {}).get("Keys", [])
    return _ledger(account, items)


def _ledger(account: Account, items: Iterable[Item]) -> Ledger:
    known = {item["id"]["S"]: _plain(item) for item in items}
    if "workspace_ids" not in known.get("roster", {}):
        raise Problem(
            f"the table {account.table} has no roster: it is not the ledger of this module, or "
            "the roster was lost; apply the module again, it writes one"
        )
    return Ledger(tuple(known["roster"]["workspace_ids"]), known)


def _plain(item: Item) -> Item:
    """Decode an item. One that cannot be read becomes an item whose phase is `unreadable`, and
    keeps only what says when it needs a person."""
    id_ = item["id"]["S"]
    with suppress(*UNREADABLE):
        known = _decoded(item)
        if id_.startswith("ws-") and "version" not in known:
            raise KeyError("version")
        return {"id": id_, **known}
    known = {"id": id_, "unreadable": True, "reason": "unreadable_item"}
    for name in ("needs", "needs_at", "due_at"):
        with suppress(*UNREADABLE):
            known |= _decoded({name: item[name]})
    return known


def _decoded(item: Item) -> dict[str, Any]:
    names = [name for name in item if name in KINDS or name.endswith(TIMES)]
    return {name: _value(name, item[name]) for name in names}


def _value(name: str, attribute: Item) -> Any:
    kind = KINDS.get(name, "S")
    value = attribute[kind]
    match kind:
        case "L":
            return [_moment(each["S"]) if name == "asked" else each["S"] for each in value]
        case "M" if not REQUIRED[name] <= value.keys():
            raise KeyError(name)
        case "M":
            return _decoded(value)
        case "N":
            return int(value)
    return value if name in KINDS else _moment(value)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.year >= 2200:
        raise ValueError(text)
    return moment.astimezone(UTC)


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of the moments that are known."""
    return max((moment for moment in moments if moment is not None), default=None)


def after(moment: datetime | None, other: datetime | None) -> bool:
    """Whether both are known and `moment` is later than `other`."""
    return moment is not None and other is not None and moment > other


def phase(item: Item) -> str:
    """The current phase of a WorkSpace; signals recorded since the last look count, too."""
    if item.get("unreadable"):
        return "unreadable"
    if "claim" in item:
        return "rebuilding"
    if "retry_at" in item:
        return "failed"
    if not _is_dirty(item):
        return "clean" if clean_at(item) else "new"
    vacant_since = item.get("vacant_since")
    seen_empty = vacant_since is not None and not after(item.get("used_at"), vacant_since)
    return "vacant" if seen_empty else "in_use"


def since(item: Item) -> datetime | None:
    """When the phase began; for `in_use`, the latest sign of use."""
    match phase(item):
        case "clean":
            return clean_at(item)
        case "rebuilding":
            asked_at: datetime = item["claim"]["asked_at"]
            return asked_at
        case "vacant":
            return item.get("owed_since") or item.get("vacant_since")
        case "in_use":
            return latest(item.get("used_at"), item.get("told_at"), item.get("wanted_at"))
        case _:
            trouble = item.get("trouble") or {}
            return trouble.get("since") or latest(*item.get("asked", ()))


def owed_for(item: Item) -> str | None:
    """Why a rebuild is owed, as the log names it; None if none is owed."""
    if phase(item) not in ("vacant", "failed"):
        return None
    if _is_wanted(item):
        return "by_hand"
    outdated_at = item.get("outdated_at")
    used_anew = after(latest(item.get("used_at"), item.get("told_at")), outdated_at)
    return "session_end" if outdated_at is None or used_anew else "roll_out"


def clean_at(item: Item) -> datetime | None:
    """When the WorkSpace was last known to owe no rebuild."""
    return latest(item.get("rebuilt_at"), item.get("baseline_at"))


def _is_dirty(item: Item) -> bool:
    used_at, told_at, wanted_at = (item.get(name) for name in ("used_at", "told_at", "wanted_at"))
    clean = clean_at(item)
    if clean is None:
        return latest(used_at, told_at, wanted_at) is not None
    settled_at = latest(clean, item.get("settled_at")) or clean
    told = after(told_at, settled_at + NOTICE_LAG)
    outdated = after(item.get("outdated_at"), clean)
    return told or after(used_at, clean) or outdated or _is_wanted(item)


def _is_wanted(item: Item) -> bool:
    wanted_at, over_at = item.get("wanted_at"), latest(clean_at(item), item.get("signed_in_at"))
    return wanted_at is not None and not after(over_at, wanted_at)
