"""The course of a rebuild, from its acceptance to its last effect. Data only."""

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
    """How a rebuild ends."""

    SUCCEEDS = "SUCCEEDS"
    FAILS = "FAILS"
    """Ends in ERROR, UNHEALTHY or IMPAIRED, for good."""
    NEVER_BEGINS = "NEVER_BEGINS"
    """Accepted, but the state never changes."""
    NEVER_ENDS = "NEVER_ENDS"
    """Stays in REBUILDING, or in another transitional state, for good."""


@dataclass(frozen=True, slots=True)
class Course:
    """What AWS will do with a rebuild that it accepts; by default it simply succeeds."""

    begins: bool = True
    """False: AWS accepts the rebuild, but nothing happens."""
    begins_after: timedelta = NO_TIME
    """How long the old state is still shown after the acceptance."""
    takes: timedelta | None = None
    """How long REBUILDING lasts; None: as long as the tempo says."""
    way: tuple[tuple[State, timedelta], ...] = ()
    """States between REBUILDING and the end, and how long each lasts."""
    ends: State | None = State.AVAILABLE
    """The final state; None: it stays REBUILDING forever."""
    heals_after: timedelta | None = None
    """How long a bad end lasts until the WorkSpace is AVAILABLE on its own; None: forever."""
    same_address: bool = False
    """True: the WorkSpace keeps its private address."""
    row: Row = Row.SAMPLED
    """What the connection status shows after the end, for `row_for`."""
    row_for: timedelta = NO_TIME
    touches_after: timedelta | None = None
    """How long after its start it sets LastKnownUserConnectionTimestamp; None: it does not."""
    drops_last_known: bool = False
    """True: the end clears LastKnownUserConnectionTimestamp until somebody connects again."""
    disconnects_after: timedelta | None = None
    """How long after its start a SessionDisconnect is counted, session or not; None: never."""

    @property
    def outcome(self) -> Outcome:
        """The final outcome; a bad end that heals counts as success."""
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
"""The simplest course to each outcome."""


@dataclass(slots=True)
class Rebuild:
    """An accepted rebuild: the ground truth that tests compare the function's decisions with."""

    accepted_at: datetime
    presence: Presence
    """The user's presence at the acceptance; unless AWAY, the rebuild destroyed a session."""
    image_id: str
    course: Course
    begins_at: datetime | None = None
    """When its state becomes REBUILDING; None: never."""
    ends_at: datetime | None = None
    """When it is over, including the healing of a bad end; None: never."""
    begun_at: datetime | None = None
    """The same as `begins_at`, once that has happened."""
    finished_at: datetime | None = None
    """When it first reached an end, good or bad."""
    dropped_at: datetime | None = None
    """Since when the user's network was down when AWS accepted the rebuild; None: it was not."""
    by_person: bool = False
    """Ordered by an administrator or the user, not by the function."""

    @property
    def outcome(self) -> Outcome:
        """The final outcome of its course."""
        return self.course.outcome


class Step(StrEnum):
    """What a change does besides setting the state."""

    NONE = "NONE"
    BEGINS = "BEGINS"
    ENDS = "ENDS"
    """The first end of a rebuild, which may still heal."""
    HEALS = "HEALS"
    DISCONNECTS = "DISCONNECTS"
    TOUCHES = "TOUCHES"
    ROW_IS_BACK = "ROW_IS_BACK"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that will happen to a desktop on its own."""

    at: datetime
    step: Step = Step.NONE
    state: State | None = None
    rebuild: int | None = None
    """The index of the rebuild that it belongs to, among the desktop's rebuilds."""


def changes(rebuild: Rebuild, number: int, usual: timedelta) -> list[Change]:
    """Plan a rebuild that was just accepted; sets its `begins_at` and `ends_at`.

    `number` is its index among the desktop's rebuilds; `usual` is the usual time in REBUILDING.
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
