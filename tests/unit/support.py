"""What the unit tests share: a time that they own, facts and sights in few words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from nonpersistent.facts import Claim, Decision, Facts, Need, Trouble, Verdict
from nonpersistent.lifecycle import decide
from nonpersistent.observation import Observation
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


TOLD = Facts(baseline_at=at(-300), used_at=at(-60), told_at=NOON)
VACANT = replace(TOLD, vacant_since=at(-6), owed_since=at(-6))
"""The session ended before 11:54; the alarm came at noon: due at 12:20."""


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


CANARIES = settings(canary_after=timedelta(hours=12))


def event(name: str) -> Any:
    """One that is on file."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def fleet(size: int) -> list[str]:
    """The ids of so many WorkSpaces."""
    return [f"ws-{number:09}" for number in range(size)]


def failed(
    facts: Facts, claim: Claim, seen_at: datetime, state: str = "ERROR", **more: Any
) -> Facts:
    """`facts` after this rebuild was seen to have failed, for the first time."""
    trouble = Trouble(seen_at, Need.BLOCKED, state, seen_at + timedelta(minutes=30))
    known = replace(facts, failed=claim, asked=(claim.asked_at,), failures=1, trouble=trouble)
    return replace(known, **more)


def judge(facts: Facts, seen: Observation, **changes: Any) -> Decision:
    """What is decided at a look."""
    return decide(facts, seen, seen.looked_at, settings(**changes))


def said(decision: Decision) -> tuple[Verdict, str | None, datetime | None]:
    """The decision without its facts."""
    return decision.verdict, decision.reason, decision.look_at


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
