"""How CloudWatch evaluates an alarm. Pure: datapoints, alarm and time in, state out.

Source: "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data" in the
CloudWatch user guide. CloudWatch looks at more periods than the alarm asks for, and real
datapoints in that range take precedence over the treatment of missing ones.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EXTRA_PERIODS = 2
"""How many periods are looked at beyond those the alarm asks for; AWS gives no number."""


class AlarmState(StrEnum):
    """The three states of an alarm, as CloudWatch names them."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Datapoint:
    """A value of a metric; `at` is the start of the interval that it counts."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The condition of an alarm; `period` is in seconds."""

    period: float
    threshold: float
    comparison: str
    statistic: str = "Sum"
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    missing: str = "missing"
    """How missing data is treated: missing, ignore, breaching or notBreaching."""


_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def evaluate(
    rule: Rule, datapoints: Sequence[Datapoint], current: AlarmState, now: datetime
) -> AlarmState:
    """Evaluate an alarm: the state that it has now.

    Raises ValueError for an unsupported comparison or statistic.
    """
    if rule.comparison not in _COMPARISONS:
        raise ValueError(f"comparison {rule.comparison} is not supported")
    needed = rule.evaluation_periods
    real = _by_period(rule, datapoints, now)[:needed]
    match rule.missing:
        case "breaching":
            return _judge(rule, real, filled=needed - len(real))
        case "missing" if not real:
            return AlarmState.INSUFFICIENT_DATA
        case "ignore" if len(real) < needed:
            return _judge(rule, real, otherwise=current)
    return _judge(rule, real)


def _by_period(rule: Rule, datapoints: Sequence[Datapoint], now: datetime) -> list[float]:
    """The statistic of each period that has datapoints, newest first.

    A period includes its start but not its end; the newest one ends now.
    """
    length = timedelta(seconds=rule.period)
    periods: list[list[float]] = [[] for _ in range(rule.evaluation_periods + EXTRA_PERIODS)]
    for point in datapoints:
        index = -((point.at - now) // length) - 1
        if 0 <= index < len(periods):
            periods[index].append(point.value)
    return [_statistic(rule.statistic, values) for values in periods if values]


def _statistic(name: str, values: list[float]) -> float:
    match name:
        case "Sum":
            return sum(values)
        case "Average":
            return sum(values) / len(values)
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
        case "SampleCount":
            return float(len(values))
    raise ValueError(f"statistic {name} is not supported")


def _judge(
    rule: Rule, real: list[float], filled: int = 0, otherwise: AlarmState = AlarmState.OK
) -> AlarmState:
    """ALARM if enough periods breach, `filled` ones without datapoints included."""
    breaches = _COMPARISONS[rule.comparison]
    breaching = filled + sum(breaches(value, rule.threshold) for value in real)
    enough = rule.datapoints_to_alarm or rule.evaluation_periods
    return AlarmState.ALARM if breaching >= enough else otherwise
