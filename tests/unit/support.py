"""What the unit tests share: a time that they own, names, settings, signals, a record."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from nonpersistent.ledger import Ledger
from nonpersistent.records import Record
from nonpersistent.settings import Settings, Window
from nonpersistent.signals import Kind, Origin, Signal

ORIGIN = Origin(region="us-east-1", account="123456789012")
WS, OTHER = "ws-0a1b2c3d4", "ws-9z8y7x6w5"
BUNDLE = "wsb-0a1b2c3d4"
IMAGE, NEWER = "wsi-first0001", "wsi-second002"
EVENTS = Path(__file__).parents[1] / "fixtures" / "events"
NIGHTS = Window(time(19), time(6), "UTC")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(minutes: float = 0, seconds: float = 0) -> datetime:
    """So long after noon; the tests' day has no other clock."""
    return NOON + timedelta(minutes=minutes, seconds=seconds)


class Timeline:
    """A test's own time: it passes when somebody sleeps, and jumps when the test says so."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []
        """In seconds."""

    def pause(self, seconds: float) -> None:
        """Let the time pass, without waiting for it."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def settings(**changes: Any) -> Settings:
    """The defaults of the module, without canaries unless asked for."""
    given: dict[str, Any] = {"fleet": "desks", "ledger_table": "ledger", "canary_after": None}
    return Settings(**given | changes)


DEFAULTS = settings()


def event(name: str) -> Any:
    """One that is on file."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def fleet(size: int) -> list[str]:
    """The ids of so many WorkSpaces."""
    return [f"ws-{number:09}" for number in range(size)]


def session_end(moment: datetime, workspace_id: str = WS) -> Signal:
    """An alarm's."""
    return Signal(Kind.SESSION_END, workspace_id, moment)


def sign_in(moment: datetime, workspace_id: str = WS) -> Signal:
    """A user's."""
    return Signal(Kind.SIGN_IN, workspace_id, moment)


def only(ledger: Ledger, workspace_id: str = WS) -> Record:
    """The record of a WorkSpace."""
    [record] = ledger.read([workspace_id])
    return record
