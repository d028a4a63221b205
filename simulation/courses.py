"""Draws the course of each rebuild from the weather, such as `life` and `own signals`.

The judges know from here how long a rebuild may take.
"""

from __future__ import annotations

import random
from datetime import timedelta

from sandbox.course import BAD, Course
from sandbox.states import Row, State

from .faults import Faults

DETOURS = (
    State.SUSPENDED,
    State.MAINTENANCE,
    State.ADMIN_MAINTENANCE,
    State.STOPPED,
    State.STARTING,
    State.UPDATING,
)

BEGINS_WITHIN = timedelta(minutes=12)
"""The longest time from a rebuild's acceptance until it shows, if it takes place."""

ENDS_WITHIN = BEGINS_WITHIN + timedelta(hours=2)
"""The longest usual time from a rebuild's acceptance to its end. One that takes longer needs a
person, no longer takes a place of the administrator's share, and is given up as a canary."""

SHORTEST = timedelta(minutes=10)
"""The shortest rebuild."""

SHOWS_FOR = SHORTEST - timedelta(minutes=1)
"""The shortest time for which a rebuild shows: the shortest one, less what a look may take."""

AFTERWARDS = timedelta(minutes=30)
"""How long after its end a rebuild may still change LastKnown, or cause a disconnect."""

PUBLISHED = timedelta(minutes=10)
"""The longest time from a disconnect to its alarm, if nothing is late."""


class Courses:
    """The courses of one world's rebuilds."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._rng = random.Random(f"courses {faults.scenario.seed}")

    def draw(self) -> Course:
        """How a rebuild that is accepted now will go."""
        happens = self._faults.happens
        if happens("never_begins"):
            return Course(begins=False)
        takes = self._minutes(50, 120) if happens("takes_long") else self._minutes(10, 50)
        course = {
            "begins_after": self._minutes(0, 12 if happens("begins_late") else 1),
            "takes": takes,
            "same_address": happens("same_address"),
        }
        if happens("detour"):
            states = self._rng.sample(DETOURS, self._rng.choice((1, 1, 2)))
            course["way"] = tuple((state, self._minutes(1, 30)) for state in states)
        course |= self._end() | self._afterwards(takes)
        return Course(**course)  # type: ignore[arg-type]

    def _end(self) -> dict[str, object]:
        happens, rng = self._faults.happens, self._rng
        if happens("never_ends"):
            return {"ends": rng.choice((None, None, *(s for s in DETOURS if s.value != "STOPPED")))}
        if happens("bad_then_heals"):
            return {"ends": rng.choice(sorted(BAD)), "heals_after": self._minutes(0, 20)}
        if happens("ends_badly"):
            return {"ends": rng.choice(sorted(BAD))}
        if happens("detour"):
            return {"ends": State.STOPPED}
        return {}

    def _afterwards(self, takes: timedelta) -> dict[str, object]:
        """What may still show after the end: for half an hour, or a hidden row for an hour."""
        happens = self._faults.happens
        found: dict[str, object] = {}
        if happens("hidden_after"):
            found["row"] = self._rng.choice((Row.MISSING, Row.UNKNOWN))
            found["row_for"] = self._minutes(0, 60)
        if happens("touches"):
            found["touches_after"] = (takes + AFTERWARDS) * self._rng.random()
        if happens("drops_last_known"):
            found["drops_last_known"] = True
        if happens("own_disconnect"):
            found["disconnects_after"] = (takes + AFTERWARDS - PUBLISHED) * self._rng.random()
        return found

    def _minutes(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=self._rng.uniform(least, most))
