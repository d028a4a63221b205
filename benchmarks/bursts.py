"""Many sessions that end in the same second, against the WorkSpaces API's 2 calls a second."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.desktop import Desktop
from simulation.scenario import Scenario

from .world import OURS, CountedWorld

CLASS = timedelta(hours=1)
"""How long everybody is connected before everybody leaves."""

LONGEST = timedelta(hours=4)
"""Of waiting for rebuilds, besides the time that the API's rate needs."""


def burst(function: str, desktops: int, seed: int) -> dict[str, Any]:
    """Everybody leaves at once: who is rebuilt, how fast, for how many calls."""
    world = CountedWorld(Scenario(seed, desktops), function)
    world.begin()
    world.let(timedelta(minutes=10, seconds=desktops))
    for id_ in world.fleet.fleet:
        world.fleet.sign_in(id_, world.now)
        world.fleet.connected(id_, world.now)
    world.fleet.collect()
    world.let(CLASS)
    world.meter.reset()
    for id_ in world.fleet.fleet:
        world.fleet.sign_out(id_, world.now)
        world.fleet.disconnected(id_, world.now)
    world.told()
    pauses = _watch_for_pauses(world)
    return _drain(world, desktops, pauses)


def _watch_for_pauses(world: CountedWorld) -> list[float]:
    """Collects the seconds after a rebuild in which no other debt had fallen due yet."""
    pauses: list[float] = []
    left = set(world.fleet.fleet)

    def rebuilt(desktop: Desktop) -> None:
        left.discard(desktop.id)
        due = [world.table.items[id_].get("due_at") for id_ in left if id_ in world.table.items]
        soonest = min((moment["S"] for moment in due if moment), default=None)
        if soonest is not None:
            ahead = datetime.fromisoformat(soonest) - world.now
            pauses.append(max(0.0, ahead.total_seconds()))

    if world.function == OURS:
        world.on_rebuild = rebuilt
    return pauses


def _drain(world: CountedWorld, desktops: int, pauses: list[float]) -> dict[str, Any]:
    meter, ended_at = world.meter, world.now
    limit = desktops / world.scenario.rate
    deadline = world.now + LONGEST + 2 * timedelta(seconds=limit)
    while world.now < deadline and len(_done(world)) < desktops:
        world.let(timedelta(seconds=5))
    done, of_audits = _done(world), meter.of_audits["workspaces"]
    first, last = min(done.values()), max(done.values())
    span = (last - first).total_seconds()
    drained = span - sum(pauses)
    before = [at for at in meter.sent_at if at <= last.timestamp()]
    found: dict[str, Any] = {
        "desktops": desktops,
        "rebuilt": len(done),
        "share rebuilt": len(done) / desktops,
        "accepted": len(world.rebuilt),
        "seconds from session end to first rebuild": (first - ended_at).total_seconds(),
        "seconds from first to last rebuild": span,
        "of these without anything due": sum(pauses),
        "seconds to drain": drained,
        "drain over limit": drained / limit,
        "calls": len(before),
        "calls of audits": of_audits,
        "calls per rebuild": (len(before) - of_audits) / len(done),
        "calls per rebuild with the hourly audits": len(before) / len(done),
        "peak rate": meter.peak(),
        "dead letters": len(world.functions.dead_letters),
        "curve": _curve([(at - first).total_seconds() for at in sorted(done.values())]),
        "by operation": {
            name: n for name, n in sorted(meter.calls.items()) if "workspaces" in name
        },
    }
    if world.function == OURS:
        world.let(timedelta(minutes=125))
        found["calls per rebuild until all is seen finished"] = len(meter.sent_at) / len(done)
    return found


def _done(world: CountedWorld) -> dict[str, Any]:
    """When each desktop was rebuilt for the first time."""
    done: dict[str, Any] = {}
    for at, desktop, _ in world.rebuilt:
        done.setdefault(desktop.id, at)
    return done


def _curve(seconds: list[float]) -> list[tuple[float, int]]:
    """(seconds since the first rebuild, rebuilds by then), at most a hundred points."""
    step = max(1, len(seconds) // 100)
    chosen = sorted({*range(0, len(seconds), step), len(seconds) - 1})
    return [(round(seconds[index], 1), index + 1) for index in chosen]
