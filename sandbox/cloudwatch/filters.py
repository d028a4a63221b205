"""CloudWatch Logs filter patterns, and the metric filters that use them. Pure.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events" in the
CloudWatch Logs user guide. Patterns for space-delimited logs (`[a, b]`) raise ValueError.

>>> matches('{ ($.decision = "failed") && ($.took_seconds > 60) }', line)
>>> matches('"out of memory" -retried', line)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .metrics import Metric

Line = Mapping[str, Any]
Test = Callable[[Line], bool]
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:\\.|[^"\\])*"|%(?:\\.|[^%\\])*%)|(?P<mark>&&|\|\||!=|<=|>=|[=<>(){}])'
    r"|(?P<word>[^\s=<>!&|(){}]+))"
)
_TERM = re.compile(r'([?-]?)("(?:\\.|[^"\\])*"|%(?:\\.|[^%\\])*%|[^\s"%]+)(?:\s+|$)')
_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """What a line adds to a metric; `dimensions`, and `value` if not a number, are selectors."""

    pattern: str
    namespace: str
    name: str
    value: str = "1"
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def put(cls, pattern: str, transformation: Mapping[str, Any]) -> MetricFilter:
        """Make one from what PutMetricFilter takes and DescribeMetricFilters returns."""
        return cls(
            pattern,
            transformation["metricNamespace"],
            transformation["metricName"],
            transformation["metricValue"],
            transformation.get("dimensions") or {},
        )

    def count(self, line: Line) -> tuple[Metric, float] | None:
        """The metric and the value that a matching line adds to it; None if it does not match.

        A line that lacks one of the dimensions, or a number for the value, adds nothing either.
        Raises ValueError for an invalid pattern.
        """
        if not compiled(self.pattern)(line):
            return None
        value = _read(line, self.value) if self.value.startswith("$") else float(self.value)
        if not _is_number(value):
            return None
        dimensions = {name: _read(line, selector) for name, selector in self.dimensions.items()}
        if any(found is _MISSING or found is None for found in dimensions.values()):
            return None
        named = {name: str(found) for name, found in dimensions.items()}
        return Metric.of(self.namespace, self.name, named), float(value)


def matches(pattern: str, message: str) -> bool:
    """Whether a log event's text matches. Raises ValueError for an invalid pattern."""
    pattern = pattern.strip()
    if not pattern.startswith("{"):
        return _words(pattern)(message)
    test = compiled(pattern)
    try:
        line = json.loads(message)
    except ValueError:
        return False
    return isinstance(line, dict) and test(line)


@cache
def _words(pattern: str) -> Callable[[str], bool]:
    """Test for all plain terms (if there are none, one of the `?` terms) and no `-` term."""
    wanted: dict[str, list[Callable[[str], bool]]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(pattern):
        found = _TERM.match(pattern, at)
        if found is None or pattern.startswith("["):
            raise ValueError(f"not understood at {at}: {pattern}")
        wanted[found[1]].append(_contains(found[2]))
        at = found.end()
    every, some, none = wanted[""], wanted["?"], wanted["-"]

    def test(text: str) -> bool:
        if any(term(text) for term in none) or not all(term(text) for term in every):
            return False
        return bool(every) or not some or any(term(text) for term in some)

    return test


def _contains(term: str) -> Callable[[str], bool]:
    if term.startswith("%"):
        regex = _regex(term)
        return lambda text: regex.search(text) is not None
    plain = _unquoted(term)
    return lambda text: plain in text


@cache
def compiled(pattern: str) -> Test:
    """Compile a JSON pattern to a test of lines. Raises ValueError for an invalid pattern."""
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
    if not first.startswith("$"):
        raise ValueError(f"a selector begins with $, not {first}")
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
        return _is_number(value) and test(value)

    return numeric


def _equality(operand: str) -> Callable[[Any], bool]:
    if operand.startswith("%"):
        searched = _regex(operand)
        return lambda value: isinstance(value, str) and searched.search(value) is not None
    if not operand.startswith('"'):
        try:
            number = float(operand)
        except ValueError:
            pass
        else:
            return lambda value: _is_number(value) and value == number
    whole = re.compile(re.escape(_unquoted(operand)).replace(r"\*", ".*"), re.DOTALL)
    return lambda value: isinstance(value, str) and whole.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term


def _regex(term: str) -> re.Pattern[str]:
    try:
        return re.compile(term[1:-1])
    except re.error as problem:
        raise ValueError(f"no regular expression: {term}: {problem}") from None


def _read(line: Line, selector: str) -> Any:
    """The value at a selector such as `$.a.b[0]`; _MISSING if there is none."""
    value: Any = line
    for name, index in _parts(selector):
        if name and isinstance(value, Mapping) and name in value:
            value = value[name]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return _MISSING
    return value


@cache
def _parts(selector: str) -> list[tuple[str, str]]:
    """The (name, index) pairs of a selector; one of the two is empty."""
    return _PART.findall(selector.removeprefix("$"))
