"""Days of a fleet: one on which nobody comes, and one on which everybody works."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from simulation.scenario import Scenario

from .people import CALM, employ
from .world import CountedWorld

DAY = timedelta(days=1)


def idle_day(desktops: int, seed: int, length: timedelta = DAY) -> dict[str, Any]:
    """Twenty-four hours, or less, without a user, after the first audit has taken its baseline."""
    world = CountedWorld(Scenario(seed, desktops), "ours")
    world.begin()
    world.let(timedelta(minutes=90 + desktops // 25))
    world.meter.reset()
    world.let(length)
    return _counted(world)


def working_day(function: str, desktops: int, seed: int) -> dict[str, Any]:
    """Twenty-four hours from a Monday morning on, in which everybody works."""
    world = CountedWorld(Scenario(seed, desktops), function)
    world.begin()
    employ(world, 1, CALM)
    world.let(timedelta(minutes=10))
    world.meter.reset()
    world.let(DAY)
    return _counted(world)


def _most_frequent(ticks: Counter[int]) -> int:
    """Most minutes of a day are idle."""
    return ticks.most_common(1)[0][0] if ticks else 0


def _counted(world: CountedWorld) -> dict[str, Any]:
    meter = world.meter
    ticks = meter.invocations["reconcile"]
    return {
        "desktops": world.scenario.desktops,
        "invocations": sum(meter.invocations.values()),
        "seconds": meter.seconds,
        "dynamodb requests": meter.dynamodb_requests,
        "read units": meter.read_units,
        "write units": meter.write_units,
        "workspaces calls": meter.workspaces_calls,
        "audits": meter.invocations["audit"],
        "ticks": ticks,
        "dynamodb requests of an idle tick": _most_frequent(meter.ticks),
        "workspaces calls of audits": meter.of_audits["workspaces"],
        "log lines": meter.log_lines,
        "alarm messages": meter.messages,
        "rebuilds": len(world.rebuilt),
    }
