"""Every schedule of one desktop around one session end: one reconnect, one mishap anywhere.

Everything may happen within the one phase that is enumerated. If the user comes back in it, the
second session ends in the peace that follows, where messages arrive one after the other without
mishap: its interleavings are left to the random worlds. Two phases (`python -m
tests.simulation.exhaustive --phases 2`) take longer than three minutes of one core already from
the moment of the alarm, which has the fewer schedules.
"""

from __future__ import annotations

import pytest

from tests.simulation.exhaustive import Moment, Reading, beginning, explore

SCHEDULES = 100_000

# From the due rebuild on, LAST_SIGHT takes a minute more of one core; `make soak` runs it.
CASES = [
    (Moment.ALARM, Reading.LAST_SIGHT),
    (Moment.ALARM, Reading.LOG_IN),
    (Moment.DUE, Reading.LOG_IN),
]


@pytest.mark.parametrize(("moment", "reading"), CASES)
def test_no_schedule_breaks_a_promise(moment: Moment, reading: Reading) -> None:
    tally = explore(beginning(moment, reading), phases=1)
    assert tally.schedules >= SCHEDULES
    assert tally.counts["rebuilds"]
