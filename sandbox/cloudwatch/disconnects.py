"""`SessionDisconnect`, as WorkSpaces publishes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class Disconnects:
    """Counts ended sessions by WorkSpace id; `interval` is how often they are published.

    Without a disconnect nothing is published: the metric is absent, not 0.
    """

    interval: timedelta = timedelta(minutes=5)
    since: datetime | None = None
    """Start of the interval that is counted now; None: it begins when it is asked for first."""
    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, workspace_id: str) -> None:
        """A session has ended."""
        self._counts[workspace_id] += 1

    def due(self, now: datetime) -> tuple[datetime, Counter[str]] | None:
        """The interval's start and its counts, once the interval is over."""
        self.since = self.since or now
        if now - self.since < self.interval:
            return None
        since, self.since = self.since, now
        counts, self._counts = self._counts, Counter()
        return since, counts
