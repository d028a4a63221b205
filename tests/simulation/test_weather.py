"""What a fault of the weather is named for happens: none is named, and modelled nowhere."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.course import Outcome
from sandbox.states import Presence, State
from simulation.agenda import BEGIN
from simulation.events import SERVICE as EVENTS
from simulation.far_end import READ_TIMEOUT
from simulation.reckoning import Reckoning
from simulation.scenario import Scenario, draw
from simulation.weather import WEATHER
from simulation.world import World
from tests.simulation.histories import BAD, GOOD, History

FLEET = Scenario(seed=0, desktops=4, outsiders=1, hours=1.5, session=20.0, pause=10.0)


class Asked(dict[str, float]):
    """Faults that remember which of them the world has asked for."""

    def __init__(self, faults: dict[str, float]) -> None:
        super().__init__(faults)
        self.names: set[str] = set()

    def get(self, name: str, default: float = 0.0) -> float:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("kind", WEATHER)
def test_no_fault_is_named_and_modelled_nowhere(kind: str) -> None:
    """Each is asked for in a world in which nothing much goes wrong."""
    faults = Asked(dict.fromkeys(WEATHER[kind], 0.001))
    World(replace(FLEET, weather=kind, faults=faults)).run()
    assert set(WEATHER[kind]) <= faults.names


def users_alone(hours: float) -> History:
    """A world in which nobody but users does anything; all have a third party's client."""
    history = History(replace(FLEET, weather="evidence", faults={"third_party": 1.0}))
    for id_ in history.ids:
        history.world.users.employ(id_)
    history.world.passes(timedelta(hours=hours))
    return history


def test_w23_a_third_partys_client_counts_as_disconnected_only_after_more_than_20_minutes() -> None:
    history = users_alone(12)
    waits, returns = [], 0
    for id_ in history.ids:
        about = [(at, what) for at, what in history.world.events if id_ in what]
        for (left_at, what), (at, then) in pairwise(about):
            if what[:2] == ("user", "leaves"):
                waits += [at - left_at] if then[:2] == ("user", "signs out of") else []
                returns += then[:2] == ("user", "signs in again to")
    assert timedelta(minutes=20) < max(waits) <= timedelta(minutes=60)
    assert returns


def test_p1_whom_aws_has_not_counted_as_disconnected_is_in_use() -> None:
    history = users_alone(0)
    world, [id_, *_] = history.world, history.ids
    while not world.events or world.events[-1][1][:3] != ("user", "leaves", id_):
        world.passes(timedelta(seconds=30))
    now = world.agenda.now
    assert world.fleet.fleet[id_].presence is Presence.CONNECTED
    history.rebuild((now - BEGIN) / timedelta(minutes=1), id_=id_)
    assert history.broken[0] == "P1"


# -- ranges ---------------------------------------------------------------------------------------

DRAWN = [draw(seed) for seed in range(1500)]


class Chosen(random.Random):
    """Whoever may choose takes the given one."""

    def __init__(self, choice: str) -> None:
        super().__init__(0)
        self._choice = choice

    def choice(self, seq: Any) -> Any:
        return self._choice if self._choice in seq else seq[0]


@pytest.mark.parametrize("state", [State.ERROR, State.UNHEALTHY])
@pytest.mark.parametrize(
    ("act", "shows"), [("rebuild", State.REBUILDING), ("restore", State.RESTORING)]
)
def test_w11_a_person_rebuilds_and_restores_what_is_broken(
    history: History, act: str, shows: State, state: State
) -> None:
    history.session(10, 20)
    history.rebuild(50, replace(BAD, ends=state))
    history.at(90)
    desktop = history.world.fleet.fleet[history.id]
    desktop.faults.rebuild = GOOD
    history.world.trouble._rng = Chosen(act)
    history.world.trouble._order(desktop)
    history.at(91)
    assert desktop.state is shows
    history.at(150)
    assert desktop.state is State.AVAILABLE


