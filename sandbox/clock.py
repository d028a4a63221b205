"""The local AWS's time, which may run faster than this machine's."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

FAST = Path(__file__).parent / "fast_clock"


@dataclass(frozen=True, slots=True)
class Clock:
    """Began with this machine's time and runs `speed` times as fast.

    >>> Clock(speed=60).real(300)
    5.0
    """

    speed: float = 1.0
    began: float = field(default_factory=time.time)

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.fromtimestamp(self.began + (time.time() - self.began) * self.speed, UTC)

    def real(self, seconds: float) -> float:
        """How many seconds of this machine's so many seconds last."""
        return seconds / self.speed

    def environment(self, pythonpath: str = "") -> dict[str, str]:
        """Variables with which another Python has the same time."""
        if self.speed == 1.0:
            return {"PYTHONPATH": pythonpath} if pythonpath else {}
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(FAST), pythonpath))),
            "LOCAL_AWS_CLOCK": f"{self.began!r}:{self.speed!r}",
        }
