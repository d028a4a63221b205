"""What the unit tests share: a time that they own, facts and sights in few words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from nonpersistent.observation import Observation
from nonpersistent.settings import Settings
from nonpersistent.signals import Kind, Origin, Signal

ORIGIN = Origin(region="us-east-1", account="123456789012")
WS, OTHER = "ws-0a1b2c3d4", "ws-9z8y7x6w5"
BUNDLE = "wsb-0a1b2c3d4"
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


def sight(looked_at: datetime, **details: Any) -> Observation:
    """What an available WorkSpace with no connection row looks like, and details."""
    return replace(Observation(looked_at, state="AVAILABLE"), **details)


def empty(looked_at: datetime, checked_at: datetime | None = None, **details: Any) -> Observation:
    """Nobody was connected when the sample was taken, a minute before the look unless told."""
    checked_at = checked_at or looked_at - timedelta(minutes=1)
    return sight(looked_at, connection="DISCONNECTED", checked_at=checked_at, **details)


def busy(looked_at: datetime, checked_at: datetime | None = None, **details: Any) -> Observation:
    """Somebody was."""
    checked_at = checked_at or looked_at - timedelta(minutes=1)
    return sight(looked_at, connection="CONNECTED", checked_at=checked_at, **details)


def session_end(moment: datetime, workspace_id: str = WS) -> Signal:
    """An alarm's."""
    return Signal(Kind.SESSION_END, workspace_id, moment)


def sign_in(moment: datetime, workspace_id: str = WS) -> Signal:
    """A user's."""
    return Signal(Kind.SIGN_IN, workspace_id, moment)
