"""What the administrator chose, read from the function's environment and checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import ceil
from typing import TypeVar

T = TypeVar("T")

SAMPLE_INTERVAL = timedelta(minutes=5)
"""How often WorkSpaces samples who is connected (seen in public threads, not promised by AWS)."""

SLOWEST_RATE = 0.1
"""The lowest calls per second: below it, a look would be stale before its rebuild follows."""

TICK = timedelta(minutes=1)
"""How often the reconcile schedule fires, see main.tf."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SettingsError(ValueError):
    """A setting that cannot be used: the message names it, the rule and the value."""


class UserVolume(StrEnum):
    """What happens to D: or /home, which a rebuild rolls back to its last snapshot."""

    ROLL_BACK = "roll_back"
    KEEP = "keep"


@dataclass(frozen=True)
class Window:
    """The hours in which rebuilds may happen, in local time; past midnight if start > end.

    `days` are those on which it opens, 0 for Monday.
    """

    start: time
    end: time
    timezone: str
    days: frozenset[int] = frozenset(range(7))

    def opens_at(self, moment: datetime, *, whole: bool) -> datetime:
        """`moment` itself if it lies in the window, otherwise the next opening, in UTC.

        If a `whole` window is asked for, it is always an opening.

        A local time that clocks skip is read as that long after midnight, and one that they
        repeat as the first of the two: so each day has its window exactly once.
        Raises SettingsError if the runtime has no data for the time zone: better no
        rebuild and an alarm than a rebuild at a guessed hour.
        """
        zone = self._zone()
        today = moment.astimezone(zone).date()
        for ahead in range(-1, 9):
            day = today + timedelta(days=ahead)
            if day.weekday() not in self.days:
                continue
            last = day if self.start < self.end else day + timedelta(days=1)
            opens = datetime.combine(day, self.start, zone).astimezone(UTC)
            closes = datetime.combine(last, self.end, zone).astimezone(UTC)
            if closes <= opens:  # it lies in the hour that clocks skip, or begins there
                start, end = datetime.combine(day, self.start), datetime.combine(last, self.end)
                closes = opens + (end - start)
            if moment <= opens or (moment < closes and not whole):
                return max(moment, opens)
        raise SettingsError(f"REBUILD_WINDOW opens on none of the days {sorted(self.days)}")

    def _zone(self) -> tzinfo:
        if self.timezone == "UTC":
            return UTC
        # Imported here, as it would slow each cold start and only fleets with a window need it.
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsError(
                f"REBUILD_WINDOW: the Lambda runtime knows no time zone {self.timezone!r}; "
                "use an IANA name such as Europe/Berlin, or UTC"
            ) from error


