"""CloudWatch Logs metric filters over JSON lines: pattern, value and dimensions. Pure.

Source: "Filter pattern syntax for metric filters" in the CloudWatch Logs user guide. Patterns of
other kinds (words, columns) are refused with ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Line = Mapping[str, Any]
Test = Callable[[Line], bool]
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:\\.|[^"\\])*")|(?P<mark>&&|\|\||!=|<=|>=|[=<>(){}])'
    r"|(?P<word>[^\s=<>!&|(){}]+))"
)
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Counted:
    """What a line adds to a metric."""

    namespace: str
    name: str
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


def count(pattern: str, transformation: Mapping[str, Any], line: Line) -> Counted | None:
    """The datapoint that a matching line gives; None if it does not match.

    A line without one of the dimensions, or without a number where the value is read, gives none.
    """
    if not compiled(pattern)(line):
        return None
    value = transformation["metricValue"]
    if value.startswith("$"):
        found = _read(line, value)
        if isinstance(found, bool) or not isinstance(found, int | float):
            return None
    else:
        found = float(value)
    dimensions = {}
    for name, selector in (transformation.get("dimensions") or {}).items():
        dimension = _read(line, selector)
        if dimension is _MISSING or dimension is None:
            return None
        dimensions[name] = str(dimension)
    return Counted(
        transformation["metricNamespace"], transformation["metricName"], float(found), dimensions
    )


@cache
def compiled(pattern: str) -> Test:
    """A test for lines. Raises ValueError for what is no JSON pattern."""
    tokens = _tokens(pattern)
    if len(tokens) < 2 or tokens.pop(0) != "{" or tokens.pop() != "}":
        raise ValueError(f"not a JSON filter pattern: {pattern}")
    test = _either(tokens)
    if tokens:
        raise ValueError(f"not understood from {tokens[0]!r}: {pattern}")
    return test


def _tokens(pattern: str) -> list[str]:
    tokens, at = [], 0
    while at < len(pattern.rstrip()):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise ValueError(f"not understood at {at}: {pattern}")
        tokens.append(found["text"] or found["mark"] or found["word"])
        at = found.end()
    return tokens


def _either(tokens: list[str]) -> Test:
    tests = [_both(tokens)]
    while tokens and tokens[0] == "||":
        tokens.pop(0)
        tests.append(_both(tokens))
    return lambda line: any(test(line) for test in tests)


def _both(tokens: list[str]) -> Test:
    tests = [_one(tokens)]
    while tokens and tokens[0] == "&&":
        tokens.pop(0)
        tests.append(_one(tokens))
    return lambda line: all(test(line) for test in tests)


def _one(tokens: list[str]) -> Test:
    if not tokens:
        raise ValueError("a filter pattern ends too early")
    first = tokens.pop(0)
    if first == "(":
        test = _either(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a bracket is not closed")
        return test
    if len(tokens) < 2:
        raise ValueError(f"nothing to compare {first} with")
    operator, operand = tokens.pop(0), tokens.pop(0)
    match operator, operand:
        case "IS", "NULL":
            return lambda line: _read(line, first) is None
        case "IS", "TRUE":
            return lambda line: _read(line, first) is True
        case "IS", "FALSE":
            return lambda line: _read(line, first) is False
        case "NOT", "EXISTS":
            return lambda line: _read(line, first) is _MISSING
    return _comparison(first, operator, operand)


def _comparison(selector: str, operator: str, operand: str) -> Test:
    if operator in ("=", "!="):
        same = _equality(operand)
        wanted = operator == "="
        return lambda line: (
            (value := _read(line, selector)) is not _MISSING and same(value) == wanted
        )
    number = float(operand)
    compare: dict[str, Callable[[float], bool]] = {
        "<": lambda value: value < number,
        "<=": lambda value: value <= number,
        ">": lambda value: value > number,
        ">=": lambda value: value >= number,
    }
    if operator not in compare:
        raise ValueError(f"operator {operator} is not known")
    test = compare[operator]

    def numeric(line: Line) -> bool:
        value = _read(line, selector)
        return isinstance(value, int | float) and not isinstance(value, bool) and test(value)

    return numeric


def _equality(operand: str) -> Callable[[Any], bool]:
    if not operand.startswith('"'):
        try:
            number = float(operand)
        except ValueError:
            pass
        else:
            return lambda value: isinstance(value, int | float) and value == number
    text = operand.strip('"')
    regex = re.compile(re.escape(text).replace(r"\*", ".*"))
    return lambda value: isinstance(value, str) and regex.fullmatch(value) is not None


def _read(line: Line, selector: str) -> Any:
    """`$.a.b`; _MISSING where there is nothing."""
    value: Any = line
    for part in selector.removeprefix("$").strip(".").split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _MISSING
        value = value[part]
    return value
