"""The judge of the administrator's share (P5): how many are rebuilt at once, and in which order.

What counts is what the function was told: a rebuild that AWS did not refuse is in progress until
its end was seen. After two hours and twelve minutes, it no longer counts here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .courses import ENDS_WITHIN, SHOWS_FOR
from .expressions import Item
from .faults import Fate

if TYPE_CHECKING:
    from .world import World

ROSTER_HOLDS = timedelta(minutes=3)
"""How long a batch may go by the size that the fleet had when the batch began."""

NOT_SENT = frozenset({Fate.UNREACHED, Fate.LOST, Fate.THROTTLED})
"""The fates of a call that had no effect, as the function is told."""

WAITING = frozenset({"share", "brake"})
"""The reasons of WorkSpaces that wait for others because of an administrator's setting."""


@dataclass
class _Asked:
    at: datetime
    known: bool = False
    """Whether the function knows that no rebuild followed: refused, throttled, or not sent."""


class Limits:
    """The judge of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._away: dict[str, _Asked] = {}
        self._sizes: deque[tuple[datetime, int]] = deque(maxlen=20)

    def resized(self) -> None:
        """Note the size of the roster, which has just been written."""
        self._sizes.append((self._world.agenda.now, len(self._world.roster)))

    def asked(self, workspace_id: str) -> None:
        """Judge a request for a rebuild as it is sent."""
        world, now = self._world, self._world.agenda.now
        self._never_before_sessions(workspace_id)
        percent = world.scenario.rebuilding_percent
        if percent is None:
            return
        self._away = {id_: asked for id_, asked in self._away.items() if self._counts(id_, asked)}
        self._away[workspace_id] = _Asked(now)
        most = max(1, int(self._size(now) * percent / 100))
        away = len(self._away)
        if away > most:
            what = f"{away} of {self._size(now)} are away ({', '.join(sorted(self._away))})"
            world.broken("P5", f"{what}, not {most}")
        world.oracles.counts["rebuilds within a share"] += 1

    def told(self, workspace_id: str, fate: Fate, body: dict[str, Any] | None) -> None:
        """Note what the function learns of a rebuild that it requested."""
        refused = body is not None and bool(body.get("FailedRequests"))
        asked = self._away.get(workspace_id)
        if asked is not None and (fate in NOT_SENT or refused):
            asked.known = True

    def _counts(self, id_: str, asked: _Asked) -> bool:
        world = self._world
        age = world.agenda.now - asked.at
        gone = id_ not in world.roster or id_ in world.episodes.odd
        if gone or age >= ENDS_WITHIN - 2 * world.skew:
            return False
        if is_under_way(world.table.items.get(id_, {})):
            return True
        # Until then, no look can show that it has ended, or that it never began.
        return not asked.known and age < SHOWS_FOR

    def _size(self, now: datetime) -> int:
        lately = [size for at, size in self._sizes if now - at <= ROSTER_HOLDS]
        before = [size for at, size in self._sizes if now - at > ROSTER_HOLDS][-1:]
        return max([*before, *lately])

    def _never_before_sessions(self, workspace_id: str) -> None:
        """WorkSpaces that wait for a place after a session go before those that lack an image."""
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
                world.broken("P5", what)


def is_claimed(before: Item | None, after: Item | None) -> bool:
    """Whether a write has just claimed a rebuild, which the function is about to request."""
    old, new = ((item or {}).get("claim", {}).get("M", {}) for item in (before, after))
    return old.get("asked_at") != new.get("asked_at", old.get("asked_at")) and (
        "accepted_at" not in new
    )


def is_under_way(item: Item) -> bool:
    """Whether the item has a rebuild that has not been seen to end."""
    return "claim" in item
