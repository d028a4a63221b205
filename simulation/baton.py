"""Concurrent invocations, of which one runs at a time.

The handler is synchronous code, so each invocation runs in its own greenlet. It hands the baton
back at every AWS call and every sleep; the agenda decides which one continues. A killed invocation
makes no further call to AWS, not even from a `finally` block.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

import greenlet

from .agenda import Agenda


class Killed(BaseException):
    """The function's process is gone. No `except Exception` catches this."""


class Invocation(greenlet.greenlet):
    """One run of the handler."""

    def __init__(
        self,
        agenda: Agenda,
        number: int,
        work: Callable[[], object],
        ended: Callable[[Invocation, BaseException | None], None],
        skew: timedelta,
        seconds: float,
    ) -> None:
        super().__init__(self._live)
        self.number = number
        self.name = f"invocation-{number}"
        self.agenda = agenda
        self.skew = skew
        """How far the function's clock is ahead of AWS's."""
        self.deadline = agenda.now + timedelta(seconds=seconds)
        self.killed = False
        self.ended_at: datetime | None = None
        self.knew: int | None = None
        """How many signals had been received when its last write to the ledger took effect."""
        self._work = work
        self._ended = ended

    @property
    def now(self) -> datetime:
        """What the function's clock shows."""
        return self.agenda.now + self.skew

    def begin(self) -> None:
        """Run up to the first pause."""
        self.switch()

    def pause(self, seconds: float) -> None:
        """Let the world go on for so many seconds. Raises Killed if it is killed meanwhile."""
        self.check_alive()
        wake = self.agenda.now + timedelta(seconds=max(0.0, seconds))
        self.agenda.at(min(wake, self.deadline), self._resume)
        self.hand_over()
        if wake > self.deadline:
            self.die()

    def hand_over(self) -> None:
        """Hand the baton back to the agenda, until this invocation is resumed."""
        parent = self.parent
        if parent is None:
            raise RuntimeError("an invocation outside the agenda")
        parent.switch()
        self.check_alive()

    def die(self) -> None:
        """Kill the process here and now."""
        self.killed = True
        raise Killed

    def check_alive(self) -> None:
        if self.killed:
            raise Killed

    def _resume(self) -> None:
        if not self.ended_at:
            self.switch()

    def _live(self) -> None:
        error: BaseException | None = None
        try:
            self._work()
        except Killed as killed:
            error = killed
        except Exception as raised:
            error = raised
        self.ended_at = self.agenda.now
        self._ended(self, error)


def current() -> Invocation:
    """The invocation that has the baton."""
    return cast(Invocation, greenlet.getcurrent())
