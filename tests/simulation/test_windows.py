"""The judge of the rebuild window: its own arithmetic, against moments reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulation.agenda import BEGIN
from simulation.mutants import MUTANTS, judges, mutate
from simulation.scenario import Scenario, draw
from simulation.windows import Window
from tests.simulation.histories import CALM, History
from tests.times import minutes

NONE = timedelta()
NIGHT = Window("19:00", "06:00", "Europe/Berlin")
FRIDAYS = replace(NIGHT, days=("fri",))
SKIPPED = Window("02:30", "05:00", "Europe/Berlin")
WHOLLY_SKIPPED = Window("02:10", "02:50", "Europe/Berlin")
BEGINS_SKIPPED = Window("02:30", "03:10", "Europe/Berlin")
TWICE = Window("02:30", "05:00", "Europe/Berlin")
HALF_AN_HOUR = Window("02:15", "04:00", "Australia/Lord_Howe")


def utc(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{clock}:00").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "day", "opens", "closes"),
    [
        (NIGHT, "03-02", "03-02 18:00", "03-03 05:00"),
        (NIGHT, "07-02", "07-02 17:00", "07-03 04:00"),
        (NIGHT, "03-28", "03-28 18:00", "03-29 04:00"),
        (NIGHT, "10-24", "10-24 17:00", "10-25 05:00"),
        (FRIDAYS, "03-06", "03-06 18:00", "03-07 05:00"),
        (SKIPPED, "03-29", "03-29 01:30", "03-29 03:00"),
        (WHOLLY_SKIPPED, "03-29", "03-29 01:10", "03-29 01:50"),
        (BEGINS_SKIPPED, "03-29", "03-29 01:30", "03-29 02:10"),
        (TWICE, "10-25", "10-25 00:30", "10-25 04:00"),
        (HALF_AN_HOUR, "10-04", "10-03 15:45", "10-03 17:00"),
        (replace(HALF_AN_HOUR, start="01:45"), "04-05", "04-04 14:45", "04-04 17:30"),
        (Window("09:30", "14:00", "Asia/Kolkata"), "03-03", "03-03 04:00", "03-03 08:30"),
        (Window("19:00", "06:00", "America/New_York"), "03-07", "03-08 00:00", "03-08 10:00"),
    ],
)
def test_a_window_opens_and_closes_by_the_clock_on_the_wall(
    window: Window, day: str, opens: str, closes: str
) -> None:
    on_the_day = utc(day, "00:00")
    [span] = window.spans(on_the_day, on_the_day)
    assert span == (utc(*opens.split()), utc(*closes.split()))
    second = timedelta(seconds=1)
    outside, inside = (span[0] - second, span[1]), (span[0], span[1] - second)
    assert [window.is_open(at, NONE, NONE) for at in (*outside, *inside)] == 2 * [False] + 2 * [
        True
    ]
    assert [window.is_open(at, 2 * second, 2 * second) for at in outside] == [True, True]


def test_a_window_of_some_days_is_closed_on_the_others() -> None:
    assert FRIDAYS.is_open(utc("03-06", "20:00"), NONE, NONE)
    assert FRIDAYS.is_open(utc("03-07", "04:59"), NONE, NONE)
    assert not FRIDAYS.is_open(utc("03-07", "20:00"), NONE, NONE)
    assert not FRIDAYS.is_open(utc("03-06", "04:00"), NONE, NONE)
    assert FRIDAYS.longest_wait(BEGIN) == timedelta(days=7, hours=-11)
    assert NIGHT.longest_wait(BEGIN) == timedelta(hours=13)
    assert NIGHT.shortest(BEGIN) == timedelta(hours=11)


@pytest.mark.parametrize(
    ("days", "minute", "broken"),
    [((), 90, []), (("mon",), 90, []), (("tue",), 90, ["P1"]), ((), 190, ["P1"])],
    ids=["open", "on its day", "another day", "later"],
)
def test_p1_a_rebuild_outside_the_window_is_seen(
    days: tuple[str, ...], minute: float, broken: list[str]
) -> None:
    """The world begins on a Monday at 08:00 UTC, 03:00 in New York."""
    window = {"window": ("03:30", "06:00"), "zone": "America/New_York", "days": days}
    history = History(replace(CALM, **window))  # type: ignore[arg-type]
    history.session(10, 60)
    history.rebuild(minute)
    assert history.broken == broken


def test_p1_a_claim_just_before_the_window_closes_may_be_asked_for_just_after() -> None:
    scenario = Scenario(seed=0, desktops=6, window=("08:00", "09:30"))
    for seconds, broken in ((20, []), (40, ["P1"])):
        history = History(scenario)
        history.session(10, 60)
        history.rebuild(90 + seconds / 60)
        assert history.broken == broken


@pytest.mark.parametrize(
    ("bug", "seed"), [("ignore the rebuild window", 98), ("a window opens on any day", 58)]
)
def test_p1_a_function_that_rebuilds_outside_its_window_is_seen(
    bug: str, seed: int, tmp_path: Path
) -> None:
    [mutant] = [mutant for mutant in MUTANTS if mutant.name == bug]
    told = judges._python(mutate(mutant, tmp_path), ["-m", "simulation", "--seed", str(seed)])
    found = judges.BROKEN_BY_SEED.search(told)
    assert found
    assert found["promise"] == "P1"
    assert "outside" in told


def test_seeds_draw_windows_of_days_and_zones_and_changing_clocks() -> None:
    drawn = [scenario for scenario in map(draw, range(1500)) if scenario.window]
    assert {scenario.zone for scenario in drawn} >= {"UTC", "Europe/Berlin", "Australia/Lord_Howe"}
    assert any(scenario.days for scenario in drawn)
    assert any(not scenario.days for scenario in drawn)
    assert any(start > end for start, end in (s.window for s in drawn if s.window))
    changes = [
        scenario
        for scenario in drawn
        if scenario.rebuild_window
        and len({(o - c) % minutes(1440) for o, c in _week(scenario)}) > 1
    ]
    assert changes


def _week(scenario: Scenario) -> list[tuple[datetime, datetime]]:
    assert scenario.rebuild_window is not None
    since = scenario.begins - timedelta(days=1)
    return list(scenario.rebuild_window.spans(since, since + timedelta(days=3)))
