"""The face of a fast clock: a small file that the local AWS writes and every process reads."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_FORM = struct.Struct("<Qddd")
"""A counter, odd while the clock is being set; the real and the shown time then; the speed."""


class Face:
    """The face of the clock whose file is at `path`, mapped into memory."""

    def __init__(self, path: str | Path) -> None:
        with Path(path).open("r+b") as file:
            file.truncate(_FORM.size)
            self._map = mmap.mmap(file.fileno(), _FORM.size)

    def read(self, real: float) -> tuple[float, float]:
        """Return what it shows at this machine's time `real`, and its speed."""
        while True:
            once, again = self._map[:], self._map[:]
            settings, since, shown, speed = _FORM.unpack(once)
            if once == again and settings % 2 == 0:
                return shown + (real - since) * speed, speed

    def set(self, since: float, shown: float, speed: float) -> None:
        """Show `shown` at real time `since`. Only the local AWS does that, one thread at a time."""
        settings = _FORM.unpack(self._map)[0]
        self._map[:8] = struct.pack("<Q", settings + 1)
        self._map[8:] = struct.pack("<ddd", since, shown, speed)
        self._map[:8] = struct.pack("<Q", settings + 2)
