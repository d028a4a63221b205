"""Every schedule of one desktop: two session ends, one reconnect, one mishap anywhere."""

from __future__ import annotations

import pytest

from tests.simulation.exhaustive import Moment, Reading, beginning, explore

SCHEDULES = 100_000


@pytest.mark.parametrize("reading", list(Reading))
@pytest.mark.parametrize("moment", list(Moment))
def test_no_schedule_breaks_a_promise(moment: Moment, reading: Reading) -> None:
    tally = explore(beginning(moment, reading), phases=1)
    assert tally.schedules >= SCHEDULES
    assert tally.counts["rebuilds"]
