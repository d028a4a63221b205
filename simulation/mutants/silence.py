"""Bugs that keep quiet: one kind of log line each, or the age of a debt. P6."""

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

AGE = (
    Mutant(
        "a sign-in that nothing confirms makes the debt younger",
        "P6",
        "lifecycle.py",
        "owed_since=vacant_since if shown else facts.owed_since or vacant_since",
        "owed_since=vacant_since",
    ),
    Mutant(
        "no age for a debt that nobody could look at",
        "P6",
        "reconciler.py",
        "            self._age()\n",
        "",
    ),
    Mutant(
        "no age for a debt that is held back",
        "P6",
        "examiner.py",
        "            self._age(record.facts, now)\n",
        "",
    ),
)

LINES = tuple(
    Mutant(
        f"say nothing of: {decision.value}",
        "P6",
        "journal.py",
        SPOKEN,
        f'        if decision.value == "{decision.value}":\n            return\n{SPOKEN}',
    )
    for decision in DECISIONS
)

SILENCE = (*AGE, *LINES)
