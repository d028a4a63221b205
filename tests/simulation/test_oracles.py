"""The judges of P1, P4 and P5 see what they are there for, and take nothing else for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.course import Course
from sandbox.states import Row, State
from simulation.mutants.judges import ASSERTED, BROKEN_BY_SCHEDULE, BROKEN_BY_SEED
from tests.simulation.histories import BAD, CALM, History


def test_p1_a_rebuild_after_the_grace_and_a_look_that_shows_nobody_is_right(used: History) -> None:
    used.rebuild(90)
    assert used.broken == []


def test_p1_a_rebuild_of_a_desktop_that_is_shown_in_use_is_seen(history: History) -> None:
    history.session(10, None)
    history.rebuild(90)
    assert history.broken[0] == "P1"


def test_p1_a_rebuild_that_rests_on_no_look_is_seen(used: History) -> None:
    used.rebuild(90, look=False)
    assert used.broken == ["P1"]


def test_p1_a_rebuild_that_rests_on_a_stale_sample_is_seen(used: History) -> None:
    used.at(70)
    used.world.fleet.set_row(used.id, Row.FROZEN, used.at(70))
    used.rebuild(90)
    assert used.broken == ["P1"]
    assert "DISCONNECTED" in used.what


def test_p1_a_sign_in_that_had_been_received_counts_although_no_sample_shows_it() -> None:
    history = History()
    history.session(10, 30)
    history.look(58)
    history.session(58.1, None)
    history.told(58.1, "sign_in")
    history.rebuild(58.5, look=False)
    assert history.broken == ["P1"]
    assert "sign_in had been received" in history.what


def test_p1_a_sign_in_that_nobody_could_know_of_is_counted_and_no_more(history: History) -> None:
    history.session(10, 30)
    history.look(58)
    history.session(58.1, None)
    history.rebuild(58.5, look=False)
    assert history.broken == []
    assert history.world.oracles.counts["P1 unavoidable"] == 1


@pytest.mark.parametrize("row", [Row.UNKNOWN, Row.SAMPLED])
def test_p1_nobody_is_connected_where_a_rebuild_has_ended_badly(used: History, row: Row) -> None:
    used.rebuild(90, replace(BAD, ends=State.UNHEALTHY))
    used.world.fleet.set_row(used.id, row, used.at(121))
    used.look(125)
    used.look(140)
    used.rebuild(250, Course(begins=False))
    assert used.broken == []
    for minute in range(256, 280, 6):
        used.look(minute)
    used.rebuild(800)
    assert used.broken == []


def test_p4_a_rebuild_off_the_roster_is_seen_after_a_minute(used: History) -> None:
    used.world.oracles.off_roster_since[used.id] = used.at(89.5)
    used.rebuild(90)
    assert used.broken == []
    used.session(150, 170)
    used.rebuild(220)
    assert used.broken == ["P4"]


def test_p4_a_rebuild_in_a_dry_run_is_seen() -> None:
    history = History(replace(CALM, dry_run=True))
    history.session(10, 60)
    history.rebuild(90)
    assert history.broken == ["P4"]


def test_p5_calls_at_the_configured_rate_are_right_and_one_more_is_seen(history: History) -> None:
    for call in range(20):
        history.world.oracles.sent(history.at(call / 120))
    assert history.broken == []
    history.world.oracles.sent(history.at(19 / 120 + 0.001))
    assert set(history.broken) == {"P5"}


def test_p5_more_rebuilds_in_an_hour_than_the_brake_allows_are_seen() -> None:
    history = History(replace(CALM, brake=2))
    for number in range(3):
        history.session(10 + number, 30 + number, history.ids[number])
        assert history.broken == []
        history.rebuild(60 + number, id_=history.ids[number])
    assert history.broken == ["P5"]


@pytest.mark.parametrize(
    ("told", "caught"),
    [
        ("FAILED tests/unit/test_facts.py::test_a[x y] - assert 1 == 2", True),
        ("FAILED tests/unit/test_facts.py::test_a - AssertionError: no", True),
        ("FAILED tests/unit/test_facts.py::test_a - Failed: DID NOT RAISE <class 'E'>", True),
        ("FAILED tests/unit/test_facts.py::test_a - NameError: name 'x' is not defined", False),
        ("ERROR tests/unit/test_facts.py - ImportError: assert", False),
        ("seed 7: P2 broken at 02 09:07:35: not rebuilt", True),
        ("seed 7: every promise kept", False),
        ("P1: ws-000000000 rebuilt in use", True),
        ("  phase 1: 36 worlds, 13,981,188 schedules", False),
    ],
)
def test_only_a_broken_promise_catches_a_mutant(told: str, caught: bool) -> None:
    judges = (ASSERTED, BROKEN_BY_SCHEDULE, BROKEN_BY_SEED)
    assert any(judge.search(told) for judge in judges) is caught
