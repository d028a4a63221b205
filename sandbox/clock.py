"""The local AWS's time, which may run faster than this machine's.

A function takes as long as this machine needs for it. Under a clock that is 60 times as fast, one
second on a busy machine would be a minute: leases would run out and samples get old as they never
do on AWS. So a fast clock slows down while something works.
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
"""How fast a fast clock runs at the most while something works."""


class Clock:
    """Begins with this machine's time and runs at the most `speed` times as fast.

    >>> Clock(speed=60).real(300)
    5.0
    """

    def __init__(self, speed: float = 1.0, began: float | None = None) -> None:
        self.speed = speed
        self._lock = threading.Lock()
        self._works = 0
        self._face: Face | None = None
        if speed != 1.0:
            # It lasts as long as the clock.
            self._file = tempfile.NamedTemporaryFile(prefix="local-aws-clock-")  # noqa: SIM115
            self._face = Face(self._file.name)
            began = time.time() if began is None else began
            self._face.set(began, began, speed)

    def now(self) -> datetime:
        """The present, in UTC."""
        real = time.time()
        return datetime.fromtimestamp(self._face.read(real)[0] if self._face else real, UTC)

    def real(self, seconds: float) -> float:
        """How long `seconds` of this clock last in real seconds while nothing works."""
        return seconds / self.speed

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Slow the clock down as long as the block lasts; blocks may overlap."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def environment(self, pythonpath: str = "") -> dict[str, str]:
        """Variables with which another Python has the same time."""
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
