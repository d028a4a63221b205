"""EventBridge's `rate(...)` expressions: which rules are due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}


def minutes_of(expression: str) -> int | None:
    """Minutes between two runs; None for what is no rate (such as a cron expression)."""
    found = _RATE.fullmatch(expression.strip())
    return int(found[1]) * _MINUTES[found[2]] if found else None


@dataclass(slots=True)
class Timetable:
    """Remembers when each rule runs next.

    As on EventBridge the first run comes one interval after the rule appeared. Runs that were
    missed are not made up for.
    """

    _next: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def due(self, rules: Iterable[tuple[str, str]], now: datetime) -> list[str]:
        """The names among (name, expression) that run now."""
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
