"""Whose turn it is, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nonpersistent.ledger import Ledger
from nonpersistent.pacing import Pacer
from nonpersistent.turn import LEASE, RESERVE, Turn
from tests.unit.support import NOON, VirtualClock, at


class Left:
    """Seconds until the time-out."""

    seconds = 900.0


def turn(ledger: Ledger, clock: VirtualClock, owner: str = "me", rate: float = 2) -> Turn:
    return Turn(ledger, Pacer(rate, clock), clock, owner, lambda: Left.seconds)


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Left, "seconds", 900.0)


def test_p5_one_at_a_time(ledger: Ledger, clock: VirtualClock) -> None:
    mine = turn(ledger, clock)
    assert mine.begin()
    assert not turn(ledger, clock, "you").begin()
    mine.end()
    assert turn(ledger, clock, "you").begin()


def test_p2_a_lease_of_an_invocation_that_was_killed_expires(
    ledger: Ledger, clock: VirtualClock
) -> None:
    turn(ledger, clock).begin()
    clock.sleep((LEASE + timedelta(seconds=1.4)).total_seconds())
    assert not turn(ledger, clock, "you").begin()
    clock.sleep(0.1)
    assert turn(ledger, clock, "you").begin()


@pytest.mark.parametrize(("left", "goes_on"), [(RESERVE + 0.5, True), (RESERVE + 0.4, False)])
def test_p2_nothing_new_is_begun_shortly_before_the_time_out(
    ledger: Ledger,
    clock: VirtualClock,
    monkeypatch: pytest.MonkeyPatch,
    left: float,
    goes_on: bool,
) -> None:
    mine = turn(ledger, clock)
    mine.begin()
    monkeypatch.setattr(Left, "seconds", left)
    assert mine.goes_on() is goes_on


def test_p5_the_lease_is_prolonged_while_it_is_used(ledger: Ledger, clock: VirtualClock) -> None:
    mine = turn(ledger, clock)
    mine.begin()
    for _ in range(5):
        clock.sleep(70)
        assert mine.goes_on()
        assert not turn(ledger, clock, "you").begin()


def test_a_lease_that_has_long_to_go_is_not_prolonged(ledger: Ledger, clock: VirtualClock) -> None:
    mine = turn(ledger, clock)
    mine.begin()
    clock.sleep(60)
    assert mine.goes_on()
    clock.set(at(0, 121.5))
    assert turn(ledger, clock, "you").begin()


def test_p5_who_has_lost_the_lease_stops(ledger: Ledger, clock: VirtualClock) -> None:
    mine = turn(ledger, clock)
    mine.begin()
    clock.sleep(200)
    assert turn(ledger, clock, "you").begin()
    assert not mine.goes_on()
    mine.end()
    assert not turn(ledger, clock, "she").begin()


def test_without_a_lease_one_is_taken(ledger: Ledger, clock: VirtualClock) -> None:
    assert turn(ledger, clock).goes_on()
    assert not turn(ledger, clock, "you").begin()


def test_p5_the_next_one_begins_when_the_next_call_may_be_made(
    ledger: Ledger, clock: VirtualClock
) -> None:
    pacer = Pacer(0.1, clock)
    mine = Turn(ledger, pacer, clock, "me", lambda: 900)
    mine.begin()
    pacer.wait()
    mine.end()
    clock.set(at(0, 9.9))
    assert not turn(ledger, clock, "you").begin()
    clock.set(at(0, 10))
    assert turn(ledger, clock, "you").begin()


def test_p5_a_slow_rate_has_a_longer_lease(ledger: Ledger, clock: VirtualClock) -> None:
    turn(ledger, clock, rate=0.01).begin()
    clock.set(NOON + LEASE + timedelta(seconds=299))
    assert not turn(ledger, clock, "you").begin()
