"""What happens to a desktop by itself as time passes: samples, snapshots, ends of changes. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from .desktop import Desktop, Happening, Presence, Row, Sample, Snapshot, State
from .tempo import Tempo

Tell = Callable[[datetime, Happening, Desktop, str], None]


class Clockwork:
    """Moves one desktop forward."""

    def __init__(
        self, tempo: Tempo, rng: random.Random, tell: Tell, last_known_is_login: bool
    ) -> None:
        self._tempo = tempo
        self._rng = rng
        self._tell = tell
        self._last_known_is_login = last_known_is_login

    def advance(self, desktop: Desktop, now: datetime) -> None:
        """Do everything that was due up to `now`, in the order of its times."""
        while (moment := min(moments(desktop), default=now)) <= now:
            if desktop.changes_to and desktop.changes_to[0] == moment:
                self._finish(desktop, *desktop.changes_to)
            elif desktop.next_snapshot_at == moment:
                self._snapshot(desktop, moment)
            elif desktop.next_sample_at == moment:
                self._sample(desktop, moment)
            else:
                break

    def _finish(self, desktop: Desktop, at: datetime, state: State) -> None:
        rebuilding = desktop.state is State.REBUILDING
        desktop.state, desktop.changes_to = state, None
        if not rebuilding:
            return
        rebuild = desktop.rebuilds[-1]
        rebuild.finished_at = at
        desktop.ip_address = address(self._rng)
        if state is State.AVAILABLE:
            desktop.image_id = desktop.root_volume = rebuild.image_id
            if desktop.snapshot is not None:
                desktop.user_volume = desktop.snapshot.user_volume
            desktop.next_snapshot_at = at + seconds(self._tempo.first_snapshot)
        self._tell(at, Happening.REBUILD_FINISHED, desktop, state)

    def _snapshot(self, desktop: Desktop, at: datetime) -> None:
        if desktop.faults.snapshots and desktop.state in (State.AVAILABLE, State.STOPPED):
            desktop.snapshot = Snapshot(at, desktop.user_volume)
        desktop.next_snapshot_at = at + seconds(self._tempo.snapshot_interval)

    def _sample(self, desktop: Desktop, at: datetime) -> None:
        desktop.next_sample_at = at + seconds(self._tempo.sample_interval)
        if desktop.faults.row is Row.FROZEN:
            return
        connected = desktop.presence is Presence.CONNECTED
        if connected:
            desktop.seen_at = at
        known = desktop.signed_in_at if self._last_known_is_login else desktop.seen_at
        if desktop.state is not State.AVAILABLE or desktop.faults.row is Row.UNKNOWN:
            state = "UNKNOWN"
        else:
            state = "CONNECTED" if connected else "DISCONNECTED"
        desktop.sample = Sample(state, at, known)


def moments(desktop: Desktop) -> Iterable[datetime]:
    """When something will happen to a desktop by itself."""
    if desktop.changes_to:
        yield desktop.changes_to[0]
    if desktop.next_snapshot_at:
        yield desktop.next_snapshot_at
    if desktop.next_sample_at:
        yield desktop.next_sample_at


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def address(rng: random.Random) -> str:
    """A private address."""
    return f"10.0.{rng.randrange(256)}.{rng.randrange(4, 255)}"
