"""Run the simulated worlds of many seeds, or of one seed again, and report broken promises."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from functools import partial
from multiprocessing import Pool

from rich.console import Console
from rich.progress import track

from .running import describe, run_seed

WORLDS = 250
"""How many worlds a process runs before a new one replaces it: botocore's clients keep some memory
of each."""


def main() -> int:
    """Return 0 if every promise was kept, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds to run")
    parser.add_argument("--seed", type=int, help="one seed only, with its events")
    parser.add_argument("--first", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--desktops", type=int, help="desktops of each world")
    parser.add_argument("--days", type=float, help="days that faults and users last")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--events", type=int, default=20, help="events to show of a failure")
    parser.add_argument("--go-on", action="store_true", help="run all seeds even if some fail")
    given = parser.parse_args()
    if given.seed is not None:
        result = run_seed(given.seed, given.desktops, given.days)
        print(describe(result, given.events))
        print(result.scenario, result.counts)
        return 1 if result.violation else 0
    began, ran, bad, totals = time.perf_counter(), 0, 0, Counter[str]()
    seeds = range(given.first, given.first + given.seeds)
    run = partial(run_seed, desktops=given.desktops, days=given.days)
    with Pool(given.jobs, maxtasksperchild=WORLDS) as pool:
        results = pool.imap(run, seeds)
        for result in track(results, "worlds", len(seeds), console=Console(stderr=True)):
            ran += 1
            totals.update(result.counts)
            if result.violation:
                bad += 1
                print(describe(result, given.events), flush=True)
                if not given.go_on:
                    break
    took = time.perf_counter() - began
    print(f"{ran} seeds in {took:.1f} s, {bad} with a broken promise; {dict(totals)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
