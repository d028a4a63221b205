"""How fast the function may go: the WorkSpaces API's rate, and the administrator's brake."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from .clock import Clock

LONGEST_PAUSE = 30.0
"""The longest rest after repeated throttling, in seconds."""

HOUR = timedelta(hours=1)


class Pacer:
    """Spaces calls evenly, so that any second sees at most the configured rate (P5)."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self.gap = timedelta(seconds=1 / rate)
        """The time between two calls."""
        self._clock = clock
        self._pause = 0.0
        self.next_call_at = clock.now()
        """When the next call may be made."""

    def wait(self, lead: timedelta = timedelta()) -> None:
        """Sleep until the next call may be made, or until `lead` before that."""
        self._clock.sleep((self.next_call_at - lead - self._clock.now()).total_seconds())

    def sent(self) -> None:
        """Note that a call is made now: the next one may follow after the gap."""
        self.next_call_at = self._clock.now() + self.gap

    def throttled(self) -> None:
        """Rest for 1 s, then twice as long each time: something else is using the rate, too."""
        self._pause = min(max(1.0, 2 * self._pause), LONGEST_PAUSE)
        rest = max(self.gap, timedelta(seconds=self._pause))
        self.next_call_at = self._clock.now() + rest

    def failed(self) -> None:
        """Rest for a second: there was no answer, or a server error."""
        self.next_call_at = self._clock.now() + max(self.gap, timedelta(seconds=1))

    def succeeded(self) -> None:
        self._pause = 0.0


class Share:
    """Limits simultaneous rebuilds to `percent` of a fleet, at least one WorkSpace; None: any."""

    def __init__(self, percent: float | None, count: Callable[[], int], clock: Clock) -> None:
        """`count` returns how many are under way; it is called again after a minute."""
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
        """Count one more as under way."""
        self._under_way += 1

    def free(self) -> None:
        """Have them counted again: some have ended."""
        self._counted_at = None


class Brake:
    """At most `limit` rebuilds in any hour; None: any number. For one pass, oldest debt first.

    Every debt whose turn may come within an hour is looked at when a place becomes free, so that
    the oldest takes it; those further back are looked at an hour before their own place is free.
    """

    def __init__(self, limit: int | None, taken: Iterable[datetime] = ()) -> None:
        self._limit = limit
        self._taken = sorted(taken)
        self._held_back = 0

    def take(self, at: datetime) -> None:
        insort(self._taken, at)

    def hold_back(self, now: datetime) -> datetime | None:
        """When to look again at the next debt without a place; None if there is a place now."""
        if self._limit is None or len(self._taken) < self._limit:
            return None
        free_at = self._taken[-self._limit] + HOUR
        if free_at <= now:
            return None
        hours, place = divmod(self._held_back, self._limit)
        self._held_back += 1
        return max(free_at, self._taken[place - self._limit] + hours * HOUR)
