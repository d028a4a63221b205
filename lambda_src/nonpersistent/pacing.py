"""How fast the function may go: the WorkSpaces API's rate, and the administrator's brake."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from .clock import Clock

LONGEST_PAUSE = 30.0
"""Seconds of rest at the most after repeated throttling."""

HOUR = timedelta(hours=1)


class Pacer:
    """Spaces calls evenly, so that any second sees at most the configured rate (P5)."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self.gap = timedelta(seconds=1 / rate)
        """Between two calls."""
        self._clock = clock
        self._pause = 0.0
        self.next_call_at = clock.now()
        """When the next call may be made."""

    def wait(self, lead: timedelta = timedelta()) -> None:
        """Sleep until the next call may be made, or until `lead` before that."""
        self._clock.sleep((self.next_call_at - lead - self._clock.now()).total_seconds())

    def sent(self) -> None:
        """A call is made now: the next one may follow after the gap."""
        self.next_call_at = self._clock.now() + self.gap

    def throttled(self) -> None:
        """Somebody else uses the rate, too: rest 1 s, then twice as long each time."""
        self._pause = min(max(1.0, 2 * self._pause), LONGEST_PAUSE)
        rest = max(self.gap, timedelta(seconds=self._pause))
        self.next_call_at = self._clock.now() + rest

    def failed(self) -> None:
        """No answer, or a server's error: rest for a second."""
        self.next_call_at = self._clock.now() + max(self.gap, timedelta(seconds=1))

    def succeeded(self) -> None:
        self._pause = 0.0


class Share:
    """At most `percent` of a fleet's WorkSpaces are rebuilt at once, at least one; None: any."""

    def __init__(self, percent: float | None, count: Callable[[], int], clock: Clock) -> None:
        """`count` says how many there are now; it is asked again after a minute."""
        self._percent = percent
        self._count = count
        self._clock = clock
        self._under_way = 0
        self._counted_at: datetime | None = None

    def is_full(self, fleet_size: int) -> bool:
        """Whether the next one has to wait for the end of another."""
        if self._percent is None:
            return False
        now = self._clock.now()
        if self._counted_at is None or now - self._counted_at >= timedelta(minutes=1):
            self._under_way, self._counted_at = self._count(), now
        return self._under_way >= max(1, int(fleet_size * self._percent / 100))

    def take(self) -> None:
        """One more is under way."""
        self._under_way += 1

    def free(self) -> None:
        """Some have ended: count anew."""
        self._counted_at = None


class Brake:
    """At most `limit` rebuilds in any hour; None brakes nothing. For one pass, oldest debt first.

    Everybody whose turn may come within an hour looks with each place that becomes free, so that
    the oldest of them takes it; who is further back looks an hour before its own place.
    """

    def __init__(self, limit: int | None, taken: Iterable[datetime] = ()) -> None:
        self._limit = limit
        self._taken = sorted(taken)
        self._held_back = 0

    def free_at(self, now: datetime) -> datetime:
        """`now`, or when the next place becomes free."""
        if self._limit is None or len(self._taken) < self._limit:
            return now
        return max(now, self._taken[-self._limit] + HOUR)

    def take(self, at: datetime) -> None:
        insort(self._taken, at)

    def hold_back(self, now: datetime) -> datetime | None:
        """When the next debt without a place is to look again; None if there is a place now."""
        free_at = self.free_at(now)
        if self._limit is None or free_at == now:
            return None
        hours, place = divmod(self._held_back, self._limit)
        self._held_back += 1
        return max(free_at, self._taken[place - self._limit] + hours * HOUR)
