"""As much of CloudWatch Logs Insights as the dashboard's queries use. Pure.

Source: "CloudWatch Logs Insights language query syntax" in the CloudWatch Logs user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

Line = Mapping[str, Any]
Row = dict[str, Any]

_RECENT = "toMillis(@timestamp) >= now() * 1000 - "
_MADE = re.compile(r"(\w+)\(((?:[^()]|\([^()]*\))*)\) as (\w+)")


def ask(query: str, lines: Iterable[tuple[datetime, Line]], now: datetime) -> list[Row]:
    """The rows that `... | filter decision ... | stats ... by ... | sort ...` gives, oldest first
    unless it sorts. Raises ValueError for another query."""
    commands = dict(part.strip().split(" ", 1) for part in query.split(" | "))
    if not commands.keys() <= {"SOURCE", "filter", "stats", "sort"}:
        raise ValueError(f"not understood: {query}")
    groups: dict[tuple[Any, ...], list[Line]] = {}
    made, _, keys = commands["stats"].rpartition(" by ")
    names = keys.split(", ")
    for at, line in lines:
        if _passes(commands["filter"], line, now - at):
            hour = at.replace(minute=0, second=0, microsecond=0)
            whole = {**line, "@timestamp": at, "bin(1h)": hour}
            key = tuple(whole.get(name) for name in names)
            groups.setdefault(key, []).append(whole)
    rows = [
        {**dict(zip(names, key, strict=True))}
        | {name: _compute(function, given, found) for function, given, name in _MADE.findall(made)}
        for key, found in groups.items()
    ]
    by, _, order = commands.get("sort", "").partition(" ")
    return sorted(rows, key=lambda row: str(row[by]), reverse=order == "desc") if by else rows


def _passes(condition: str, line: Line, age: timedelta) -> bool:
    decision, _, recent = condition.partition(f" and {_RECENT}")
    wanted = re.fullmatch(r'decision (?:= ("\w+")|in \[(.+)\])', decision)
    if wanted is None:
        raise ValueError(f"not understood: filter {condition}")
    if recent and age > timedelta(milliseconds=int(recent)):
        return False
    return f'"{line["decision"]}"' in (wanted[1] or wanted[2]).split(", ")


def _compute(function: str, given: str, lines: list[Line]) -> Any:
    field, _, argument = given.partition(", ")
    functions: dict[str, Callable[[], Any]] = {
        "latest": lambda: lines[-1].get(field),
        "count": lambda: len(lines),
        "pct": lambda: _percentile([x[field] for x in lines if field in x], float(argument)),
        "sum": lambda: _containing(given, lines),
    }
    if function not in functions:
        raise ValueError(f"not understood: {function}({given})")
    return functions[function]()


def _percentile(values: list[float], percent: float) -> float | None:
    """By nearest rank."""
    return sorted(values)[max(0, ceil(percent / 100 * len(values)) - 1)] if values else None


def _containing(given: str, lines: list[Line]) -> int:
    found = re.fullmatch(r'strcontains\((\w+), "(\w+)"\)', given)
    if found is None:
        raise ValueError(f"not understood: sum({given})")
    return sum(found[2] in str(line.get(found[1])) for line in lines)
