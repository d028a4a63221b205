"""A model of Lambda: containers, concurrent invocations, two retries, dead letters."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from nonpersistent import handler
from sandbox.lambda_.retries import GivenUp, RetryRules

from .agenda import Agenda
from .baton import Invocation, Killed

TIME_OUT = 900.0
RULES = RetryRules()
"""The retries that the module configures: Lambda's defaults."""

FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:fleet"


@dataclass
class Container:
    """A container of the function; its caches last from one invocation to the next."""

    skew: timedelta
    environment: dict[str, str]
    kept: handler.Container | None = None

    def open(self) -> handler.Container:
        """Return the handler's own container; replaces `handler._container`."""
        if self.kept is None:
            self.kept = handler.Container(self.environment)
        return self.kept


@dataclass
class Delivery:
    """An event on its way through Lambda's queue."""

    event: dict[str, Any]
    about: str
    attempts: int = 0
    evidence: list[tuple[str, str, datetime]] = field(default_factory=list)
    """(kind, WorkSpace id, time) of each true statement of the event; for the judges."""
    request_id: str = ""
    """The same for every attempt, and for both copies of an event delivered twice."""
    accepted_at: datetime | None = None


class Context:
    """The part of Lambda's context object that the handler uses."""

    def __init__(self, invocation: Invocation, request_id: str) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = FUNCTION_ARN
        self._invocation = invocation

    def get_remaining_time_in_millis(self) -> int:
        left = self._invocation.deadline - self._invocation.agenda.now
        return int(left.total_seconds() * 1000)


Handle = Callable[[dict[str, Any], Context], object]


class Functions:
    """The deployed function."""

    def __init__(
        self,
        agenda: Agenda,
        environment: dict[str, str],
        rng: random.Random,
        skew: Callable[[], timedelta],
        trace: Callable[..., None],
        settled: Callable[[Delivery, Invocation], None],
        handle: Handle = handler.lambda_handler,
        time_out: float = TIME_OUT,
    ) -> None:
        """`settled` is called after each invocation that returned normally."""
        self.running: dict[Invocation, tuple[Container, Delivery]] = {}
        self.dead_letters: list[Delivery] = []
        self.ended: list[Callable[[bool], None]] = []
        """Called at each invocation's end, with whether it failed."""
        self.failed: list[Callable[[Invocation, BaseException], None]] = []
        """Called with each invocation that failed, and its error."""
        self.count = 0
        self.none_free_until = agenda.now
        """Until then, the account's concurrency is used up, and events wait."""
        self._requests = count()
        self._idle: list[Container] = []
        self._agenda = agenda
        self._environment = environment
        self._rng = rng
        self._skew = skew
        self._trace = trace
        self._settled = settled
        self._handle = handle
        self._time_out = time_out

    def deliver(self, delivery: Delivery) -> None:
        """Invoke asynchronously: soon, or once the account has concurrency again."""
        delivery.request_id = delivery.request_id or f"request-{next(self._requests)}"
        delivery.accepted_at = delivery.accepted_at or self._agenda.now
        soon = self._agenda.now + timedelta(seconds=self._rng.uniform(0.005, 0.05))
        self._agenda.at(max(soon, self.none_free_until), lambda: self._start(delivery))

    def container(self, invocation: Invocation) -> Container:
        return self.running[invocation][0]

    def carried_by(self, invocation: Invocation) -> Delivery | None:
        entry = self.running.get(invocation)
        return entry[1] if entry else None

    def _start(self, delivery: Delivery) -> None:
        waited = self._agenda.now - (delivery.accepted_at or self._agenda.now)
        if RULES.before(waited.total_seconds()):
            self.dead_letters.append(delivery)
            return
        self._invoke(delivery)

    def _invoke(self, delivery: Delivery) -> None:
        """Let an idle container, or else a new one, handle an event."""
        delivery.attempts += 1
        self.count += 1
        warm = bool(self._idle)
        container = self._idle.pop() if warm else Container(self._skew(), self._environment)

        def work() -> None:
            if not warm:
                invocation.pause(self._rng.uniform(0.3, 0.8))
            self._handle(delivery.event, Context(invocation, delivery.request_id))

        invocation = Invocation(
            self._agenda, self.count, work, self._end, container.skew, self._time_out
        )
        self.running[invocation] = (container, delivery)
        self._begin(invocation, delivery)

    def _begin(self, invocation: Invocation, delivery: Delivery) -> None:
        self._trace(invocation.name, "begins:", delivery.about)
        invocation.begin()

    def _end(self, invocation: Invocation, error: BaseException | None) -> None:
        container, delivery = self.running.pop(invocation)
        for listener in self.ended:
            listener(error is not None)
        if error is None:
            self._idle.append(container)
            self._settled(delivery, invocation)
            return
        self._trace(invocation.name, "failed:", repr(error))
        for each in self.failed:
            each(invocation, error)
        if not isinstance(error, Killed):
            self._idle.append(container)
        wait = RULES.after_failure(delivery.attempts)
        if isinstance(wait, GivenUp):
            self.dead_letters.append(delivery)
            return
        wait *= self._rng.uniform(0.8, 1.2)
        self._agenda.after(wait, lambda: self.deliver(delivery))
