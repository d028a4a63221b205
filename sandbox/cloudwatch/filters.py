"""CloudWatch Logs filter patterns, and the metric filters that use them. Pure.

Source: "Filter pattern syntax for metric filters, subscription filters, filter log events" in the
CloudWatch Logs user guide. Only what the module and its documentation use is imitated: a text in
quotes, and comparisons of fields with texts, joined by `&&` and `||`. The rest raises ValueError.

>>> matches('{ ($.decision = "failed") && ($.record.status = "error") }', line)
>>> matches('"out of memory"', line)
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
_TEXT = re.compile(r'"([^"\\]*)"')
_TOKEN = re.compile(r'\s*("[^"\\*]*"|\$\.[\w.-]+|&&|\|\||[={}()])\s*')


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
        if None in dimensions.values():
            return None
        named = {name: str(found) for name, found in dimensions.items()}
        return Metric.of(self.namespace, self.name, named), float(value)


def matches(pattern: str, message: str) -> bool:
    """Whether a log event's text matches. Raises ValueError for a pattern that is not imitated."""
    pattern = pattern.strip()
    if not pattern.startswith("{"):
        text = _TEXT.fullmatch(pattern)
        if pattern and text is None:
            raise ValueError(f"only JSON patterns and texts in quotes are imitated: {pattern}")
        return text is None or text[1] in message
    test = compiled(pattern)
    try:
        line = json.loads(message)
    except ValueError:
        return False
    return isinstance(line, dict) and test(line)


@cache
def compiled(pattern: str) -> Test:
    """Compile a JSON pattern to a test of lines. Raises ValueError if it is not imitated."""
    tokens = _tokens(pattern)
    _take(tokens, "{", pattern)
    test = _either(tokens, pattern)
    _take(tokens, "}", pattern)
    if tokens:
        raise ValueError(f"ends before {tokens[0]}: {pattern}")
    return test


def _tokens(pattern: str) -> list[str]:
    tokens, at = [], 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise ValueError(f"not imitated from {at} on: {pattern}")
        tokens.append(found[1])
        at = found.end()
    return tokens


def _take(tokens: list[str], begin: str, pattern: str) -> str:
    """The next token, which has to begin so."""
    if not tokens or not tokens[0].startswith(begin):
        raise ValueError(f"{begin} expected, not {tokens[0] if tokens else 'the end'}: {pattern}")
    return tokens.pop(0)


def _either(tokens: list[str], pattern: str) -> Test:
    tests = [_both(tokens, pattern)]
    while tokens and tokens[0] == "||":
        tokens.pop(0)
        tests.append(_both(tokens, pattern))
    return lambda line: any(test(line) for test in tests)


def _both(tokens: list[str], pattern: str) -> Test:
    tests = [_one(tokens, pattern)]
    while tokens and tokens[0] == "&&":
        tokens.pop(0)
        tests.append(_one(tokens, pattern))
    return lambda line: all(test(line) for test in tests)


def _one(tokens: list[str], pattern: str) -> Test:
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        test = _either(tokens, pattern)
        _take(tokens, ")", pattern)
        return test
    selector = _take(tokens, "$", pattern)
    _take(tokens, "=", pattern)
    wanted = _take(tokens, '"', pattern)[1:-1]
    return lambda line: _read(line, selector) == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read(line: Line, selector: str) -> Any:
    """The value at a selector such as `$.a.b`; None if there is none."""
    value: Any = line
    for name in _parts(selector):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


@cache
def _parts(selector: str) -> list[str]:
    """The names in a selector."""
    return selector.removeprefix("$.").split(".")
