"""Asynchronous invocation: a queue of events, retried or given up as `retries` says.

Source: "Invoking a Lambda function asynchronously" in the Lambda developer guide. AWS delivers at
least once; here it is once, and the simulation delivers twice.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..clock import Clock
from ..delivery.notifications import failure_record
from .function import Function, Result
from .retries import GivenUp, RetryRules
from .runtime import Closed

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Event:
    function: str
    payload: bytes
    request_id: str
    accepted: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """One finished try of an invocation; `tries` counts those of its event, this one included."""

    at: datetime
    function: str
    request_id: str
    tries: int
    result: Result


@dataclass(slots=True)
class Services:
    """What the queue needs from the rest of the local AWS."""

    find: Callable[[str], Function | None]
    """Find a function by name or ARN."""
    rules: Callable[[str], RetryRules]
    run: Callable[[Function, bytes, str], Result]
    send: Callable[[str, dict[str, object], str], None]
    """Deliver a failure record to an ARN, on behalf of a function."""
    finished: Callable[[Finished], None] = field(default=lambda _: None)


class Invocations:
    """Events wait here until a worker runs them in a container."""

    def __init__(
        self,
        services: Services,
        retry_delays: tuple[float, ...],
        clock: Clock | None = None,
        *,
        workers: int = 10,
    ) -> None:
        self._services = services
        self._clock = clock or Clock()
        self._delays = retry_delays
        self._due: list[tuple[datetime, int, _Event]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"invocation-{n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, function: str, payload: bytes) -> str:
        """Accept an event for a function (name or ARN); return the request id."""
        request_id = str(uuid.uuid4())
        with self._changed:
            self._push(_Event(function, payload, request_id, self._clock.now()), 0.0)
        return request_id

    def run_now(self, function: Function, payload: bytes) -> Result:
        """Invoke a function synchronously, without queue or retries."""
        request_id = str(uuid.uuid4())
        result = self._services.run(function, payload, request_id)
        self._services.finished(Finished(self._clock.now(), function.name, request_id, 1, result))
        return result

    def pending(self) -> int:
        """The number of events that wait, also for a retry, or run."""
        with self._changed:
            return len(self._due) + self._running

    def close(self) -> None:
        """Drop waiting events and stop the workers; closing the runtime ends those that run."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the workers after `close`, at most five seconds for each."""
        for thread in self._threads:
            thread.join(5)

    def _push(self, event: _Event, delay: float) -> None:
        at = self._clock.now() + timedelta(seconds=delay)
        heapq.heappush(self._due, (at, next(self._order), event))
        self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                event = self._next()
                if event is None:
                    return
                self._running += 1
            try:
                self._try(event)
            except Closed:
                return
            except Exception:
                log.exception("an invocation of %s could not be carried out", event.function)
            finally:
                with self._changed:
                    self._running -= 1

    def _next(self) -> _Event | None:
        """Wait for the next event that is due; None: the queue is closed."""
        while not self._closed:
            wait: float | None = None
            if self._due:
                wait = self._clock.real((self._due[0][0] - self._clock.now()).total_seconds())
                if wait <= 0:
                    return heapq.heappop(self._due)[2]
            self._changed.wait(wait)
        return None

    def _try(self, event: _Event) -> None:
        function = self._services.find(event.function)
        if function is None:
            log.warning("event for %s lost: there is no such function", event.function)
            return
        rules = self._services.rules(event.function)
        waited = self._clock.now() - event.accepted
        if too_old := rules.before(waited.total_seconds()):
            self._give_up(event, function, rules, too_old, None)
            return
        event.tries += 1
        result = self._services.run(function, event.payload, event.request_id)
        now = self._clock.now()
        self._services.finished(Finished(now, function.name, event.request_id, event.tries, result))
        if not result.failed:
            return
        wait = rules.after_failure(event.tries, self._delays)
        if isinstance(wait, GivenUp):
            self._give_up(event, function, rules, wait, result.payload)
            return
        with self._changed:
            if not self._closed:
                self._push(event, wait)

    def _give_up(
        self,
        event: _Event,
        function: Function,
        rules: RetryRules,
        condition: GivenUp,
        response: bytes | None,
    ) -> None:
        if rules.on_failure is None:
            log.warning("event %s of %s discarded: %s", event.request_id, function.name, condition)
            return
        record = failure_record(
            function.arn,
            event.request_id,
            event.tries,
            condition.value,
            event.payload,
            response,
            self._clock.now(),
        )
        self._services.send(rules.on_failure, record, function.arn)
