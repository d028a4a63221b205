"""fleet history: rebuilds from the lines that the function writes."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fleetlib import history
from fleetlib.main import main

from nonpersistent.facts import Facts
from nonpersistent.rebuilder import _why
from sandbox.cloudwatch import matches
from tests.scripts.fleet_world import World
from tests.unit.support import IMAGE, NOON, OTHER, WS, at

DAY = ["history", "--since=2026-11-22", "--until=2026-11-23"]


def line(minutes: float, decision: str, workspace_id: str = WS, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "fleet": "desks",
        "decision": decision,
        "workspace_id": workspace_id,
        "user": "anna",
    }
    return {"at": at(minutes)} | given | fields


def asked(minutes: float, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "reason": "session_end",
        "waited_seconds": 1500.0,
        "bundle_id": "wsb-1",
        "image_id": IMAGE,
        "canary": False,
    }
    return line(minutes, "rebuild_requested", **given | fields)


def test_a_rebuild_is_told_from_its_session_end_to_its_end() -> None:
    end = line(70, "finished", took_seconds=2400.0, image_id=IMAGE)
    [rebuild] = history.rebuilds([end, asked(30, canary=True)])
    assert (rebuild.asked_at, rebuild.ended_at) == (at(30), at(70))
    assert (rebuild.user, rebuild.why, rebuild.waited_seconds) == ("anna", "session end", 1500)
    assert (rebuild.image_id, rebuild.canary, rebuild.outcome) == (IMAGE, True, "finished")
    assert rebuild.took_seconds == 2400


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (Facts(used_at=at(-60)), "session end"),
        (Facts(rebuilt_at=at(-60), outdated_at=at(-30)), "roll-out"),
        (Facts(rebuilt_at=at(-60), outdated_at=at(-30), wanted_at=at(-20)), "by hand"),
    ],
)
def test_why_it_was_asked_for_is_what_the_function_says(facts: Facts, why: str) -> None:
    [rebuild] = history.rebuilds([asked(0, reason=_why(facts))])
    assert (rebuild.why, rebuild.reason) == (why, None)


def test_a_failed_rebuild_is_tried_again_and_another_workspace_is_not_meant() -> None:
    failed = line(60, "failed", reason="ERROR", took_seconds=1800.0)
    told = [asked(30), failed, asked(180), asked(181, workspace_id=OTHER)]
    first, second, third = history.rebuilds(told)
    assert (first.outcome, first.reason) == ("failed", "ERROR")
    assert (second.outcome, second.reason) == ("in progress", None)
    assert (third.workspace_id, third.outcome) == (OTHER, "in progress")


def test_a_rebuild_that_heals_is_told_once() -> None:
    ends = [line(60, "failed", reason="UNHEALTHY"), line(80, "finished", took_seconds=3000.0)]
    [rebuild] = history.rebuilds([asked(30), *ends])
    assert (rebuild.outcome, rebuild.reason, rebuild.ended_at) == ("finished", None, at(80))


def test_an_end_without_a_request_is_a_rebuild_that_began_before() -> None:
    end = line(60, "finished", took_seconds=1800.0, bundle_id="wsb-1", image_id=IMAGE)
    first, second = history.rebuilds([end, end | {"at": at(600)}])
    assert (first.asked_at, second.asked_at) == (at(30), at(570))
    assert (first.why, first.bundle_id, first.image_id) == (None, "wsb-1", IMAGE)


def test_the_log_says_when_an_earlier_rebuild_was_asked_for() -> None:
    end = line(200, "finished", asked_at="2026-11-22T12:10:00+00:00")
    assert [rebuild.asked_at for rebuild in history.rebuilds([end])] == [at(10)]


def test_a_rebuild_without_an_answer_is_told_too() -> None:
    told = [line(0, "unanswered", reason="no_answer"), line(50, "believed", took_seconds=3000.0)]
    [rebuild] = history.rebuilds(told)
    assert (rebuild.asked_at, rebuild.outcome, rebuild.why) == (NOON, "believed", None)


@pytest.mark.parametrize(
    ("decision", "wanted"),
    [
        ("rebuild_requested", True),
        ("unanswered", True),
        ("finished", True),
        ("believed", True),
        ("failed", True),
        ("recorded", False),
        ("deferred", False),
    ],
)
def test_the_log_is_asked_for_these_lines_alone(world: World, decision: str, wanted: bool) -> None:
    world.runs("history", "--since=2h")
    given = json.dumps({"decision": decision})
    assert matches(world.log_asked["filterPattern"], given) is wanted
    assert world.log_asked["logGroupName"] == "/aws/lambda/desks"
    length = timedelta(milliseconds=world.log_asked["endTime"] - world.log_asked["startTime"])
    assert length - history.READ_ON == pytest.approx(timedelta(hours=2), abs=timedelta(seconds=2))


def test_a_rebuild_across_midnight_ends_in_the_report_of_the_day_of_its_request(
    world: World,
) -> None:
    """What is requested at midnight belongs to the new day alone."""
    end = line(12 * 60 + 40, "finished", took_seconds=3000.0)
    world.lines = [asked(12 * 60 - 10), asked(12 * 60, workspace_id=OTHER), end]
    [row] = csv.DictReader(io.StringIO(world.runs(*DAY, "--csv").out))
    assert (row["workspace_id"], row["outcome"]) == (WS, "finished")
    assert (row["asked_at"], row["ended_at"]) == ("2026-11-22T23:50:00Z", "2026-11-23T00:40:00Z")
    told = world.runs("history", "--since=2026-11-23", "--until=2026-11-24")
    _, earlier, at_midnight, *_ = told.out.splitlines()
    assert earlier.startswith(f"2026-11-22 23:50Z  {WS}  ")
    assert at_midnight.startswith(f"2026-11-23 00:00Z  {OTHER}  ")


def test_the_auditor_gets_csv_and_the_administrator_a_table(world: World) -> None:
    end = line(60, "failed", user="bob", reason="ERROR", took_seconds=1800.0)
    world.lines = [asked(30, user="bob"), end, asked(31, workspace_id=OTHER)]
    [row] = csv.DictReader(io.StringIO(world.runs(*DAY, "--csv", "--user=B*").out))
    assert (row["asked_at"], row["outcome"]) == ("2026-11-22T12:30:00Z", "failed")
    out = world.runs(*DAY).out.splitlines()
    assert "2026-11-22 12:30Z" in out[1]
    assert "30 min" in out[1]
    assert out[-1] == "2 rebuilds."


def test_no_rebuild_is_said_and_csv_keeps_its_headings(world: World) -> None:
    assert world.runs("history").out == "No rebuild in this time.\n"
    [headings] = world.runs("history", "--csv").out.splitlines()
    assert headings.startswith("asked_at,workspace_id,user,why,")
    assert world.log_asked


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("90m", NOON - timedelta(minutes=90)),
        ("7d", NOON - timedelta(days=7)),
        ("2026-10-01", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01T10:00+02:00", datetime(2026, 10, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_so_long_ago_or_a_date(given: str, moment: datetime) -> None:
    assert history.moment(given, NOON) == moment


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("yesterday", "'yesterday' is neither a length of time"),
        ("999999d", "'999999d' is neither a length of time"),
        ("0001-01-01", "it must not be before 1970; got '0001-01-01'"),
        ("1969-12-31", "it must not be before 1970; got '1969-12-31'"),
    ],
)
def test_what_is_no_time_is_refused(
    given: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["history", "--since", given])
    assert refusal.value.code == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-31T23:59-14:00"])
def test_until_the_end_of_time_is_until_now(world: World, until: str) -> None:
    world.lines = [asked(30)]
    out = world.runs("history", "--since=1970-01-01", "--until", until).out
    assert out.endswith("\n1 rebuild.\n")


@pytest.mark.parametrize("until", ["2026-10-31", "2026-11-01"])
def test_a_time_that_ends_before_it_begins_is_refused(world: World, until: str) -> None:
    told = world.runs("history", "--since=2026-11-01", "--until", until, exits=2)
    why = f"--since must be before --until; got 2026-11-01 00:00Z and {until} 00:00Z\n"
    assert told.err == f"fleet: {why}"
    assert not world.log_asked
