"""One WorkSpace and what is known of it, for the tests of fleet-status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from nonpersistent.facts import Facts
from nonpersistent.images import Proof
from nonpersistent.records import Record

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WS, OTHER, BUNDLE, IMAGE = "ws-0a1b2c3d4", "ws-9z8y7x6w5", "wsb-0a1b2c3d4", "wsi-0a1b2c3d4"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def record(look_at: datetime | None = None, waits_for: str | None = None, **facts: Any) -> Record:
    return Record(WS, Facts(**facts), 1, look_at, waits_for)


VACANT: dict[str, Any] = {"used_at": at(-40), "vacant_since": at(-30)}
PROOF = Proof(BUNDLE, proven="wsi-old")
