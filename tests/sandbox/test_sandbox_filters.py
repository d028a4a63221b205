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
    "a": {"b": True, "list": [{"c": "x"}, 2]},
    "nothing": None,
}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.decision = "deferred" }', True),
        ("{ $.decision = deferred }", True),
        ('{ $.decision = "def*" }', True),
        ('{ $.decision = "*erre*" }', True),
        ('{ $.decision = "def" }', False),
        ("{ $.decision = %^def% }", True),
        ("{ $.decision = %^err% }", False),
        ('{ $.decision != "deferred" }', False),
        ('{ $.absent != "x" }', False),
        ('{ ($.decision = "deferred") && ($.reason = "grace") }', False),
        ('{ ($.decision = "pass") || ($.reason = "brake") }', True),
        ('{ $.decision = "pass" && $.late > 1 || $.reason = "brake" }', True),
        ('{ $.decision = "pass" && ($.late > 1 || $.reason = "brake") }', False),
        ("{ $.late >= 7.5 }", True),
        ("{ $.late < 7.5 }", False),
        ("{ $.late = 7.5 }", True),
        ("{ $.late != 7 }", True),
        ("{ $.decision > 1 }", False),
        ("{ $.yes = 1 }", False),
        ("{ $.a.b IS TRUE }", True),
        ("{ $.a.b IS FALSE }", False),
        ('{ $.a.list[0].c = "x" }', True),
        ("{ $.a.list[1] = 2 }", True),
        ("{ $.a.list[2] = 2 }", False),
        ("{ $.absent NOT EXISTS }", True),
        ("{ $.nothing IS NULL }", True),
        ("{ $.reason IS NULL }", False),
    ],
)
def test_a_json_pattern_finds_the_lines_that_it_means(pattern: str, found: bool) -> None:
    assert compiled(pattern)(LINE) is found
    assert matches(pattern, json.dumps(LINE)) is found


@pytest.mark.parametrize("text", ["plain words", "[1, 2]", "7", "{"])
def test_a_json_pattern_finds_no_line_that_is_no_json_object(text: str) -> None:
    assert not matches("{ $.absent NOT EXISTS }", text)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", True),
        ("ERROR", True),
        ("error", False),
        ("ERROR late", True),
        ("ERROR absent", False),
        ('"of memory"', True),
        ('"memory of"', False),
        ("ERROR -late", False),
        ("ERROR -absent", True),
        ("?absent ?late", True),
        ("?absent ?neither", False),
        ("%mem[o]ry%", True),
    ],
)
def test_a_pattern_of_words_finds_the_text_that_it_means(pattern: str, found: bool) -> None:
    assert matches(pattern, "ERROR: out of memory, and late") is found


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a }",
        "{ ($.a = 1 }",
        "{ $.a = 1 } x",
        "{",
        "{ a = 1 }",
        "{ $.a = %(% }",
        "{ $.a < x }",
        "{ $.a ~ 1 }",
        "[ip, user]",
        '"open',
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
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
    assert MetricFilter("{ $.late > 1 }", "N", "M").count(LINE) == (Metric("N", "M"), 1.0)


def test_a_filter_is_read_as_the_api_gives_it() -> None:
    given = {"metricNamespace": "N", "metricName": "M", "metricValue": "$.late"}
    assert MetricFilter.put("{ $.late > 1 }", given).count(LINE) == (Metric("N", "M"), 7.5)
