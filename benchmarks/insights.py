"""The part of CloudWatch Logs Insights that the dashboard's queries use. Pure.

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
_QUERY = re.compile(
    r"filter (?P<lines>.+?) \| stats (?P<made>.+) by (?P<keys>[^|]+?)"
    r"(?: \| filter (?P<rows>[^|]+?))?(?: \| sort (?P<sort>[^|]+))?"
)
_MADE = re.compile(r"(\w+)\(((?:[^()]|\([^()]*\))*)\) as (\w+)")


def ask(query: str, lines: Iterable[tuple[datetime, Line]], now: datetime) -> list[Row]:
    """The rows that `... | filter decision ... | stats ... by ... | filter ... | sort ...` gives,
    oldest first unless it sorts. Raises ValueError for any other query."""
    parts = [part.strip() for part in query.split(" | ") if not part.startswith("SOURCE ")]
    asked = _QUERY.fullmatch(" | ".join(parts))
    if asked is None:
        raise ValueError(f"not understood: {query}")
    decision, _, recent = asked["lines"].partition(f" and {_RECENT}")
    passes, remains = _one_of(decision, r"decision"), _one_of(asked["rows"] or "", r"\w+")
    youth = timedelta(milliseconds=int(recent)) if recent else timedelta.max
    groups: dict[tuple[Any, ...], list[Line]] = {}
    names = asked["keys"].split(", ")
    for at, line in lines:
        if passes(line) and now - at <= youth:
            hour = at.replace(minute=0, second=0, microsecond=0)
            whole = {**line, "@timestamp": at, "bin(1h)": hour}
            key = tuple(whole.get(name) for name in names)
            groups.setdefault(key, []).append(whole)
    made = _MADE.findall(asked["made"])
    rows = [
        {**dict(zip(names, key, strict=True))}
        | {name: _compute(function, given, found) for function, given, name in made}
        for key, found in groups.items()
    ]
    by, _, order = (asked["sort"] or "").partition(" ")
    rows = [row for row in rows if remains(row)]
    return sorted(rows, key=lambda row: str(row[by]), reverse=order == "desc") if by else rows


def _one_of(condition: str, field: str) -> Callable[[Mapping[str, Any]], bool]:
    """A test whether a field has one of a condition's words; without a condition, always true."""
    if not condition:
        return lambda _: True
    wanted = re.fullmatch(rf'({field}) (?:= ("\w+")|in \[(.+)\])', condition)
    if wanted is None:
        raise ValueError(f"not understood: filter {condition}")
    words = (wanted[2] or wanted[3]).split(", ")
    return lambda fields: f'"{fields.get(wanted[1])}"' in words


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
    """The percentile by nearest rank; None if there are no values."""
    return sorted(values)[max(0, ceil(percent / 100 * len(values)) - 1)] if values else None


def _containing(given: str, lines: list[Line]) -> int:
    found = re.fullmatch(r'strcontains\((\w+), "(\w+)"\)', given)
    if found is None:
        raise ValueError(f"not understood: sum({given})")
    return sum(found[2] in str(line.get(found[1])) for line in lines)
