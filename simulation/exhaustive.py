"""Runs every schedule of the small world: `python -m simulation.exhaustive`.

A phase is explored depth-first, by replay from a copy of the world at its beginning. A state that
was met before is not explored again, but its schedules are counted. Worlds that are equal at the
end of a phase are merged.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum

from nonpersistent import handler, records
from sandbox.course import Course
from sandbox.states import State

from . import log, memory, transport
from .identity import key
from .oracles import Violation
from .phases import finish, next_phase, run_all
from .small import ID, MINUTE, SCENARIO, STRAIGHT, Choice, Small
from .stepped import Budget


class Moment(StrEnum):
    """The moment from which on anything may happen."""

    ALARM = "alarm"
    """An alarm message and a tick are on their way."""
    DUE = "due"
    """Vacancy was seen and the grace period has passed: a tick will look and rebuild."""
    SECOND = "second"
    """The user came back and left again: the messages of both session ends, of the sign-in between
    them and of a tick are on their way at the same time."""
    LIFE = "life"
    """A rebuild was accepted: the looks that follow show what becomes of it."""


COURSES: dict[str, Course] = {
    "straight": STRAIGHT,
    "same address": replace(STRAIGHT, same_address=True),
    "late and short": Course(begins_after=12 * MINUTE, takes=10 * MINUTE, same_address=True),
    "heals": replace(STRAIGHT, ends=State.UNHEALTHY, heals_after=6 * MINUTE),
    "fails": replace(STRAIGHT, ends=State.ERROR),
    "never begins": Course(begins=False),
    "never ends": Course(ends=None),
    "moves LastKnown": replace(STRAIGHT, touches_after=45 * MINUTE),
    "disconnects by itself": replace(STRAIGHT, disconnects_after=30 * MINUTE),
}
"""The courses that the rebuild of `Moment.LIFE` may take."""

LOOKS = 4
"""The number of phases after an acceptance in which anything may happen, with a look in each."""


class Reading(StrEnum):
    """What AWS may mean by LastKnownUserConnectionTimestamp."""

    LAST_SIGHT = "last-sight"
    LOG_IN = "log-in"


class Broken(Exception):
    """A schedule broke a promise; the message lists its steps."""

    def __init__(self, violation: Violation, path: list[str]) -> None:
        steps = [path[0]] if path else []
        for step, before in zip(path[1:], path, strict=False):
            steps += [step] if step != before else []
        super().__init__(f"{violation.promise}: {violation.what}\n  " + "\n  ".join(steps))
        self.violation = violation


@dataclass
class Tally:
    """The results of an exploration."""

    schedules: int = 0
    steps: int = 0
    states: int = 0
    ends: int = 0
    counts: Counter[str] = field(default_factory=Counter)


class _Phase:
    """The exploration of one phase from one world."""

    def __init__(self, begin: Small, tally: Tally) -> None:
        self._begin = pickle.dumps(begin)
        self._tally = tally
        self._known: dict[int, Counter[int]] = {}
        self.worlds: dict[int, Small] = {}

    def run(self) -> Counter[int]:
        """Explore the phase; return how many schedules lead to each of `worlds`."""
        return self._visit(self._replay([]), [])

    def _replay(self, prefix: list[Choice]) -> Small:
        world: Small = pickle.loads(self._begin)
        _enter(world)
        for choice in prefix:
            world.do(choice)
            self._tally.steps += 1
        return world

    def _visit(self, world: Small, prefix: list[Choice]) -> Counter[int]:
        _enter(world)
        if world.oracles.violations:
            path = list(world.path)
            world.abandon()
            raise Broken(world.oracles.violations[0], path)
        met = key(world)
        if met in self._known:
            world.abandon()
            return self._known[met]
        if world.ended:
            self.worlds[met] = world
            self._known[met] = Counter({met: 1})
            return self._known[met]
        total: Counter[int] = Counter()
        *others, last = world.choices()
        for choice in others:
            branch = self._replay([*prefix, choice])
            total += self._visit(branch, [*prefix, choice])
        _enter(world)
        world.do(last)
        self._tally.steps += 1
        total += self._visit(world, [*prefix, last])
        self._known[met] = total
        self._tally.states += 1
        return total


def _enter(world: Small) -> None:
    """Let this world answer the function's calls from now on."""
    transport.WIRE.world = world


