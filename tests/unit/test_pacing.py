"""How fast the function may go."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.clock import Clock, to_millisecond
from nonpersistent.pacing import HOUR, LONGEST_PAUSE, Brake, Pacer
from simulation.clock import VirtualClock
from tests.unit.support import NOON, Timeline, at


def call(pacer: Pacer) -> None:
    pacer.wait()
    pacer.sent()


def test_p5_calls_are_spaced_evenly(pacer: Pacer, time: Timeline) -> None:
    for _ in range(4):
        call(pacer)
    assert time.now == at(0, 1.5)
    assert pacer.next_call_at == at(0, 2)
    assert pacer.gap == timedelta(seconds=0.5)


def test_p5_who_waits_without_calling_does_not_use_the_rate_up(
    pacer: Pacer, time: Timeline
) -> None:
    call(pacer)
    for _ in range(3):
        pacer.wait()
    assert time.now == at(0, 0.5)


def test_p5_who_has_something_to_do_first_may_begin_earlier(pacer: Pacer, time: Timeline) -> None:
    call(pacer)
    pacer.wait(timedelta(milliseconds=20))
    assert time.now == at(0, 0.48)
    pacer.wait()
    assert time.now == at(0, 0.5)


def test_p5_time_that_passed_unused_is_not_caught_up(pacer: Pacer, time: Timeline) -> None:
    call(pacer)
    time.now = at(1)
    call(pacer)
    call(pacer)
    assert time.now == at(1, 0.5)


def test_p5_a_slow_call_is_followed_by_the_whole_gap(pacer: Pacer, time: Timeline) -> None:
    pacer.wait()
    time.pause(3)
    pacer.sent()
    assert pacer.next_call_at == at(0, 3.5)


def test_p5_throttling_doubles_the_rest_up_to_a_limit(pacer: Pacer, time: Timeline) -> None:
    for _ in range(7):
        pacer.throttled()
        pacer.wait()
    assert time.slept == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    pacer.succeeded()
    pacer.throttled()
    pacer.wait()
    assert time.slept[7:] == [1]


@pytest.mark.parametrize(("rate", "rest"), [(2, 1), (0.1, 10)])
def test_p5_neither_throttling_nor_a_failure_makes_a_slow_rate_faster(
    clock: VirtualClock, time: Timeline, rate: float, rest: float
) -> None:
    pacer = Pacer(rate, clock)
    pacer.throttled()
    assert pacer.next_call_at == at(0, rest)
    time.now = at(1)
    pacer.failed()
    pacer.failed()
    assert pacer.next_call_at == at(1, rest)


def test_a_brake_that_is_not_set_brakes_nothing() -> None:
    brake = Brake(None, [NOON] * 100)
    assert brake.hold_back(NOON) is None


def test_a_place_is_free_an_hour_after_it_was_taken() -> None:
    brake = Brake(2, [at(-20), at(-50)])
    assert brake.hold_back(NOON) == at(10)
    brake.take(at(10))
    assert brake.hold_back(NOON) == at(40)


def test_who_may_be_next_within_the_hour_looks_with_each_place() -> None:
    brake = Brake(2, [at(-20), at(-50)])
    assert [brake.hold_back(NOON) for _ in range(6)] == [
        at(minutes) for minutes in (10, 10, 10, 40, 70, 100)
    ]


def test_with_a_place_nobody_is_held_back() -> None:
    brake = Brake(2, [at(-20)])
    assert brake.hold_back(NOON) is None
    brake.take(NOON)
    assert brake.hold_back(NOON) == at(40)


@pytest.mark.parametrize(("limit", "minutes"), [(1, -60), (2, 0), (1, -90)])
def test_a_place_that_became_free_is_free_now(limit: int, minutes: float) -> None:
    assert Brake(limit, [at(minutes)]).hold_back(NOON) is None


@given(st.integers(1, 4), st.lists(st.integers(0, 40), max_size=30))
def test_never_more_than_the_limit_in_any_hour(limit: int, waits: list[int]) -> None:
    now, taken = NOON, list[datetime]()
    for wait in waits:
        now += timedelta(minutes=wait)
        place = Brake(limit, taken).hold_back(now) or now
        assert place >= now
        taken.append(place)
    for moment in taken:
        assert sum(moment <= other < moment + HOUR for other in taken) <= limit


def test_the_clock_tells_utc_to_the_millisecond() -> None:
    now = Clock().now()
    assert now.utcoffset() == timedelta()
    assert now.microsecond % 1000 == 0


def test_a_millisecond_is_cut_not_rounded() -> None:
    assert to_millisecond(NOON.replace(microsecond=1999)) == NOON.replace(microsecond=1000)


@pytest.mark.parametrize(("seconds", "slept"), [(-1, []), (0, []), (0.25, [0.25])])
def test_the_clock_sleeps_only_for_positive_times(
    monkeypatch: pytest.MonkeyPatch, seconds: float, slept: list[float]
) -> None:
    real: list[float] = []
    monkeypatch.setattr("time.sleep", real.append)
    Clock().sleep(seconds)
    assert real == slept
