"""The function's clock: the world's time plus the container's skew."""

from __future__ import annotations

from datetime import datetime

from nonpersistent.clock import Clock, to_millisecond

from .baton import current


class VirtualClock(Clock):
    """Replaces `nonpersistent.handler.CLOCK`."""

    def now(self) -> datetime:
        invocation = current()
        return to_millisecond(invocation.agenda.now + invocation.skew)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            current().pause(seconds)
