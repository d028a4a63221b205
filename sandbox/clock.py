"""The local AWS's time, which may run faster than this machine's.

A function takes as long as this machine needs to run it. With a clock 60 times as fast, a second
on a busy machine would count as a minute: leases would expire and samples age as they never do on
AWS. So a fast clock slows down while something works.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from .fast_clock.local_aws_clock import Face

FAST = Path(__file__).parent / "fast_clock"

WORKING = 6.0
"""The highest speed of a clock while something works."""


class Clock:
    """Shows this machine's time at `began` (default: now), then runs up to `speed` times as fast.

    >>> Clock(speed=60).real(300)
    5.0
    """

    def __init__(self, speed: float = 1.0, began: float | None = None) -> None:
        self.speed = speed
        self._lock = threading.Lock()
        self._works = 0
        self._face: Face | None = None
        if speed != 1.0:
            # It is kept open as long as the clock exists: closing would delete it.
            self._file = tempfile.NamedTemporaryFile(prefix="local-aws-clock-")  # noqa: SIM115
            self._face = Face(self._file.name)
            began = time.time() if began is None else began
            self._face.set(began, began, speed)

    def now(self) -> datetime:
        """The current time of this clock, in UTC."""
        real = time.time()
        return datetime.fromtimestamp(self._face.read(real)[0] if self._face else real, UTC)

    def real(self, seconds: float) -> float:
        """Convert `seconds` of this clock to real seconds, at its speed while nothing works."""
        return seconds / self.speed

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Slow the clock down while the block runs; blocks may overlap."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def environment(self, pythonpath: str = "") -> dict[str, str]:
        """Variables that give another Python process this clock, added to its `pythonpath`."""
        if self._face is None:
            return {"PYTHONPATH": pythonpath} if pythonpath else {}
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(FAST), pythonpath))),
            "LOCAL_AWS_CLOCK": self._file.name,
        }

    def _change(self, works: int) -> None:
        with self._lock:
            self._works += works
            if self._face is not None:
                real = time.time()
                speed = min(self.speed, WORKING) if self._works else self.speed
                self._face.set(real, self._face.read(real)[0], speed)
