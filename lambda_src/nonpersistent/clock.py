"""The only place that knows what time it is and how to wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Wall-clock time in UTC, and sleeping. Passed in, so that a simulation can control time."""

    def now(self) -> datetime:
        """The current time, to the millisecond: the ledger keeps no finer times."""
        return to_millisecond(datetime.now(UTC))

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


def to_millisecond(moment: datetime) -> datetime:
    """`moment` in UTC, cut off at the millisecond."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
