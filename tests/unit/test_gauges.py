"""The fleet's state as numbers, and who needs a person (P6)."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent import gauges
from nonpersistent.canary import Bundle
from nonpersistent.facts import ENDS_WITHIN, Claim, Need, Trouble
from nonpersistent.journal import Journal
from nonpersistent.records import Record
from simulation.clock import VirtualClock
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at, fleet, settings

CALM = {
    "owed": 0,
    "rebuilding": 0,
    "late": 0,
    "oldest_late_seconds": 0.0,
    "blocked": 0,
    "endless": 0,
    "unknown": 0,
    "braked": 0,
    "held_bundles": 0,
    "audit_overdue_minutes": 0.0,
}
LATE = replace(DUE, late_at=at(-30))
REBUILDING = replace(DUE, claim=Claim(asked_at=NOON - ENDS_WITHIN, going_at=NOON))
MOMENT = timedelta(milliseconds=1)
LOST = tuple(fleet(3))


def told(stage: Stage, **changes: Any) -> dict[str, Any]:
    gauges.tell(stage.ledger, Journal("desks"), settings(**changes))
    [line] = stage.lines.of("gauges")
    return {name: line[name] for name in CALM if line[name] != CALM[name]}


def test_p6_a_calm_fleet_is_all_zero(stage: Stage) -> None:
    stage.has(replace(DUE, vacant_since=None), None)
    assert told(stage) == {}
    assert set(CALM) <= stage.lines.all[0].keys()
    assert len(stage.lines.all) == 1


def trouble(need: Need, needs_at: Any) -> dict[str, Any]:
    return {"trouble": Trouble(at(-99), need, "AWS said so", needs_at)}


@pytest.mark.parametrize(
    ("facts", "reason", "gauge"),
    [
        (LATE, "grace", {"owed": 1, "late": 1, "oldest_late_seconds": 1800.0}),
        (replace(DUE, late_at=NOON), None, {"owed": 1, "late": 1}),
        (replace(DUE, late_at=NOON + MOMENT), None, {"owed": 1}),
        (replace(DUE, **trouble(Need.BLOCKED, NOON)), "MAINTENANCE", {"owed": 1, "blocked": 1}),
        (replace(DUE, **trouble(Need.BLOCKED, at(1))), "MAINTENANCE", {"owed": 1}),
        (replace(DUE, **trouble(Need.UNKNOWN, NOON)), "no_row", {"owed": 1, "unknown": 1}),
        (REBUILDING, "REBUILDING", {"rebuilding": 1, "endless": 1}),
        (replace(DUE, claim=Claim(asked_at=at(-99))), "asked", {"rebuilding": 1}),
        (replace(LATE, braked_at=NOON), "brake", {"owed": 1, "braked": 1}),
        (replace(LATE, braked_at=NOON + MOMENT), "brake", {"owed": 1}),
        (LATE, "held_bundle", {"owed": 1}),
        (replace(DUE, retry_at=at(99)), "retry", {"owed": 1}),
    ],
)
def test_p6_each_need_has_its_number_and_a_line_with_its_workspace(
    stage: Stage, facts: Any, reason: str | None, gauge: dict[str, Any]
) -> None:
    stage.has(facts, at(5), reason=reason)
    assert told(stage) == gauge
    needs = facts.needs(reason)
    lines = stage.lines.of("needs_person")
    assert len(lines) == (needs is not None and needs[1] <= NOON)
    for line in lines:
        assert needs
        assert (line["workspace_id"], line["user"], line["bundle_id"]) == (WS, "ada", BUNDLE)
        assert line["phase"] == facts.phase.value
        assert (line["needs"], line.get("reason")) == (needs[0].value, reason)
        assert line["since"] == needs[1].isoformat()


@pytest.mark.parametrize(
    ("rate", "seconds", "late"),
    [(2, -3601, True), (2, -3600.9, False), (0.1, -3620, True), (0.1, -3619.9, False)],
)
def test_p6_what_nobody_looks_at_is_late(
    stage: Stage, rate: float, seconds: float, late: bool
) -> None:
    stage.has(DUE, at(0, seconds))
    gauge = told(stage, api_rate=rate)
    assert gauge.get("late", 0) == late
    if late:
        assert gauge["oldest_late_seconds"] == -seconds
        [line] = stage.lines.of("needs_person")
        assert (line["needs"], line["reason"]) == ("late", "not_looked_at")
        assert line["since"] == at(0, seconds).isoformat()


@pytest.mark.parametrize(
    ("need", "minutes", "gauge"),
    [
        (Need.BLOCKED, -30, {"blocked": 1}),
        (Need.BLOCKED, -29, {}),
        (Need.UNKNOWN, -29, {}),
        (Need.LATE, -29, {"late": 1, "oldest_late_seconds": 1740.0}),
    ],
)
def test_p6_a_need_that_a_look_might_have_averted_waits_for_it(
    stage: Stage, need: Need, minutes: float, gauge: dict[str, Any]
) -> None:
    """The look was due half an hour ago: the API fails, or a burst takes its time."""
    stage.has(replace(DUE, **trouble(need, at(minutes))), at(-30), reason="AWS said so")
    assert told(stage) == {"owed": 1, **gauge}


def test_p6_what_the_index_cannot_show_needs_a_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has changed an item; reading takes a while."""
    moments = itertools.count()
    monkeypatch.setattr(VirtualClock, "now", lambda _: NOON + next(moments) * MOMENT)
    stage.put(Record(WS, DUE, 1, at(60)), user={"L": []})
    assert told(stage) == {"unknown": 1}
    [line] = stage.lines.of("needs_person")
    assert (line["workspace_id"], line["reason"]) == (WS, "unreadable_item")


