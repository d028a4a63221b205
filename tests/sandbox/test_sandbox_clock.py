"""The local AWS's clock: what runs in it, and what asks it, has the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import WORKING, Clock

PROGRAM = """
import datetime as module, json, time
from datetime import date, datetime, timedelta, UTC
began = time.perf_counter()
time.sleep(60)
slept = time.perf_counter() - began
now = datetime.now(UTC)
real = date(2026, 1, 1)
print(json.dumps({
    "slept": slept,
    "now": now.isoformat(),
    "others": [time.time(), time.time_ns() / 1e9, datetime.now().timestamp(),
               datetime.today().timestamp(), datetime.utcnow().replace(tzinfo=UTC).timestamp()],
    "sum": isinstance(now + timedelta(days=1), datetime),
    "parsed": isinstance(datetime.fromisoformat("2026-01-01T00:00:00+00:00"), module.datetime),
    "date": isinstance(real, datetime),
}))
"""


def told(clock: Clock) -> dict[str, object]:
    """What another Python says, which sleeps a minute."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env={"PATH": os.environ["PATH"], **clock.environment()},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(done.stdout))


def test_a_fast_clock_begins_now_and_runs_ahead() -> None:
    began = time.time()
    clock = Clock(speed=60.0, began=began - 10)
    ahead = clock.now() - datetime.fromtimestamp(began - 10, UTC)
    assert timedelta(seconds=600) <= ahead < timedelta(seconds=900)
    assert clock.real(300) == 5.0


def test_another_python_has_the_same_time_and_sleeps_less() -> None:
    clock = Clock(speed=120.0, began=time.time() - 3600)
    said = told(clock)
    assert 0.4 < float(str(said["slept"])) < 5
    there = datetime.fromisoformat(str(said["now"]))
    assert clock.now() - timedelta(minutes=20) < there < clock.now()
    others = said["others"]
    assert isinstance(others, list)
    assert all(abs(other - there.timestamp()) < 60 for other in others)
    assert (said["sum"], said["parsed"], said["date"]) == (True, True, False)


def test_a_clock_that_is_not_fast_is_this_machines_own() -> None:
    clock = Clock()
    assert clock.environment() == {}
    assert clock.environment("/task") == {"PYTHONPATH": "/task"}
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1


@pytest.mark.parametrize("speed", [60.0, 1.0])
def test_the_clocks_folder_goes_before_the_functions(speed: float) -> None:
    path = Clock(speed=speed).environment("/task")["PYTHONPATH"].split(os.pathsep)
    assert path[-1] == "/task"
    assert len(path) == (2 if speed > 1 else 1)


WATCHING = """
import sys, time
for line in sys.stdin:
    shown, began = time.time(), time.perf_counter()
    time.sleep(1.8)
    slept = time.perf_counter() - began
    while time.perf_counter() - began < 0.3:
        pass
    print(slept, (time.time() - shown) / (time.perf_counter() - began), flush=True)
"""
"""For each line it gets, it says how long it slept and how fast its clock ran."""


def test_a_fast_clock_is_slow_while_something_works_also_in_another_python() -> None:
    clock = Clock(speed=600.0)
    with subprocess.Popen(
        [sys.executable, "-c", WATCHING],
        env={"PATH": os.environ["PATH"], **clock.environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:

        def watched() -> tuple[float, float]:
            assert other.stdin
            assert other.stdout
            other.stdin.write("\n")
            other.stdin.flush()
            slept, speed = map(float, other.stdout.readline().split())
            return slept, speed

        assert watched()[1] == pytest.approx(600, rel=0.2)
        with clock.slow():
            with clock.slow():
                pass
            slept, speed = watched()
        assert slept >= 1.8 / WORKING
        assert speed == pytest.approx(WORKING, rel=0.2)
        assert watched()[1] == pytest.approx(600, rel=0.2)
        other.communicate("")


def test_a_clock_goes_on_without_a_leap_and_never_back() -> None:
    clock = Clock(speed=60.0)
    ends = time.monotonic() + 0.3
    shown, began, real = [clock.now()], clock.now(), time.time()
    while time.monotonic() < ends:
        with clock.slow():
            shown.append(clock.now())
        shown.append(clock.now())
    assert shown == sorted(shown)
    assert shown[-1] - began <= timedelta(seconds=60 * (time.time() - real))


def test_without_its_local_aws_a_python_has_this_machines_time() -> None:
    clock = Clock(speed=60.0, began=time.time() - 3600)
    environment = {"PATH": os.environ["PATH"], **clock.environment()}
    del clock
    done = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert abs(float(done.stdout) - time.time()) < 60
    assert not done.stderr
