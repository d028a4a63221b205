"""fleet rebuild, hold, release, audit: tasks for the function, and what becomes of them.

The function is invoked asynchronously, as its pass may take 15 minutes. The ledger shows that a
request has arrived.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .aws import Account, Problem
from .ledger import Item, Ledger, after, phase, read_some
from .output import minute

WORKSPACE_ID = re.compile(r"ws-[0-9a-z]{8,63}", re.ASCII)
"""The pattern of a WorkSpace id in the WorkSpaces API model."""

MARKS = {"rebuild": "wanted_at", "hold": "held_at", "release": "held_at"}
"""The time in the ledger that each request changes."""

ARRIVES_WITHIN = 90.0
"""Seconds within which a request has to be in the ledger."""

AUDIT_ENDS_WITHIN = 3600.0
"""Seconds within which an audit ends that has begun: the largest fleet takes minutes."""

POLL_SECONDS = 5.0


def ask(account: Account, task: str, ids: Sequence[str], **given: Any) -> Ledger:
    """Send a request to the function; return the ledger once it is recorded for all of `ids`, but
    for items that can no longer be read.

    Raises Problem if one of them is not on the roster or its item cannot be read (then nothing is
    requested), or if the request is not recorded within ARRIVES_WITHIN.
    """
    before = read_some(account, ids)
    if strangers := [id_ for id_ in ids if id_ not in before.roster]:
        raise Problem(
            f"not in workspace_ids of {account.name}: {' '.join(strangers)}; nothing was requested"
        )
    if odd := _unreadable(before, ids):
        raise Problem(
            f"items that were changed by hand and cannot be read: {' '.join(odd)}; delete them "
            f"from the table {account.table}, then ask again; nothing was requested"
        )
    # AWS refuses requests from a machine whose clock is off by more than five minutes.
    asked_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    account.invoke({"task": task, "workspace_ids": list(ids), "asked_at": asked_at, **given})
    mark = MARKS[task]

    def arrived(ledger: Ledger) -> bool:
        known, now = before.items, ledger.items
        left = set(ids) - set(_unreadable(ledger, ids))
        return all(now.get(id_, {}).get(mark) != known.get(id_, {}).get(mark) for id_ in left)

    return _until(account, ids, arrived, ARRIVES_WITHIN)


def refuse_shorter(account: Account, ids: Sequence[str], hours: float) -> None:
    """Raise Problem if a WorkSpace is held for longer than `hours` from now: a new hold takes the
    place of the old one."""
    until, items = datetime.now(UTC) + timedelta(hours=hours), read_some(account, ids).items
    longer = [
        f"{id_} until {minute(items[id_]['held_until'])} ({items[id_].get('hold_reason')!r})"
        for id_ in ids
        if after(items.get(id_, {}).get("held_until"), until)
    ]
    if longer:
        raise Problem(f"already held for longer: {', '.join(longer)}; --replace shortens it")


@dataclass(frozen=True)
class Audit:
    """An audit that was requested; `completed_at` is None if nobody waited for its end."""

    asked_at: datetime
    completed_at: datetime | None = None

    def text(self) -> str:
        """What is shown without --json or --csv."""
        if self.completed_at is None:
            return "An audit was requested. A large fleet takes minutes; then see fleet status."
        return f"An audit was completed at {minute(self.completed_at)}."


def ask_audit(account: Account, wait: bool) -> Audit:
    """Request an audit; if `wait`, return only when an audit has been completed. Raises Problem if
    it does not begin within ARRIVES_WITHIN, or end within AUDIT_ENDS_WITHIN."""
    before = read_some(account, ["audit"]).items.get("audit", {}).get("completed_at")
    asked_at = datetime.now(UTC)
    account.invoke({"task": "audit"})
    if not wait:
        return Audit(asked_at)

    def begun(ledger: Ledger) -> bool:
        return "due_at" in ledger.items.get("audit", {}) or ended(ledger)

    def ended(ledger: Ledger) -> bool:
        audit = ledger.items.get("audit", {})
        # The first request sets completed_at, too: the alarm for missed audits counts from then.
        return "due_at" not in audit and audit.get("completed_at") not in (None, before)

    _until(account, ["audit"], begun, ARRIVES_WITHIN)
    ledger = _until(account, ["audit"], ended, AUDIT_ENDS_WITHIN)
    return Audit(asked_at, ledger.items["audit"]["completed_at"])


def follow(
    account: Account, asked: Ledger, ids: Sequence[str], told: Callable[[str], None]
) -> bool:
    """Report each step of the rebuilds of `ids`, beginning with the ledger that `ask` returned,
    until all have ended; True if all ended well."""
    ledger, left = asked, list(ids)
    shown: dict[str, tuple[str | None, ...]] = {}
    ends: dict[str, str] = {}
    while True:
        for id_ in left:
            item = ledger.items.get(id_, {})
            end = outcome(item, asked.items[id_].get("wanted_at"), id_ in ledger.roster)
            step = (end or phase(item), item.get("reason"))
            if shown.get(id_) != step:
                shown[id_] = step
                time_now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
                told("  ".join([time_now, id_, *filter(None, step)]))
            if end:
                ends[id_] = end
        left = [id_ for id_ in ids if id_ not in ends]
        if not left:
            return set(ends.values()) == {"rebuilt"}
        time.sleep(POLL_SECONDS)
        ledger = read_some(account, left)


def outcome(item: Item, wanted_at: datetime | None, on_roster: bool) -> str | None:
    """How the rebuild requested at `wanted_at` has ended; None if it has not."""
    if not on_roster:
        return "no longer in workspace_ids"
    if phase(item) == "unreadable":
        return "unreadable: delete its item, then ask again"
    if after(item.get("rebuilt_at"), wanted_at) and phase(item) != "rebuilding":
        return "rebuilt"
    asked = item.get("asked") or ()
    if phase(item) == "failed" and asked and not after(wanted_at, asked[0]):
        return "failed"
    if phase(item) == "vacant" and "due_at" not in item:
        return "not rebuilt: dry_run is true"
    return None


def _unreadable(ledger: Ledger, ids: Sequence[str]) -> list[str]:
    return [id_ for id_ in ids if phase(ledger.items.get(id_, {})) == "unreadable"]


def _until(
    account: Account, ids: Sequence[str], done: Callable[[Ledger], bool], seconds: float
) -> Ledger:
    """Read the ledger until it is `done`. Raises Problem after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.5
    while not done(ledger := read_some(account, ids)):
        if time.monotonic() > deadline:
            raise Problem(
                "the function has not done that yet; check that it runs "
                "(docs/operations.md, silent and errors), then repeat the request: that is harmless"
            )
        time.sleep(pause)
        pause = min(2 * pause, POLL_SECONDS)
    return ledger
