"""CloudWatch Logs filter patterns, and what metric filters count."""

from __future__ import annotations

import json

import pytest

from sandbox.cloudwatch import Metric, MetricFilter, matches
from sandbox.cloudwatch.filters import compiled

LINE = {
    "decision": "deferred",
    "reason": "brake",
    "late": 7.5,
    "yes": True,
    "a": {"b": "c"},
    "nothing": None,
}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.decision = "deferred" }', True),
        ('{$.decision="deferred"}', True),
        ('{ $.decision = "def" }', False),
        ('{ $.absent = "x" }', False),
        ('{ $.nothing = "" }', False),
        ('{ $.late = "7.5" }', False),
        ('{ $.a.b = "c" }', True),
        ('{ $.a.b.c = "c" }', False),
        ('{ ($.decision = "deferred") && ($.reason = "grace") }', False),
        ('{ ($.decision = "pass") || ($.reason = "brake") }', True),
        ('{ $.decision = "pass" && $.a.b = "c" || $.reason = "brake" }', True),
        ('{ $.decision = "pass" && ($.a.b = "c" || $.reason = "brake") }', False),
    ],
)
def test_a_json_pattern_finds_the_lines_that_it_means(pattern: str, found: bool) -> None:
    assert compiled(pattern)(LINE) is found
    assert matches(pattern, json.dumps(LINE)) is found


@pytest.mark.parametrize("text", ["plain words", "[1, 2]", "7", "{"])
def test_a_json_pattern_finds_no_line_that_is_no_json_object(text: str) -> None:
    assert not matches('{ $.a = "b" }', text)


@pytest.mark.parametrize(
    ("pattern", "found"), [("", True), ('"of memory"', True), ('"memory of"', False)]
)
def test_a_text_in_quotes_is_found_as_it_is(pattern: str, found: bool) -> None:
    assert matches(pattern, "ERROR: out of memory, and late") is found


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a }",
        '{ ($.a = "1" }',
        '{ $.a = "1" } x',
        '{ $.a = "1" } }',
        "{",
        '{ a = "1" }',
        "{ $.a ~ 1 }",
        '"open',
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        matches(pattern, "{}")


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a = b }",
        "{ $.a = 1 }",
        "{ $.a > 1 }",
        '{ $.a != "b" }',
        '{ $.a = "b*" }',
        "{ $.a = %b% }",
        "{ $.a IS TRUE }",
        "{ $.a NOT EXISTS }",
        '{ $.a[0] = "b" }',
        '"a \\"b\\""',
        "ERROR",
        "ERROR -late",
        "?absent ?late",
        "%mem[o]ry%",
        "[ip, user]",
    ],
)
def test_what_aws_understands_but_nobody_here_asks_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        matches(pattern, "{}")


def test_a_filter_reads_value_and_dimensions_from_the_line() -> None:
    counting = MetricFilter(
        '{ $.decision = "deferred" }', "N", "M", "$.late", {"Reason": "$.reason"}
    )
    assert counting.count(LINE) == (Metric.of("N", "M", {"Reason": "brake"}), 7.5)
    assert counting.count({**LINE, "decision": "pass"}) is None
    assert counting.count({"decision": "deferred", "late": 1}) is None
    assert counting.count({**LINE, "late": "many"}) is None
    assert counting.count({**LINE, "late": True}) is None
    assert MetricFilter('{ $.a.b = "c" }', "N", "M").count(LINE) == (Metric("N", "M"), 1.0)


def test_a_filter_is_read_as_the_api_gives_it() -> None:
    given = {"metricNamespace": "N", "metricName": "M", "metricValue": "$.late"}
    assert MetricFilter.put('{ $.a.b = "c" }', given).count(LINE) == (Metric("N", "M"), 7.5)
