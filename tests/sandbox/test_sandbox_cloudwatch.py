"""Metrics and the alarms on them, and SessionDisconnect as it is published."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.cloudwatch import (
    Alarm,
    AlarmState,
    CloudWatch,
    Datapoint,
    Disconnects,
    Metric,
    Rule,
    evaluate,
)

from .conftest import At

OK, ALARM, INSUFFICIENT = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
METRIC = Metric.of("Own", "Late", {"Fleet": "desks"})
RULE = Rule(300, 1, "GreaterThanOrEqualToThreshold", "Maximum", missing="ignore")


def changes(cloudwatch: CloudWatch, now: datetime) -> list[tuple[str, AlarmState, AlarmState]]:
    return [(found.alarm, found.old, found.new) for found in cloudwatch.evaluate(now)]


def test_an_alarm_begins_without_data_and_follows_its_metric_alone(at: At) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.add(Alarm("late", METRIC, RULE))
    cloudwatch.put(replace(METRIC, name="Other"), 9, at(0))
    assert changes(cloudwatch, at(60)) == []
    assert cloudwatch.states == {"late": INSUFFICIENT}
    cloudwatch.put(METRIC, 0, at(60))
    assert changes(cloudwatch, at(120)) == [("late", INSUFFICIENT, OK)]
    cloudwatch.put(METRIC, 2, at(360))
    assert changes(cloudwatch, at(420)) == [("late", OK, ALARM)]
    assert changes(cloudwatch, at(90_000)) == []
    assert cloudwatch.states == {"late": ALARM}


def test_an_alarm_may_be_deleted_and_one_that_is_stuck_stays_in_alarm(at: At) -> None:
    stuck = {"late"}
    cloudwatch = CloudWatch(stuck.__contains__)
    cloudwatch.add(Alarm("late", METRIC, replace(RULE, missing="notBreaching")), OK)
    cloudwatch.put(METRIC, 1, at(0))
    assert changes(cloudwatch, at(60)) == [("late", OK, ALARM)]
    assert changes(cloudwatch, at(6000)) == []
    stuck.clear()
    assert changes(cloudwatch, at(6060)) == [("late", ALARM, OK)]
    cloudwatch.remove("late")
    cloudwatch.remove("absent")
    cloudwatch.put(METRIC, 1, at(6060))
    assert changes(cloudwatch, at(6120)) == []
    assert cloudwatch.states == {}


@pytest.mark.parametrize("missing", ["missing", "ignore", "breaching", "notBreaching"])
@pytest.mark.parametrize("statistic", ["Maximum", "Sum", "SampleCount"])
def test_what_is_not_evaluated_again_would_not_have_changed(
    at: At, missing: str, statistic: str
) -> None:
    """Against an evaluation of every alarm with every datapoint in every minute."""
    rng = random.Random(f"{missing} {statistic}")
    rule = Rule(300, 2, "GreaterThanOrEqualToThreshold", statistic, 3, 2, missing)
    cloudwatch, points, state = CloudWatch(), list[Datapoint](), INSUFFICIENT
    cloudwatch.add(Alarm("a", METRIC, rule))
    seen = set()
    for minute in range(3000):
        now = at(60 * minute)
        if rng.random() < (0.3 if minute // 100 % 2 else 0.02):
            point = Datapoint(
                now - timedelta(seconds=rng.choice((0, 7, 60, 300))), rng.choice((0, 1, 3))
            )
            points.append(point)
            cloudwatch.put(METRIC, point.value, point.at)
        state = evaluate(rule, points[-60:], state, now)
        cloudwatch.evaluate(now)
        assert cloudwatch.states["a"] is state, minute
        seen.add(state)
    assert {OK, ALARM} <= seen


def test_quiet_days_cost_no_evaluation_and_a_bounded_memory(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated: list[datetime] = []

    def counted(rule: Rule, points: list[Datapoint], old: AlarmState, now: datetime) -> Any:
        evaluated.append(now)
        return evaluate(rule, points, old, now)

    monkeypatch.setattr("sandbox.cloudwatch.metrics.evaluate", counted)
    cloudwatch = CloudWatch()
    cloudwatch.add(Alarm("late", METRIC, RULE))
    for minute in range(5000):
        cloudwatch.put(METRIC, 0, at(60 * minute))
        cloudwatch.evaluate(at(60 * minute + 1))
    assert len(evaluated) <= 2
    assert cloudwatch.states == {"late": OK}
    assert len(cloudwatch._points[METRIC]) <= 600


def test_disconnects_are_published_once_an_interval_and_never_as_zero(at: At) -> None:
    disconnects = Disconnects()
    disconnects.add("ws-1")
    assert disconnects.due(at(0)) is None
    disconnects.add("ws-1")
    disconnects.add("ws-2")
    assert disconnects.due(at(299)) is None
    assert disconnects.due(at(300)) == (at(0), {"ws-1": 2, "ws-2": 1})
    assert disconnects.due(at(600)) == (at(300), {})
