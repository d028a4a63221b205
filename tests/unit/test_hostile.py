"""Hostile and broken input, through the whole handler. A new case is an entry in
tests/fixtures/hostile.json.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit import hostile
from tests.unit.hostile import CASES, DATED, IGNORED
from tests.unit.stage import Stage
from tests.unit.support import EVENTS, OTHER, WS, at, event, settings
from tests.unit.test_handler import RECONCILE, function, invoke, tick

__all__ = ["function"]

NEIGHBOUR = "ws-neighbour1"
LONGEST_LINE = 1500
"""Characters of a line with all that Python's logging adds: no message may make it longer."""


def alarm(workspace_id: str) -> dict[str, Any]:
    """An honest record of a WorkSpace."""
    text = (EVENTS / "alarm.json").read_text().replace(WS, workspace_id)
    [record] = json.loads(text)["Records"]
    return dict(record)


def records(name: str) -> list[Any]:
    """The records of an event that has any."""
    given = hostile.event(name)
    found = given.get("Records") if isinstance(given, dict) else None
    return found if isinstance(found, list) else []


def ledger_of(stage: Stage) -> dict[str, Any]:
    items = stage.client.scan(TableName="ledger")["Items"]
    return {item["id"]["S"]: item for item in items}


def check_lines(stage: Stage, expected: list[str]) -> None:
    """One line per bad record with its reason, and nothing of what the sender wrote."""
    lines = [line for line in stage.lines.all if line["decision"] == "ignored"]
    assert [line["reason"] for line in lines] == expected
    for line in stage.lines.all:
        written = json.dumps(line, default=str)
        assert "PRIVATE" not in written
        assert len(written) < LONGEST_LINE


def test_there_are_many_cases_and_each_is_one_or_the_other() -> None:
    assert len(CASES) >= 171
    assert not IGNORED.keys() & DATED.keys()
    assert CASES.keys() == IGNORED.keys() | DATED.keys()


@pytest.mark.parametrize("name", IGNORED)
def test_p4_bad_input_touches_nothing_and_says_why(stage: Stage, name: str) -> None:
    """Neither a call of WorkSpaces nor a write to the ledger; the reason, without the message."""
    before = ledger_of(stage)
    invoke(hostile.event(name))
    assert stage.desktops.calls == []
    assert ledger_of(stage) == before
    check_lines(stage, hostile.reasons(name))
    assert [line for line in stage.lines.all if line["decision"] != "ignored"] == []


@pytest.mark.parametrize("name", [name for name in IGNORED if records(name)])
def test_p2_good_records_beside_bad_ones_are_handled(stage: Stage, name: str) -> None:
    for workspace_id in (NEIGHBOUR, OTHER):
        stage.has(None, None, workspace_id)
    before = ledger_of(stage)
    invoke({"Records": [alarm(NEIGHBOUR), *records(name), alarm(OTHER)]})
    assert {line["workspace_id"] for line in stage.lines.of("recorded")} == {NEIGHBOUR, OTHER}
    after = ledger_of(stage)
    assert {id_ for id_ in after if after[id_] != before.get(id_)} == {NEIGHBOUR, OTHER}
    assert stage.desktops.calls == []
    check_lines(stage, hostile.reasons(name))


@pytest.mark.parametrize("name", DATED)
def test_p1_a_date_counts_at_most_as_the_present(stage: Stage, name: str) -> None:
    invoke(hostile.event(name))
    [line] = stage.lines.all
    assert (line["decision"], line["at"]) == ("recorded", DATED[name]["recorded_at"])
    facts = stage.facts()
    kept = facts.used_at if line["signal"] == "sign_in" else facts.told_at
    assert kept is not None
    assert kept.isoformat() == DATED[name]["recorded_at"]
    assert kept <= stage.clock.now()


@pytest.mark.parametrize("name", [name for name in DATED if "sign_in" not in name])
def test_p2_a_date_neither_postpones_a_rebuild_nor_brings_it_forward(
    stage: Stage, name: str
) -> None:
    """Beside an honest alarm of the same moment, on a desktop in the same state."""
    stage.has(None, None, OTHER)
    invoke({"Records": [alarm(OTHER), *records(name)]})
    rebuilt: dict[str, Any] = {}
    for _ in range(40):
        tick(stage)
        for id_ in stage.desktops.rebuilds():
            rebuilt.setdefault(id_, stage.clock.now().replace(second=0, microsecond=0))
    assert rebuilt.keys() == {WS, OTHER}
    assert rebuilt[WS] == rebuilt[OTHER]
    assert rebuilt[WS] >= at(20)


def test_p2_a_flood_of_forged_sign_ins_ends_with_the_flood(stage: Stage) -> None:
    """A forged sign-in holds back the desktop it names, as a true one would, and no longer.

    Who can forge one? EventBridge refuses PutEvents with a source that is AWS's own ("You do not
    have permissions to publish events with this source", NotAuthorizedForSourceException in
    PutEventsResultEntry), and the function's policy admits three rules and the topic. What is
    left is somebody of this account with lambda:InvokeFunction on it. Each forged sign-in is a
    line of the log with the WorkSpace and the time. Once they stop, the next look or audit sees the
    empty desktop, and a grace period later it is rebuilt: nobody has to repair anything. Other
    desktops never wait. While they go on, the rebuild gets late, as nothing of AWS's confirms
    them: a flood that lasts rings (the alarm `late`), and the log names the WorkSpace.
    """
    stage.has(None, None, OTHER)
    invoke({"Records": [alarm(OTHER), alarm(WS)]})
    minutes = 6 * 60
    for _ in range(minutes):
        invoke(hostile.event("date_sign_in_and_sent_in_8000_years"))
        tick(stage)
    assert stage.desktops.rebuilds() == [OTHER]
    forgeries = [line for line in stage.lines.of("recorded") if line["signal"] == "sign_in"]
    assert len(forgeries) == minutes
    assert {line["workspace_id"] for line in forgeries} == {WS}
    assert stage.lines.of("gauges")[-1]["late"] == 1
    needy = stage.lines.of("needs_person")
    assert {line["workspace_id"] for line in needy if line["needs"] == "late"} == {WS}

    stopped_at = stage.clock.now()
    promised = settings().grace + settings().audit_interval
    while WS not in stage.desktops.rebuilds() and stage.clock.now() - stopped_at < promised:
        tick(stage)
    assert stage.desktops.rebuilds() == [OTHER, WS]


def test_p2_old_alarms_sent_again_owe_nothing(stage: Stage) -> None:
    """Who records a notification and sends it again, later, gets no second rebuild."""
    invoke(event("alarm"))
    for _ in range(120):
        if stage.desktops.rebuilds():
            stage.desktops.desks[WS].address = "10.0.0.9"
        stage.clock.sleep(60)
        invoke(event("alarm"))
        invoke(RECONCILE)
        if stage.clock.now().minute == 0:
            invoke({"task": "audit"})
    assert stage.desktops.rebuilds() == [WS]
