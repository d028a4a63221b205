"""Alarm evaluation: AWS's rules for thresholds and missing data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from sandbox.cloudwatch import AlarmState, Datapoint, Rule, evaluate

from .conftest import At

OK, ALARM, INSUFFICIENT = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
RULE = Rule(
    period=300, threshold=1, comparison="GreaterThanOrEqualToThreshold", missing="notBreaching"
)


def state(
    rule: Rule, points: list[tuple[datetime, float]], now: datetime, current: AlarmState = OK
) -> AlarmState:
    return evaluate(rule, [Datapoint(at, value) for at, value in points], current, now)


def test_one_disconnect_raises_the_alarm(at: At) -> None:
    assert state(RULE, [(at(0), 1)], at(300)) is ALARM


def test_a_late_datapoint_still_counts_since_more_periods_are_looked_at(at: At) -> None:
    assert state(RULE, [(at(0), 1)], at(800)) is ALARM


def test_only_the_newest_periods_count_when_there_is_more_data(at: At) -> None:
    assert state(RULE, [(at(100), 1), (at(700), 0)], at(800), current=ALARM) is OK


def test_the_alarm_returns_to_ok_when_the_sparse_metric_is_silent(at: At) -> None:
    assert state(RULE, [(at(0), 1)], at(901), current=ALARM) is OK


def test_the_sum_of_a_period_counts_not_its_single_values(at: At) -> None:
    rule = replace(RULE, threshold=3)
    assert state(rule, [(at(1), 1), (at(2), 1)], at(300)) is OK
    assert state(rule, [(at(1), 1), (at(2), 2)], at(300)) is ALARM


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("missing", INSUFFICIENT), ("notBreaching", OK), ("breaching", ALARM), ("ignore", ALARM)],
)
def test_missing_data_is_treated_as_the_alarm_says(
    at: At, missing: str, expected: AlarmState
) -> None:
    assert state(replace(RULE, missing=missing), [], at(0), current=ALARM) is expected


def test_an_alarm_rings_when_m_of_its_n_periods_breach(at: At) -> None:
    rule = replace(RULE, evaluation_periods=3, datapoints_to_alarm=2)
    assert state(rule, [(at(800), 1), (at(100), 1)], at(900)) is ALARM
    assert state(rule, [(at(800), 1), (at(400), 0)], at(900)) is OK


def test_a_heartbeat_that_stops_raises_a_breaching_alarm(at: At) -> None:
    rule = Rule(period=600, threshold=1, comparison="LessThanThreshold", missing="breaching")
    assert state(rule, [(at(0), 1)], at(500)) is OK
    assert state(rule, [(at(0), 1)], at(5000)) is ALARM


@pytest.mark.parametrize(
    ("statistic", "alarm"),
    [("Sum", True), ("Average", False), ("Maximum", True), ("Minimum", False)],
)
def test_each_statistic_sums_up_a_period_as_its_name_says(
    at: At, statistic: str, alarm: bool
) -> None:
    rule = replace(RULE, threshold=4, statistic=statistic)
    assert (state(rule, [(at(1), 0), (at(2), 4)], at(300)) is ALARM) is alarm


@pytest.mark.parametrize(
    ("comparison", "below", "same", "above"),
    [
        ("GreaterThanOrEqualToThreshold", OK, ALARM, ALARM),
        ("GreaterThanThreshold", OK, OK, ALARM),
        ("LessThanThreshold", ALARM, OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, ALARM, OK),
    ],
)
def test_each_comparison_has_its_own_side_and_edge(
    at: At, comparison: str, below: AlarmState, same: AlarmState, above: AlarmState
) -> None:
    rule = replace(RULE, comparison=comparison, threshold=5)
    found = tuple(state(rule, [(at(1), value)], at(300)) for value in (4, 5, 6))
    assert found == (below, same, above)


def test_an_alarm_that_is_not_imitated_is_named(at: At) -> None:
    with pytest.raises(ValueError, match="LessThanLowerThreshold"):
        state(replace(RULE, comparison="LessThanLowerThreshold"), [], at(0))
    with pytest.raises(ValueError, match="p90"):
        state(replace(RULE, statistic="p90"), [(at(1), 1)], at(300))
