"""The hours in which rebuilds may happen."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from unittest.mock import Mock
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nonpersistent.settings import SettingsError, Window
from tests.unit.support import NOON, at, settings

NIGHT = Window(time(19), time(6), "Europe/Berlin")
EVERY_DAY = frozenset(range(7))
MORNING = Window(time(6), time(8), "UTC")
FRIDAYS = Window(time(19), time(6), "Europe/Berlin", frozenset({4}))
SUNDAYS = Window(time(2), time(3), "Europe/Berlin", frozenset({6}))
LONG = Window(time(22), time(20), "America/New_York")
OLD_YEAR = Window(time(19), time(6), "Europe/Berlin", frozenset({3}))


@pytest.mark.parametrize(
    ("hours", "moment", "opens"),
    [
        (MORNING, "2026-11-22T05:59:59", "2026-11-22T06:00:00"),
        (MORNING, "2026-11-22T06:00:00", "2026-11-22T06:00:00"),
        (MORNING, "2026-11-22T07:59:59", "2026-11-22T07:59:59"),
        (MORNING, "2026-11-22T08:00:00", "2026-11-23T06:00:00"),
        (NIGHT, "2026-11-22T17:59:59", "2026-11-22T18:00:00"),
        (NIGHT, "2026-11-22T18:00:00", "2026-11-22T18:00:00"),
        (NIGHT, "2026-11-22T23:30:00", "2026-11-22T23:30:00"),
        (NIGHT, "2026-11-23T04:59:59", "2026-11-23T04:59:59"),
        (NIGHT, "2026-11-23T05:00:00", "2026-11-23T18:00:00"),
        (NIGHT, "2026-07-01T16:00:00", "2026-07-01T17:00:00"),
        # Friday evening to Saturday morning; 2026-11-20 is a Friday.
        (FRIDAYS, "2026-11-20T17:59:59", "2026-11-20T18:00:00"),
        (FRIDAYS, "2026-11-21T04:59:59", "2026-11-21T04:59:59"),
        (FRIDAYS, "2026-11-21T05:00:00", "2026-11-27T18:00:00"),
        (FRIDAYS, "2026-11-19T20:00:00", "2026-11-20T18:00:00"),
        (OLD_YEAR, "2027-01-01T04:00:00", "2027-01-01T04:00:00"),
        # In New York it is the evening of 2026-11-22: the window of the day before closes at 20:00.
        (LONG, "2026-11-23T00:30:00", "2026-11-23T00:30:00"),
        (LONG, "2026-11-23T01:00:00", "2026-11-23T03:00:00"),
        # Clocks skip 02:00 to 03:00 on 2026-03-29, and repeat it on 2026-10-25.
        (SUNDAYS, "2026-03-28T00:00:00", "2026-03-29T01:00:00"),
        (SUNDAYS, "2026-03-29T01:00:00", "2026-03-29T01:00:00"),
        (SUNDAYS, "2026-03-29T01:59:59", "2026-03-29T01:59:59"),
        (SUNDAYS, "2026-03-29T02:00:00", "2026-04-05T00:00:00"),
        (SUNDAYS, "2026-10-24T12:00:00", "2026-10-25T00:00:00"),
        (SUNDAYS, "2026-10-25T02:00:00", "2026-11-01T01:00:00"),
    ],
)
def test_the_window_opens_at_its_local_time(hours: Window, moment: str, opens: str) -> None:
    opening = settings(window=hours).rebuild_allowed_at(datetime.fromisoformat(moment + "Z"))
    assert opening == datetime.fromisoformat(opens + "Z")
    assert opening.tzinfo is UTC


@pytest.mark.parametrize(
    ("hours", "moment", "opens"),
    [
        (NIGHT, "2026-11-22T17:59:59", "2026-11-22T18:00:00"),
        (NIGHT, "2026-11-22T18:00:00", "2026-11-22T18:00:00"),
        (NIGHT, "2026-11-22T18:00:01", "2026-11-23T18:00:00"),
        (NIGHT, "2026-11-23T04:59:59", "2026-11-23T18:00:00"),
        (FRIDAYS, "2026-11-21T04:59:59", "2026-11-27T18:00:00"),
    ],
)
def test_a_whole_window_begins_with_an_opening(hours: Window, moment: str, opens: str) -> None:
    given = datetime.fromisoformat(moment + "Z")
    opening = settings(window=hours).rebuild_allowed_at(given, whole=True)
    assert opening == datetime.fromisoformat(opens + "Z")


def test_without_a_window_rebuilds_are_always_allowed() -> None:
    assert settings().rebuild_allowed_at(NOON) == NOON


HELP = r"REBUILD_WINDOW: .*; use an IANA name such as Europe/Berlin, or UTC$"


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../../etc/localtime", "Europe"])
def test_an_unknown_time_zone_means_no_rebuild_and_an_error_that_helps(zone: str) -> None:
    with pytest.raises(SettingsError, match=HELP):
        Window(time(1), time(2), zone).opens_at(NOON, whole=False)


def test_a_window_that_opens_on_no_day_is_an_error_that_helps() -> None:
    with pytest.raises(SettingsError, match=r"opens on none of the days \[\]"):
        Window(time(1), time(2), "UTC", frozenset()).opens_at(NOON, whole=False)


def test_utc_needs_no_data_of_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.ZoneInfo", Mock(side_effect=ZoneInfoNotFoundError))
    assert MORNING.opens_at(NOON, whole=False) == at(18 * 60)


NEAR_A_CHANGE = st.sampled_from(
    [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
).flatmap(lambda day: st.integers(-1500, 1500).map(lambda m: day + timedelta(minutes=m)))
MOMENTS = NEAR_A_CHANGE | st.datetimes(
    datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)
)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
DAYS = st.frozensets(st.integers(0, 6), min_size=1)


@given(TIMES, TIMES, ZONES, DAYS, MOMENTS)
@example(
    time(2, 30), time(4), "Europe/Berlin", EVERY_DAY, datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
)
@example(time(2, 30), time(3), "Europe/Berlin", EVERY_DAY, datetime(2026, 3, 29, 0, 10, tzinfo=UTC))
def test_the_window_is_open_when_it_is_said_to_open_and_that_is_never_in_the_past(
    start: time, end: time, zone: str, days: frozenset[int], moment: datetime
) -> None:
    if start == end:
        return
    hours = Window(start, end, zone, days)
    opens = hours.opens_at(moment, whole=False)
    assert opens >= moment
    assert hours.opens_at(opens, whole=False) == opens
    local = opens.astimezone(ZoneInfo(zone))
    is_early = start > end and local.time() < end
    opened_on = local.date() - timedelta(days=int(is_early))
    assert opened_on.weekday() in days
    if _is_ordinary(local):
        inside = start <= local.time() < end if start < end else local.time() >= start or is_early
        assert inside


def _is_ordinary(local: datetime) -> bool:
    """Whether no clock changes within three hours."""
    hours = timedelta(hours=3)
    around = (local.astimezone(UTC) - hours, local.astimezone(UTC) + hours)
    return len({moment.astimezone(local.tzinfo).utcoffset() for moment in around}) == 1


@given(MOMENTS)
def test_p2_a_window_of_every_day_opens_within_a_day_also_where_clocks_change(
    moment: datetime,
) -> None:
    for start, end in ((time(2), time(2, 30)), (time(2, 15), time(3, 15)), (time(23), time(1))):
        opens = Window(start, end, "Europe/Berlin").opens_at(moment, whole=False)
        assert opens - moment < timedelta(hours=25)
