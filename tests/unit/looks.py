"""What the unit tests know and see of a WorkSpace, in few words, and what is decided at that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nonpersistent.facts import Claim, Decision, Facts, Need, Trouble, Verdict
from nonpersistent.lifecycle import decide
from nonpersistent.observation import Observation
from nonpersistent.settings import UserVolume
from tests.unit.support import IMAGE, NOON, at, settings

TOLD = Facts(baseline_at=at(-300), used_at=at(-60), told_at=NOON)
VACANT = replace(TOLD, vacant_since=at(-6), owed_since=at(-6))
"""The session ended before 11:54; the alarm came at noon: due at 12:20."""

CLEAN = Facts(rebuilt_at=at(-100), settled_at=at(-61), used_at=at(-160))
STUCK = Trouble(at(-9), Need.UNKNOWN, "no_row", at(81))

CLAIM = Claim(
    asked_at=NOON,
    claimed_by="an-invocation",
    state="AVAILABLE",
    address="10.0.0.1",
    image_id=IMAGE,
)


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


def failed(
    facts: Facts, claim: Claim, seen_at: datetime, state: str = "ERROR", **more: Any
) -> Facts:
    """`facts` after this rebuild was seen to have failed, for the first time."""
    trouble = Trouble(seen_at, Need.BLOCKED, state, seen_at + timedelta(minutes=30))
    known = replace(facts, failed=claim, asked=(claim.asked_at,), failures=1, trouble=trouble)
    return replace(known, **more)


FAILED = failed(
    replace(VACANT, used_at=at(-260), told_at=at(-240), vacant_since=at(-246), owed_since=at(-246)),
    Claim(asked_at=at(-200), bad_since=at(-160)),
    at(-150),
    retry_at=at(-30),
)


def judge(facts: Facts, seen: Observation, **changes: Any) -> Decision:
    """What is decided at a look."""
    return decide(facts, seen, seen.looked_at, settings(**changes))


def keep(facts: Facts, seen: Observation) -> Decision:
    """The same where the user volume is kept."""
    return judge(facts, seen, user_volume=UserVolume.KEEP)


def said(decision: Decision) -> tuple[Verdict, str | None, datetime | None]:
    """The decision without its facts."""
    return decision.verdict, decision.reason, decision.look_at