@pytest.mark.parametrize("heals", [True, False])
def test_w11_a_reboot_during_a_bad_end_heals_or_does_not(history: History, heals: bool) -> None:
    history.session(10, 20)
    rebuild = history.rebuild(50, replace(BAD, ends=State.UNHEALTHY))
    history.world.fleet.reboot_ill(history.id, history.at(90), heals=heals)
    desktop = history.world.fleet.fleet[history.id]
    assert desktop.state is State.REBOOTING
    history.at(95)
    assert desktop.state is (State.AVAILABLE if heals else State.UNHEALTHY)
    assert (rebuild.outcome is Outcome.SUCCEEDS) is heals


def test_w11_a_reboot_changes_nothing_about_what_heals_by_itself_just_then() -> None:
    history = History()
    heals = replace(BAD, ends=State.UNHEALTHY, heals_after=timedelta(minutes=10.5))
    history.session(10, 20)
    rebuild = history.rebuild(50, heals)
    history.world.fleet.reboot_ill(history.id, history.at(90), heals=False)
    history.at(95)
    assert history.world.fleet.fleet[history.id].state is State.AVAILABLE
    assert rebuild.outcome is Outcome.SUCCEEDS


@pytest.mark.parametrize(
    ("looks", "knowable"), [((85, 95, 105), True), ((95,), False), ((), False)]
)
def test_p2_what_a_person_restores_is_owed_still_if_anybody_could_know(
    history: History, looks: tuple[float, ...], knowable: bool
) -> None:
    """It has to be seen broken, and being restored."""
    history.session(10, 20)
    history.told(22, "session_end")
    history.rebuild(50, BAD)
    for minute in sorted((*looks, 90)):
        if minute == 90:
            history.world.fleet.restore(history.id, history.at(90))
        else:
            history.look(minute)
    history.at(200)
    [debt] = Reckoning(history.world).debts()
    assert (debt.knowable_from is not None) is knowable


@pytest.mark.parametrize("desktops", [1, 2, 30])
def test_w12_a_cause_meets_bundles_of_any_size(desktops: int) -> None:
    assert any(s.weather == "cause" and s.desktops == desktops for s in DRAWN)


@pytest.mark.parametrize("fault", ["spoiled", "last_known_moves", "rule_disabled", "row_frozen"])
def test_w12_w22_w24_some_faults_last_for_days(fault: str) -> None:
    assert any(fault in scenario.faults and scenario.hours > 30 for scenario in DRAWN)


def test_w12_a_cause_lasts_as_long_as_a_world_of_days() -> None:
    lasts = []
    for seed in range(30):
        world = World(Scenario(seed, 1, hours=60.0, weather="cause", faults={"spoiled": 1.0}))
        world.causes._spoil()
        moments = sorted(at for at, _, _ in world.agenda._heap)
        lasts.append(moments[-1] - world.agenda.now)
    assert timedelta(hours=36) < max(lasts) <= timedelta(hours=60)


def test_w22_some_lies_about_the_last_connection_go_on_for_ever() -> None:
    faults = {"last_known_moves": 0.3}
    world = World(Scenario(0, 12, hours=48.0, weather="evidence", faults=faults))
    world.trouble.begin()
    world.passes(timedelta(hours=1))
    faulted = {d.id for d in world.fleet.fleet.values() if d.faults.last_known.lies}
    world.scenario.faults.clear()
    world.passes(timedelta(hours=30))
    for_ever = {d.id for d in world.fleet.fleet.values() if d.faults.last_known.lies}
    assert for_ever
    assert for_ever < faulted


def test_w40_answers_that_crawl_come_just_before_the_time_outs() -> None:
    world = World(replace(FLEET, weather="function", faults={"crawl": 1.0}))
    assert world.latency("workspaces") < 1
    world.episodes._start("crawl")
    for service, seconds in READ_TIMEOUT.items():
        if service != EVENTS:
            assert 1 <= world.latency(service) < seconds / 2
    assert any(scenario.shift for scenario in DRAWN)


def test_w40_everybody_leaves_at_the_end_of_a_shift() -> None:
    history = History(replace(FLEET, shift=2.0, session=600.0, pause=1.0))
    for id_ in history.ids:
        history.world.users.employ(id_)
    history.world.passes(timedelta(hours=2, minutes=5))
    ends = [history.world.fleet.sessions[id_][0].end for id_ in history.ids]
    assert all(end and end <= BEGIN + timedelta(hours=2, minutes=3) for end in ends)
