"""Many sessions that end in the same second, at the WorkSpaces API's limit of 2 calls a second."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from simulation.scenario import Scenario

from .world import OURS, CountedWorld

CLASS = timedelta(hours=1)
"""How long everybody is connected before all leave at once."""

LONGEST = timedelta(hours=6)
"""The longest wait for the ends of the rebuilds, on top of the time that the API's rate takes."""

SEEN_TO_END = frozenset({"finished", "believed", "failed"})
"""The decisions that this module's function logs at the end of a rebuild."""


class Watch:
    """When the canary and each rebuild were seen to end, according to the function's log lines."""

    def __init__(self, world: CountedWorld) -> None:
        self.ended: dict[str, datetime] = {}
        self.trusted_at: datetime | None = None
        self.counts: Counter[str] = Counter()
        self.of_the_drain: Counter[str] = Counter()
        """WorkSpaces calls between the canary's end and the last rebuild, by purpose."""
        self._before: Counter[str] = Counter()
        self._world = world
        world.on_line = self._heard

    def _heard(self, line: dict[str, Any]) -> None:
        decision = line["decision"]
        if decision in SEEN_TO_END:
            self.ended.setdefault(line["workspace_id"], self._world.now)
            self.counts[decision] += 1
        if decision == "trusted" and self.trusted_at is None:
            self.trusted_at = self._world.now
            self._before = self._world.meter.purposes.copy()
        if decision == "rebuild_requested" and self.trusted_at is not None:
            self.of_the_drain = self._world.meter.purposes - self._before


def burst(function: str, desktops: int, seed: int) -> dict[str, Any]:
    """Let everybody leave at once: how many are rebuilt, how fast, for how many calls."""
    world = CountedWorld(Scenario(seed, desktops), function)
    world.begin()
    world.let(timedelta(minutes=10, seconds=desktops))
    for id_ in world.fleet.fleet:
        world.fleet.sign_in(id_, world.now)
    world.fleet.collect()
    world.let(CLASS)
    world.meter.reset()
    watch = Watch(world)
    for id_ in world.fleet.fleet:
        world.fleet.sign_out(id_, world.now)
    world.told()
    return _drain(world, watch)


def _drain(world: CountedWorld, watch: Watch) -> dict[str, Any]:
    """Let time pass until ours has seen each rebuild end, or each of the recipe's is accepted."""
    meter, left_at, desktops = world.meter, world.now, world.scenario.desktops
    limit = desktops / world.scenario.rate
    deadline = left_at + LONGEST + 2 * timedelta(seconds=limit)
    over = watch.ended if world.function == OURS else world.first_rebuilt
    while world.now < deadline and len(over) < desktops:
        world.let(timedelta(seconds=5))
    done = sorted(world.first_rebuilt.values())
    first, last = done[0], done[-1]
    until = max(over.values()).timestamp()
    calls = sum(at <= until for at in meter.sent_at)
    since = watch.trusted_at or first
    return {
        "desktops": desktops,
        "rebuilt": len(done),
        "share rebuilt": len(done) / desktops,
        "accepted": len(world.rebuilt),
        "seen to end": len(watch.ended),
        "ends": dict(watch.counts),
        "seconds from session end to first rebuild": (first - left_at).total_seconds(),
        "seconds of the canary": (since - first).total_seconds(),
        "seconds from session end to last rebuild": (last - left_at).total_seconds(),
        "seconds to drain": (last - since).total_seconds(),
        "drain over limit": (last - since).total_seconds() / limit,
        "calls": calls,
        "calls per rebuild": calls / len(done),
        "calls by purpose": dict(sorted(meter.purposes.items())),
        "calls of the drain by purpose": dict(sorted(watch.of_the_drain.items())),
        "calls by operation": {
            name.removeprefix("workspaces."): n
            for name, n in sorted(meter.calls.items())
            if name.startswith("workspaces.")
        },
        "peak rate": meter.peak(),
        "dead letters": len(world.functions.dead_letters),
        "curve": _curve([(at - since).total_seconds() for at in done]),
    }


def _curve(seconds: list[float]) -> list[tuple[float, int]]:
    """(seconds since the drain began, rebuilds by then), at most 200 points."""
    step = max(1, len(seconds) // 100)
    chosen = sorted({*range(0, len(seconds), step), len(seconds) - 1})
    return [(round(seconds[index], 1), index + 1) for index in chosen]