@dataclass(frozen=True)
class Settings:
    """The module's inputs as the function sees them. Durations are timedeltas, rates per second."""

    fleet: str
    ledger_table: str
    grace: timedelta = timedelta(minutes=20)
    user_volume: UserVolume = UserVolume.ROLL_BACK
    dry_run: bool = False
    api_rate: float = 2.0
    audit_interval: timedelta = timedelta(minutes=60)
    maximum_rebuilds_per_hour: int | None = None
    window: Window | None = None
    canary_after: timedelta | None = timedelta(hours=12)
    roll_out_images: bool = False
    maximum_rebuilding_percent: float | None = None
    publish_events: bool = False

    @property
    def patience(self) -> timedelta:
        """How long to wait for the next connection sample before looking (again).

        A sample interval, as looking earlier would show nothing new, but never more than a
        quarter of the grace period: whoever chose a short one wants quick rebuilds.
        """
        return min(SAMPLE_INTERVAL, self.grace / 4)

    @property
    def is_limited(self) -> bool:
        """Whether rebuilds wait for each other by the administrator's choice."""
        return (self.maximum_rebuilds_per_hour, self.maximum_rebuilding_percent) != (None, None)

    def next_look(self, moment: datetime) -> datetime:
        """The first common moment of looking at or after `moment`.

        This way, WorkSpaces whose sessions end one after the other share the 25 places of an
        API call (P5).
        """
        return _round_up(moment, self.patience)

    def look_after(self, now: datetime, pause: timedelta) -> datetime:
        """A common moment of looking after about `pause`, as a tick comes a little late."""
        return self.next_look(now + max(timedelta(), pause - TICK))

    def next_tick(self, moment: datetime) -> datetime:
        """The first tick at or after `moment`, for looks that must not be late."""
        return _round_up(moment, min(TICK, self.patience))

    def rebuild_allowed_at(self, moment: datetime, *, whole: bool = False) -> datetime:
        """`moment`, or the next opening of the rebuild window after it."""
        return moment if self.window is None else self.window.opens_at(moment, whole=whole)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check the function's environment; raises SettingsError.

        Code and environment are not updated at the same moment: a setting that is newer than the
        first release has a value to use if it is `absent`.
        """

        def read(name: str, rule: str, convert: Callable[[str], T], absent: str | None = None) -> T:
            value = environment.get(name, absent)
            try:
                if value is None:
                    raise ValueError("missing")
                return convert(value)
            except (ValueError, KeyError, TypeError, OverflowError) as error:
                raise SettingsError(f"{name} must be {rule}, not {value!r}") from error

        return cls(
            fleet=read("FLEET", "the module's name", _text),
            ledger_table=read("LEDGER_TABLE", "the name of a DynamoDB table", _text),
            grace=read(
                "RECONNECT_GRACE_MINUTES", "a number of minutes, 0 or more, finite", _minutes
            ),
            user_volume=read("USER_VOLUME", "roll_back or keep", UserVolume),
            dry_run=read("DRY_RUN", "true or false", _flag),
            api_rate=read("WORKSPACES_API_RATE", "calls per second, 0.1 or more", _rate),
            audit_interval=read("AUDIT_INTERVAL_MINUTES", "a number of minutes above 0", _interval),
            maximum_rebuilds_per_hour=read(
                "MAXIMUM_REBUILDS_PER_HOUR", "empty or a whole number of 1 or more", _brake
            ),
            window=read(
                "REBUILD_WINDOW", "empty or JSON with start, end (HH:MM) and timezone", _window
            ),
            canary_after=read(
                "CANARY_AFTER_HOURS", "empty or a number of hours above 0, finite", _hours
            ),
            roll_out_images=read("ROLL_OUT_IMAGES", "true or false", _flag, "false"),
            maximum_rebuilding_percent=read(
                "MAXIMUM_REBUILDING_PERCENT", "empty or above 0 and at most 100", _percent, ""
            ),
            publish_events=read("PUBLISH_EVENTS", "true or false", _flag, "false"),
        )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("blank")
    return value


def _minutes(value: str) -> timedelta:
    minutes = float(value)
    if not 0 <= minutes < float("inf"):
        raise ValueError("out of range")
    return timedelta(minutes=minutes)


def _interval(value: str) -> timedelta:
    interval = _minutes(value)
    if not interval:
        raise ValueError("zero")
    return interval


def _hours(value: str) -> timedelta | None:
    return 60 * _interval(value) if value else None


def _flag(value: str) -> bool:
    return {"true": True, "false": False}[value]


def _rate(value: str) -> float:
    rate = float(value)
    if not SLOWEST_RATE <= rate < float("inf"):
        raise ValueError("out of range")
    return rate


def _brake(value: str) -> int | None:
    if value and int(value) < 1:
        raise ValueError("below one")
    return int(value) if value else None


def _percent(value: str) -> float | None:
    if value and not 0 < float(value) <= 100:
        raise ValueError("out of range")
    return float(value) if value else None


def _window(value: str) -> Window | None:
    if not value:
        return None
    given = json.loads(value)
    start, end = time.fromisoformat(given["start"]), time.fromisoformat(given["end"])
    if start == end or start.tzinfo or end.tzinfo:
        raise ValueError("an empty window, or a time with an offset")
    days = frozenset(WEEKDAYS.index(day) for day in given.get("days") or WEEKDAYS)
    return Window(start, end, _text(given["timezone"]), days)


def _round_up(moment: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    if seconds <= 0:
        return moment
    return datetime.fromtimestamp(ceil(moment.timestamp() / seconds) * seconds, UTC)
