"""Every schedule of one desktop: up to two session ends, a reconnect, duplicates and crashes; and
every life of a rebuild after its acceptance, with looks that are lost.

Everything may happen within the phases that are enumerated; then messages arrive one after the
other, without mishap, until nothing is owed. `make soak` has two mishaps from every moment.
"""

from __future__ import annotations

import pytest

from simulation.exhaustive import COURSES, LOOKS, Moment, Reading, beginning, budgets, explore

SCHEDULES = 100_000

CASES = [
    (Moment.ALARM, Reading.LAST_SIGHT, 1),
    (Moment.ALARM, Reading.LOG_IN, 1),
    (Moment.DUE, Reading.LAST_SIGHT, 1),
    (Moment.DUE, Reading.LOG_IN, 1),
    (Moment.SECOND, Reading.LAST_SIGHT, 0),
]


@pytest.mark.parametrize(("moment", "reading", "mishaps"), CASES)
def test_no_schedule_breaks_a_promise(moment: Moment, reading: Reading, mishaps: int) -> None:
    schedules = rebuilds = 0
    for budget in budgets(moment, mishaps):
        tally = explore(beginning(moment, reading, budget), phases=1)
        schedules += tally.schedules
        rebuilds += tally.counts["rebuilds"]
    assert schedules >= SCHEDULES
    assert rebuilds


@pytest.mark.parametrize("course", COURSES)
def test_no_life_of_a_rebuild_breaks_a_promise(course: str) -> None:
    [budget] = budgets(Moment.LIFE, mishaps=1)
    begin = beginning(Moment.LIFE, Reading.LAST_SIGHT, budget, COURSES[course])
    tally = explore(begin, phases=LOOKS)
    assert tally.ends > LOOKS
    assert tally.counts["rebuilds"] >= tally.ends
