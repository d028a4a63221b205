"""A clock whose time passes without waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nonpersistent.clock import Clock, to_millisecond


class Time(Protocol):
    """What a virtual clock shows."""

    @property
    def now(self) -> datetime: ...

    def pause(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class VirtualClock(Clock):
    """Takes the place of `nonpersistent.handler.CLOCK`.

    Whose time it shows, it asks each time: in a simulated world the running invocation's, in a
    unit test the test's own.
    """

    whose: Callable[[], Time]

    def now(self) -> datetime:
        return to_millisecond(self.whose().now)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.whose().pause(seconds)
