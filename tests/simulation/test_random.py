"""Worlds drawn from seeds: every promise, under faults at every step."""

from __future__ import annotations

import os

import pytest

from simulation.running import describe, run_seed
from simulation.scenario import draw

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1000"))
BATCH = 10


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_every_promise_is_kept_whatever_goes_wrong(first: int) -> None:
    for seed in range(first, first + BATCH):
        result = run_seed(seed)
        assert result.violation is None, describe(result)


def test_the_same_seed_gives_the_same_world() -> None:
    once, again = run_seed(7), run_seed(7)
    assert once.events == again.events
    assert once.counts == again.counts


def test_a_failure_prints_the_command_that_replays_it() -> None:
    result = run_seed(7, desktops=1)
    assert result.command == "python -m simulation --seed 7 --desktops 1"


def test_some_worlds_are_calm_and_some_are_rough() -> None:
    scenarios = [draw(seed) for seed in range(200)]
    assert any(scenario.calm for scenario in scenarios)
    assert any(len(scenario.faults) > 10 for scenario in scenarios)
