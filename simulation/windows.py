"""The rebuild window by the world's own arithmetic, for the judges: nothing is rebuilt outside.

A window opens when the clock on the wall shows its start, and closes when that shows its end. What
clocks skip counts as so long after midnight, and of what they show twice the first time counts: so
each day has its window, and once. Who asks by hand has to wait for it, too (docs/operations.md).
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
    """As an administrator writes it: hours as HH:MM, days by their first letters; none: all."""

    start: str
    end: str
    timezone: str = "UTC"
    days: tuple[str, ...] = ()

    @property
    def setting(self) -> str:
        """As Terraform hands it over."""
        days = list(self.days or DAYS)
        given = {"start": self.start, "end": self.end, "timezone": self.timezone, "days": days}
        return json.dumps(given)

    def is_open(self, moment: datetime, early: timedelta, late: timedelta) -> bool:
        """Whether it is open then, or opens within `early`, or has closed less than `late` ago."""
        spans = self.spans(moment - 2 * DAY, moment + 2 * DAY)
        return any(opens - early <= moment < closes + late for opens, closes in spans)

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """When it opens and closes on the days between."""
        day = since.date()
        while day <= until.date():
            if DAYS[day.weekday()] in (self.days or DAYS):
                opens, closes = self._shown(day, self.start), self._shown(day, self.end)
                if self.end <= self.start:
                    closes = self._shown(day + DAY, self.end)
                if closes <= opens:  # clocks skip its beginning: it is as long as on other days
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
        """The first moment at which the clock on the wall shows that."""
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
