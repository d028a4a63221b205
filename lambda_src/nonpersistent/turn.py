"""Whose turn it is to act, and for how long: the lease, and the function's own deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from .clock import Clock
from .ledger import Ledger
from .pacing import Pacer

LEASE = timedelta(minutes=2)
"""How long the lease lasts after the latest prolongation: its half is longer than a step that AWS
answers slowly. An actor that was killed delays its successor by so much."""

RESERVE = 30.0
"""Seconds before the function's time-out at which no look is begun any more."""

REBUILD_RESERVE = 15.0
"""The same for a single rebuild: one call that times out, and what is written of it."""


class Turn:
    """One invocation's turn as the actor."""

    def __init__(
        self,
        ledger: Ledger,
        pacer: Pacer,
        clock: Clock,
        owner: str,
        seconds_left: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._pacer = pacer
        self._clock = clock
        self._owner = owner
        self._seconds_left = seconds_left
        self._until: datetime | None = None

    def begin(self) -> bool:
        """Take the lease; False if somebody else is at it."""
        return self._take(self._clock.now())

    def goes_on(self, reserve: float = RESERVE) -> bool:
        """Whether there is time for another step, prolonging the lease where needed.

        `reserve` is how many seconds the step may take, besides the pacer's gap.
        """
        if self._seconds_left() < reserve + self._pacer.gap.total_seconds():
            return False
        now = self._clock.now()
        if self._until is not None and self._until - now > self._length() / 2:
            return True
        return self._take(now)

    def end(self) -> None:
        """Hand over. The next actor may begin when the next call may be made, not earlier (P5)."""
        now = self._clock.now()
        self._ledger.lease(self._owner, now, max(now, self._pacer.next_call_at))

    def _take(self, now: datetime) -> bool:
        until = now + self._length()
        if not self._ledger.lease(self._owner, now, until):
            return False
        self._until = until
        return True

    def _length(self) -> timedelta:
        return LEASE + 3 * self._pacer.gap
