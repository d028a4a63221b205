"""Metrics and the alarms on them. An alarm is evaluated only when its state may have changed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .alarms import EXTRA_PERIODS, AlarmState, Datapoint, Rule, evaluate

MANY = 500
"""How many datapoints of a metric are kept before old ones are dropped."""

LATE = timedelta(hours=1)
"""How much later than others of the same time a datapoint may arrive."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Namespace, name and dimensions, which together identify a metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """Make a metric from dimensions as a mapping of name to value."""
        return cls(namespace, name, frozenset(dimensions.items()))


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm."""

    name: str
    metric: Metric
    rule: Rule


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an alarm's state."""

    at: datetime
    alarm: str
    old: AlarmState
    new: AlarmState


class CloudWatch:
    """Datapoints go in by `put`, transitions come out of `evaluate`.

    >>> cloudwatch = CloudWatch()
    >>> cloudwatch.add(Alarm("late", metric, rule))
    >>> cloudwatch.put(metric, 1.0, at)
    >>> [transition.new for transition in cloudwatch.evaluate(at + timedelta(minutes=5))]
    [<AlarmState.ALARM: 'ALARM'>]
    """

    def __init__(self, stuck: Callable[[str], bool] = lambda _: False) -> None:
        """`stuck` says by an alarm's name whether, once in ALARM, it stays there."""
        self.states: dict[str, AlarmState] = {}
        """The state of each alarm."""
        self._stuck = stuck
        self._alarms: dict[str, Alarm] = {}
        self._watching: dict[Metric, list[Alarm]] = defaultdict(list)
        self._points: dict[Metric, list[Datapoint]] = defaultdict(list)
        self._room: dict[Metric, int] = {}
        self._due: dict[str, datetime | None] = {}
        """When an alarm's state may change without a new datapoint; None: it is to be
        evaluated next time."""
        self._settled: set[str] = set()
        """Alarms in OK, which stay so until a datapoint that is not harmless arrives."""

    def add(self, alarm: Alarm, state: AlarmState = AlarmState.INSUFFICIENT_DATA) -> None:
        """Add an alarm; a new one begins in INSUFFICIENT_DATA."""
        self.states[alarm.name] = state
        self._alarms[alarm.name] = alarm
        self._watching[alarm.metric].append(alarm)
        self._due[alarm.name] = None

    def remove(self, name: str) -> None:
        """Delete an alarm, if it is there."""
        alarm = self._alarms.pop(name, None)
        if alarm is not None:
            self._watching[alarm.metric].remove(alarm)
            del self.states[name]
            self._due.pop(name, None)
            self._settled.discard(name)

    def put(self, metric: Metric, value: float, at: datetime) -> None:
        """Put a datapoint; it is not kept if no alarm watches its metric."""
        watching = self._watching.get(metric)
        if not watching:
            return
        points = self._points[metric]
        points.append(Datapoint(at, value))
        if len(points) > self._room.get(metric, MANY):
            self._forget(metric, at)
        for alarm in watching:
            if alarm.name not in self._settled or not _is_harmless(alarm.rule, value):
                self._due[alarm.name] = None

    def evaluate(self, now: datetime) -> list[Transition]:
        """Bring every alarm up to date and return the transitions."""
        ready = [name for name, at in self._due.items() if at is None or at <= now]
        found = (self._evaluate(self._alarms[name], now) for name in ready)
        return [transition for transition in found if transition is not None]

    def _evaluate(self, alarm: Alarm, now: datetime) -> Transition | None:
        old = self.states[alarm.name]
        if old is AlarmState.ALARM and self._stuck(alarm.name):
            return None
        reach = reach_of(alarm.rule)
        points = [p for p in self._points[alarm.metric] if now - p.at <= reach]
        new = self.states[alarm.name] = evaluate(alarm.rule, points, old, now)
        self._plan(alarm, points, now)
        return None if new is old else Transition(now, alarm.name, old, new)

    def _forget(self, metric: Metric, now: datetime) -> None:
        """Drop the datapoints that no evaluation looks at any more."""
        reach = max(reach_of(alarm.rule) for alarm in self._watching[metric]) + LATE
        kept = [point for point in self._points[metric] if now - point.at <= reach]
        self._points[metric] = kept
        self._room[metric] = max(MANY, 2 * len(kept))

    def _plan(self, alarm: Alarm, points: list[Datapoint], now: datetime) -> None:
        """Plan the next evaluation: datapoints move to older periods, and finally out of range."""
        rule, name = alarm.rule, alarm.name
        period = timedelta(seconds=rule.period)
        self._settled.discard(name)
        self._due.pop(name, None)
        keeps = rule.missing in ("ignore", "notBreaching")
        ok = self.states[name] is AlarmState.OK
        if ok and keeps and all(_is_harmless(rule, point.value) for point in points):
            self._settled.add(name)
        elif points:
            self._due[name] = min(
                point.at + period * max(0, math.ceil((now - point.at) / period)) for point in points
            )


def _is_harmless(rule: Rule, value: float) -> bool:
    """Whether a period with only such values can never breach, however many there are."""
    rises = rule.comparison.startswith("GreaterThan") and rule.statistic != "SampleCount"
    return rises and value <= 0 < rule.threshold


def reach_of(rule: Rule) -> timedelta:
    """How far back an evaluation looks."""
    return timedelta(seconds=rule.period * (rule.evaluation_periods + EXTRA_PERIODS))
