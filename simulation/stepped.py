"""What moves in the small world: messages, invocations that stand still, and what may go wrong."""

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
    """An invocation that stands still at each call until it is chosen."""

    message: Message
    call: tuple[str, str, dict[str, Any]] | None = None
    fate: str = "answered"
    wake: datetime | None = None
    history: tuple[object, ...] = ()

    def pause(self, seconds: float) -> None:
        """Stand still until it is chosen; by then the world's time has passed the sleep's end."""
        self.check_alive()
        self.call = None
        self.wake = self.agenda.now + timedelta(seconds=seconds)
        self.hand_over()
        self.agenda.now = max(self.agenda.now, self.wake)
        self.history += (self.agenda.now,)


@dataclass
class Budget:
    """What may still go wrong: of each kind so many, and of all kinds together `mishaps`."""

    mishaps: int = 1
    crashes: int = 1
    time_outs: int = 1
    doubles: int = 1
    reconnects: int = 1
    lost_looks: int = 0

    @property
    def has_spent(self) -> bool:
        """A claim may have been written, and its rebuild never asked for, or not answered."""
        return not (self.crashes and self.time_outs)

    def has(self, kind: str) -> bool:
        """Whether one more of `kind` may happen."""
        return bool(self.mishaps and getattr(self, kind))

    def spend(self, kind: str) -> None:
        """Use one up."""
        self.mishaps -= 1
        setattr(self, kind, getattr(self, kind) - 1)
