"""Rows as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from columns import aligned

from .rows import ORDER, Row, meanings

HEADINGS = ("WorkSpace", "user", "phase", "since", "due", "reason", "image")


def table(rows: Sequence[Row], now: datetime) -> str:
    """The table, a line of totals, and what its reasons mean."""
    lines = aligned([HEADINGS, *(_cells(row, now) for row in rows)])
    explained = meanings(row.reason for row in rows)
    return "\n".join([*lines, "", _totals(rows), *_aligned(explained.items())])


def as_json(rows: Sequence[Row]) -> str:
    """A list with one object per WorkSpace; times as ISO 8601, null where there is nothing."""
    return json.dumps([asdict(row) for row in rows], indent=2, default=datetime.isoformat)


def span(seconds: float) -> str:
    """A length of time in its largest sensible unit: 40 s, 12 min, 5 h, 3 d."""
    for unit, length, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    return (
        row.workspace_id,
        row.user or "-",
        row.phase,
        f"{span(max(0.0, (now - row.since).total_seconds()))} ago" if row.since else "-",
        _due(row, now),
        row.reason or "-",
        row.image,
    )


def _due(row: Row, now: datetime) -> str:
    if row.due_at is not None:
        left = (row.due_at - now).total_seconds()
        return "now" if left <= 0 else f"in {span(left)}"
    return "-" if row.phase in ("clean", "in_use") else "next audit"


def _totals(rows: Sequence[Row]) -> str:
    counts = Counter(row.phase for row in rows)
    parts = [f"{counts[phase]} {phase}" for phase in map(str, ORDER) if counts[phase]]
    total = f"{len(rows)} WorkSpace{'' if len(rows) == 1 else 's'}"
    return f"{total}: {', '.join(parts)}." if parts else f"{total}."


def _aligned(pairs: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(pairs)
    width = max((len(str(name)) for name, _ in listed), default=0)
    return [f"  {name!s:<{width}}  {meaning}" for name, meaning in listed]
