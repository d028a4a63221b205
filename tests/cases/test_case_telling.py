"""What people are told."""

from __future__ import annotations

import json
import random

import pytest

from sandbox.course import Course
from sandbox.states import LastKnown, Row, State
from tests.cases.scripted import DAY, HOUR, Case
from tests.cases.working import brake_and_window, work
from tests.times import minutes


def test_morning_after() -> None:
    case = Case(audit_at=0, every_tick=False)
    desktop = case.desktop()
    desktop.next_sample_at = case.agenda.now + minutes(3)
    case.session()
    case.session(ends=DAY + 3 * HOUR, lasts=3 * HOUR + 1.5)
    case.plays(DAY + 2)
    assert desktop.sample is not None
    assert desktop.sample.state == "DISCONNECTED", "no newer sample"
    case.plays(DAY + 2 * HOUR)
    assert case.rebuilds() == 1
    assert all(line["late"] == 0 for line in case.logged("gauges"))
    assert not case.rang()


def test_calm_week() -> None:
    case = Case(50, every_tick=False)
    work(case, days=7, sessions=(1,), rng=random.Random(7))
    case.plays(7 * DAY)
    assert len(case.accepted) > 0.9 * case.sessions
    assert case.sessions == 5 * 50
    assert not case.rang()
    assert not case.logged("needs_person")


@pytest.mark.parametrize("audit_interval", [5, 60, 1440])
def test_maintenance(audit_interval: int) -> None:
    case = Case(audit_interval=audit_interval)
    case.session()
    case.at(1, lambda: case.fleet.set_state(case.ids[0], State.ADMIN_MAINTENANCE, case.agenda.now))
    case.at(7.5 * HOUR, lambda: case.fleet.complete(case.ids[0], case.agenda.now))
    case.plays(7.4 * HOUR)
    assert case.named() == {case.ids[0]: "ADMIN_MAINTENANCE"}
    case.plays(12 * HOUR)
    [rang], [calmed] = case.rang(), case.calmed()
    assert rang < 2 * HOUR < 7.5 * HOUR < calmed < 10 * HOUR
    assert case.rebuilds() == 1


def test_never_taking_place() -> None:
    """AWS accepts the rebuilds of a WorkSpace and begins none; its user comes each day."""
    case = Case(every_tick=False)
    case.rebuilds_go(Course(begins=False))
    for day in range(5):
        case.session(ends=day * DAY + 8 * HOUR, lasts=8 * HOUR)
    case.at(4.5 * DAY, lambda: case.rebuilds_go(Course()))
    case.plays(4.2 * DAY)
    assert len(case.rang("blocked")) == 1
    assert not case.calmed("blocked")
    assert len(case.accepted) <= 8
    case.plays(6 * DAY)
    assert len(case.rang("blocked")) == len(case.calmed("blocked")) == 1


@pytest.mark.parametrize("refused", [True, False])
def test_blocked_in_window(refused: bool) -> None:
    """A refusal needs the window to open, a state shows at once."""
    case, opens = Case(window=("19:00", "06:00"), every_tick=False), 10 * HOUR if refused else 0
    if refused:
        case.desktop().faults.refuse_rebuild = ("ResourceUnavailable.Snapshot", "no snapshot")
    else:
        now = case.agenda.now
        case.at(1, lambda: case.fleet.set_state(case.ids[0], State.ADMIN_MAINTENANCE, now))
    case.session()
    case.plays(2 * DAY)
    [rang] = case.rang()
    assert opens < rang < opens + 2 * HOUR
    assert not case.calmed()
    assert case.ids[0] in case.named()


def test_brake_and_window() -> None:
    """Eleven hours for two rebuilds each: 22 of the 30 debts are paid in the first night."""
    assert not brake_and_window().rang()


def test_braked() -> None:
    """78 sessions end at once; in three days one rebuild an hour pays 72 of the debts."""
    brake = {"MAXIMUM_REBUILDS_PER_HOUR": "1"}
    case = Case(78, environment=brake, canary_after=None, audit_interval=1440, every_tick=False)
    case.everybody_leaves()
    case.plays(3 * DAY + HOUR)
    [rang] = case.rang()
    assert case.rang("braked") == [rang]
    assert 3 * DAY + 30 < rang < 3 * DAY + 50
    assert not case.calmed()
    waiting = {id_ for number, id_ in enumerate(case.ids) if not case.rebuilds(number)}
    assert case.named() == dict.fromkeys(waiting, "brake")
    case.applies(MAXIMUM_REBUILDS_PER_HOUR="20")
    case.plays(3 * DAY + 4 * HOUR)
    assert len(case.accepted) == 78
    assert case.rang() == [rang]
    assert len(case.calmed()) == 1


