"""What a week counts: sessions that ended in a bad time, and the use that a rebuild ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from benchmarks.weeks import BAD_UNTIL, _Bad, _longest_use_ended
from benchmarks.world import OURS, CountedWorld
from sandbox.course import Course, Rebuild
from sandbox.states import Presence, State
from simulation.scenario import Scenario


@pytest.mark.parametrize("kind", ["image", "key", "rough"])
def test_a_bundle_is_known_to_be_well_when_a_rebuild_has_ended_well(kind: str) -> None:
    world = CountedWorld(Scenario(seed=1, desktops=1), OURS)
    world.begin()
    over_at = world.now + BAD_UNTIL
    [desktop] = world.fleet.fleet.values()
    for minute, course in (-20, Course()), (10, Course(ends=State.ERROR)), (70, Course()):
        accepted_at = over_at + timedelta(minutes=minute)
        rebuild = Rebuild(accepted_at, Presence.AWAY, "wsi-1", course)
        rebuild.finished_at = accepted_at + timedelta(minutes=30)
        desktop.rebuilds.append(rebuild)
    bad = _Bad(world, world.now, kind)
    met = [
        minute
        for minute in (-60, 27, 99, 101, 200)
        if bad.meets(over_at + timedelta(minutes=minute), over_at + timedelta(minutes=400))
    ]
    assert met == [-60, 27, 99]


@pytest.mark.parametrize(("signs_in", "minutes"), [(-12, 12.0), (None, 0.0)])
def test_the_use_that_a_rebuild_ended_is_measured_from_the_sign_in(
    signs_in: float | None, minutes: float
) -> None:
    world = CountedWorld(Scenario(seed=1, desktops=1), OURS)
    world.begin()
    [id_] = world.fleet.fleet
    accepted_at = world.now + timedelta(minutes=30)
    if signs_in is not None:
        world.fleet.sign_in(id_, accepted_at + timedelta(minutes=signs_in))
    world.fleet.rebuild(id_, accepted_at)
    world.fleet.tick(accepted_at + timedelta(hours=1))
    assert _longest_use_ended(world) == minutes
