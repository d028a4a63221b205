"""The judge of holds, and of rebuilds that were asked for by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.course import Course
from simulation.administrators import RELEASED_AFTER, Administrators
from simulation.agenda import BEGIN
from simulation.functions import Delivery
from simulation.reckoning import Reckoning
from simulation.scenario import Scenario
from simulation.verdicts import bound
from simulation.world import World
from tests.simulation.histories import CALM, History
from tests.times import minutes


def requested(
    history: History, minute: float, task: str, *, late: float = 0.0, **given: Any
) -> Administrators:
    """A request has been received, so many minutes after it was made."""
    asked_at = (history.at(minute) - minutes(1) * late).isoformat()
    event = {"task": task, "workspace_ids": [history.id], "asked_at": asked_at, **given}
    administrators = history.world.administrators
    administrators.settled(Delivery(event, task), history.at(minute))
    return administrators


def asks(history: History, claimed: float, minute: float) -> None:
    """A rebuild that was claimed then is asked for now."""
    claim = {"M": {"asked_at": {"S": history.at(claimed).isoformat()}}}
    history.world.table.write({"id": {"S": history.id}, "claim": claim}, history.id)
    history.at(minute)
    history.world.administrators.asks(history.id)


@pytest.mark.parametrize(
    ("claimed", "asked", "broken"),
    [(10, 10.1, ["P1"]), (4, 10, []), (49, 49.1, ["P1"]), (111, 111.1, [])],
    ids=["held", "claimed before", "nearly over", "over"],
)
@pytest.mark.parametrize("late", [0, 3])
def test_p1_a_rebuild_of_a_held_workspace_is_seen(
    history: History, claimed: float, asked: float, broken: list[str], late: float
) -> None:
    requested(history, 5, "hold", late=late, hours=1.0, reason="forensics")
    asks(history, claimed, asked)
    assert history.broken == broken


def test_p1_an_older_hold_that_comes_after_a_newer_one_is_no_news(history: History) -> None:
    requested(history, 60, "hold", hours=0.5, reason="forensics")
    requested(history, 100, "hold", late=60, hours=9.0, reason="forensics")
    asks(history, 110, 110.1)
    assert history.broken == []


def test_p1_what_was_released_may_be_rebuilt(history: History) -> None:
    administrators = requested(history, 5, "hold", hours=9.0, reason="forensics")
    administrators.end()
    asks(history, 10, 10.1)
    assert history.broken == []


@pytest.mark.parametrize("released", [True, False], ids=["released", "ends by itself"])
@pytest.mark.parametrize("late", [-5, 5])
def test_p2_a_debt_is_paid_after_its_hold_has_ended(released: bool, late: float) -> None:
    """In the end half of the holds are released, and half run out."""
    history = History()
    history.session(2, 20)
    history.told(22, "session_end")
    administrators = requested(history, 25, "hold", hours=9.0, reason="forensics")
    administrators._rng = SimpleNamespace(random=lambda: 0.0 if released else 1.0)  # type: ignore[assignment]
    administrators.end()
    ends_at = 25 + RELEASED_AFTER / 60 if released else 25 + 9 * 60
    assert administrators.free_at(history.id) == administrators.all_free_at == history.at(ends_at)
    history.at(ends_at + bound(history.scenario) / minutes(1) + late)
    Reckoning(history.world)._judge(BEGIN)
    assert history.broken == (["P2"] if late > 0 else [])


def test_a_world_waits_for_holds_that_run_out_and_sees_that_the_debt_is_paid() -> None:
    faults = {"held": 0.15}
    left_alone = 0
    for seed in range(2, 5):
        scenario = Scenario(
            seed=seed, desktops=4, hours=3.0, weather="administrators", faults=faults, session=20.0
        )
        world = World(replace(scenario, pause=20.0))
        assert world.run().violation is None
        last = world.administrators.all_free_at
        left_alone += last > (world.administrators.released_at or last)
        assert world.agenda.now > last
    assert left_alone


def asked_by_hand(history: History, minute: float, late: float = 0.0) -> None:
    administrators = requested(history, minute, "rebuild", late=late)
    administrators.begin()


BY_HAND = replace(CALM, faults={"by_hand": 1.0})


def test_p1_a_rebuild_by_hand_has_no_grace_and_hits_no_user() -> None:
    history = History(BY_HAND)
    asked_by_hand(history, 5)
    history.session(10, 60)
    history.told(62, "session_end")
    history.rebuild(65)
    assert history.broken == []
    history.session(120, None)
    history.told(120, "sign_in")
    history.rebuild(125)
    assert set(history.broken) == {"P1"}


def test_p1_who_signs_in_after_a_rebuild_was_asked_for_has_a_grace_period() -> None:
    history = History(BY_HAND)
    asked_by_hand(history, 5)
    history.session(10, 60)
    history.told(11, "sign_in")
    history.told(62, "session_end")
    history.rebuild(65)
    assert history.broken == ["P1"]


@pytest.mark.parametrize(
    ("minute", "late", "broken"), [(95, 0, []), (75, 0, ["P3"]), (110, 35, ["P3"])]
)
def test_p3_a_rebuild_by_hand_is_none_without_a_reason(
    minute: float, late: float, broken: list[str]
) -> None:
    history = History(BY_HAND)
    history.session(10, 30)
    history.rebuild(90)
    asked_by_hand(history, minute, late)
    history.rebuild(150)
    assert history.broken == broken


@pytest.mark.parametrize(
    ("course", "unpaid"),
    [(None, True), (Course(takes=minutes(30)), False), (Course(begins=False), True)],
    ids=["none", "one that was under way", "one that never began"],
)
def test_p2_a_rebuild_by_hand_that_never_follows_is_seen(
    history: History, course: Course | None, unpaid: bool
) -> None:
    if course:
        history.session(2, 20)
        history.rebuild(50, course)
    administrators = requested(history, 65, "rebuild")
    assert bool(administrators.unpaid(history.id)) is unpaid
    history.at(60 * 48)
    Reckoning(history.world)._judge(BEGIN)
    assert ("P2" in history.broken) is unpaid


def test_p2_in_a_dry_run_nobody_is_rebuilt_by_hand() -> None:
    history = History(replace(CALM, dry_run=True))
    requested(history, 65, "rebuild")
    history.at(60 * 48)
    Reckoning(history.world)._judge(BEGIN)
    assert history.broken == []