def test_braked_in_window() -> None:
    """One place a night, for five: the alarm does not pause from one night to the next."""
    night = {
        "MAXIMUM_REBUILDS_PER_HOUR": "1",
        "REBUILD_WINDOW": '{"start": "02:00", "end": "03:00", "timezone": "UTC"}',
    }
    case = Case(5, environment=night, canary_after=None, every_tick=False).everybody_leaves()
    case.plays(4 * DAY)
    [rang] = case.rang()
    assert case.rang("braked") == [rang]
    assert 3 * DAY + 17 * HOUR < rang < 3 * DAY + 17 * HOUR + 15
    assert not case.calmed()
    case.applies(**night | {"MAXIMUM_REBUILDS_PER_HOUR": "20"})
    case.plays(5 * DAY)
    assert len(case.accepted) == 5
    assert case.rang() == [rang]
    assert len(case.calmed()) == 1


def test_braked_over_days_without_a_window() -> None:
    """What does not fit into Monday night waits for Friday's."""
    window = {"start": "20:00", "end": "21:00", "timezone": "UTC", "days": ["mon", "fri"]}
    nights = {"MAXIMUM_REBUILDS_PER_HOUR": "1", "REBUILD_WINDOW": json.dumps(window)}
    case = Case(2, environment=nights, canary_after=None, every_tick=False).everybody_leaves()
    case.plays(4 * DAY + 14 * HOUR)
    assert len(case.accepted) == 2
    assert not case.rang()


def test_window_changed() -> None:
    """What is owed since 09:20 waits for 22:00; at 15:00 the window becomes 12:00 to 14:00."""
    nights, noons = ("22:00", "06:00"), ("12:00", "14:00")
    before, after = (
        {"REBUILD_WINDOW": json.dumps({"start": start, "end": end, "timezone": "UTC"})}
        for start, end in (nights, noons)
    )
    case = Case(environment=before, every_tick=False)
    case.session()
    case.at(6 * HOUR, lambda: case.applies(**after))
    case.plays(30 * HOUR)
    [accepted] = case.accepted
    assert 27 * HOUR <= accepted[0] < 27 * HOUR + 5
    assert not case.rang()


def test_audit_disabled() -> None:
    case = Case(every_tick=False)
    case.at(-15, lambda: case.episodes.disabled.add("audit"))
    case.losing = True
    case.session()
    case.plays(30 * HOUR)
    [rang] = case.rang()
    assert case.rang("audit-missed") == [rang]
    assert rang < 3 * HOUR
    assert not case.calmed()
    case.episodes.disabled.clear()
    case.plays(33 * HOUR)
    assert case.rebuilds() == 1
    assert len(case.calmed("audit-missed")) == 1


def test_moving_last_known() -> None:
    case = Case(every_tick=False)
    case.session()
    case.at(1, lambda: case.fleet.set_last_known(case.ids[0], LastKnown.MOVES, case.agenda.now))
    case.plays(24 * HOUR)
    [rang] = case.rang()
    assert rang < 4 * HOUR
    assert not case.calmed()
    assert case.rebuilds() == 0
    assert case.named()[case.ids[0]] in ("unconfirmed_use", "contradiction")


@pytest.mark.parametrize("losing", [False, True])
def test_frozen_connected(losing: bool) -> None:
    case = Case(every_tick=False)
    case.losing = losing
    case.session()
    case.at(-1, lambda: case.fleet.set_row(case.ids[0], Row.FROZEN, case.agenda.now))
    case.plays(24 * HOUR)
    [rang] = case.rang()
    assert rang < 4 * HOUR
    assert not case.calmed()
    assert case.rebuilds() == 0
    assert case.named() == {case.ids[0]: "stale_sample"}


@pytest.mark.parametrize("audit_interval", [5, 60, 1440])
def test_unknown_id(audit_interval: int) -> None:
    """Until it is taken out of `workspace_ids`."""
    case = Case(3, every_tick=False, audit_interval=audit_interval)
    case.fleet.remove(case.ids[1])
    case.plays(24 * HOUR)
    [rang] = case.rang()
    assert rang < 2 * HOUR
    assert not case.calmed()
    assert case.named() == {case.ids[1]: "not_found"}
    assert not case.logged("baseline", 1)
    assert not case.logged("clean", 1)
    assert case.logged("baseline", 0)
    case.leaves(case.ids[1])
    case.plays(26 * HOUR)
    assert case.rang() == [rang]
    assert len(case.calmed()) == 1
