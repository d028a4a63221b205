"""moto's stores, as the local AWS reads and writes them.

moto has no useful types; the casts to Any are here, in `mends.py` and in `deliveries.py`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from ..cloudwatch import Datapoint, Metric, MetricFilter
from ..lambda_.function import Function
from ..lambda_.retries import RetryRules

ACCOUNT = "123456789012"
"""The account id that moto uses."""

DATAPOINTS = 2000
"""How many datapoints are kept before old ones are dropped; each evaluation reads them all."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target of an EventBridge rule; `input` is its constant input, or None."""

    arn: str
    input: str | None
    dead_letter_arn: str | None


@dataclass(frozen=True, slots=True)
class EventRule:
    """An enabled EventBridge rule."""

    name: str
    arn: str
    schedule: str | None
    pattern: Any
    targets: tuple[Target, ...]

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether the rule has a pattern and the event matches it."""
        return bool(self.pattern.get_pattern()) and bool(self.pattern.matches_event(event))


class Backends:
    """The stores of moto for one account and Region."""

    def __init__(self, region: str) -> None:
        self.region = region
        self._logs_lock = threading.Lock()
        self._metrics_lock = threading.Lock()

    def _service(self, name: Any) -> Any:
        return get_backend(name)[ACCOUNT][self.region]

    @staticmethod
    def reset() -> None:
        """Delete everything, in every service."""
        BackendDict.reset()

    # -- Lambda -------------------------------------------------------------------------------

    def function(self, name_or_arn: str) -> Function | None:
        """A function as it is configured now; None if it does not exist."""
        found = self._function(name_or_arn)
        if found is None:
            return None
        logging = found.get_configuration()["LoggingConfig"]
        return Function(
            name=found.function_name,
            arn=found.function_arn,
            handler=found.handler,
            runtime=found.run_time,
            timeout=float(found.timeout),
            memory=int(found.memory_size),
            code=found.code_bytes,
            code_sha256=found.code_sha_256,
            environment=dict(found.environment_vars),
            log_group=logging["LogGroup"],
            log_format=logging["LogFormat"],
            log_level=logging.get("ApplicationLogLevel", ""),
            system_log_level=logging.get("SystemLogLevel", ""),
        )

    def function_policy(self, name_or_arn: str) -> dict[str, Any]:
        """A function's resource policy; without a function, an empty one, which allows nothing."""
        found = self._function(name_or_arn)
        return {"Statement": list(found.policy.statements)} if found else {}

    def retry_rules(self, name_or_arn: str) -> RetryRules:
        """What `PutFunctionEventInvokeConfig` set, or Lambda's defaults."""
        found = self._function(name_or_arn)
        configs = found.event_invoke_config if found else []
        if not configs:
            return RetryRules()
        config = configs[-1].config
        destination = (config.get("DestinationConfig") or {}).get("OnFailure") or {}
        return RetryRules(
            attempts=config.get("MaximumRetryAttempts", 2),
            age=float(config.get("MaximumEventAgeInSeconds", 21_600)),
            on_failure=destination.get("Destination") or None,
        )

    def _function(self, name_or_arn: str) -> Any:
        name = name_or_arn.split(":function:")[-1].split(":")[0]
        try:
            return self._service("lambda").get_function(name)
        except UnknownFunctionException:
            return None

    # -- SNS and SQS --------------------------------------------------------------------------

    def topic(self, arn: str) -> Any:
        """moto's topic, or None."""
        return self._service("sns").topics.get(arn)

    def queue(self, arn: str) -> Any:
        """moto's queue, or None."""
        return self._service("sqs").queues.get(arn.split(":")[-1])

    def send_to_queue(self, arn: str, body: str) -> None:
        """Send a message. Raises moto's QueueDoesNotExist."""
        self._service("sqs").send_message(arn.split(":")[-1], body)

    def queues(self) -> Iterator[tuple[str, int]]:
        """Yield the name of each queue and its number of visible messages."""
        for name, queue in list(self._service("sqs").queues.items()):
            yield name, int(queue.approximate_number_of_messages)

    # -- KMS ----------------------------------------------------------------------------------

    def key_policy(self, arn: str) -> dict[str, Any]:
        """A key's policy; without a key, an empty one, which allows nothing."""
        key = self._service("kms").keys.get(arn.split("/")[-1])
        return dict(json.loads(key.policy)) if key is not None else {}

    # -- EventBridge --------------------------------------------------------------------------

    def event_rules(self) -> list[EventRule]:
        """The enabled rules of the default bus."""
        bus = self._service("events").event_buses.get("default")
        rules = list(bus.rules.values()) if bus else []
        return [_event_rule(rule) for rule in rules if rule.state == "ENABLED"]

    # -- CloudWatch ---------------------------------------------------------------------------

    def alarms(self) -> list[Any]:
        """moto's alarms, composite ones included."""
        return list(self._service("cloudwatch").alarms.values())

    def put_metric(self, metric: Metric, value: float, at: datetime) -> None:
        """Put one datapoint with the unit Count."""
        datum = {
            "MetricName": metric.name,
            "Values": [value],
            "Timestamp": at.astimezone(UTC).replace(tzinfo=None),  # as moto stores them
            "Dimensions": [{"Name": key, "Value": item} for key, item in metric.dimensions],
            "Unit": "Count",
        }
        with self._metrics_lock:
            self._service("cloudwatch").put_metric_data(metric.namespace, [datum])

    def datapoints(self, since: datetime) -> dict[Metric, list[Datapoint]]:
        """Every metric's datapoints from `since` on."""
        found: dict[Metric, list[Datapoint]] = defaultdict(list)
        for datum in list(self._service("cloudwatch").metric_data):
            at = aware(datum.timestamp)
            if at >= since and hasattr(datum, "value"):
                found[_metric_of(datum)].append(Datapoint(at, float(datum.value)))
        return found

    def forget_metrics(self, before: datetime) -> None:
        """Drop old datapoints if there are many. The newest of each metric stays: CloudWatch lists
        a metric for two weeks after its last datapoint."""
        data = self._service("cloudwatch").metric_data
        with self._metrics_lock:
            if len(data) > DATAPOINTS:
                newest = {_metric_of(datum): datum for datum in data}
                data[:] = [
                    datum
                    for datum in data
                    if aware(datum.timestamp) >= before or newest[_metric_of(datum)] is datum
                ]

    # -- CloudWatch Logs ----------------------------------------------------------------------

    def write_log(self, group: str, stream: str, line: str, at: datetime) -> None:
        """Write a line; without its group, drop it, as on AWS without logs:CreateLogGroup."""
        backend = self._service("logs")
        event = {"timestamp": int(at.timestamp() * 1000), "message": line}
        with self._logs_lock, contextlib.suppress(KeyError):
            if stream not in backend.groups[group].streams:
                backend.create_log_stream(group, stream)
            # Not by PutLogEvents: a fast clock is soon further ahead than it accepts.
            backend.groups[group].put_log_events(stream, [event])

    def metric_filters(self, group: str) -> list[MetricFilter]:
        """One filter for each metric to which the metric filters of a log group publish."""
        filters = self._service("logs").filters.metric_filters
        return [
            MetricFilter.put(found["filterPattern"], transformation)
            for found in list(filters)
            if found["logGroupName"] == group
            for transformation in found["metricTransformations"]
        ]


def _metric_of(datum: Any) -> Metric:
    dimensions = frozenset((each.name, each.value) for each in datum.dimensions)
    return Metric(datum.namespace, datum.name, dimensions)


def _event_rule(rule: Any) -> EventRule:
    targets = tuple(
        Target(
            target["Arn"],
            target.get("Input"),
            (target.get("DeadLetterConfig") or {}).get("Arn"),
        )
        for target in list(rule.targets)
    )
    return EventRule(rule.name, rule.arn, rule.scheduled_expression, rule.event_pattern, targets)


def aware(at: Any) -> datetime:
    """Convert one of moto's timestamps: naive ones are in UTC, some are text or numbers."""
    match at:
        case datetime():
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        case int() | float():
            return datetime.fromtimestamp(at, UTC)
    return aware(datetime.fromisoformat(str(at)))
