"""`python -m simulation.mutants`: tries every seeded bug, and shows what caught it."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from . import MUTANTS
from .judges import Verdict, judge


def main() -> int:
    """Return 0 if every bug was caught, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m simulation.mutants")
    parser.add_argument("--seeds", type=int, default=200, help="for each mutant, at the most")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time")
    parser.add_argument("--only", default="", help="mutants with this in their name")
    given = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if given.only in mutant.name]
    began = time.perf_counter()
    print(_row("bug", "promise", "caught by", "which"), flush=True)
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(given.jobs) as pool:
        for verdict in pool.map(lambda mutant: judge(mutant, given.seeds), chosen):
            counts[verdict.by.partition(" ")[0] or "nobody"] += 1
            print(_told(verdict), flush=True)
    took = time.perf_counter() - began
    caught = len(chosen) - counts["nobody"]
    print(f"{caught} of {len(chosen)} caught in {took:.0f} s: {dict(counts)}")
    return 1 if counts["nobody"] or not chosen else 0


def _told(verdict: Verdict) -> str:
    mutant = verdict.mutant
    return _row(mutant.name, mutant.promise, verdict.by or "NOBODY", verdict.detail)


def _row(bug: str, promise: str, by: str, detail: str) -> str:
    return f"{bug:<56} {promise:<8} {by:<16} {detail}"


if __name__ == "__main__":
    sys.exit(main())