def test_p6_a_person_is_told_of_the_oldest_of_several(stage: Stage) -> None:
    stage.has(LATE, at(5))
    stage.has(replace(DUE, late_at=at(-40)), at(5), OTHER)
    assert told(stage) == {"owed": 2, "late": 2, "oldest_late_seconds": 2400.0}


def test_p6_a_bundle_that_is_held_is_told_by_its_failed_workspaces(stage: Stage) -> None:
    stage.ledger.write(Bundle(BUNDLE, lost=LOST))
    stage.ledger.write(Bundle("wsb-other00001", lost=LOST[:2]))
    failed = replace(DUE, retry_at=at(99))
    stage.has(failed, at(5), OTHER)
    stage.has(replace(failed, bundle_id="wsb-other00001"), at(5), LOST[0])
    stage.has(replace(failed, bundle_id=None), at(5), LOST[1])
    assert told(stage, canary_after=None) == {"owed": 3}
    stage.lines.all.clear()
    assert told(stage, canary_after=timedelta(hours=12)) == {"owed": 3, "held_bundles": 1}
    [line] = stage.lines.of("needs_person")
    assert "workspace_id" not in line
    assert (line["needs"], line["bundle_id"]) == ("held_bundle", BUNDLE)
    assert line["reason"] == "three_lost"


@pytest.mark.parametrize("bundle_ids", [[], [BUNDLE]], ids=["not yet", "seen by an audit"])
@pytest.mark.parametrize("waits", [True, False])
def test_p6_a_held_bundle_is_told_also_if_nobody_waits_for_it(
    stage: Stage, bundle_ids: list[str], waits: bool
) -> None:
    """Those that were lost may have been restored by hand, and the others may be in use."""
    stage.ledger.write(Bundle(BUNDLE, lost=LOST))
    stage.ledger.end_audit(NOON, bundle_ids)
    if waits:
        stage.has(DUE, at(5), reason="grace")
    gauge = ({"owed": 1} if waits else {}) | ({"held_bundles": 1} if waits or bundle_ids else {})
    assert told(stage, canary_after=timedelta(hours=12)) == gauge


@pytest.mark.parametrize(("minutes", "overdue"), [(-60, 0), (-75.5, 15.5), (-10, 0)])
def test_p6_an_audit_that_is_missed_counts_from_when_it_should_have_ended(
    stage: Stage, minutes: float, overdue: float
) -> None:
    stage.ledger.end_audit(at(minutes))
    assert told(stage).get("audit_overdue_minutes", 0) == overdue


def test_p6_an_audit_that_has_never_ended_is_missed(stage: Stage) -> None:
    stage.ledger.move_audit("ws-000000001")
    assert told(stage) == {}
    stage.time.now = at(75)
    stage.lines.all.clear()
    assert told(stage) == {"audit_overdue_minutes": 15.0}


def test_p6_a_hundred_are_named_for_each_need_and_all_are_counted(stage: Stage) -> None:
    for number in range(gauges.MOST_NAMED + 3):
        stage.ledger.write(Record(f"ws-{number:09}", LATE, look_at=at(5)))
    waits = replace(DUE, late_at=at(-40))
    stage.ledger.write(Record(WS, waits, look_at=at(60), reason="held_bundle"))
    assert told(stage)["late"] == gauges.MOST_NAMED + 3
    named = Counter(line["needs"] for line in stage.lines.of("needs_person"))
    assert named == {"late": gauges.MOST_NAMED, "held_bundle": 1}
