"""Office workers: their plans are drawn beforehand, and do not depend on what becomes of them.

What they experience is counted: sign-ins that met a rebuild or a broken WorkSpace, minutes locked
out, dropped connections that could not be resumed, sessions that a rebuild ended.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sandbox.course import BAD
from sandbox.desktop import Desktop
from sandbox.desktops import CannotConnect
from sandbox.states import Presence, State

from .world import CountedWorld

BEGINS_WITHIN = timedelta(minutes=13)
"""The longest time from the acceptance of a rebuild to the end of the session that it ends."""

RESUMABLE = timedelta(minutes=20)
"""How long the clients try to resume a dropped session by themselves (AWS's default)."""

HELP = timedelta(hours=2)
"""The time from the first failed sign-in to a broken WorkSpace until a person has restored it."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Habits:
    """How people work. Probabilities and numbers are per person and working day."""

    lunch_sign_out: float = 0.5
    drops: float = 0.3
    """Connections lost during a day."""
    away: tuple[float, float] = (0.5, 8.0)
    """Minutes (range) until the client resumes."""
    resumes: float = 0.9
    """The probability that a dropped user comes back at all in that stretch."""


CALM = Habits()
ROUGH = Habits(drops=2.0, away=(0.5, 30.0), resumes=0.8)


@dataclass(frozen=True)
class Stretch:
    """A day or half of it at the desk; `drops`: (when, minutes away, whether the user returns)."""

    begin: datetime
    end: datetime
    drops: tuple[tuple[datetime, float, bool], ...]


def intentions(rng: random.Random, monday: datetime, days: int, habits: Habits) -> list[Stretch]:
    """One person's plan for so many days from `monday` on, the midnight of a Monday."""
    plan = []
    for number in range(days):
        if number % 7 >= 5:
            continue
        day = monday + timedelta(days=number)
        noon = day + timedelta(hours=12, minutes=rng.gauss(0, 15))
        begin = day + timedelta(hours=9, minutes=rng.gauss(0, 20))
        end = day + timedelta(hours=17, minutes=rng.gauss(0, 20))
        lunch = rng.random() < habits.lunch_sign_out
        back = noon + timedelta(minutes=rng.uniform(30, 60))
        spans = [(begin, noon), (back, end)] if lunch else [(begin, end)]
        moments = [begin + (end - begin) * rng.random() for _ in range(_number(rng, habits.drops))]
        losses = [(at, rng.uniform(*habits.away), rng.random() < habits.resumes) for at in moments]
        plan += [
            Stretch(start, stop, tuple(sorted(loss for loss in losses if start < loss[0] < stop)))
            for start, stop in spans
        ]
    return plan


def _number(rng: random.Random, mean: float) -> int:
    whole = int(mean)
    return whole + (rng.random() < mean - whole)


class Person:
    """One user of one desktop."""

    def __init__(self, world: CountedWorld, desktop: Desktop, felt: Counter[str]) -> None:
        self._world = world
        self._desktop = desktop
        self._felt = felt
        self._wants_until: datetime | None = None
        self._locked_since: datetime | None = None
        self._complained = False
        self._connected = False

    def mean_to(self, plan: list[Stretch]) -> None:
        """Put a plan on the agenda."""
        at = self._world.agenda.at
        for stretch in plan:
            at(stretch.begin, partial(self._come, stretch.end))
            at(stretch.end, self._go)
            for moment, away, back in stretch.drops:
                at(moment, partial(self._lose, away, back))

    def thrown_out(self) -> None:
        """Note that a rebuild was accepted, which ends the session once it begins."""
        self._world.agenda.after(60, self._notice)

    def _notice(self) -> None:
        now = self._world.now
        self._world.fleet.tick(now)
        if not self._connected:
            return
        if self._desktop.presence is Presence.CONNECTED:
            if now - self._desktop.rebuilds[-1].accepted_at < BEGINS_WITHIN:
                self._world.agenda.after(60, self._notice)
            return
        self._connected = False
        self._felt["sessions ended by a rebuild"] += 1
        self._try()

    def _come(self, until: datetime) -> None:
        self._wants_until = until
        self._felt["sign-ins"] += 1
        self._try()

    def _try(self) -> None:
        """Sign in; try again every minute while that is impossible."""
        now = self._world.now
        if self._wants_until is None or self._connected:
            return
        try:
            self._world.fleet.sign_in(self._desktop.id, now)
        except CannotConnect:
            self._locked(now)
            self._world.agenda.after(60, self._try)
            return
        self._begin_session(now)

    def _locked(self, now: datetime) -> None:
        if self._locked_since is None:
            self._locked_since = now
            broken = self._desktop.state in BAD
            self._felt["sign-ins that met " + ("a broken desktop" if broken else "a rebuild")] += 1
        if self._desktop.state in BAD and not self._complained:
            self._complained = True
            self._world.agenda.at(now + HELP, self._help)

    def _help(self) -> None:
        """Let a person restore the WorkSpace, if it still needs it."""
        self._complained = False
        self._world.fleet.tick(self._world.now)
        if self._desktop.state in BAD:
            self._felt["desktops restored by hand"] += 1
            self._world.fleet.set_state(self._desktop.id, State.AVAILABLE, self._world.now)

    def _begin_session(self, now: datetime) -> None:
        self._connected = True
        self._unlock(now)
        self._world.told()

    def _unlock(self, now: datetime) -> None:
        if self._locked_since is not None:
            self._felt["seconds locked out"] += int((now - self._locked_since).total_seconds())
            self._locked_since = None

    def _go(self) -> None:
        """Sign out, or give up."""
        now = self._world.now
        self._wants_until = None
        self._unlock(now)
        self._connected = False
        self._world.fleet.sign_out(self._desktop.id, now)
        self._world.told()

    def _lose(self, away: float, back: bool) -> None:
        now = self._world.now
        self._world.fleet.tick(now)
        if not self._connected or self._desktop.presence is not Presence.CONNECTED:
            return
        self._connected = False
        self._world.fleet.drop(self._desktop.id, now)
        self._world.told()
        self._felt["connections lost"] += 1
        if not back:
            self._wants_until = None
            return
        self._world.agenda.at(now + away * MINUTE, lambda: self._resume(now))

    def _resume(self, dropped_at: datetime) -> None:
        """Let the client reconnect: the session goes on if it is still there."""
        now = self._world.now
        if self._wants_until is None or self._connected:
            return
        self._world.fleet.tick(now)
        desktop = self._desktop
        if desktop.presence is Presence.DROPPED and desktop.state is State.AVAILABLE:
            late = now - dropped_at > RESUMABLE
            self._world.fleet.reconnect(desktop.id, now, signs_in=late)
            self._felt["connections resumed"] += 1
            self._begin_session(now)
            return
        if now - dropped_at <= RESUMABLE:
            self._felt["reconnections lost"] += 1
        self._try()


def employ(world: CountedWorld, days: int, habits: Habits) -> Counter[str]:
    """Give each desktop a person; the counter collects what they experience as time passes."""
    felt = Counter[str]()
    midnight = world.now.replace(hour=0, minute=0)
    people = {}
    for desktop in list(world.fleet.fleet.values()):
        rng = random.Random(f"person {world.scenario.seed} {desktop.id}")
        person = people[desktop.id] = Person(world, desktop, felt)
        person.mean_to(intentions(rng, midnight, days, habits))
    world.on_rebuild = lambda desktop: people[desktop.id].thrown_out()
    return felt
