"""Days of a fleet: one on which nobody comes, and one on which everybody works."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import Any

from simulation.scenario import Scenario

from .people import CALM, employ
from .world import CountedWorld

DAY = timedelta(days=1)


AUDITS_ALONE = 10
"""Minutes between the audits of a fleet that has no session alarms."""


def _world(function: str, desktops: int, seed: int, session_alarms: bool) -> CountedWorld:
    interval = 60 if session_alarms else AUDITS_ALONE
    scenario = Scenario(seed, desktops, audit_interval=interval)
    return CountedWorld(scenario, function, session_alarms=session_alarms)


def idle_day(
    desktops: int, seed: int, length: timedelta = DAY, session_alarms: bool = True
) -> dict[str, Any]:
    """Count a day, or `length`, without users, after the first audit has taken its baseline."""
    world = _world("ours", desktops, seed, session_alarms)
    world.begin()
    world.let(timedelta(minutes=90 + desktops // 25))
    world.meter.reset()
    world.let(length)
    return _counted(world)


def working_day(
    function: str, desktops: int, seed: int, session_alarms: bool = True
) -> dict[str, Any]:
    """Count 24 hours from a Monday morning on, in which everybody works."""
    world = _world(function, desktops, seed, session_alarms)
    world.begin()
    employ(world, 1, CALM)
    world.let(timedelta(minutes=10))
    world.meter.reset()
    world.let(DAY)
    return _counted(world)


def _wait(world: CountedWorld) -> float:
    """The median time from a session's end to the rebuild that followed it, in minutes."""
    waits = []
    for id_, desktop in world.fleet.fleet.items():
        sessions = world.fleet.sessions[id_]
        untils = [session.start for session in sessions[1:]] + [world.now]
        for session, until in zip(sessions, untils, strict=False):
            after = [r.accepted_at for r in desktop.rebuilds if r.accepted_at <= until]
            if session.end is not None and after and after[-1] >= session.end:
                waits.append((after[-1] - session.end).total_seconds() / 60)
    return median(waits) if waits else 0.0


def _most_frequent(ticks: Counter[int]) -> int:
    """The requests of an idle tick: the most frequent number, as most minutes are idle."""
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
        "gauge read units": meter.gauge_read_units,
        "minutes from session end to rebuild": _wait(world),
    }
