"""Every schedule of one desktop: two session ends, one reconnect, one mishap anywhere."""

from __future__ import annotations

import pytest

from tests.simulation.exhaustive import Moment, beginning, explore

SCHEDULES = 100_000


@pytest.mark.parametrize("login", [False, True], ids=["last-seen", "log-in"])
@pytest.mark.parametrize("moment", list(Moment))
def test_no_schedule_breaks_a_promise(moment: Moment, login: bool) -> None:
    tally = explore(beginning(moment, login), phases=1)
    assert tally.schedules >= SCHEDULES
    assert tally.counts["rebuilds"]
