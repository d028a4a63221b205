"""The dashboard asks for nothing that the function and AWS do not emit."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from benchmarks.dashboard import PICTURE, fingerprint
from benchmarks.insights import ask
from nonpersistent.facts import Verdict
from nonpersistent.journal import Line
from sandbox.cloudwatch import MetricFilter

from .conftest import Theatre

OWN = "NonPersistentWorkSpaces"
OF_AWS = {"@timestamp", "@message", "level", "log_level", "record.status"}
RARE = {
    Line.FORGOTTEN,
    Verdict.BELIEVED,
    Verdict.DRY_RUN,
    Verdict.NOT_LEARNT,
    Verdict.UNANSWERED,
}
"""Not written in the play."""


@pytest.fixture
def widgets(theatre: Theatre) -> list[dict[str, Any]]:
    answer = theatre.client("cloudwatch").get_dashboard(
        DashboardName=theatre.outputs["dashboard_name"]
    )
    found: list[dict[str, Any]] = json.loads(answer["DashboardBody"])["widgets"]
    return found


@pytest.fixture
def lines(theatre: Theatre) -> list[dict[str, Any]]:
    """What the function has logged, once every kind of line that a widget asks for is there."""
    for decision in ("finished", "refused", "failed", "held_bundle", "trusted", "needs_person"):
        seen = partial(_decisions, theatre, decision)
        theatre.stage.until(f"a line with the decision {decision}", seen, 200)
    return [line for line in list(theatre.stage.log) if "decision" in line]


def _decisions(theatre: Theatre, decision: str) -> list[dict[str, Any]]:
    return [line for line in list(theatre.stage.log) if line.get("decision") == decision]


def filters(theatre: Theatre) -> dict[str, MetricFilter]:
    """The metric filters, by the metric they make."""
    answer = theatre.client("logs").describe_metric_filters(
        logGroupName=theatre.outputs["log_group_name"]
    )
    put = [
        MetricFilter.put(found["filterPattern"], transformation)
        for found in answer["metricFilters"]
        for transformation in found["metricTransformations"]
    ]
    return {found.name: found for found in put}


def counted(metric_filter: MetricFilter, lines: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The dimensions of each datapoint that the lines give."""
    found = [metric_filter.count(line) for line in lines]
    return [dict(each[0].dimensions) for each in found if each]


def charted(widgets: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of each line on a chart."""
    metrics = [m for w in widgets if w["type"] == "metric" for m in w["properties"]["metrics"]]
    return [(m[0], m[1], dict(zip(m[2::2], m[3::2], strict=True))) for m in metrics]


def test_every_metric_of_the_module_is_made_from_lines_that_the_function_writes(
    theatre: Theatre, widgets: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> None:
    made = filters(theatre)
    own = [(name, dims) for namespace, name, dims in charted(widgets) if namespace == OWN]
    assert {name for name, _ in own} <= set(made)
    for name, dimensions in own:
        given = counted(made[name], lines)
        assert given, f"no line counts as {name}"
        assert all(each == dimensions for each in given), name


def test_every_metric_of_aws_names_what_was_deployed(
    theatre: Theatre, widgets: list[dict[str, Any]]
) -> None:
    emitted = {
        (m["Namespace"], m["MetricName"], *((d["Name"], d["Value"]) for d in m["Dimensions"]))
        for page in theatre.client("cloudwatch").get_paginator("list_metrics").paginate()
        for m in page["Metrics"]
    }
    others = [(ns, name, *dims.items()) for ns, name, dims in charted(widgets) if ns != OWN]
    assert len(others) == 2
    assert set(others) <= emitted


def test_every_field_and_decision_of_the_queries_is_in_the_log(
    theatre: Theatre, widgets: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> None:
    queries = [w["properties"]["query"] for w in widgets if w["type"] == "log"]
    assert len(queries) == 7
    for query in queries:
        source, *commands = (part.strip() for part in query.split(" | "))
        assert source == f"SOURCE '{theatre.outputs['log_group_name']}'"
        ends = {"ERROR", "error", "failure", "timeout"}
        decisions = set(re.findall(r'"(\w+)"', commands[0])) - ends
        asked = [line for line in lines if line["decision"] in decisions]
        assert decisions <= {*Line, *Verdict}
        assert decisions - RARE == {line["decision"] for line in asked} - RARE, query
        fields = _fields(commands) - OF_AWS
        assert fields <= {name for line in asked for name in line}, query


def _fields(commands: list[str]) -> set[str]:
    """The fields that a query reads; neither what it calls nor what it makes (`as name`)."""
    text = " ".join(commands)
    made = set(re.findall(r"\bas (\w+)", text))
    text = re.sub(r'"[^"]*"|\bas \w+|\b\w+\(', " ", text)
    words = set(re.findall(r"@?[a-z][a-zA-Z_.]*", text))
    return (
        words
        - made
        - {"filter", "in", "or", "and", "stats", "by", "sort", "desc"}
        - {
            "fields",
            "limit",
            "h",
        }
    )


def test_what_has_been_rebuilt_since_does_not_wait(
    widgets: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> None:
    [query] = [
        w["properties"]["query"] for w in widgets if w["properties"]["title"].startswith("What wai")
    ]
    told = [(datetime.fromtimestamp(n, UTC), line) for n, line in enumerate(lines)]
    waiting = {row["workspace_id"] for row in ask(query, told, told[-1][0] + timedelta(days=1))}
    last = {line.get("workspace_id"): number for number, line in enumerate(lines)}
    told_of = {id_: lines[number]["decision"] for id_, number in last.items()}
    deferred = {line["workspace_id"] for line in lines if line["decision"] == "deferred"}
    over = ("clean", "finished", "in_use", "rebuild_requested", "rebuilding")
    rebuilt = {id_ for id_ in deferred if told_of[id_] in over}
    assert rebuilt
    assert not rebuilt & waiting
    assert {id_ for id_ in deferred if told_of[id_] in ("deferred", "failed")} <= waiting


def test_the_alarms_are_on_the_dashboard(theatre: Theatre, widgets: list[dict[str, Any]]) -> None:
    [panel] = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    assert set(panel) == set(theatre.outputs["operations_alarm_arns"].values())


def test_the_picture_in_the_docs_is_of_this_dashboard(widgets: list[dict[str, Any]]) -> None:
    assert fingerprint(widgets) in PICTURE.read_text("utf-8"), "make pictures draws it anew"
