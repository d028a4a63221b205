"""Virtual time: what happens when. Nothing here waits in real time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When a world begins, unless the scenario says otherwise: a Monday morning."""


class Agenda:
    """Actions in the order of their times; those of the same moment in the order of adding."""

    def __init__(self, begins: datetime = BEGIN) -> None:
        self.now = begins
        self._heap: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = count()

    def at(self, moment: datetime, action: Callable[[], object]) -> None:
        """Do `action` at `moment`, or now if that has passed."""
        heapq.heappush(self._heap, (max(moment, self.now), next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.now + timedelta(seconds=seconds), action)

    def every(self, seconds: float, action: Callable[[], object], first: float = 0.0) -> None:
        """Do `action` after `first` seconds, and then every `seconds` seconds."""

        def turn() -> None:
            self.after(seconds, turn)
            action()

        self.after(first, turn)

    def run(self, until: datetime, stop: Callable[[], bool]) -> bool:
        """Let time pass up to `until`; return False early if `stop()` is true after an action."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, action = heapq.heappop(self._heap)
            action()
            if stop():
                return False
        self.now = max(self.now, until)
        return True
