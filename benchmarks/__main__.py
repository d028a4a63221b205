"""Measure every figure that the documentation states as measured."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from simulation import running  # noqa: F401  (finds the function's sources)

from . import alarms, bursts, days, document, limits, months, planning, report, starting, weeks

HERE = Path(__file__).resolve().parent

WINDOW = ("19:00", "06:00")
SEED = 7
FLEETS = (1, 100, 1000, 5000)
ALONE = 1000
"""How many WorkSpaces the fleet has that is also measured without session alarms."""

PARTS = ("week", "burst", "day", "alarms", "start", "plan")
"""The parts that `--only` selects, by the first words of the measurements' names."""

Jobs = dict[str, tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]]


def plan(quick: bool) -> Jobs:
    """By name of the measurement: the function that measures, and its arguments; longest first."""
    jobs: Jobs = {}
    sizes = (100,) if quick else (5000, 1000, 100)
    for n in sizes:
        for function in ("ours", "naive"):
            jobs[f"burst {function} {n}"] = (bursts.burst, (function, n, SEED))
    for n in (30,) if quick else reversed(FLEETS):
        length_of_idle = timedelta(hours=3) if quick else days.DAY
        jobs[f"day idle {n}"] = (days.idle_day, (n, SEED, length_of_idle))
        if not quick:
            for function in ("ours", "naive"):
                jobs[f"day {function} {n}"] = (days.working_day, (function, n, SEED))
    if not quick:
        bare = (ALONE, SEED, days.DAY, False)
        jobs[f"bare idle {ALONE}"] = (days.idle_day, bare)
        jobs[f"bare ours {ALONE}"] = (days.working_day, ("ours", ALONE, SEED, False))
    return jobs | _weeks(quick) | _alarms(quick)


def _alarms(quick: bool) -> Jobs:
    desktops, length = (8, 1) if quick else (weeks.DESKTOPS, 7)
    return {
        "alarms causes": (alarms.causes, (SEED, quick)),
        "alarms calm": (alarms.calm, (desktops, length, SEED)),
    }


def _weeks(quick: bool) -> Jobs:
    jobs: Jobs = {}
    desktops, length = (8, 1) if quick else (weeks.DESKTOPS, 7)
    until_mended = max(length, weeks.BAD_UNTIL.days + 1)
    for kind in ("calm", "rough"):
        for function, window in (("ours", None), ("ours", WINDOW), ("naive", None)):
            name = f"week {kind} {function} {window}"
            jobs[name] = (weeks.week, (kind, function, window, desktops, length, SEED, True))
    beside = (("ours", True), ("ours", False), ("naive", True))
    for kind, (function, canary) in product(limits.CAUSES, beside):
        name = f"week {kind} {function} {canary}"
        jobs[name] = (weeks.week, (kind, function, None, desktops, until_mended, SEED, canary))
    return jobs


def _is_of(only: str | None, part: str) -> bool:
    return only in (None, part) or (only == "day" and part == "bare")


def measure(quick: bool, only: str | None, processes: int | None) -> dict[str, Any]:
    """Run the plan: in this process if `quick`, otherwise each measurement in its own."""
    jobs = {name: job for name, job in plan(quick).items() if _is_of(only, name.split()[0])}
    if quick:
        return _arranged(jobs, {name: work(*given) for name, (work, given) in jobs.items()})
    found: dict[str, Any] = {}
    with ProcessPoolExecutor(processes, max_tasks_per_child=1) as pool:
        futures: dict[str, Future[dict[str, Any]]] = {
            name: pool.submit(work, *arguments) for name, (work, arguments) in jobs.items()
        }
        for name, future in futures.items():
            found[name] = future.result()
            print(f"measured: {name}", file=sys.stderr, flush=True)
    results = _arranged(jobs, found)
    if only in (None, "day"):
        results["months"] = [
            {
                "ours": months.month("ours", found[f"day ours {n}"], found[f"day idle {n}"]),
                "naive": months.month("naive", found[f"day naive {n}"], None),
            }
            for n in FLEETS
        ]
        results["session alarms"] = [_side(found, kind, kind == "day") for kind in ("day", "bare")]
    # What takes real time comes last: by now, nothing else is running.
    if only in (None, "start"):
        results["starts"] = starting.starts(15)
    if only in (None, "plan"):
        results["plans"] = planning.plans(5)
    return results


def _side(found: dict[str, Any], kind: str, session_alarms: bool) -> dict[str, Any]:
    """What a fleet costs, in dollars, calls and minutes, with session alarms or without."""
    day, idle = found[f"{kind} ours {ALONE}"], found[f"{kind} idle {ALONE}"]
    return {
        "audit interval": 60 if session_alarms else days.AUDITS_ALONE,
        "dollars": months.month("ours", day, idle, session_alarms)["dollars"],
        **{name: day[name] for name in ("workspaces calls", "rebuilds")},
        "minutes from session end to rebuild": day["minutes from session end to rebuild"],
        "alarms": ALONE if session_alarms else 0,
    }


def _arranged(jobs: Jobs, found: dict[str, Any]) -> dict[str, Any]:
    """The results, in the structure that `limits` and `report` expect."""
    results: dict[str, Any] = {"weeks": [], "bursts": {"ours": [], "naive": []}, "idle days": []}
    for name, (_, arguments) in reversed(jobs.items()):
        match name.split():
            case ["burst", function, _]:
                results["bursts"][function].append(found[name])
            case ["day", "idle", _]:
                results["idle days"].append(found[name])
            case ["alarms", part]:
                results.setdefault("alarms", {})[part] = found[name][part]
            case ["week", kind, function, *_]:
                _, _, window, desktops, length, _, canary = arguments
                head = {"kind": kind, "function": function, "window": window}
                size = {"desktops": desktops, "days": length, "canary": canary}
                results["weeks"].append(head | size | found[name])
    results["package"] = starting.package()
    return results


def main() -> int:
    """Return 0 if every stated limit holds, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small part, writing nothing")
    parser.add_argument("--only", choices=PARTS, help="one part, writing nothing")
    parser.add_argument("--jobs", type=int, help="processes")
    given = parser.parse_args()
    writes = not (given.quick or given.only)
    if writes:
        from . import plot  # here, since only `make bench` installs what it draws with
    began = datetime.now(UTC)
    results = measure(given.quick, given.only, given.jobs)
    checked = limits.check(results)
    report.show(results, checked)
    if writes:
        about = {
            "date": began.strftime("%Y-%m-%d"),
            "machine": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} processors, "
            f"Python {platform.python_version()}",
            "seconds": round((datetime.now(UTC) - began).total_seconds()),
            "seed": SEED,
        }
        kept = [
            {"name": x.name, "value": x.value, "limit": x.most, "holds": x.holds} for x in checked
        ]
        whole = {"about": about, "limits": kept, **results}
        points = re.compile(r"\[\s+(\S+),\s+(\d+)\s+\]")  # of a curve: one to a line
        (HERE / "results.json").write_text(
            points.sub(r"[\1, \2]", json.dumps(whole, indent=1)) + "\n"
        )
        document.write(whole)
        plot.write(whole)
    return 0 if all(limit.holds for limit in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
