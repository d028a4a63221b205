"""P5 by the administrator's share: how many WorkSpaces are away at once, and who goes before whom.

What counts is what the function was told: a rebuild that AWS did not refuse goes on until its end
was seen. One that takes longer than two hours and twelve minutes is somebody else's business.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .expressions import Item
from .faults import Fate

if TYPE_CHECKING:
    from .world import World

COUNTS_FOR = timedelta(hours=2, minutes=12)

NONE_IS_SHORTER = timedelta(minutes=9)
"""A rebuild that began takes longer: until then nobody can have seen its end, nor that none was."""

ROSTER_HOLDS = timedelta(minutes=3)
"""A batch is worked off with the size of the fleet at its beginning."""

NOT_SENT = frozenset({Fate.UNREACHED, Fate.LOST, Fate.THROTTLED})
"""Nothing has happened, and the function is told so."""

WAITING = frozenset({"share", "brake"})
"""Reasons of those who wait for others by the administrator's choice."""


@dataclass
class _Asked:
    at: datetime
    known: bool = False
    """Whether AWS's answer was heard, or that the call was not sent."""


class Limits:
    """The judge of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._away: dict[str, _Asked] = {}
        self._sizes: deque[tuple[datetime, int]] = deque(maxlen=20)

    def resized(self) -> None:
        """The roster has been written."""
        self._sizes.append((self._world.agenda.now, len(self._world.roster)))

    def asked(self, workspace_id: str) -> None:
        """A rebuild is being asked for."""
        world, now = self._world, self._world.agenda.now
        self._never_before_sessions(workspace_id, now)
        percent = world.scenario.rebuilding_percent
        if percent is None:
            return
        self._away = {id_: asked for id_, asked in self._away.items() if self._counts(id_, asked)}
        self._away[workspace_id] = _Asked(now)
        most = max(1, int(self._size(now) * percent / 100))
        away = len(self._away)
        if away > most:
            what = f"{away} of {self._size(now)} are away ({', '.join(sorted(self._away))})"
            world.oracles.violated("P5", now, f"{what}, not {most}")
        world.oracles.counts["rebuilds within a share"] += 1

    def told(self, workspace_id: str, fate: Fate, body: dict[str, Any] | None) -> None:
        """What the function hears of a rebuild that it asked for."""
        refused = body is not None and bool(body.get("FailedRequests"))
        asked = self._away.get(workspace_id)
        if asked is not None and (fate in NOT_SENT or refused):
            asked.known = True

    def _counts(self, id_: str, asked: _Asked) -> bool:
        world = self._world
        age = world.agenda.now - asked.at
        gone = id_ not in world.roster or id_ in world.episodes.odd
        if gone or age >= COUNTS_FOR - 2 * world.skew:
            return False
        if is_under_way(world.table.items.get(id_, {})):
            return True
        return not asked.known and age < NONE_IS_SHORTER

    def _size(self, now: datetime) -> int:
        lately = [size for at, size in self._sizes if now - at <= ROSTER_HOLDS]
        before = [size for at, size in self._sizes if now - at > ROSTER_HOLDS][-1:]
        return max([*before, *lately])

    def _never_before_sessions(self, workspace_id: str, now: datetime) -> None:
        """Whose session ended, and who waits for a place, comes before whoever lacks an image."""
        world = self._world
        scenario = world.scenario
        if scenario.brake is None and scenario.rebuilding_percent is None:
            return
        is_outdated = "outdated_at" in world.table.items.get(workspace_id, {})
        if not is_outdated or world.administrators.is_wanted(workspace_id):
            return
        world.oracles.counts["roll-outs within limits"] += 1
        for id_ in world.roster - world.episodes.odd:
            item = world.table.items.get(id_, {})
            waits = item.get("reason", {}).get("S") in WAITING and "outdated_at" not in item
            if waits and item.get("phase", {}).get("S") == "vacant":
                what = f"{workspace_id} gets an image before {id_}, whose session ended"
                world.oracles.violated("P5", now, what)


def is_claimed(before: Item | None, after: Item | None) -> bool:
    """Whether the function has just said that it will ask for a rebuild."""
    old, new = ((item or {}).get("claim", {}).get("M", {}) for item in (before, after))
    return old.get("asked_at") != new.get("asked_at", old.get("asked_at")) and (
        "accepted_at" not in new
    )


def is_under_way(item: Item) -> bool:
    """Whether a rebuild has not been seen to end."""
    return "claim" in item
