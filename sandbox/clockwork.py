"""What happens to a desktop on its own as time passes: samples, snapshots, changes. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from .course import USABLE, Change, Rebuild, Step
from .desktop import Desktop, Happening, Sample, Snapshot
from .states import LastKnown, Presence, Row, State
from .tempo import Tempo

Tell = Callable[[datetime, Happening, Desktop, str], None]

LATE = 6
"""How many sample intervals pass between samples that come late (`Row.LATE`)."""

AHEAD = timedelta(minutes=30)
"""How far ahead of the check `LastKnown.AHEAD` puts LastKnownUserConnectionTimestamp."""


class Clockwork:
    """Moves desktops forward in time, one at a time."""

    def __init__(
        self, tempo: Tempo, rng: random.Random, tell: Tell, last_known_is_login: bool
    ) -> None:
        self._tempo = tempo
        self._rng = rng
        self._tell = tell
        self._last_known_is_login = last_known_is_login

    def advance(self, desktop: Desktop, now: datetime) -> None:
        """Do everything that is due by `now`, in chronological order."""
        while (moment := min(moments(desktop), default=now)) <= now:
            if desktop.changes and desktop.changes[0].at == moment:
                change, *rest = desktop.changes
                desktop.changes = tuple(rest)
                self._change(desktop, change)
            elif desktop.next_snapshot_at == moment:
                self._snapshot(desktop, moment)
            elif desktop.next_sample_at == moment:
                self._sample(desktop, moment)
            else:
                break

    def _change(self, desktop: Desktop, change: Change) -> None:
        rebuild = desktop.rebuilds[change.rebuild] if change.rebuild is not None else None
        if change.state is not None:
            desktop.state = change.state
        match change.step, rebuild:
            case Step.BEGINS, Rebuild():
                self._begin(desktop, rebuild, change)
            case Step.ENDS, Rebuild():
                self._end(desktop, rebuild, change.at)
            case Step.HEALS, Rebuild():
                self._renew(desktop, rebuild, change.at)
            case Step.DISCONNECTS, _:
                self._tell(change.at, Happening.SESSION_ENDED, desktop, "by the rebuild itself")
            case Step.TOUCHES, _:
                desktop.touched_at = change.at
            case Step.ROW_IS_BACK, _:
                desktop.row_after_rebuild = Row.SAMPLED

    def _begin(self, desktop: Desktop, rebuild: Rebuild, change: Change) -> None:
        """Disconnect the user, and cancel all changes of state that this rebuild did not plan."""
        rebuild.begun_at = change.at
        if desktop.presence is Presence.CONNECTED:
            desktop.seen_at = change.at
            self._tell(change.at, Happening.SESSION_ENDED, desktop, "rebuilt under the user")
        desktop.presence, desktop.dropped_at = Presence.AWAY, None
        desktop.changes = tuple(
            other
            for other in desktop.changes
            if other.state is None or other.rebuild == change.rebuild
        )
        self._tell(change.at, Happening.REBUILD_BEGUN, desktop, "")

    def _end(self, desktop: Desktop, rebuild: Rebuild, at: datetime) -> None:
        course = rebuild.course
        rebuild.finished_at = at
        if not course.same_address:
            desktop.ip_address = address(self._rng)
        if course.drops_last_known:
            desktop.forgotten_at = at
        if course.row_for and course.row is not Row.SAMPLED:
            desktop.row_after_rebuild = course.row
            plan(desktop, Change(at + course.row_for, Step.ROW_IS_BACK))
        if desktop.state in USABLE:
            self._renew(desktop, rebuild, at)
        self._tell(at, Happening.REBUILD_FINISHED, desktop, desktop.state)

    def _renew(self, desktop: Desktop, rebuild: Rebuild, at: datetime) -> None:
        """Give the desktop the volumes of a successful rebuild."""
        desktop.image_id = desktop.root_volume = rebuild.image_id
        if desktop.snapshot is not None:
            desktop.user_volume = desktop.snapshot.user_volume
        desktop.next_snapshot_at = at + seconds(self._tempo.first_snapshot)

    def _snapshot(self, desktop: Desktop, at: datetime) -> None:
        if desktop.faults.snapshots and desktop.state in (State.AVAILABLE, State.STOPPED):
            desktop.snapshot = Snapshot(at, desktop.user_volume)
        desktop.next_snapshot_at = at + seconds(self._tempo.snapshot_interval)

    def _sample(self, desktop: Desktop, at: datetime) -> None:
        intervals = LATE if desktop.row is Row.LATE else 1
        desktop.next_sample_at = at + intervals * seconds(self._tempo.sample_interval)
        if desktop.row is Row.FROZEN:
            return
        connected = desktop.presence is Presence.CONNECTED
        if connected:
            desktop.seen_at = at
        if desktop.state is not State.AVAILABLE or desktop.row is Row.UNKNOWN:
            state = "UNKNOWN"
        else:
            state = "CONNECTED" if connected else "DISCONNECTED"
        desktop.sample = Sample(state, at, self._last_known(desktop, at))

    def _last_known(self, desktop: Desktop, at: datetime) -> datetime | None:
        match desktop.faults.last_known:
            case LastKnown.ABSENT:
                return None
            case LastKnown.MOVES:
                return at
            case LastKnown.AHEAD:
                return at + AHEAD
        known = desktop.signed_in_at if self._last_known_is_login else desktop.seen_at
        if desktop.touched_at and (known is None or known < desktop.touched_at):
            known = desktop.touched_at
        dropped = known and desktop.forgotten_at and known <= desktop.forgotten_at
        return None if dropped else known


def plan(desktop: Desktop, *changes: Change) -> None:
    """Plan changes that will happen to a desktop on their own."""
    desktop.changes = tuple(sorted((*desktop.changes, *changes), key=lambda change: change.at))


def moments(desktop: Desktop) -> Iterable[datetime]:
    """Yield when the next change, snapshot and sample of a desktop are due."""
    if desktop.changes:
        yield desktop.changes[0].at
    if desktop.next_snapshot_at:
        yield desktop.next_snapshot_at
    if desktop.next_sample_at:
        yield desktop.next_sample_at


def seconds(value: float) -> timedelta:
    """Convert seconds to a timedelta."""
    return timedelta(seconds=value)


def address(rng: random.Random) -> str:
    """A random private IPv4 address."""
    return f"10.0.{rng.randrange(256)}.{rng.randrange(4, 255)}"
