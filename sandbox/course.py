"""The course of a rebuild, from its acceptance to the last thing that it causes. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .states import Presence, Row, State

USABLE = frozenset({State.AVAILABLE, State.STOPPED})
"""States in which a rebuild has ended well."""

BAD = frozenset({State.ERROR, State.UNHEALTHY, State.IMPAIRED})
"""States in which a rebuild has ended badly."""

NO_TIME = timedelta()


class Outcome(StrEnum):
    """What becomes of a rebuild in the end."""

    SUCCEEDS = "SUCCEEDS"
    FAILS = "FAILS"
    """Ends in ERROR, UNHEALTHY or IMPAIRED, for good."""
    NEVER_BEGINS = "NEVER_BEGINS"
    """Accepted, and the state never changes."""
    NEVER_ENDS = "NEVER_ENDS"
    """REBUILDING, or another state on the way, for good."""


@dataclass(frozen=True, slots=True)
class Course:
    """What AWS will do with a rebuild that it accepts; by default it goes straight."""

    begins: bool = True
    """False: accepted, and nothing happens."""
    begins_after: timedelta = NO_TIME
    """How long the state still shows the old one after the acceptance."""
    takes: timedelta | None = None
    """How long REBUILDING shows; None: as the tempo says."""
    way: tuple[tuple[State, timedelta], ...] = ()
    """States between REBUILDING and the end, and how long each lasts."""
    ends: State | None = State.AVAILABLE
    """None: REBUILDING for ever."""
    heals_after: timedelta | None = None
    """How long a bad end lasts until it is AVAILABLE by itself; None: for good."""
    same_address: bool = False
    """The WorkSpace gets its private address again."""
    row: Row = Row.SAMPLED
    """What the connection status shows after the end, for `row_for`."""
    row_for: timedelta = NO_TIME
    touches_after: timedelta | None = None
    """LastKnownUserConnectionTimestamp is set to the moment so long after the beginning."""
    drops_last_known: bool = False
    """LastKnownUserConnectionTimestamp is lost at the end, until somebody connects again."""
    disconnects_after: timedelta | None = None
    """A SessionDisconnect is counted so long after the beginning, whoever was there."""

    @property
    def outcome(self) -> Outcome:
        """How it will have ended when all is over."""
        if not self.begins:
            return Outcome.NEVER_BEGINS
        if self.ends in BAD and self.heals_after is None:
            return Outcome.FAILS
        if self.ends in USABLE or self.ends in BAD:
            return Outcome.SUCCEEDS
        return Outcome.NEVER_ENDS


COURSES = {
    Outcome.SUCCEEDS: Course(),
    Outcome.FAILS: Course(ends=State.ERROR),
    Outcome.NEVER_BEGINS: Course(begins=False),
    Outcome.NEVER_ENDS: Course(ends=None),
}
"""The plainest course to each outcome."""


@dataclass(slots=True)
class Rebuild:
    """One accepted rebuild: the truth that tests compare decisions with."""

    accepted_at: datetime
    presence: Presence
    """Where the user was when it was accepted; anything but AWAY hurt somebody."""
    image_id: str
    course: Course
    begins_at: datetime | None = None
    """When REBUILDING shows. None: it never begins."""
    ends_at: datetime | None = None
    """When it is over, a bad end that heals included. None: never."""
    begun_at: datetime | None = None
    """As `begins_at`, once it has happened."""
    finished_at: datetime | None = None
    """When its first end was reached, also a bad one."""
    dropped_at: datetime | None = None
    """Since when the user's network was gone, if it was."""
    by_person: bool = False
    """Ordered by an administrator or the user, not by the function."""

    @property
    def outcome(self) -> Outcome:
        """How it will have ended when all is over."""
        return self.course.outcome


class Step(StrEnum):
    """What a change does besides showing another state."""

    NONE = "NONE"
    BEGINS = "BEGINS"
    ENDS = "ENDS"
    """The first end of a rebuild."""
    HEALS = "HEALS"
    DISCONNECTS = "DISCONNECTS"
    TOUCHES = "TOUCHES"
    ROW_IS_BACK = "ROW_IS_BACK"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that will happen to a desktop by itself."""

    at: datetime
    step: Step = Step.NONE
    state: State | None = None
    rebuild: int | None = None
    """Which of the desktop's rebuilds it belongs to."""


def changes(rebuild: Rebuild, number: int, usual: timedelta) -> list[Change]:
    """What a rebuild that was just accepted will do; writes down when it begins and ends.

    `number` is its place among the desktop's rebuilds, `usual` how long REBUILDING lasts.
    """
    course = rebuild.course
    if not course.begins:
        return []
    began = rebuild.begins_at = rebuild.accepted_at + course.begins_after
    planned = [Change(began, Step.BEGINS, State.REBUILDING, number)]
    if course.disconnects_after is not None:
        planned.append(Change(began + course.disconnects_after, Step.DISCONNECTS))
    if course.touches_after is not None:
        planned.append(Change(began + course.touches_after, Step.TOUCHES))
    if course.ends is None:
        return planned
    at = began + (usual if course.takes is None else course.takes)
    for state, lasts in course.way:
        planned.append(Change(at, Step.NONE, state, number))
        at += lasts
    planned.append(Change(at, Step.ENDS, course.ends, number))
    if course.heals_after is not None:
        at += course.heals_after
        planned.append(Change(at, Step.HEALS, State.AVAILABLE, number))
    if course.outcome is not Outcome.NEVER_ENDS:
        rebuild.ends_at = at
    return planned
