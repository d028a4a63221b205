"""Rows as text for people, and as JSON or CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

COLOURS = {"bad": "31", "waiting": "33", "working": "36"}


def rendered(
    kind: type[Any], rows: Sequence[Any], form: str | None, text: Callable[[], str]
) -> str:
    """Render rows of the dataclass `kind` as `form` says: json, csv, or None for the text."""
    match form:
        case "json":
            return json.dumps([asdict(row) for row in rows], indent=2, default=_written)
        case "csv":
            return _csv([field.name for field in fields(kind)], [asdict(row) for row in rows])
    return text()


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, with aligned columns; all rows must have the same number of cells."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def without_empty(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Headings and rows without empty columns; other empty cells become `-`."""
    columns = [column for column in zip(headings, *rows, strict=True) if any(column[1:])]
    return [[_printable(cell) or "-" for cell in row] for row in zip(*columns, strict=True)]


def coloured(line: str, tone: str | None) -> str:
    """The line in the colour of its tone, on a terminal only (and not with NO_COLOR)."""
    if tone is None or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return line
    return f"\x1b[{COLOURS[tone]}m{line}\x1b[0m"


def span(seconds: float) -> str:
    """Format a length of time in a suitable unit: 40 s, 12 min, 5 h, 3 d."""
    for unit, length, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def minute(moment: datetime | None) -> str:
    """Format a time, to the minute: 2026-11-22 10:06Z; nothing for None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") if moment else ""


def _printable(text: str) -> str:
    """Replace unprintable characters: a hold's reason may contain terminal escape sequences."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _csv(headings: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return file.getvalue().rstrip("\n")


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return _written(value)
    text = " ".join(map(str, value)) if isinstance(value, tuple) else value
    # A spreadsheet would take such text for a formula.
    return f"'{text}" if isinstance(text, str) and text.startswith(tuple("=+-@")) else text


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
