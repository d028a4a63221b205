"""Simulate months of a calm fleet, in which no alarm may ring."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import Any

from .running import Result, describe, run
from .scenario import Scenario

DESKTOPS = 50
DAYS = 90


def calm(seed: int, desktops: int = DESKTOPS, days: float = DAYS) -> Scenario:
    """The module's defaults, no faults, and users with a session or two a day, some of them short
    or ended by a lost connection."""
    return Scenario(
        seed,
        desktops,
        hours=24 * days,
        bundles=2,
        session=300.0,
        pause=800.0,
        stays_away=0.7,
        returns=0.8,
    )


def run_quarter(seed: int, desktops: int = DESKTOPS, days: float = DAYS, **chosen: Any) -> Result:
    """Judge every promise; any alarm breaks one. `chosen`: settings other than the defaults, which
    the command in the result leaves out."""
    command = f"python -m simulation.quarter --seed {seed} --desktops {desktops} --days {days:g}"
    return run(replace(calm(seed, desktops, days), **chosen), command)


def main() -> int:
    """Return 0 if every promise was kept, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m simulation.quarter", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--desktops", type=int, default=DESKTOPS)
    parser.add_argument("--days", type=float, default=DAYS)
    given = parser.parse_args()
    began = time.perf_counter()
    result = run_quarter(given.seed, given.desktops, given.days)
    print(describe(result))
    took, alarms = time.perf_counter() - began, result.counts["alarms"]
    print(f"{given.days:g} days in {took:.0f} s, {alarms} alarms rang; {result.counts}")
    return 1 if result.violation else 0


if __name__ == "__main__":
    sys.exit(main())
