"""Every schedule of one desktop: up to two session ends, a reconnect, duplicates and crashes.

Everything may happen within the one phase that is enumerated; then messages arrive one after the
other, without mishap, until nothing is owed. `make soak` has two mishaps from every moment.
"""

from __future__ import annotations

import pytest

from simulation.exhaustive import Moment, Reading, beginning, explore
from simulation.stepped import Budget

SCHEDULES = 100_000

CASES = [
    (Moment.ALARM, Reading.LAST_SIGHT, 2),
    (Moment.ALARM, Reading.LOG_IN, 2),
    (Moment.DUE, Reading.LAST_SIGHT, 1),
    (Moment.DUE, Reading.LOG_IN, 1),
    (Moment.SECOND, Reading.LAST_SIGHT, 1),
]


@pytest.mark.parametrize(("moment", "reading", "mishaps"), CASES)
def test_no_schedule_breaks_a_promise(moment: Moment, reading: Reading, mishaps: int) -> None:
    tally = explore(beginning(moment, reading, Budget(mishaps)), phases=1)
    assert tally.schedules >= SCHEDULES
    assert tally.counts["rebuilds"]
