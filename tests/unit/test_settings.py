"""What the administrator chose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.settings import Settings, SettingsError, UserVolume, Window
from tests.unit.support import at, settings

ENVIRONMENT = {
    "FLEET": "desks",
    "LEDGER_TABLE": "desks-ledger",
    "RECONNECT_GRACE_MINUTES": "0.1",
    "USER_VOLUME": "keep",
    "DRY_RUN": "true",
    "WORKSPACES_API_RATE": "1.5",
    "AUDIT_INTERVAL_MINUTES": "30",
    "MAXIMUM_REBUILDS_PER_HOUR": "12",
    "REBUILD_WINDOW": json.dumps(
        {"start": "19:00", "end": "06:00", "timezone": "Europe/Berlin", "days": None}
    ),
    "CANARY_AFTER_HOURS": "1.5",
    "ROLL_OUT_IMAGES": "true",
    "MAXIMUM_REBUILDING_PERCENT": "12.5",
    "PUBLISH_EVENTS": "true",
}
YOUNGER = {"ROLL_OUT_IMAGES", "MAXIMUM_REBUILDING_PERCENT", "PUBLISH_EVENTS"}
"""Settings that came after the first release."""
NIGHT = Window(time(19), time(6), "Europe/Berlin")


def test_every_setting_is_read_from_the_environment() -> None:
    assert Settings.from_environment(ENVIRONMENT) == Settings(
        fleet="desks",
        ledger_table="desks-ledger",
        grace=timedelta(seconds=6),
        user_volume=UserVolume.KEEP,
        dry_run=True,
        api_rate=1.5,
        audit_interval=timedelta(minutes=30),
        maximum_rebuilds_per_hour=12,
        window=NIGHT,
        canary_after=timedelta(minutes=90),
        roll_out_images=True,
        maximum_rebuilding_percent=12.5,
        publish_events=True,
    )


def test_an_empty_option_is_an_absent_one() -> None:
    options = (
        "MAXIMUM_REBUILDS_PER_HOUR",
        "REBUILD_WINDOW",
        "CANARY_AFTER_HOURS",
        "MAXIMUM_REBUILDING_PERCENT",
    )
    read = Settings.from_environment(ENVIRONMENT | dict.fromkeys(options, ""))
    assert (read.maximum_rebuilds_per_hour, read.window, read.canary_after) == (None, None, None)
    assert read.maximum_rebuilding_percent is None


def test_the_least_values_are_taken() -> None:
    least = {
        "WORKSPACES_API_RATE": "0.1",
        "MAXIMUM_REBUILDS_PER_HOUR": "1",
        "RECONNECT_GRACE_MINUTES": "0",
        "DRY_RUN": "false",
        "ROLL_OUT_IMAGES": "false",
        "MAXIMUM_REBUILDING_PERCENT": "0.01",
        "PUBLISH_EVENTS": "false",
    }
    read = Settings.from_environment(ENVIRONMENT | least)
    assert (read.dry_run, read.roll_out_images, read.publish_events) == (False, False, False)
    assert read.maximum_rebuilding_percent == 0.01
    assert (read.api_rate, read.maximum_rebuilds_per_hour) == (0.1, 1)
    assert read.grace == timedelta()


def test_the_whole_fleet_may_be_rebuilding_at_once() -> None:
    given = ENVIRONMENT | {"MAXIMUM_REBUILDING_PERCENT": "100"}
    assert Settings.from_environment(given).maximum_rebuilding_percent == 100


@pytest.mark.parametrize("name", sorted(ENVIRONMENT.keys() - YOUNGER))
def test_a_missing_setting_is_named(name: str) -> None:
    given = {key: value for key, value in ENVIRONMENT.items() if key != name}
    with pytest.raises(SettingsError, match=f"{name} must be .*not None") as refusal:
        Settings.from_environment(given)
    assert str(refusal.value.__cause__) == "missing"


def test_new_code_in_the_environment_of_an_older_release_goes_on_as_before() -> None:
    older = {key: value for key, value in ENVIRONMENT.items() if key not in YOUNGER}
    read = Settings.from_environment(older)
    assert (read.roll_out_images, read.publish_events) == (False, False)
    assert read.maximum_rebuilding_percent is None


RULES = {
    "FLEET": "the module's name",
    "LEDGER_TABLE": "the name of a DynamoDB table",
    "RECONNECT_GRACE_MINUTES": "a number of minutes, 0 or more, finite",
    "USER_VOLUME": "roll_back or keep",
    "DRY_RUN": "true or false",
    "WORKSPACES_API_RATE": "calls per second, 0.1 or more",
    "AUDIT_INTERVAL_MINUTES": "a number of minutes above 0",
    "MAXIMUM_REBUILDS_PER_HOUR": "empty or a whole number of 1 or more",
    "REBUILD_WINDOW": "empty or JSON with start, end (HH:MM) and timezone",
    "CANARY_AFTER_HOURS": "empty or a number of hours above 0, finite",
    "ROLL_OUT_IMAGES": "true or false",
    "MAXIMUM_REBUILDING_PERCENT": "empty or above 0 and at most 100",
    "PUBLISH_EVENTS": "true or false",
}


def window(**changes: object) -> str:
    return json.dumps({"start": "19:00", "end": "06:00", "timezone": "UTC"} | changes)


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("FLEET", " ", "blank"),
        ("LEDGER_TABLE", "", None),
        ("RECONNECT_GRACE_MINUTES", "soon", None),
        ("RECONNECT_GRACE_MINUTES", "-1", "out of range"),
        ("RECONNECT_GRACE_MINUTES", "inf", "out of range"),
        ("RECONNECT_GRACE_MINUTES", "nan", None),
        ("RECONNECT_GRACE_MINUTES", "1e300", None),
        ("USER_VOLUME", "wipe", None),
        ("DRY_RUN", "True", None),
        ("WORKSPACES_API_RATE", "0", None),
        ("WORKSPACES_API_RATE", "0.09", "out of range"),
        ("WORKSPACES_API_RATE", "inf", "out of range"),
        ("AUDIT_INTERVAL_MINUTES", "0", "zero"),
        ("MAXIMUM_REBUILDS_PER_HOUR", "0", "below one"),
        ("MAXIMUM_REBUILDS_PER_HOUR", "1.5", None),
        ("REBUILD_WINDOW", "{", None),
        ("REBUILD_WINDOW", "[]", None),
        ("REBUILD_WINDOW", '{"start":"19:00"}', None),
        ("REBUILD_WINDOW", window(end="19:00"), "an empty window, or a time with an offset"),
        ("REBUILD_WINDOW", window(start="25:00"), None),
        ("REBUILD_WINDOW", window(start="19:00+01:00"), None),
        ("REBUILD_WINDOW", window(end="06:00Z"), None),
        ("REBUILD_WINDOW", window(timezone=""), None),
        ("REBUILD_WINDOW", window(timezone=None), None),
        ("REBUILD_WINDOW", window(days=["Mon"]), None),
        ("REBUILD_WINDOW", window(days=7), None),
        ("CANARY_AFTER_HOURS", "0", None),
        ("CANARY_AFTER_HOURS", "-1", None),
        ("CANARY_AFTER_HOURS", "inf", None),
        ("CANARY_AFTER_HOURS", "1e300", None),
        ("CANARY_AFTER_HOURS", "null", None),
        ("ROLL_OUT_IMAGES", "", None),
        ("ROLL_OUT_IMAGES", "True", None),
        ("MAXIMUM_REBUILDING_PERCENT", "0", "out of range"),
        ("MAXIMUM_REBUILDING_PERCENT", "-1", None),
        ("MAXIMUM_REBUILDING_PERCENT", "100.1", None),
        ("MAXIMUM_REBUILDING_PERCENT", "nan", None),
        ("MAXIMUM_REBUILDING_PERCENT", "10%", None),
        ("PUBLISH_EVENTS", "", None),
        ("PUBLISH_EVENTS", "yes", None),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_the_rule_and_the_value(
    name: str, value: str, cause: str | None
) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment(ENVIRONMENT | {name: value})
    assert str(refusal.value) == f"{name} must be {RULES[name]}, not {value!r}"
    assert cause is None or str(refusal.value.__cause__) == cause


@pytest.mark.parametrize(("grace", "patience"), [(60, 5), (20, 5), (8, 2), (0, 0)])
def test_patience_is_a_sample_interval_but_never_more_than_a_quarter_of_the_grace(
    grace: float, patience: float
) -> None:
    given = settings(grace=timedelta(minutes=grace))
    assert given.patience == timedelta(minutes=patience)


@pytest.mark.parametrize(
    ("grace", "moment", "look"),
    [
        (20, at(0, 1), at(5)),
        (20, at(5), at(5)),
        (0.1, at(0, 0.2), at(0, 1.5)),
        (0.05, at(0, 0.2), at(0, 0.75)),
        (0, at(0, 0.2), at(0, 0.2)),
    ],
)
def test_p5_looks_are_rounded_up_to_common_moments(
    grace: float, moment: datetime, look: datetime
) -> None:
    assert settings(grace=timedelta(minutes=grace)).next_look(moment) == look


def test_p5_a_look_that_must_not_be_late_waits_for_a_tick_at_most() -> None:
    assert settings().next_tick(at(1)) == at(1)
    assert settings().next_tick(at(1, 0.001)) == at(2)
    assert settings(grace=timedelta(minutes=2)).next_tick(at(1, 0.001)) == at(1.5)


def test_the_days_of_a_window_are_those_on_which_it_opens() -> None:
    given = window(days=["mon", "sun"])
    read = Settings.from_environment(ENVIRONMENT | {"REBUILD_WINDOW": given})
    assert read.window == Window(time(19), time(6), "UTC", frozenset({0, 6}))


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.floats(0.05, 60))
def test_p5_a_look_is_never_before_its_moment_and_at_most_a_tick_after(
    moment: datetime, grace: float
) -> None:
    given = settings(grace=timedelta(minutes=grace))
    wait = given.next_look(moment) - moment
    assert timedelta(milliseconds=-1) < wait <= given.patience + timedelta(milliseconds=1)