def explore(begin: Small, phases: int, say: bool = False) -> Tally:
    """Run all schedules of so many phases, each followed by a time of peace. Raises Broken."""
    environment = begin.scenario.environment
    transport.take_the_place_of_aws(begin, lambda: handler.Container(environment))
    memory.remember()
    log.listen(lambda _line: None)
    tally = Tally()
    worlds: dict[int, tuple[Small, int]] = {0: (begin, 1)}
    for number in range(phases):
        following: dict[int, tuple[Small, int]] = {}
        for world, weight in worlds.values():
            phase = _Phase(world, tally)
            for end, schedules in phase.run().items():
                ended = phase.worlds[end]
                next_phase(ended)
                name = key(ended)
                before = following.get(name, (ended, 0))[1]
                following[name] = (ended, before + weight * schedules)
        worlds = following
        if say:
            total = sum(weight for _, weight in worlds.values())
            print(f"  phase {number + 1}: {len(worlds)} worlds, {total:,} schedules", flush=True)
    for world, weight in worlds.values():
        _enter(world)
        finish(world)
        tally.ends += 1
        tally.schedules += weight
        tally.counts.update(world.oracles.counts)
        if world.oracles.violations:
            raise Broken(world.oracles.violations[0], world.path)
    return tally


def beginning(
    moment: Moment,
    reading: Reading,
    budget: Budget | None = None,
    course: Course = STRAIGHT,
) -> Small:
    """The world at a moment after a session of ten minutes, ended by a lost connection."""
    scenario = replace(SCENARIO, last_known_is_login=reading is Reading.LOG_IN)
    world = Small(scenario=scenario, course=course, budget=budget or Budget())
    transport.take_the_place_of_aws(world, lambda: handler.Container(scenario.environment))
    log.listen(lambda _line: None)
    world.offer("first tick", {"task": "reconcile"})
    run_all(world)
    world.agenda.now += 3 * MINUTE
    world.sign_in()
    run_all(world)
    world.agenda.now += 10 * MINUTE
    world.drop()
    world.agenda.now += 5 * MINUTE
    world.fleet.tick(world.agenda.now)
    world.offer_alarm("alarm")
    if moment is Moment.SECOND:
        _second_session(world)
    world.offer("tick", {"task": "reconcile"})
    while moment in (Moment.DUE, Moment.LIFE) and not _rebuild_is_due(world):
        run_all(world)
        next_phase(world)
    if moment is Moment.LIFE:
        world.in_turn = True
        while not world.desktop.rebuilds:
            run_all(world)
            next_phase(world)
    world.path.clear()
    return world


def _second_session(world: Small) -> None:
    """Add a session of three minutes, while the alarm of the first one is late."""
    world.agenda.now += MINUTE
    world.do(("user is back", "with a sign-in"))
    world.agenda.now += 3 * MINUTE
    world.leave()
    world.left_at = None
    world.agenda.now += 6 * MINUTE
    world.fleet.tick(world.agenda.now)
    world.offer_alarm("second alarm")


def _rebuild_is_due(world: Small) -> bool:
    item = world.table.items[ID]
    now = records.from_moment(world.agenda.now)["S"]
    return "vacant_since" in item and item["due_at"]["S"] <= now


def budgets(moment: Moment, mishaps: int) -> list[Budget]:
    """What may go wrong from a moment on. Where both together would take too long, a reconnect and
    a message that comes twice are explored separately."""
    match moment:
        case Moment.LIFE:
            return [Budget(mishaps, doubles=0, reconnects=0, lost_looks=2)]
        case Moment.ALARM:
            return [Budget(mishaps)]
    return [Budget(mishaps, doubles=0), Budget(mishaps, reconnects=0)]


def main() -> int:
    """Return 0 if every promise was kept, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m simulation.exhaustive")
    parser.add_argument("--phases", type=int, help="in which anything may happen")
    parser.add_argument("--mishaps", type=int, default=1, help="at most, of all kinds together")
    parser.add_argument("--moment", type=Moment, choices=list(Moment), help="only from there")
    parser.add_argument("--course", choices=list(COURSES), help="only this life of a rebuild")
    parser.add_argument("--reading", type=Reading, choices=list(Reading), help="only this one")
    given = parser.parse_args()
    for moment in [given.moment] if given.moment else list(Moment):
        for reading in [given.reading] if given.reading else list(Reading):
            courses = COURSES if moment is Moment.LIFE else {"straight": STRAIGHT}
            for name in [given.course] if given.course else courses:
                if not _say(moment, reading, name, given.phases, given.mishaps):
                    return 1
    return 0


def _say(moment: Moment, reading: Reading, name: str, phases: int | None, mishaps: int) -> bool:
    """Explore from one moment and print the results; return False if a promise was broken."""
    about = f"from {moment.value}, {name}, LastKnown is the {reading.value}"
    for budget in budgets(moment, mishaps):
        began = time.process_time()
        begin = beginning(moment, reading, budget, COURSES[name])
        try:
            tally = explore(begin, phases or (LOOKS if moment is Moment.LIFE else 1), say=True)
        except Broken as broken:
            print(f"{about}\n{broken}")
            return False
        took = time.process_time() - began
        print(
            f"{about}: {tally.schedules:,} schedules in {tally.states:,} states, "
            f"{tally.steps:,} steps, {tally.ends} ends, {took:.0f} s of CPU; {dict(tally.counts)}",
            flush=True,
        )
    return True


if __name__ == "__main__":
    sys.exit(main())
