"""The metrics that the operations alarms watch: log lines counted by metric filters, invocations
and errors of functions, visible messages of queues. Also the health of WorkSpaces.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..cloudwatch import Metric
from ..lambda_.invocations import Finished
from .backends import Backends

log = logging.getLogger(__name__)


class Meter:
    """Puts datapoints into moto's CloudWatch."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._next: datetime | None = None
        self._healthy: tuple[datetime | None, set[str]] = None, set()

    def line(self, log_group: str, fields: Mapping[str, Any], at: datetime) -> None:
        """Count a log line with the metric filters of its group."""
        for metric_filter in self._backends.metric_filters(log_group):
            try:
                counted = metric_filter.count(fields)
            except ValueError as problem:
                log.warning("metric filter of %s: %s", metric_filter.name, problem)
                continue
            if counted is not None:
                self._backends.put_metric(*counted, at)

    def invocation(self, finished: Finished) -> None:
        """Count an invocation, and whether it failed, under AWS/Lambda."""
        for name, value in (("Invocations", 1), ("Errors", int(finished.result.failed))):
            metric = Metric.of("AWS/Lambda", name, {"FunctionName": finished.function})
            self._backends.put_metric(metric, value, finished.at)

    def queues(self, now: datetime) -> None:
        """Publish the length of every queue, once a minute."""
        if self._next is not None and now < self._next:
            return
        self._next = now + timedelta(minutes=1)
        for name, visible in self._backends.queues():
            metric = Metric.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name})
            self._backends.put_metric(metric, visible, now)

    def health(self, workspace_ids: Iterable[str], now: datetime) -> None:
        """Publish `Available` = 1 for these WorkSpaces, at most once a minute for each: a metric of
        standard resolution has no more datapoints."""
        minute = now.replace(second=0, microsecond=0)
        told = self._healthy[1] if self._healthy[0] == minute else set()
        for id_ in set(workspace_ids) - told:
            metric = Metric.of("AWS/WorkSpaces", "Available", {"WorkspaceId": id_})
            self._backends.put_metric(metric, 1, now)
        self._healthy = minute, told.union(workspace_ids)
