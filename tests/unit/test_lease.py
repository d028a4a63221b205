"""Who may act, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nonpersistent.lease import LENGTH, REBUILD_RESERVE, RESERVE, Lease
from nonpersistent.ledger import Ledger
from nonpersistent.pacing import Pacer
from tests.unit.support import NOON, Timeline, at

HALF = LENGTH / 2 + timedelta(seconds=0.75)
"""With the gaps of three calls at two a second."""

pytestmark = pytest.mark.parametrize("dynamodb", ["simulation", "moto"], indirect=True)
"""Both tables have to do what the function asks of one."""


def lease(
    ledger: Ledger, owner: str = "me", rate: float = 2, seconds: float = 900
) -> tuple[Lease, Pacer]:
    pacer = Pacer(rate, ledger.clock)
    return Lease(ledger, pacer, owner, lambda: seconds), pacer


def is_free(ledger: Ledger) -> bool:
    """Whether another invocation could begin now; it does."""
    return lease(ledger, "you")[0].begin()


def test_p5_one_at_a_time(ledger: Ledger) -> None:
    mine, _ = lease(ledger)
    assert mine.begin()
    assert not is_free(ledger)
    mine.end()
    assert is_free(ledger)
    assert not mine.begin()


def test_p2_a_lease_of_an_invocation_that_was_killed_expires(
    ledger: Ledger, time: Timeline
) -> None:
    lease(ledger)[0].begin()
    time.now = NOON + 2 * HALF - timedelta(seconds=0.1)
    assert not is_free(ledger)
    time.now = NOON + 2 * HALF
    assert is_free(ledger)


@pytest.mark.parametrize(
    ("left", "reserve", "wait", "goes_on"),
    [
        (RESERVE, None, 0, True),
        (RESERVE - 0.1, None, 0, False),
        (REBUILD_RESERVE, REBUILD_RESERVE, 0, True),
        (REBUILD_RESERVE - 0.1, REBUILD_RESERVE, 0, False),
        (REBUILD_RESERVE + 4, REBUILD_RESERVE, 4, True),
        (REBUILD_RESERVE + 3.9, REBUILD_RESERVE, 4, False),
        (REBUILD_RESERVE, REBUILD_RESERVE, -4, True),
    ],
)
def test_p2_nothing_is_begun_that_cannot_be_finished(
    ledger: Ledger, left: float, reserve: float | None, wait: float, goes_on: bool
) -> None:
    mine, pacer = lease(ledger, seconds=left)
    mine.begin()
    pacer.next_call_at = at(0, wait)
    assert (mine.goes_on() if reserve is None else mine.goes_on(reserve)) is goes_on


def test_p5_the_lease_is_prolonged_while_it_is_used(ledger: Ledger, time: Timeline) -> None:
    mine, _ = lease(ledger)
    mine.begin()
    for _ in range(5):
        time.pause(70)
        assert mine.goes_on()
        assert not is_free(ledger)


@pytest.mark.parametrize(("wait", "prolonged"), [(0, False), (0.1, True)])
def test_p5_a_lease_is_prolonged_from_its_half_on_and_for_the_wait_before_a_call(
    ledger: Ledger, time: Timeline, wait: float, prolonged: bool
) -> None:
    mine, pacer = lease(ledger)
    mine.begin()
    time.now = NOON + HALF - timedelta(seconds=0.1)
    pacer.next_call_at = time.now + timedelta(seconds=wait)
    assert mine.goes_on()
    time.now = NOON + 2 * HALF
    assert is_free(ledger) is not prolonged


def test_p5_who_has_lost_the_lease_stops(ledger: Ledger, time: Timeline) -> None:
    mine, _ = lease(ledger)
    mine.begin()
    time.pause(200)
    assert is_free(ledger)
    assert not mine.goes_on()
    mine.end()
    assert not lease(ledger, "she")[0].begin()


def test_without_a_lease_one_is_taken(ledger: Ledger) -> None:
    assert lease(ledger)[0].goes_on()
    assert not is_free(ledger)


def test_p5_the_next_one_begins_when_the_next_call_may_be_made(
    ledger: Ledger, time: Timeline
) -> None:
    mine, pacer = lease(ledger, rate=0.1)
    mine.begin()
    pacer.sent()
    mine.end()
    time.now = at(0, 9.9)
    assert not is_free(ledger)
    time.now = at(0, 10)
    assert is_free(ledger)


def test_p5_a_slow_rate_has_a_longer_lease(ledger: Ledger, time: Timeline) -> None:
    lease(ledger, rate=0.01)[0].begin()
    time.now = NOON + LENGTH + timedelta(seconds=299)
    assert not is_free(ledger)
