"""What AWS's services send to functions and queues, if the receiver's policy allows it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from ..moto.backends import ACCOUNT, Backends, EventRule
from .policies import Request, allows, may_use_key

log = logging.getLogger(__name__)


class Post:
    """Delivers on behalf of SNS, EventBridge and Lambda."""

    def __init__(self, backends: Backends, submit: Callable[[str, bytes], str]) -> None:
        self._backends = backends
        self._submit = submit

    def deliver(
        self, function_arn: str, payload: bytes, service: str, source_arn: str
    ) -> str | None:
        """Queue an event if the function's policy allows it; return the request id, or None."""
        if self._backends.function(function_arn) is None:
            log.warning("%s: there is no function %s", source_arn, function_arn)
            return None
        context = {"aws:SourceArn": source_arn, "aws:SourceAccount": ACCOUNT}
        request = Request(service, "lambda:InvokeFunction", function_arn, context)
        if not allows(self._backends.function_policy(function_arn), request):
            log.warning("%s may not invoke %s: no permission", source_arn, function_arn)
            return None
        return self._submit(function_arn, payload)

    def fire(self, rule: EventRule, event: dict[str, Any] | None = None) -> None:
        """Send each target its own input or else `event`, which a schedule does not have."""
        for target in rule.targets:
            if not target.input and event is None:
                log.warning("rule %s: the target %s has no input", rule.name, target.arn)
                continue
            body = target.input or json.dumps(event)
            if ":lambda:" in target.arn:
                sent = self.deliver(target.arn, body.encode(), "events.amazonaws.com", rule.arn)
                if sent is None and target.dead_letter_arn:
                    self._to_queue(target.dead_letter_arn, body, "events.amazonaws.com", rule.arn)
            elif ":sqs:" in target.arn:
                self._to_queue(target.arn, body, "events.amazonaws.com", rule.arn)
            else:
                log.warning("rule %s: the target %s is not imitated", rule.name, target.arn)

    def send_failure(self, destination: str, record: dict[str, object], function: str) -> None:
        """Send to an on-failure destination, with the function's role: no policy is checked."""
        if ":sqs:" in destination and self._backends.queue(destination) is not None:
            self._backends.send_to_queue(destination, json.dumps(record))
        else:
            log.warning("%s: the destination %s is not there", function, destination)

    def _to_queue(self, arn: str, body: str, service: str, source_arn: str) -> None:
        queue = self._backends.queue(arn)
        context = {
            "aws:SourceArn": source_arn,
            "aws:SourceAccount": ACCOUNT,
            "aws:SecureTransport": "true",
        }
        request = Request(service, "sqs:SendMessage", arn, context)
        policy = json.loads(queue.policy) if queue is not None and queue.policy else {}
        if queue is None or not allows(policy, request):
            log.warning("%s may not send to %s", source_arn, arn)
            return
        key = str(queue.kms_master_key_id or "")
        if key and not may_use_key(self._backends.key_policy(key), service, key):
            log.warning("%s cannot send to %s through the key %s", source_arn, arn, key)
            return
        self._backends.send_to_queue(arn, body)
