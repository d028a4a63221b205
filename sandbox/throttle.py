"""The WorkSpaces API's limit: a token bucket shared by all its operations.

AWS's troubleshooting guide gives 2 calls per second with a burst of 5, per account and Region.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class TokenBucket:
    """Gains `rate` tokens per second, up to `burst`; each call takes one token."""

    rate: float = 2.0
    burst: float = 5.0
    _tokens: float = field(init=False)
    _at: datetime | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, now: datetime) -> bool:
        """Return whether a call may pass at `now`; a throttled call takes no token."""
        if self._at is not None:
            gained = max(0.0, (now - self._at).total_seconds()) * self.rate
            self._tokens = min(self.burst, self._tokens + gained)
        self._at = now if self._at is None else max(now, self._at)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
