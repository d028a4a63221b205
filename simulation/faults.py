"""What goes wrong, and when. All faults of a world draw from one random stream."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from botocore.retries.standard import ThrottledRetryableChecker

from .scenario import Scenario


class Fate(StrEnum):
    """What becomes of one call."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    AILING = "server error"
    AILING_WORKED = "server error, worked"
    UNREACHED = "not reached"
    LOST = "timed out"
    LOST_WORKED = "timed out, worked"
    LOST_WORKS_LATER = "timed out, works later"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"


@dataclass
class Faults:
    """The faults of one world. If `active` is false, everything works from now on."""

    scenario: Scenario
    active: bool = True

    def __post_init__(self) -> None:
        self.rng = random.Random(f"faults {self.scenario.seed}")

    def strength(self, name: str) -> float:
        return self.scenario.faults.get(name, 0.0) if self.active else 0.0

    def happens(self, name: str) -> bool:
        """Whether a fault happens now; if the world does not have it, nothing is drawn."""
        chance = self.strength(name)
        return chance > 0.0 and self.rng.random() < chance

    def fate(self, service: str, writes: bool) -> Fate:
        """The fate of one call of the function; `writes`: a conditional write to the ledger."""
        if self.happens("kill"):
            return self.rng.choice((Fate.KILLED_BEFORE, Fate.KILLED_AFTER))
        if writes and self.happens("repeated_write"):
            return Fate.LOST_WORKED
        ours = service == "workspaces" or self.rng.random() < 0.3
        if not ours:
            return Fate.ANSWERED
        if self.happens("throttle"):
            return Fate.THROTTLED
        if self.happens("server_error"):
            return self.rng.choice((Fate.AILING, Fate.AILING_WORKED))
        if self.happens("connect_error"):
            return Fate.UNREACHED
        if self.happens("time_out"):
            return Fate.LOST
        if self.happens("time_out_worked"):
            return Fate.LOST_WORKED
        if self.happens("late_effect"):
            return Fate.LOST_WORKS_LATER
        return Fate.ANSWERED

    def latency(self, service: str) -> float:
        """One-way latency in seconds: until a call takes effect, or from then to its answer."""
        if self.happens("slow_call"):
            return self.rng.uniform(0.2, 2.5)
        if service == "workspaces" and self.happens("delay"):
            return self.rng.uniform(1.0, 2.9)
        if service == "dynamodb":
            return self.rng.uniform(0.002, 0.010)
        return self.rng.uniform(0.02, 0.15)

    def page_size(self) -> int:
        return self.rng.randint(1, 4) if self.strength("small_pages") else 1000

    def unprocessed(self, keys: int) -> int:
        """How many of so many keys BatchGetItem leaves unprocessed."""
        return self.rng.randint(1, keys) if self.happens("unprocessed_keys") else 0

    def copies(self, lost: str, late: str, repeated: str | None) -> list[float]:
        """The delays, in seconds, after which copies of a message arrive; none if it is lost."""
        if self.happens(lost):
            return []
        number = self.rng.randint(2, 5) if repeated and self.happens(repeated) else 1
        return [
            self.rng.uniform(60, 4 * 3600) if self.happens(late) else self.rng.uniform(0.1, 3.0)
            for _ in range(number)
        ]

    def throttling_code(self, service: str) -> str:
        """One of the throttling codes that botocore knows."""
        return self.rng.choice(_codes(service))


@cache
def _codes(service: str) -> tuple[str, ...]:
    if service == "dynamodb":
        return ("ProvisionedThroughputExceededException", "ThrottlingException")
    return tuple(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"])
