"""What a fault of the weather is named for happens: none is named, and modelled nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from sandbox.states import Presence
from simulation.agenda import BEGIN
from simulation.scenario import Scenario
from simulation.weather import WEATHER
from simulation.world import World
from tests.simulation.histories import History

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
