"""Bugs that silence one kind of log line each: P6."""

from __future__ import annotations

from nonpersistent.decisions import Verdict
from nonpersistent.journal import Entry

from .bug import Mutant

DECISIONS: tuple[Entry | Verdict, ...] = (
    *Entry,
    *(verdict for verdict in Verdict if verdict is not Verdict.REBUILD),
)
"""Every kind of line; a rebuild that was decided is told by what became of it."""

SPOKEN = "        _LOGGER.log("

SILENCE = tuple(
    Mutant(
        f"say nothing of: {decision.value}",
        "P6",
        "journal.py",
        SPOKEN,
        f'        if decision.value == "{decision.value}":\n            return\n{SPOKEN}',
    )
    for decision in DECISIONS
)
