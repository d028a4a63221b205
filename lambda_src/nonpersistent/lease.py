"""The right to act: one invocation at a time has it, as long as its lease and its time last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from .clock import Clock
from .ledger import Ledger
from .pacing import Pacer

LENGTH = timedelta(minutes=2)
"""How long the lease lasts after it was last extended: half of it is longer than a step that AWS
answers slowly. An actor that was killed delays its successor by this much."""

RESERVE = 75.0
"""How many seconds before the function's time-out the last batch may begin: the tick of the
last minute but one finds the lease free, so that a burst drains without a pause."""

REBUILD_RESERVE = 15.0
"""The same for a single call: enough for one that times out, and for writing down its outcome."""


class Lease:
    """The lease of one invocation, whose calls `pacer` spaces."""

    def __init__(
        self, ledger: Ledger, pacer: Pacer, owner: str, seconds_left: Callable[[], float]
    ) -> None:
        self.clock: Clock = ledger.clock
        self._ledger = ledger
        self._pacer = pacer
        self.owner = owner
        self._seconds_left = seconds_left
        self._until: datetime | None = None

    def begin(self) -> bool:
        """Take or extend the lease; False if another invocation has it."""
        now = self.clock.now()
        until = now + self._length()
        if not self._ledger.lease(self.owner, now, until):
            return False
        self._until = until
        return True

    def goes_on(self, reserve: float = RESERVE) -> bool:
        """Whether there is time for another step; extends the lease if necessary.

        `reserve` is how many seconds the step may take, in addition to the wait for the pacer.
        """
        now = self.clock.now()
        wait = max(timedelta(), self._pacer.next_call_at - now)
        if self._seconds_left() < reserve + wait.total_seconds():
            return False
        if self._until is not None and self._until - now > self._length() / 2 + wait:
            return True
        return self.begin()

    def end(self) -> None:
        """Hand over. The next actor may begin when the next call may be made, not earlier (P5)."""
        now = self.clock.now()
        self._ledger.lease(self.owner, now, max(now, self._pacer.next_call_at))

    def _length(self) -> timedelta:
        return LENGTH + 3 * self._pacer.gap
