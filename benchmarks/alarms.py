"""False alarms on calm days, and how soon each cause's alarm rings, and ends after the remedy.

The alarms are those that Terraform plans, evaluated on the lines that the function writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from nonpersistent import handler
from nonpersistent.lateness import BRAKE_HOLDS
from sandbox.cloudwatch import AlarmState
from simulation import shortcut, transport
from simulation.alarms import CALMS_WITHIN, FIRST_LINES, AlarmJudge
from simulation.scenario import Scenario

from .causes import CAUSES, MINUTE, Cause
from .people import CALM, employ
from .world import OURS, CountedWorld

FIRST, SESSION = 60 * MINUTE, 30 * MINUTE
"""How long after the deployment the session begins, and how long it lasts."""

PHASES = (0, 20, 40)
"""Minutes by which the runs of a cause are shifted against the times of audits and gauges."""

LASTS = timedelta(hours=4)
"""How long a cause lasts once its alarm rings, and how long the alarm is watched after the OK: one
that rings again would do so in this time."""

GIVE_UP = timedelta(hours=12)
"""An alarm that has not rung by then counts as one that never does."""

FEW, MANY = 5, 80
"""Numbers of WorkSpaces. With a brake of one rebuild per hour, some of the many wait for three
days, and for `LASTS` after the alarm."""


def watch(world: CountedWorld) -> AlarmJudge:
    """Watch the alarms of a world from now on; return their judge."""
    judge = AlarmJudge(world.now, strict=False)

    def look() -> None:
        judge.letters(len(world.functions.dead_letters), world.now)
        judge.look(world.now)

    world.on_line = lambda line: judge.heard(line, world.now)
    world.functions.ended.append(lambda failed: judge.invoked(failed, world.now))
    world.agenda.every(60, look, 60)
    return judge


def calm(desktops: int, days: int, seed: int) -> dict[str, Any]:
    """How often any alarm rings while people work for so many days from a Monday on."""
    world, judge = _deploy(Scenario(seed, desktops))
    employ(world, days, CALM)
    world.let(FIRST_LINES)
    judge.transitions.clear()
    world.let(timedelta(days=days) - FIRST_LINES)
    rang = sum(turn.new is AlarmState.ALARM for turn in judge.transitions)
    size = {"desktops": desktops, "days": days, "rebuilds": len(world.rebuilt)}
    return {"calm": size | {"rang": rang}}


def causes(seed: int, quick: bool) -> dict[str, Any]:
    """Run each cause in each phase; the longest times count. `quick`: once, without the brake.

    "minutes to ALARM" count from when a person is needed, "minutes to OK" from the remedy; None:
    never. "rang": how often the alarm went to ALARM.
    """
    found = []
    for name, cause in CAUSES.items():
        if quick and cause.brake:
            continue
        once = quick or cause.brake
        played = [_play(cause, phase, seed) for phase in (PHASES[:1] if once else PHASES)]
        to_alarm, rang, to_ok = zip(*played, strict=True)
        about = {"cause": name, "alarm": cause.alarm, "since": cause.since}
        times = {"minutes to ALARM": _longest(to_alarm), "minutes to OK": _longest(to_ok)}
        found.append(about | times | {"rang": max(rang, key=lambda n: abs(n - 1))})
    return {"causes": found}


def _deploy(scenario: Scenario) -> tuple[CountedWorld, AlarmJudge]:
    world = CountedWorld(scenario, OURS)
    judge = watch(world)
    world.begin()
    shortcut.take(handler._dynamodb(), transport.WIRE)
    return world, judge


def _play(cause: Cause, phase: int, seed: int) -> tuple[float | None, int, float | None]:
    """Minutes to ALARM, number of rings, minutes to OK; None: never, or OK before the remedy."""
    world, judge = _deploy(Scenario(seed, MANY if cause.brake else FEW, brake=cause.brake))
    world.let(FIRST + phase * MINUTE)
    judge.transitions.clear()
    *used, _ = world.fleet.fleet.values()
    for desktop in used:
        world.fleet.sign_in(desktop.id, world.now)
    world.told()
    world.let(SESSION)
    for desktop in used:
        world.fleet.sign_out(desktop.id, world.now)
    world.told()
    trouble = cause.begin(world, used[0])
    since = next(trouble)
    until = world.now + GIVE_UP + (BRAKE_HOLDS if cause.brake else timedelta())
    if world.agenda.run(until, lambda: cause.alarm in judge.ringing):
        return None, 0, None  # `run` went on until the end
    to_alarm = (world.now - since()) / MINUTE
    world.let(LASTS)
    if cause.alarm not in judge.ringing:
        return to_alarm, judge.rings(cause.alarm), None
    next(trouble, None)
    mended_at = world.now
    never = world.agenda.run(mended_at + CALMS_WITHIN, lambda: cause.alarm not in judge.ringing)
    to_ok = None if never else (world.now - mended_at) / MINUTE
    world.let(LASTS)
    return to_alarm, judge.rings(cause.alarm), to_ok


def _longest(minutes: Sequence[float | None]) -> float | None:
    """The longest of the times; None if any is None."""
    found = [each for each in minutes if each is not None]
    return max(found) if len(found) == len(minutes) else None
