"""Lambda with its concurrency quota: events above it wait their turn."""

from __future__ import annotations

import random
from collections import deque
from datetime import datetime, timedelta

from simulation.agenda import Agenda
from simulation.baton import Invocation
from simulation.functions import Delivery, Functions, Handle

from .meter import Meter

CONCURRENCY = 1000
"""Lambda's default quota for an account in a Region (its developer guide, Quotas)."""


class Crowd(Functions):
    """The deployed function, ours or the recipe, with every invocation counted."""

    def __init__(
        self,
        agenda: Agenda,
        environment: dict[str, str],
        rng: random.Random,
        meter: Meter,
        handle: Handle,
        time_out: float,
    ) -> None:
        super().__init__(
            agenda, environment, rng, timedelta, lambda *_: None, lambda *_: None, handle, time_out
        )
        self._meter = meter
        self._waiting: deque[Delivery] = deque()
        self._begun_at: dict[Invocation, datetime] = {}

    def task(self, invocation: Invocation) -> str:
        """What an invocation is for: reconcile, audit, or a signal."""
        delivery = self.carried_by(invocation)
        task = delivery.event.get("task") if delivery else None
        return str(task) if task else "signal"

    def configure(self, **environment: str) -> None:
        """Deploy other settings: the idle containers are discarded."""
        self._environment.update(environment)
        self._idle.clear()

    def _start(self, delivery: Delivery) -> None:
        if len(self.running) >= CONCURRENCY:
            self._waiting.append(delivery)
        else:
            self._invoke(delivery)

    def _begin(self, invocation: Invocation, delivery: Delivery) -> None:
        self._begun_at[invocation] = self._agenda.now
        self._meter.invocations[self.task(invocation)] += 1
        super()._begin(invocation, delivery)

    def _end(self, invocation: Invocation, error: BaseException | None) -> None:
        took = self._agenda.now - self._begun_at.pop(invocation)
        self._meter.seconds += took.total_seconds()
        self._meter.note_end(self.task(invocation), invocation.number)
        super()._end(invocation, error)
        if self._waiting:
            self._agenda.after(0.001, self._next)

    def _next(self) -> None:
        if self._waiting:
            self._start(self._waiting.popleft())
