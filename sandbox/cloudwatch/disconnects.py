"""The metric `SessionDisconnect`, as WorkSpaces publishes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class Disconnects:
    """Counts ended sessions by WorkSpace id, to be published once per `interval`.

    Without a disconnect nothing is published: the metric has no datapoint, not a 0.
    """

    interval: timedelta = timedelta(minutes=5)
    since: datetime | None = None
    """The start of the current interval; None until `due` is called for the first time."""
    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, workspace_id: str) -> None:
        """Count a session that has ended."""
        self._counts[workspace_id] += 1

    def due(self, now: datetime) -> tuple[datetime, Counter[str]] | None:
        """Once the interval is over, return its start and counts, and begin the next; else None."""
        self.since = self.since or now
        if now - self.since < self.interval:
            return None
        since, self.since = self.since, now
        counts, self._counts = self._counts, Counter()
        return since, counts
