"""The rebuild window, computed independently for the judges: nothing is rebuilt outside it.

A window opens when local time reaches its start, and closes at its end. A time that a clock change
skips counts as that long after midnight; of one that occurs twice, the first counts. So every day
has exactly one window. Rebuilds requested by hand wait for it, too (docs/operations.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Window:
    """A window as an administrator writes it: HH:MM, and days such as `mon`; none means all."""

    start: str
    end: str
    timezone: str = "UTC"
    days: tuple[str, ...] = ()

    @property
    def setting(self) -> str:
        """The value of REBUILD_WINDOW, as Terraform sets it."""
        days = list(self.days or DAYS)
        given = {"start": self.start, "end": self.end, "timezone": self.timezone, "days": days}
        return json.dumps(given)

    def is_open(self, moment: datetime, early: timedelta, late: timedelta) -> bool:
        """Whether it is open at `moment`, opens within `early`, or closed less than `late` ago."""
        spans = self.spans(moment - 2 * DAY, moment + 2 * DAY)
        return any(opens - early <= moment < closes + late for opens, closes in spans)

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """When it opens and closes, for each day from `since` to `until`."""
        day = since.date()
        while day <= until.date():
            if DAYS[day.weekday()] in (self.days or DAYS):
                opens, closes = self._shown(day, self.start), self._shown(day, self.end)
                if self.end <= self.start:
                    closes = self._shown(day + DAY, self.end)
                if closes <= opens:  # clocks skip its start: it is as long as on other days
                    closes = opens + _since_midnight(self.end) - _since_midnight(self.start)
                yield opens, closes
            day += DAY

    def longest_wait(self, now: datetime) -> timedelta:
        """The longest time for which it is closed, in the weeks around `now`."""
        return _extremes(self, now)[0]

    def shortest(self, now: datetime) -> timedelta:
        """The shortest time for which it is open, in the weeks around `now`."""
        return _extremes(self, now)[1]

    def _shown(self, day: date, clock: str) -> datetime:
        """The first moment of `day` at which local time is `clock`."""
        zone = ZoneInfo(self.timezone)
        shows = datetime.combine(day, datetime.min.time()) + _since_midnight(clock)
        noons = (datetime.combine(day + n * DAY, datetime.min.time(), UTC) for n in (-1, 2))
        offsets = [noon.astimezone(zone).utcoffset() or timedelta() for noon in noons]
        moments = [(shows - offset).replace(tzinfo=UTC) for offset in offsets]
        shown = [at for at in moments if at.astimezone(zone).replace(tzinfo=None) == shows]
        return min(shown, default=moments[0])


@cache
def _extremes(window: Window, now: datetime) -> tuple[timedelta, timedelta]:
    spans = list(window.spans(now - 8 * DAY, now + 15 * DAY))
    gaps = [then[0] - span[1] for span, then in pairwise(spans)]
    return max([timedelta(), *gaps]), min(closes - opens for opens, closes in spans)


def _since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
