"""CloudWatch at work: which metrics count disconnects, the evaluation of moto's alarms, and the
actions of their transitions.

`cloudwatch` evaluates an alarm; `delivery.notifications` writes its message.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..cloudwatch import Alarm, AlarmState, Datapoint, Metric, Rule, evaluate
from ..cloudwatch.metrics import reach_of
from ..delivery.notifications import REASON, AlarmNews, alarm_message, alarm_subject
from ..delivery.policies import Request, allows, may_use_key
from ..desktop import Desktop
from ..tempo import Tempo
from .backends import Backends, aware

log = logging.getLogger(__name__)
WORKSPACES = "AWS/WorkSpaces"
CLOUDWATCH = "cloudwatch.amazonaws.com"


def disconnect_metrics(desktop: Desktop) -> list[Metric]:
    """The metrics that count a desktop's disconnects: one for each of the eight dimensions."""
    dimensions = {
        "DirectoryId": desktop.directory_id,
        "WorkspaceId": desktop.id,
        "RunningMode": desktop.running_mode,
        "Protocol": desktop.protocol,
        "ComputeType": desktop.compute_type,
        "BundleId": desktop.bundle_id,
        "UserName": desktop.user,
        "ComputerName": desktop.computer_name,
    }
    return [
        Metric.of(WORKSPACES, "SessionDisconnect", {name: value})
        for name, value in dimensions.items()
    ]


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an alarm's state; `delivered` has the ARNs of the topics that took it."""

    at: datetime
    alarm: str
    old: str
    new: str
    delivered: tuple[str, ...]


@dataclass(slots=True)
class AlarmWatch:
    """Evaluates moto's metric alarms and publishes their transitions."""

    backends: Backends
    tempo: Tempo
    told: Callable[[Transition], None]
    _next: datetime | None = None

    def look(self, now: datetime) -> None:
        """Evaluate every alarm, if that is due."""
        if self._next is not None and now < self._next:
            return
        self._next = now + timedelta(seconds=self.tempo.evaluation_interval)
        watched = [(found, _alarm(found)) for found in self.backends.alarms() if _is_metric(found)]
        reach = max((reach_of(alarm.rule) for _, alarm in watched), default=timedelta())
        metrics = self.backends.datapoints(now - reach)
        for found, alarm in watched:
            try:
                self._evaluate(found, alarm, metrics, now)
            except ValueError as problem:
                log.warning("alarm %s is not evaluated: %s", alarm.name, problem)
        self.backends.forget_metrics(now - 2 * reach)

    def _evaluate(
        self, found: Any, alarm: Alarm, metrics: Mapping[Metric, list[Datapoint]], now: datetime
    ) -> None:
        old = AlarmState(found.state_value)
        points = metrics.get(alarm.metric, [])
        new = evaluate(alarm.rule, points, old, now)
        if new is not old:
            found.update_state(REASON, "{}", new.value)
            found.state_updated_timestamp = now
            self._act(found, old, new, now)

    def _act(self, alarm: Any, old: AlarmState, new: AlarmState, now: datetime) -> None:
        actions: Iterable[str] = {
            AlarmState.OK: alarm.ok_actions,
            AlarmState.ALARM: alarm.alarm_actions,
            AlarmState.INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }[new]
        news = _news(alarm, old, new, now)
        delivered = [arn for arn in actions if alarm.actions_enabled and self._publish(arn, news)]
        self.told(Transition(now, alarm.name, old, new, tuple(delivered)))

    def _publish(self, arn: str, news: AlarmNews) -> bool:
        """Publish to a topic; False if it refuses, which is only logged: AWS tells nobody."""
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
            "aws:SourceOwner": news.account,  # in the policy of a new topic
            "aws:SecureTransport": "true",
        }
        request = Request(CLOUDWATCH, "sns:Publish", arn, context)
        if not allows(json.loads(topic.policy), request):
            log.warning("alarm %s: the policy of %s refuses it", news.name, arn)
            return False
        topic.publish(json.dumps(alarm_message(news)), subject=alarm_subject(news))
        return True


def _is_metric(alarm: Any) -> bool:
    """Whether it is neither a composite alarm nor one on metric math."""
    return bool(alarm.metric_name and not alarm.metric_data_queries and not alarm.rule)


def _alarm(found: Any) -> Alarm:
    """Convert moto's alarm to one for `evaluate`."""
    dimensions = frozenset((d.name, d.value) for d in found.dimensions)
    rule = Rule(
        period=float(found.period),
        threshold=float(found.threshold),
        comparison=found.comparison_operator,
        statistic=found.statistic,
        evaluation_periods=int(found.evaluation_periods),
        datapoints_to_alarm=found.datapoints_to_alarm and int(found.datapoints_to_alarm),
        missing=found.treat_missing_data or "missing",
    )
    return Alarm(found.name, Metric(found.namespace, found.metric_name, dimensions), rule)


def _news(alarm: Any, old: AlarmState, new: AlarmState, now: datetime) -> AlarmNews:
    return AlarmNews(
        name=alarm.name,
        arn=alarm.alarm_arn,
        description=alarm.description or None,
        configured_at=aware(alarm.configuration_updated_timestamp),
        changed_at=now.astimezone(UTC),
        old_state=old.value,
        new_state=new.value,
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
