"""The parts of the small world: messages, invocations that wait at each call, and mishaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .baton import Invocation


@dataclass(frozen=True)
class Message:
    """An event that may be delivered in this phase; `name` is unique."""

    name: str
    event: dict[str, Any]
    evidence: tuple[str, datetime] | None = None
    attempts: int = 0


class Stepped(Invocation):
    """An invocation that waits at each call until it is chosen."""

    message: Message
    call: tuple[str, str, dict[str, Any]] | None = None
    fate: str = "answered"
    wake: datetime | None = None
    history: tuple[object, ...] = ()

    def pause(self, seconds: float) -> None:
        """Wait until it is chosen; then move the world's time at least to the end of the sleep."""
        self.check_alive()
        self.call = None
        self.wake = self.agenda.now + timedelta(seconds=seconds)
        self.hand_over()
        self.agenda.now = max(self.agenda.now, self.wake)
        self.history += (self.agenda.now,)


@dataclass
class Budget:
    """How much may still happen, by kind. `mishaps` limits all together except reconnects."""

    mishaps: int = 1
    crashes: int = 1
    time_outs: int = 1
    doubles: int = 1
    reconnects: int = 1
    lost_looks: int = 0

    @property
    def has_spent(self) -> bool:
        """Whether a claim may have been written without a request to AWS, or without an answer."""
        return not (self.crashes and self.time_outs)

    def has(self, kind: str) -> bool:
        """Whether one more of `kind` may happen."""
        return bool(self.mishaps and getattr(self, kind))

    def spend(self, kind: str) -> None:
        """Use up one mishap of `kind`."""
        self.mishaps -= 1
        setattr(self, kind, getattr(self, kind) - 1)
