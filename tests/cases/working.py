"""Worlds that more than one test needs."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.course import Course
from tests.cases.scripted import DAY, HOUR, Case

WORK = 10 * HOUR
"""From 09:00 on; the first day is a Monday."""


def work(case: Case, days: int, sessions: Sequence[int], rng: random.Random) -> None:
    """On each desktop and working day one of `sessions`."""
    for day in range(days):
        if day % 7 > 4:
            continue
        for number in range(len(case.ids)):
            parts = rng.choice(sessions)
            length = WORK / parts
            for part in range(parts):
                starts = part * length + rng.uniform(0, 0.3 * length)
                ends = part * length + rng.uniform(0.4 * length, 0.7 * length)
                case.session(number, ends=day * DAY + ends, lasts=ends - starts)


def rebuilt(course: Course, until: float, **settings: Any) -> Case:
    """One session, whose rebuild goes so."""
    case = Case(**settings)
    case.rebuilds_go(course)
    case.session()
    return case.plays(until)


def keeps(days: int, sessions: Sequence[int]) -> Case:
    """20 desktops whose user volumes are kept, after so many working days."""
    case = Case(20, user_volume="keep", every_tick=False)
    work(case, days, sessions, random.Random(20))
    return case.plays(days * DAY)


def snapshot_calls(case: Case) -> int:
    return sum(operation == "DescribeWorkspaceSnapshots" for _, operation, _ in case.calls)


def brake_and_window() -> Case:
    """30 debts of one morning, two nights of eleven hours, two rebuilds an hour."""
    case = Case(30, window=("19:00", "06:00"), brake=2, every_tick=False)
    case.everybody_leaves(apart=1).plays(22 * HOUR)
    assert 20 <= len(case.accepted) <= 22
    case.plays(40 * HOUR)
    assert len(case.accepted) == 30
    return case


def in_berlin(start: str, end: str) -> Case:
    """A session of Saturday, 28 March 2026, the day before clocks change; midday is minute 0."""
    window = {"start": start, "end": end, "timezone": "Europe/Berlin"}
    case = Case(
        zero=datetime(2026, 3, 28, 11, tzinfo=UTC),
        environment={"REBUILD_WINDOW": json.dumps(window)},
        every_tick=False,
    )
    case.session()
    return case
