"""False alarms and times to ring: each alarm has a cause, and a broken limit is named."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmarks import alarms, limits, report
from benchmarks.causes import CAUSES, Cause
from benchmarks.world import CountedWorld
from simulation.deployed import deployed

LETTER, BRAKE = CAUSES["dead letter"], CAUSES["brake"]

RESULTS: dict[str, Any] = {
    "alarms": {
        "calm": {"desktops": 50, "days": 7, "rebuilds": 349, "rang": 0},
        "causes": [
            {"cause": "dead letter", "alarm": "dead-letters", "since": "its arrival", "rang": 1}
            | {"minutes to ALARM": 120.0, "minutes to OK": 11.0}
        ],
    }
}
CALM = "7 calm days of 50 desktops: alarms that rang"
ONCE = "causes whose alarm did not ring exactly once"
MINUTES = "dead letter: minutes to the alarm dead-letters"
OK = "causes whose alarm did not go on until the remedy, and then to OK"


def test_each_alarm_that_terraform_plans_has_a_cause() -> None:
    planned = {alarm.name for alarm in deployed().operations}
    assert {cause.alarm for cause in CAUSES.values()} == planned


def causes_are(monkeypatch: pytest.MonkeyPatch, **causes: Cause) -> None:
    monkeypatch.setattr(alarms, "CAUSES", causes)


def test_a_cause_rings_once_until_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    causes_are(monkeypatch, letter=LETTER, brake=BRAKE)
    [found] = alarms.causes(7, quick=True)["causes"]
    assert found["cause"] == "letter", "without the brake"
    assert 0 < found["minutes to ALARM"] <= 5
    assert 5 < found["minutes to OK"] <= 15
    assert found["rang"] == 1


def test_an_alarm_that_never_rings_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    causes_are(monkeypatch, letter=Cause("endless", "its arrival", LETTER.begin))
    monkeypatch.setattr(alarms, "GIVE_UP", alarms.SESSION)
    [found] = alarms.causes(7, quick=True)["causes"]
    assert (found["minutes to ALARM"], found["rang"], found["minutes to OK"]) == (None, 0, None)
    results = copy.deepcopy(RESULTS)
    results["alarms"]["causes"] = [found]
    broken = [limit.name for limit in limits.check(results) if not limit.holds]
    assert broken == ["letter: minutes to the alarm endless", ONCE, OK]
    [section] = report.sections(results)
    assert section.rows[1][1:5] == ("endless", "never", "0", "never")


def test_a_false_alarm_on_calm_days_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert alarms.calm(1, 1, 7)["calm"]["rang"] == 0

    def disable(world: CountedWorld, *_: object) -> None:
        world.agenda.after(7200, lambda: world.episodes.disabled.add("reconcile"))

    monkeypatch.setattr(alarms, "employ", disable)
    assert alarms.calm(1, 1, 7)["calm"]["rang"] >= 1


@pytest.mark.parametrize(
    ("part", "change", "name"),
    [
        ("calm", {"rang": 1}, CALM),
        ("cause", {"minutes to ALARM": 120.1}, MINUTES),
        ("cause", {"minutes to ALARM": None}, MINUTES),
        ("cause", {"rang": 2}, ONCE),
        ("cause", {"rang": 0}, ONCE),
        ("cause", {"minutes to OK": None}, OK),
    ],
)
def test_a_broken_limit_of_alarms_is_named(part: str, change: dict[str, Any], name: str) -> None:
    assert all(limit.holds for limit in limits.check(RESULTS))
    results = copy.deepcopy(RESULTS)
    found = results["alarms"]
    (found["calm"] if part == "calm" else found["causes"][0]).update(change)
    assert [limit.name for limit in limits.check(results) if not limit.holds] == [name]


def test_false_alarms_and_times_to_ring_stand_beside_each_other() -> None:
    [section] = report.sections(RESULTS)
    assert section.rows == [
        ("7 calm days of 50 desktops", "any", "", "0", "", "0 times"),
        ("dead letter, from its arrival", "dead-letters", "120", "1", "11", "120 min, once"),
    ]
