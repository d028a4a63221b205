"""One structured log line per decision (P6).

The runtime's JSON log format puts the fields at the top level of the line, where metric filters
and queries find them. Lines carry ids and reasons, never a message's body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .facts import Verdict

_LOGGER = logging.getLogger("nonpersistent")
_LOGGER.setLevel(logging.INFO)
logging.getLogger("botocore").setLevel(logging.WARNING)


class Line(StrEnum):
    """What lines report apart from verdicts; with `Verdict`, the values of `decision`."""

    RECORDED = "recorded"
    IGNORED = "ignored"
    FORGOTTEN = "forgotten"
    TRUSTED = "trusted"
    HELD_BUNDLE = "held_bundle"
    BLOCKED = "blocked"
    EVENTS_LOST = "events_lost"
    GAUGES = "gauges"
    NEEDS_PERSON = "needs_person"
    PASS = "pass"


@dataclass
class Tally:
    due: int = 0
    looked: int = 0
    rebuilt: int = 0
    left: int = 0
    reason: str | None = None


_BAD = (Verdict.REFUSED, Verdict.FAILED, Verdict.UNANSWERED, Verdict.NOT_LEARNT)
WORRYING: frozenset[Line | Verdict] = frozenset(
    {*_BAD, Line.HELD_BUNDLE, Line.BLOCKED, Line.EVENTS_LOST, Line.NEEDS_PERSON}
)


class Journal:
    """Writes the log lines of one fleet; `hear` also receives the fields of each."""

    def __init__(self, fleet: str, hear: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        self._fleet = fleet
        self._hear = hear

    def write(
        self, decision: Line | Verdict, workspace_id: str | None = None, **fields: Any
    ) -> None:
        """Write one line; fields that are None are left out, times are written as ISO 8601."""
        extra = {"fleet": self._fleet, "decision": decision.value, "workspace_id": workspace_id}
        for name, value in fields.items():
            extra[name] = value.isoformat() if isinstance(value, datetime) else value
        level = logging.WARNING if decision in WORRYING else logging.INFO
        subject = f"{workspace_id}: " if workspace_id else ""
        reason = f" ({fields['reason']})" if fields.get("reason") else ""
        given = {name: value for name, value in extra.items() if value is not None}
        _LOGGER.log(level, "%s%s%s", subject, decision.value.replace("_", " "), reason, extra=given)
        if self._hear is not None:
            self._hear(given)
