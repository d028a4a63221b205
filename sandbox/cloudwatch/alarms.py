"""How CloudWatch evaluates an alarm. Pure: datapoints, alarm and time in, state and reason out.

Source: "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data" in the
CloudWatch user guide. CloudWatch looks at more periods than the alarm asks for, and real
datapoints in that range take precedence over the treatment of missing ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of an alarm, with the reason in AWS's words."""

    state: AlarmState
    _say: Callable[[], str]

    @property
    def reason(self) -> str:
        """The `StateReason`, put into words only when it is asked for."""
        return self._say()


_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


def evaluate(
    rule: Rule, datapoints: Sequence[Datapoint], current: AlarmState, now: datetime
) -> Verdict:
    """Evaluate an alarm: the state that it has now, and why.

    Raises ValueError for an unsupported comparison or statistic.
    """
    if rule.comparison not in _WORDS:
        raise ValueError(f"comparison {rule.comparison} is not supported")
    needed = rule.evaluation_periods
    to_alarm = rule.datapoints_to_alarm or needed
    values = _by_period(rule, datapoints, now)
    real = [point for point in values if point is not None]
    if len(real) >= needed:
        return _judge(rule, real[:needed], 0, to_alarm)
    absent = needed - len(real)
    match rule.missing:
        case "breaching" | "notBreaching":
            return _judge(rule, real, absent, to_alarm)
        case "ignore":
            if not real:
                return Verdict(current, lambda: "no datapoints were received; the state is kept")
            return _judge(rule, real, 0, to_alarm, otherwise=current)
        case _:
            if not real:
                return Verdict(AlarmState.INSUFFICIENT_DATA, lambda: _unknown(absent))
            return _judge(rule, real, 0, to_alarm)


def _by_period(
    rule: Rule, datapoints: Sequence[Datapoint], now: datetime
) -> list[Datapoint | None]:
    """The statistic of each period, newest first; None for a period without datapoints.

    A period includes its start but not its end; the newest one ends now.
    """
    length = timedelta(seconds=rule.period)
    periods: list[list[float]] = [[] for _ in range(rule.evaluation_periods + EXTRA_PERIODS)]
    for point in datapoints:
        index = -((point.at - now) // length) - 1
        if 0 <= index < len(periods):
            periods[index].append(point.value)
    return [
        Datapoint(now - (index + 1) * length, _statistic(rule.statistic, values))
        if values
        else None
        for index, values in enumerate(periods)
    ]


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


def _breaches(rule: Rule, value: float) -> bool:
    match rule.comparison:
        case "GreaterThanOrEqualToThreshold":
            return value >= rule.threshold
        case "GreaterThanThreshold":
            return value > rule.threshold
        case "LessThanThreshold":
            return value < rule.threshold
        case _:
            return value <= rule.threshold


def _judge(
    rule: Rule,
    real: Sequence[Datapoint],
    filled: int,
    to_alarm: int,
    otherwise: AlarmState = AlarmState.OK,
) -> Verdict:
    bad = [point for point in real if _breaches(rule, point.value)]
    counted = len(bad) + (filled if rule.missing == "breaching" else 0)
    alarm = counted >= to_alarm
    state = AlarmState.ALARM if alarm else otherwise
    if not real:
        return Verdict(state, lambda: _treated(filled, rule.missing))
    shown = bad if alarm and bad else list(real)
    of = len(real) + filled
    return Verdict(state, lambda: _crossed(rule, shown, of, to_alarm, alarm))


def _unknown(absent: int) -> str:
    return f"Insufficient Data: {_count(absent, 'datapoint')} {_was(absent)} unknown."


def _treated(filled: int, missing: str) -> str:
    treatment = "Breaching" if missing == "breaching" else "NonBreaching"
    return (
        f"Threshold Crossed: no datapoints were received for {_count(filled, 'period')} and "
        f"{_count(filled, 'missing datapoint')} {_was(filled)} treated as [{treatment}]."
    )


def _crossed(rule: Rule, shown: Sequence[Datapoint], of: int, to_alarm: int, alarm: bool) -> str:
    listed = ", ".join(f"{point.value} ({_day(point.at)})" for point in shown)
    transition = "OK -> ALARM" if alarm else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(shown)} out of the last {of} datapoints "
        f"[{listed}] {_was(len(shown))} {'' if alarm else 'not '}{_WORDS[rule.comparison]} "
        f"the threshold ({rule.threshold}) "
        f"(minimum {_count(to_alarm, 'datapoint')} for {transition} transition)."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%d/%m/%y %H:%M:%S")
