"""All seeded bugs: those that `bugs.toml` lists, and one for each kind of log line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from nonpersistent.facts import Verdict
from nonpersistent.journal import Line

from .bug import Mutant

LISTED = Path(__file__).with_name("bugs.toml")

DECISIONS: tuple[Verdict | Line, ...] = (
    *(verdict for verdict in Verdict if verdict is not Verdict.REBUILD),
    *Line,
)
"""Every kind of line; the decision to rebuild has none of its own, only its outcome has."""

SPOKEN = "        _LOGGER.log("


def _listed() -> Iterator[Mutant]:
    for place, changes in tomllib.loads(LISTED.read_text()).items():
        promise, file = place.split()
        for name, (old, new) in changes.items():
            yield Mutant(name, promise, file, old, new)


def _silent() -> Iterator[Mutant]:
    for decision in DECISIONS:
        silent = f'        if decision.value == "{decision.value}":\n            return\n{SPOKEN}'
        yield Mutant(f"say nothing of: {decision.value}", "P6", "journal.py", SPOKEN, silent)


MUTANTS = (*_listed(), *_silent())
