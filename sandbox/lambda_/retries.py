"""What Lambda does with an asynchronous event whose invocation failed. Pure.

Source: "Handling errors for an asynchronous invocation" in the Lambda developer guide. After a
function error the event is tried again, twice unless configured otherwise, after one minute and
after two more; an event that grows too old is given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DELAYS = (60.0, 120.0)
"""Seconds before the first and the second retry."""


class GivenUp(StrEnum):
    """Why an event is not tried again, as the on-failure record names it."""

    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"


@dataclass(frozen=True, slots=True)
class RetryRules:
    """A function's event invoke configuration."""

    attempts: int = 2
    """Retries after the first try."""
    age: float = 21_600.0
    """Seconds after which an event is given up."""
    on_failure: str | None = None
    """ARN of the on-failure destination; None: events that are given up are discarded."""

    def before(self, age: float) -> GivenUp | None:
        """Whether an event accepted `age` seconds ago is too old for another try."""
        return GivenUp.EVENT_AGE_EXCEEDED if age > self.age else None

    def after_failure(self, tries: int, delays: tuple[float, ...] = DELAYS) -> float | GivenUp:
        """The seconds to wait after `tries` failed tries, or why the event is given up."""
        if tries > self.attempts:
            return GivenUp.RETRIES_EXHAUSTED
        return delays[min(tries, len(delays)) - 1]
