"""A calm week of a fleet. `python -m simulation.quarter` runs a quarter of a year."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloudwatch import AlarmState
from simulation.quarter import calm, run_quarter
from simulation.ringing import Ringing


def test_p6_no_alarm_rings_in_a_calm_week_of_fifty_desktops() -> None:
    result = run_quarter(1, days=7)
    assert result.violation is None, result
    assert result.counts["rebuilds"] > 300
    assert result.counts["alarms"] == 0


NIGHT = ("19:00", "06:00")


@pytest.mark.parametrize(
    ("chosen", "rebuilds"),
    [
        pytest.param({"audit_interval": 1440}, 30, id="an audit a day"),
        pytest.param({"audit_interval": 5}, 30, id="an audit every five minutes"),
        pytest.param({"dry_run": True}, 0, id="dry run"),
        pytest.param({"window": NIGHT}, 20, id="window"),
        pytest.param({"user_volume": "keep"}, 20, id="keep"),
        pytest.param({"brake": 2, "window": NIGHT}, 20, id="brake and window"),
        pytest.param({"canary_after": None}, 30, id="no canary"),
        pytest.param({"faults": {"begins_late": 1, "takes_long": 1}}, 20, id="slow rebuilds"),
    ],
)
def test_p6_no_alarm_rings_in_calm_days_whatever_is_chosen(
    chosen: dict[str, Any], rebuilds: int
) -> None:
    result = run_quarter(1, desktops=10, days=3, **chosen)
    assert result.violation is None, result
    assert result.counts.get("rebuilds", 0) >= rebuilds


def test_p6_an_alarm_that_rang_in_it_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its first lines' grace, an alarm on missing data rings at once."""
    look = Ringing._look

    def startled(self: Ringing) -> None:
        self.judge._at_birth = set()
        self.judge.cloudwatch.states["silent"] = AlarmState.OK
        self.judge.heard = lambda *_: None  # type: ignore[method-assign]
        look(self)

    monkeypatch.setattr(Ringing, "_look", startled)
    result = run_quarter(1, desktops=1, days=0.2)
    assert result.violation is not None
    assert result.violation.what == "the alarm silent rings in calm weather"
    assert result.counts["alarms"] == 1
    assert calm(1).calm
