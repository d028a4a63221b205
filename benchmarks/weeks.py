"""Weeks of 50 desktops: a calm one, a rough one, and calm ones in which rebuilds end badly."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sandbox.course import Outcome, Rebuild
from sandbox.desktop import Bundle, Desktop
from sandbox.states import Presence, State
from simulation.scenario import Scenario

from .people import BEGINS_WITHIN, CALM, ROUGH, employ
from .world import DISTURBANCES, CountedWorld

DESKTOPS = 50

PROMPT = timedelta(hours=2)
"""A session's end counts as forgotten if no rebuild has followed for this long and nobody came
back: the grace period, an audit, two looks and the API's rate take less."""

BAD_FROM, BAD_UNTIL = timedelta(days=2, hours=4), timedelta(days=3, hours=2)
"""From when until when rebuilds end badly in all but the calm week, from Monday 08:00."""


def week(
    kind: str,
    function: str,
    window: tuple[str, str] | None,
    desktops: int,
    days: int,
    seed: int,
    canary: bool = True,
) -> dict[str, Any]:
    """Let people work for so many days from a Monday on, and count what became of their sessions.

    `kind` is calm, rough (with faults, and a bad image for a day), image (calm, with a bad image
    for a day), or key (calm, with the KMS key of the volumes disabled for a day).
    """
    rough = kind == "rough"
    scenario = Scenario(
        seed,
        desktops,
        faults=DISTURBANCES if rough else {},
        window=window,
        canary_after=12.0 if canary else None,
    )
    world = CountedWorld(scenario, function)
    world.begin()
    felt = employ(world, days, ROUGH if rough else CALM)
    world.trouble.begin()
    began = world.now
    if ruined := kind != "calm" and days > BAD_UNTIL.days:
        _ruin(world, began, kind)
    world.let(timedelta(days=days))
    bad = _Bad(world, began, kind) if ruined else None
    return _judge(world, felt, window, bad)


def _ruin(world: CountedWorld, began: datetime, kind: str) -> None:
    """Schedule when rebuilds begin to end badly, and when they end well again: a day later."""
    [bundle] = world.fleet.bundles.values()

    def publish(image: str, bad: bool) -> None:
        world.fleet.set_image(bundle.id, image, world.now, bad=bad)

    if kind == "key":
        world.agenda.at(began + BAD_FROM, lambda: _end_in(bundle, State.ERROR))
        world.agenda.at(began + BAD_UNTIL, lambda: _end_in(bundle, None))
    else:
        world.agenda.at(began + BAD_FROM, lambda: publish("wsi-000000bad", True))
        world.agenda.at(began + BAD_UNTIL, lambda: publish("wsi-000mended", False))


def _end_in(bundle: Bundle, state: State | None) -> None:
    bundle.spoiled = state


class _Bad:
    """The day on which rebuilds ended badly, in retrospect."""

    def __init__(self, world: CountedWorld, began: datetime, kind: str) -> None:
        self._is_key = kind == "key"
        [self._bundle] = world.fleet.bundles.values()
        self._from, self._until = began + BAD_FROM, began + BAD_UNTIL
        tried = [r for d in world.fleet.fleet.values() for r in d.rebuilds if self._ended(r)]
        self.known_until = min((r.finished_at for r in tried if r.finished_at), default=world.now)
        """When the function can know that rebuilds end well again: when the first one since then,
        the canary's, has ended."""

    def _ended(self, rebuild: Rebuild) -> bool:
        return rebuild.accepted_at >= self._until and rebuild.outcome is Outcome.SUCCEEDS

    def meets(self, ended_at: datetime, until: datetime) -> bool:
        """Whether it affects a session that ended at `ended_at`, with no other before `until`."""
        return ended_at < self.known_until and until > self._from

    def reached(self, desktop: Desktop) -> bool:
        """Whether a rebuild of that day ruined a desktop."""
        if not self._is_key:
            return any(r.image_id in self._bundle.bad_images for r in desktop.rebuilds)
        on_that_day = (r for r in desktop.rebuilds if self._from <= r.accepted_at < self._until)
        return any(r.outcome is Outcome.FAILS for r in on_that_day)


def _judge(
    world: CountedWorld, felt: Counter[str], window: tuple[str, str] | None, bad: _Bad | None
) -> dict[str, Any]:
    found = Counter[str]()
    for desktop in world.fleet.fleet.values():
        found.update(_desktop(world, desktop, window, bad))
        found["reached by the cause"] += bad is not None and bad.reached(desktop)
    return {
        "rebuilds": len(world.rebuilt),
        **found,
        **felt,
        "minutes of use that a rebuild ended": _longest_use_ended(world),
        "minutes locked out": felt["seconds locked out"] // 60,
        "workspaces calls": world.meter.workspaces_calls,
        "calls by purpose": dict(sorted(world.meter.purposes.items())),
        "calls per rebuild": world.meter.workspaces_calls / max(1, len(world.rebuilt)),
        "peak rate": world.meter.peak(),
    }


def _desktop(
    world: CountedWorld, desktop: Desktop, window: tuple[str, str] | None, bad: _Bad | None
) -> Counter[str]:
    """What became of each session's end of one desktop."""
    found = Counter[str]()
    sessions = world.fleet.sessions[desktop.id]
    rebuilds = desktop.rebuilds
    found["rebuilt while in use"] = sum(r.presence is Presence.CONNECTED for r in rebuilds)
    starts = [session.start for session in sessions[1:]] + [world.now]
    found["rebuilt twice"] = _twice(rebuilds[:], [s.start for s in sessions])
    for session, until in zip(sessions, starts, strict=True):
        if session.end is None:
            continue
        found["session ends"] += 1
        inside = [r for r in rebuilds if session.end <= r.accepted_at <= until]
        if any(r.outcome is Outcome.SUCCEEDS for r in inside):
            found["rebuilt"] += 1
        elif until - _first_chance(session.end, window) < PROMPT:
            found["came back first"] += 1
        elif bad is not None and bad.meets(session.end, until):
            found["held back by the cause" if not inside else "ruined by the cause"] += 1
        elif any(session.start - BEGINS_WITHIN <= at <= until for at in world.asked[desktop.id]):
            found["asked for in vain"] += 1
        else:
            found["forgotten"] += 1
    return found


def _longest_use_ended(world: CountedWorld) -> float:
    """The longest time, in minutes, that a user had been connected when a rebuild hit."""
    minutes = [
        (rebuild.accepted_at - session.start).total_seconds() / 60
        for desktop in world.fleet.fleet.values()
        for rebuild in desktop.rebuilds
        if rebuild.presence is Presence.CONNECTED
        for session in world.fleet.sessions[desktop.id]
        if session.start <= rebuild.accepted_at <= (session.end or world.now)
    ]
    return max(minutes, default=0.0)


def _first_chance(ended_at: datetime, window: tuple[str, str] | None) -> datetime:
    """When the window first allows a rebuild after `ended_at`; windows here cross midnight."""
    if window is None:
        return ended_at
    start, end = window
    clock = ended_at.strftime("%H:%M")
    if clock >= start or clock < end:
        return ended_at
    hour, minute = map(int, start.split(":"))
    return ended_at.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _twice(rebuilds: list[Rebuild], starts: list[datetime]) -> int:
    """Rebuilds that followed a successful one although nobody had signed in since."""
    return sum(
        before.outcome is Outcome.SUCCEEDS
        and not any(before.accepted_at < start <= after.accepted_at for start in starts)
        for before, after in pairwise(rebuilds)
    )
