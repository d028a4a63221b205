"""CloudWatch at work: the model's disconnects become datapoints, alarms are evaluated, and a
transition runs its actions.

The evaluation itself is `alarms.py`, the message `notifications.py`.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .alarms import EXTRA_PERIODS, AlarmState, Datapoint, Rule, evaluate
from .desktop import Desktop
from .moto_backends import Backends, MetricKey, aware
from .notifications import AlarmNews, alarm_message, alarm_subject
from .policies import Request, allows, may_use_key
from .tempo import Tempo

log = logging.getLogger(__name__)
WORKSPACES = "AWS/WorkSpaces"
CLOUDWATCH = "cloudwatch.amazonaws.com"


@dataclass(slots=True)
class Disconnects:
    """Counts ended sessions and publishes them once an interval, as WorkSpaces does.

    Nothing is published for a desktop without a disconnect: the metric is absent, not 0.
    """

    backends: Backends
    tempo: Tempo
    _counts: Counter[str] = field(default_factory=Counter)
    _since: datetime | None = None

    def add(self, desktop_id: str) -> None:
        self._counts[desktop_id] += 1

    def publish(self, fleet: dict[str, Desktop], now: datetime) -> None:
        """Publish if an interval has passed; a datapoint's time is the interval's start."""
        self._since = self._since or now
        if now - self._since < timedelta(seconds=self.tempo.publish_interval):
            return
        counts, self._counts = self._counts, Counter()
        for desktop_id, count in counts.items():
            if desktop_id in fleet:
                for name, value in _dimensions(fleet[desktop_id]).items():
                    self.backends.put_metric(
                        WORKSPACES, "SessionDisconnect", count, self._since, {name: value}
                    )
        self._since = now


def _dimensions(desktop: Desktop) -> dict[str, str]:
    """The eight dimensions under each of which the metric exists."""
    return {
        "DirectoryId": desktop.directory_id,
        "WorkspaceId": desktop.id,
        "RunningMode": desktop.running_mode,
        "Protocol": desktop.protocol,
        "ComputeType": desktop.compute_type,
        "BundleId": desktop.bundle_id,
        "UserName": desktop.user,
        "ComputerName": desktop.computer_name,
    }


@dataclass(frozen=True, slots=True)
class Transition:
    """An alarm changed its state; `delivered` names the topics that took the message."""

    at: datetime
    alarm: str
    old: str
    new: str
    reason: str
    delivered: tuple[str, ...]


@dataclass(slots=True)
class AlarmWatch:
    """Evaluates moto's metric alarms and publishes transitions."""

    backends: Backends
    tempo: Tempo
    told: Callable[[Transition], None]
    _next: datetime | None = None

    def look(self, now: datetime) -> None:
        """Evaluate every alarm if it is time to."""
        if self._next is not None and now < self._next:
            return
        self._next = now + timedelta(seconds=self.tempo.evaluation_interval)
        alarms = [alarm for alarm in self.backends.alarms() if _is_metric_alarm(alarm)]
        reach = max((self._reach(alarm) for alarm in alarms), default=0.0)
        metrics = self.backends.datapoints(now - timedelta(seconds=reach))
        for alarm in alarms:
            try:
                self._evaluate(alarm, metrics, now)
            except ValueError as problem:
                log.warning("alarm %s is not evaluated: %s", alarm.name, problem)
        self.backends.forget_metrics(now - timedelta(seconds=2 * reach))

    def _second(self, alarm: Any) -> float:
        of_workspaces = alarm.namespace == WORKSPACES
        return self.tempo.alarm_second if of_workspaces else self.tempo.minute / 60

    def _reach(self, alarm: Any) -> float:
        """How far back its evaluation looks, in seconds."""
        periods = int(alarm.evaluation_periods) + EXTRA_PERIODS
        return float(alarm.period) * self._second(alarm) * periods

    def _evaluate(
        self, alarm: Any, metrics: Mapping[MetricKey, list[Datapoint]], now: datetime
    ) -> None:
        rule = Rule(
            period=float(alarm.period),
            threshold=float(alarm.threshold),
            comparison=alarm.comparison_operator,
            statistic=alarm.statistic,
            evaluation_periods=int(alarm.evaluation_periods),
            datapoints_to_alarm=alarm.datapoints_to_alarm and int(alarm.datapoints_to_alarm),
            missing=alarm.treat_missing_data or "missing",
        )
        dimensions = frozenset((d.name, d.value) for d in alarm.dimensions)
        datapoints = metrics.get((alarm.namespace, alarm.metric_name, dimensions), [])
        old = AlarmState(alarm.state_value)
        verdict = evaluate(rule, datapoints, old, now, self._second(alarm))
        if verdict.state is not old:
            alarm.update_state(verdict.reason, "{}", verdict.state.value)
            self._act(alarm, old, verdict.state, verdict.reason, now)

    def _act(
        self, alarm: Any, old: AlarmState, new: AlarmState, reason: str, now: datetime
    ) -> None:
        actions: Iterable[str] = {
            AlarmState.OK: alarm.ok_actions,
            AlarmState.ALARM: alarm.alarm_actions,
            AlarmState.INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }[new]
        news = _news(alarm, old, new, reason, now)
        delivered = [arn for arn in actions if alarm.actions_enabled and self._publish(arn, news)]
        self.told(Transition(now, alarm.name, old, new, reason, tuple(delivered)))

    def _publish(self, arn: str, news: AlarmNews) -> bool:
        """As on AWS nobody is told of a refusal: it is only logged here."""
        if ":sns:" not in arn:
            log.warning("alarm %s: the action %s is not imitated", news.name, arn)
            return False
        topic = self.backends.topic(arn)
        if topic is None:
            log.warning("alarm %s: there is no topic %s", news.name, arn)
            return False
        key = str(topic.kms_master_key_id or "")
        if key and not may_use_key(self.backends.key_policy(key), CLOUDWATCH, key):
            log.warning("alarm %s cannot publish through the key %s", news.name, key)
            return False
        context = {
            "aws:SourceArn": news.arn,
            "aws:SourceAccount": news.account,
            "aws:SecureTransport": "true",
        }
        request = Request(CLOUDWATCH, "sns:Publish", arn, context)
        if not allows(json.loads(topic.policy), request):
            log.warning("alarm %s: the policy of %s refuses it", news.name, arn)
            return False
        topic.publish(json.dumps(alarm_message(news)), subject=alarm_subject(news))
        return True


