"""EventBridge's `rate(...)` expressions: which rules are due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}


def minutes_of(expression: str) -> int | None:
    """The minutes between two runs; None if it is not a rate (but a cron expression, say)."""
    found = _RATE.fullmatch(expression.strip())
    return int(found[1]) * _MINUTES[found[2]] if found else None


@dataclass(slots=True)
class Timetable:
    """Remembers when each rule runs next.

    As on EventBridge, a rule first runs one interval after it appears. Missed runs are not made
    up for.
    """

    _next: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def due(self, rules: Iterable[tuple[str, str]], now: datetime) -> list[str]:
        """The names of those `rules`, pairs of name and expression, that are due now."""
        current = [(rule, minutes_of(rule[1])) for rule in rules]
        known = {rule for rule, _ in current}
        self._next = {rule: at for rule, at in self._next.items() if rule in known}
        ready = []
        for rule, minutes in current:
            if minutes is None:
                continue
            interval = timedelta(minutes=minutes)
            at = self._next.setdefault(rule, now + interval)
            if at <= now:
                ready.append(rule[0])
                missed = (now - at) // interval
                self._next[rule] = at + (missed + 1) * interval
        return ready
