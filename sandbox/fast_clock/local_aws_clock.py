"""The face of a fast clock: a small file that the local AWS sets and every process looks at."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_FORM = struct.Struct("<Qddd")
"""How often it was set, odd while that goes on; since when, what it showed then, and its speed."""


class Face:
    """Of the clock that the file at `path` belongs to."""

    def __init__(self, path: str | Path) -> None:
        with Path(path).open("r+b") as file:
            file.truncate(_FORM.size)
            self._map = mmap.mmap(file.fileno(), _FORM.size)

    def read(self, real: float) -> tuple[float, float]:
        """What it shows at this machine's time `real`, and how fast it runs."""
        while True:
            once, again = self._map[:], self._map[:]
            settings, since, shown, speed = _FORM.unpack(once)
            if once == again and settings % 2 == 0:
                return shown + (real - since) * speed, speed

    def set(self, since: float, shown: float, speed: float) -> None:
        """Only the local AWS does, one thread at a time."""
        settings = _FORM.unpack(self._map)[0]
        self._map[:8] = struct.pack("<Q", settings + 1)
        self._map[8:] = struct.pack("<ddd", since, shown, speed)
        self._map[:8] = struct.pack("<Q", settings + 2)