def _is_metric_alarm(alarm: Any) -> bool:
    """Neither composite nor metric math."""
    return bool(alarm.metric_name and not alarm.metric_data_queries and not alarm.rule)


def _news(alarm: Any, old: AlarmState, new: AlarmState, reason: str, now: datetime) -> AlarmNews:
    return AlarmNews(
        name=alarm.name,
        arn=alarm.alarm_arn,
        description=alarm.description or None,
        configured_at=aware(alarm.configuration_updated_timestamp),
        changed_at=now.astimezone(UTC),
        old_state=old.value,
        new_state=new.value,
        reason=reason,
        namespace=alarm.namespace,
        metric=alarm.metric_name,
        dimensions=[(dimension.name, dimension.value) for dimension in alarm.dimensions],
        statistic=alarm.statistic,
        period=int(alarm.period),
        evaluation_periods=int(alarm.evaluation_periods),
        threshold=float(alarm.threshold),
        comparison=alarm.comparison_operator,
        missing=alarm.treat_missing_data or "missing",
        datapoints_to_alarm=alarm.datapoints_to_alarm and int(alarm.datapoints_to_alarm),
        unit=alarm.unit or None,
        ok_actions=list(alarm.ok_actions),
        alarm_actions=list(alarm.alarm_actions),
        insufficient_data_actions=list(alarm.insufficient_data_actions),
    )
