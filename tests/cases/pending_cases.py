"""Cases of CASES.md that do not hold yet; pytest does not collect this file."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.course import Course
from sandbox.states import Row, State
from tests.cases.scripted import DAY, HOUR, Case, minutes
from tests.cases.working import brake_and_window, keeps, snapshot_calls


def test_unhealthy_for_good_stays_on() -> None:
    case = Case(every_tick=False)
    case.rebuilds_go(Course(ends=State.UNHEALTHY, row=Row.UNKNOWN, row_for=timedelta(days=9)))
    case.session()
    case.plays(3 * DAY)
    assert len(case.rang()) == 1
    assert not case.calmed()


def test_brake_and_window() -> None:
    assert not brake_and_window().rang()


@pytest.mark.parametrize("sessions", [(1,), (1, 2, 3)])
def test_keep_calls(sessions: tuple[int, ...]) -> None:
    case = keeps(2, sessions)
    assert snapshot_calls(case) <= 1.3 * len(case.accepted)


def test_long_audit_interval_of_a_trusted_bundle() -> None:
    case = Case(audit_interval=240, canary_after=None)
    case.rebuilds_go(Course(takes=minutes(30), ends=State.ERROR))
    case.session()
    case.plays(2 * HOUR)
    assert case.when("failed")[0] <= case.accepted[0][0] + 30 + 20


def test_rebuild_seconds_of_a_trusted_bundle() -> None:
    case = Case(canary_after=None)
    case.session()
    case.plays(2 * HOUR)
    [finished] = case.logged("finished")
    assert finished["took_seconds"] <= 60 * (20 + 6)
