"""The metrics that operations alarms look at: log lines counted by metric filters, invocations and
errors of functions, visible messages of queues. And that WorkSpaces are healthy.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .cloudwatch import Metric
from .invocations import Finished
from .moto_backends import Backends

log = logging.getLogger(__name__)
FINEST = timedelta(minutes=1)
"""CloudWatch tells no datapoints of a standard metric apart that are closer."""


class Meter:
    """Puts datapoints into moto's CloudWatch. `minute` is in seconds."""

    def __init__(self, backends: Backends, minute: float) -> None:
        self._backends = backends
        self._minute = timedelta(seconds=minute)
        self._next: datetime | None = None
        self._health_at: datetime | None = None

    def line(self, log_group: str, fields: Mapping[str, Any]) -> None:
        """Count a log line by the metric filters of its group."""
        for metric_filter in self._backends.metric_filters(log_group):
            try:
                counted = metric_filter.count(fields)
            except ValueError as problem:
                log.warning("metric filter of %s: %s", metric_filter.name, problem)
                continue
            if counted is not None:
                self._backends.put_metric(*counted, datetime.now(UTC))

    def invocation(self, finished: Finished) -> None:
        for name, value in (("Invocations", 1), ("Errors", int(finished.result.failed))):
            metric = Metric.of("AWS/Lambda", name, {"FunctionName": finished.function})
            self._backends.put_metric(metric, value, finished.at)

    def queues(self, now: datetime) -> None:
        """Publish the length of every queue, once a minute."""
        if self._next is not None and now < self._next:
            return
        self._next = now + self._minute
        for name, visible in self._backends.queues():
            metric = Metric.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name})
            self._backends.put_metric(metric, visible, now)

    def health(self, workspace_ids: Iterable[str], now: datetime) -> None:
        """Publish `Available` of these WorkSpaces, once a minute at most."""
        if self._health_at is not None and now - self._health_at < FINEST:
            return
        self._health_at = now
        for id_ in workspace_ids:
            metric = Metric.of("AWS/WorkSpaces", "Available", {"WorkspaceId": id_})
            self._backends.put_metric(metric, 1, now)
