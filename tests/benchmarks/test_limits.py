"""The stated limits hold in a small run, and a broken one is noticed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import limits, months
from benchmarks.meter import Meter, size
from benchmarks.weeks import week

ROOT = Path(__file__).parents[2]


MISSED = {
    "burst of 100: calls per rebuild",  # the canary's own looks are a tenth of a call here
    "calm week: calls per rebuild",  # three desktops in a quick run share no looks
}
"""Limits that a quick run does not keep; the whole one has to be measured anew."""


def test_the_quick_benchmark_names_the_limits_that_it_misses_and_keeps_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    broken = re.findall(r"^broken: (.+): [\d.]+, limit", done.stdout, re.M)
    assert "limits hold" in done.stdout, done.stdout + done.stderr
    assert set(broken) == MISSED
    assert done.returncode == bool(broken)


def test_the_same_seed_gives_the_same_week() -> None:
    first, second = (week("rough", "ours", None, 2, 1, seed=5) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"rebuilt": 99}, "not rebuilt"),
        ({"calls per rebuild": 1.26}, "calls per rebuild"),
        ({"drain over limit": 1.2}, "drain over N/2 s"),
        ({"peak rate": 3}, "calls in any second"),
    ],
)
def test_a_broken_limit_of_a_burst_is_named(change: dict[str, float], name: str) -> None:
    burst: dict[str, Any] = {
        "desktops": 100,
        "rebuilt": 100,
        "calls per rebuild": 1.25,
        "drain over limit": 1.15,
        "peak rate": 2,
    }
    assert all(limit.holds for limit in limits.check({"bursts": {"ours": [burst]}}))
    checked = limits.check({"bursts": {"ours": [burst | change]}})
    assert [limit.name for limit in checked if not limit.holds] == [f"burst of 100: {name}"]


def test_request_units_are_counted_as_dynamodb_bills_them() -> None:
    meter = Meter()
    meter.read("GetItem", {}, {"Item": {"id": {"S": "x" * 5000}}})
    meter.read("Query", {}, {"Items": []})
    assert meter.read_units == 2.5
    queued = {"id": {"S": "ws-1"}, "due_at": {"S": "1"}}
    meter.write(None, queued)
    assert meter.write_units == 2
    meter.write(queued, queued | {"due_at": {"S": "2"}})
    assert meter.write_units == 5
    meter.write(queued, queued | {"reason": {"S": "canary"}})
    assert meter.write_units == 7
    meter.write(queued, queued | {"version": {"N": "2"}})
    assert meter.write_units == 8
    assert size({"id": {"S": "ws-1"}}) == 6


def test_the_peak_is_of_any_second() -> None:
    meter = Meter(sent_at=[0.0, 0.5, 1.0, 1.5, 1.6])
    assert meter.peak() == 3


def test_a_month_counts_the_metrics_and_alarms_of_the_module() -> None:
    day = {
        "invocations": 0,
        "seconds": 0.0,
        "read units": 0.0,
        "write units": 0.0,
        "log lines": 0,
        "alarm messages": 0,
        "desktops": 10,
        "gauge read units": 0.0,
    }
    found = months.month("ours", day, day)
    assert found["by item"]["alarm per WorkSpace"] == pytest.approx(1.0)
    assert found["by item"]["metrics"] == pytest.approx(2.7)
    assert found["by item"]["operations alarms"] == pytest.approx(1.0)
    assert found["fixed"] == pytest.approx(2.7 + 1.0 + 3.0)
    bare = months.month("ours", day, day, session_alarms=False)
    assert found["dollars"] - bare["dollars"] == pytest.approx(1.0)
