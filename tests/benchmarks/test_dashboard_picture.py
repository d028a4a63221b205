"""The dashboard's picture: a query gives the rows that Logs Insights would, a week its figures."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.dashboard import PICTURE, fingerprint, live
from benchmarks.insights import ask

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

LINES = [
    (NOON - timedelta(minutes=minutes), {"decision": decision, "workspace_id": id_, **more})
    for minutes, decision, id_, more in (
        (90, "deferred", "ws-1", {"reason": "grace"}),
        (80, "finished", "ws-2", {"took_seconds": 100}),
        (75, "rebuild_requested", "ws-2", {"waited_seconds": 30}),
        (70, "finished", "ws-3", {"took_seconds": 300}),
        (20, "needs_person", "ws-4", {"reason": "old"}),
        (10, "needs_person", "ws-5", {"reason": "ERROR"}),
        (5, "deferred", "ws-1", {"reason": "hold"}),
    )
]


def test_a_table_has_the_latest_of_each_group() -> None:
    query = (
        'SOURCE \'x\' | filter decision in ["deferred", "finished"] | stats latest(@timestamp) as '
        "at, latest(reason) as why, count(*) as times by workspace_id | sort at desc"
    )
    found = [(row["workspace_id"], row["why"], row["times"]) for row in ask(query, LINES, NOON)]
    assert found == [("ws-1", "hold", 2), ("ws-3", None, 1), ("ws-2", None, 1)]


def test_a_table_of_what_is_now_leaves_out_what_was() -> None:
    query = (
        'filter decision = "needs_person" and toMillis(@timestamp) >= now() * 1000 - 600000 '
        "| stats latest(reason) as why by workspace_id"
    )
    assert ask(query, LINES, NOON) == [{"workspace_id": "ws-5", "why": "ERROR"}]


def test_a_table_may_leave_out_rows_by_what_it_has_made() -> None:
    query = (
        'filter decision in ["deferred", "finished", "needs_person"] | stats latest(decision) as '
        'what by workspace_id | filter what in ["deferred", "needs_person"] | sort workspace_id'
    )
    assert [row["workspace_id"] for row in ask(query, LINES, NOON)] == ["ws-1", "ws-4", "ws-5"]


def test_a_series_counts_by_the_hour() -> None:
    query = (
        'filter decision in ["rebuild_requested", "finished"] | stats '
        'sum(strcontains(decision, "finished")) as well, pct(took_seconds, 90) as took, '
        "pct(waited_seconds, 90) as waited by bin(1h)"
    )
    ten = NOON.replace(hour=10)
    assert ask(query, LINES, NOON) == [{"bin(1h)": ten, "well": 2, "took": 300, "waited": 30}]


@pytest.mark.parametrize(
    "query",
    [
        'filter level = "ERROR" | stats count(*) as times by decision',
        'filter decision = "failed" | fields @message | limit 20',
        'filter decision = "deferred" | stats avg(took_seconds) as took by decision',
        'filter decision = "failed" | stats count(*) as times by decision | filter times > 1',
        'filter decision = "failed" | filter decision = "failed" | stats count(*) as n by user',
    ],
)
def test_a_query_that_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        ask(query, LINES, NOON)


def test_a_chart_shows_what_the_function_wrote() -> None:
    week = live(2, timedelta(hours=10))
    gauges = [line for _, line in week.lines if line["decision"] == "gauges"]
    assert gauges
    metric = ["NonPersistentWorkSpaces", "Owed", "Fleet", "fleet"]
    points = week.chart(metric, "Maximum", 300)
    assert [value for _, value in points] == [line["owed"] for line in gauges]
    assert max(value for _, value in points) > 0, "somebody has signed out by then"
    assert week.cloudwatch.states["silent"] == "OK"


def test_the_picture_in_the_docs_has_every_widget() -> None:
    svg = PICTURE.read_text("utf-8")
    titles = re.findall(r'title = "([^"]+)"', (ROOT / "observability.tf").read_text())
    assert len(titles) == 12
    assert [title for title in titles if f">{title}</text>" not in svg] == []
    assert not re.search(r"(?:href|src|url\()=?[\"']?https?:", svg)


def test_another_dashboard_has_another_fingerprint() -> None:
    widgets = [{"type": "log", "properties": {"query": "filter a"}}]
    other = copy.deepcopy(widgets)
    other[0]["properties"] = {"query": "filter b"}
    assert fingerprint(widgets) != fingerprint(other)
