"""Deliveries to functions (SNS subscriptions, EventBridge targets) leave moto here."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, Protocol

from ..clock import Clock
from ..delivery.notifications import iso_seconds, sns_event


class Deliveries(Protocol):
    """Takes the messages for functions."""

    def deliver(
        self, function_arn: str, payload: bytes, service: str, source_arn: str
    ) -> str | None:
        """Return a request id, or None if the function's policy does not allow the service."""


def deliver_sns(deliveries: Deliveries, clock: Clock) -> Callable[[Any], Any]:
    """moto sends Lambda a made-up record; that of AWS names topic, subscription and message."""

    def wrap(original: Any) -> Any:
        def publish(self: Any, message: str, message_id: str, **options: Any) -> None:
            if self.protocol != "lambda":
                original(self, message, message_id, **options)
                return
            attributes = options.get("message_attributes")
            matcher = self._filter_policy_matcher
            if matcher is not None and not matcher.matches(attributes, message):
                return
            event = sns_event(
                self.topic.arn,
                self.arn,
                message_id,
                message,
                options.get("subject"),
                attributes,
                clock.now(),
            )
            payload = json.dumps(event).encode()
            deliveries.deliver(self.endpoint, payload, "sns.amazonaws.com", self.topic.arn)

        return publish

    return wrap


def deliver_events(deliveries: Deliveries, clock: Clock) -> Callable[[Any], Any]:
    """moto refuses a function as a target of PutEvents; AWS invokes it. Also, moto passes events
    through a template that needs jsonpath_ng, even for targets that take them unchanged."""

    def wrap(original: Any) -> Any:
        def send(self: Any, original_event: Any, transform_input: bool = True) -> None:
            pattern, now = self.event_pattern, clock.now()
            if self.state != "ENABLED" or not pattern.get_pattern():
                return
            if not pattern.matches_event(original_event):
                return
            event = {k: v for k, v in original_event.items() if k != "ingestion-time"}
            for target in self.targets:
                if ":lambda:" in target["Arn"]:
                    told = json.dumps(event | {"time": iso_seconds(now)})
                    payload = (target.get("Input") or told).encode()
                    deliveries.deliver(target["Arn"], payload, "events.amazonaws.com", self.arn)
                    continue
                alone = copy.copy(self)
                alone.targets = [target]
                if transform_input and "InputTransformer" in target:
                    original(alone, original_event)
                else:
                    original(alone, event | {"time": now.timestamp()}, False)

        return send

    return wrap
