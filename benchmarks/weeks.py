"""Weeks of 50 desktops: a calm one, a rough one, and a calm one with a bad image."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sandbox.desktop import Desktop, Outcome, Presence, Rebuild
from simulation.scenario import Scenario

from .people import BEGINS_WITHIN, CALM, ROUGH, employ
from .world import DISTURBANCES, CountedWorld

DESKTOPS = 50

PROMPT = timedelta(hours=2)
"""A session's end that no rebuild has followed for so long, though nobody came back, counts as
forgotten: the grace period, an audit, two looks and the API's rate need less."""

BAD_FROM, BAD_UNTIL = timedelta(days=2, hours=4), timedelta(days=3, hours=2)
"""When the bundle has a bad image in all but the calm week, counted from Monday 08:00."""


def week(
    kind: str,
    function: str,
    window: tuple[str, str] | None,
    desktops: int,
    days: int,
    seed: int,
    canary: bool = True,
) -> dict[str, Any]:
    """Let people live for so many days from a Monday on, and say what became of their sessions.

    `kind` is calm, rough, or image: a calm week in which the bundle has a bad image for a day.
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
    if kind != "calm" and days > BAD_UNTIL.days:
        _publish(world, began)
    world.let(timedelta(days=days))
    return _judge(world, began, felt, window)


def _publish(world: CountedWorld, began: datetime) -> None:
    """A bad image, and a good one a day later."""
    [bundle] = world.fleet.bundles
    world.agenda.at(
        began + BAD_FROM,
        lambda: world.fleet.set_image(bundle, "wsi-000000bad", world.now, bad=True),
    )
    world.agenda.at(
        began + BAD_UNTIL, lambda: world.fleet.set_image(bundle, "wsi-000mended", world.now)
    )


def _judge(
    world: CountedWorld,
    began: datetime,
    felt: Counter[str],
    window: tuple[str, str] | None,
) -> dict[str, Any]:
    bad = {image for bundle in world.fleet.bundles.values() for image in bundle.bad_images}
    found = Counter[str]()
    for desktop in world.fleet.fleet.values():
        found.update(_desktop(world, desktop, began, window))
        found["met a bad image"] += any(r.image_id in bad for r in desktop.rebuilds)
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
    world: CountedWorld, desktop: Desktop, began: datetime, window: tuple[str, str] | None
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
        elif session.end < began + BAD_UNTIL and until > began + BAD_FROM and _has_bad(world):
            found["held back by a bad image" if not inside else "spoilt by a bad image"] += 1
        elif any(session.start - BEGINS_WITHIN <= at <= until for at in world.asked[desktop.id]):
            found["asked for in vain"] += 1
        else:
            found["forgotten"] += 1
    return found


def _longest_use_ended(world: CountedWorld) -> float:
    """Minutes that the unluckiest user had been connected when a rebuild ended it."""
    minutes = [
        (rebuild.accepted_at - session.start).total_seconds() / 60
        for desktop in world.fleet.fleet.values()
        for rebuild in desktop.rebuilds
        if rebuild.presence is Presence.CONNECTED and rebuild.ends_at is not None
        for session in world.fleet.sessions[desktop.id]
        if session.start <= rebuild.accepted_at == session.end
    ]
    return max(minutes, default=0.0)


def _has_bad(world: CountedWorld) -> bool:
    return any(bundle.bad_images for bundle in world.fleet.bundles.values())


def _first_chance(ended_at: datetime, window: tuple[str, str] | None) -> datetime:
    """When the administrator allows a rebuild at the earliest; windows here cross midnight."""
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
