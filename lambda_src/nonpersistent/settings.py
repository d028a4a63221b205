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
"""Calls per second: below it, a look would be stale before the rebuild that follows it."""

TICK = timedelta(minutes=1)
"""How often the reconcile schedule fires, see main.tf."""


class SettingsError(ValueError):
    """A setting that cannot be used: the message names it, the rule and the value."""


class UserVolume(StrEnum):
    """What happens to D: or /home, which a rebuild rolls back to its last snapshot."""

    ROLL_BACK = "roll_back"
    KEEP = "keep"


@dataclass(frozen=True)
class Window:
    """The hours in which rebuilds may happen, in local time; over midnight when start > end."""

    start: time
    end: time
    timezone: str

    def opens_at(self, moment: datetime) -> datetime:
        """`moment` itself when it lies in the window, otherwise the next opening, in UTC.

        Where clocks change, a local time may come twice, or not at all: a window that lies in
        the missing hour opens the day after.
        Raises SettingsError when the runtime has no data for the time zone: better no
        rebuild and an alarm than a rebuild at a guessed hour.
        """
        zone = self._zone()
        local = moment.astimezone(zone)
        if self._holds(local.time()):
            return moment
        days = (local.date() + timedelta(days=day) for day in range(3))
        openings = (
            datetime.combine(day, self.start, zone).replace(fold=fold).astimezone(UTC)
            for day in days
            for fold in (0, 1)
        )
        return next(
            opening
            for opening in openings
            if opening > moment and self._holds(opening.astimezone(zone).time())
        )

    def _holds(self, local: time) -> bool:
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def _zone(self) -> tzinfo:
        if self.timezone == "UTC":
            return UTC
        # Here, as it would slow each cold start and only fleets with a window need it.
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
    prove_images: bool = True

    @property
    def patience(self) -> timedelta:
        """How long to wait for the next connection sample before looking (again).

        A sample interval, as looking earlier would be in vain, but never more than a quarter
        of the grace period: who chose a short one wants to be quick.
        """
        return min(SAMPLE_INTERVAL, self.grace / 4)

    def next_look(self, moment: datetime) -> datetime:
        """The first common moment of looking at or after `moment`.

        Looks are rounded up to whole ticks, so that WorkSpaces whose sessions end one after the
        other share the 25 places of an API call (P5).
        """
        step = min(TICK, self.grace / 4).total_seconds()
        if step <= 0:
            return moment
        return datetime.fromtimestamp(ceil(moment.timestamp() / step) * step, UTC)

    def rebuild_allowed_at(self, moment: datetime) -> datetime:
        """`moment`, or the next opening of the rebuild window after it."""
        return moment if self.window is None else self.window.opens_at(moment)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check the function's environment; raises SettingsError."""

        def read(name: str, rule: str, convert: Callable[[str], T]) -> T:
            value = environment.get(name)
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
            prove_images=read("PROVE_IMAGES", "true or false", _flag),
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


def _flag(value: str) -> bool:
    return {"true": True, "false": False}[value]


def _rate(value: str) -> float:
    rate = float(value)
    if not SLOWEST_RATE <= rate < float("inf"):
        raise ValueError("out of range")
    return rate


def _brake(value: str) -> int | None:
    if not value:
        return None
    count = int(value)
    if count < 1:
        raise ValueError("below one")
    return count


def _window(value: str) -> Window | None:
    if not value:
        return None
    given = json.loads(value)
    start, end = time.fromisoformat(given["start"]), time.fromisoformat(given["end"])
    if start == end or start.tzinfo or end.tzinfo:
        raise ValueError("an empty window, or a time with an offset")
    return Window(start, end, _text(given["timezone"]))
