"""Bugs seeded into the alarms and filters that Terraform deploys: the judge of alarms finds each.

Those of the function are in `simulation/mutants`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulation.agenda import BEGIN
from simulation.alarms import LETTERS, AlarmJudge
from simulation.deployed import FLEET, Deployed, deployed
from tests.simulation.alarm_history import History

HOUR = 60
LONG = 29 * HOUR
"""What an alarm may take at the most to calm down."""

Bug = Callable[[Deployed], Deployed]
Story = Callable[[History], None]


# -- what may happen to a fleet ---------------------------------------------------------------


def debts_on_a_calm_day(history: History) -> None:
    history.shows(owed=3, rebuilding=2, audit_overdue_minutes=5).passes(10 * HOUR)


def a_late_debt_is_paid(history: History) -> None:
    history.needs("ws-1", "late", named="ws-1")
    history.shows("ws-1", owed=1, late=1).passes(10 * HOUR)
    history.mended("ws-1")
    history.shows(owed=0, late=0).passes(LONG + 1)


def a_refusal_lasts_for_hours(history: History) -> None:
    history.needs("ws-1", "blocked", named="ws-1")
    history.judge.heard({"fleet": FLEET, "decision": "refused"}, history.now)
    history.shows("ws-1", blocked=1).passes(10 * HOUR)
    history.mended("ws-1")
    history.shows(blocked=0).passes(LONG + 1)


def lines_come_unevenly(history: History) -> None:
    """Two containers write: a line each shortly after the other, then none for seven minutes."""
    history.gauged = lambda minute: minute % 10 in (0, 3)
    for number in range(10):
        name = f"ws-{number}"
        history.needs(name, "late", named=name)
        history.shows(name, late=1).passes(HOUR + number)
        history.mended(name)
        history.shows(late=0).passes(HOUR)


def the_function_is_silent_for_hours(history: History) -> None:
    history.runs = False
    history.passes(5 * HOUR)
    history.runs = True
    history.passes(5 * HOUR)


def the_function_is_silent_while_a_debt_is_late(history: History) -> None:
    """Nobody is named meanwhile, but the alarm rings on."""
    history.needs("ws-1", "late")
    history.shows(late=1).passes(3 * HOUR)
    history.runs = False
    history.passes(HOUR)


def the_function_fails_once(history: History) -> None:
    """It is tried again: nothing may ring."""
    history.judge.calm = True
    history.passes(1, lambda _: True).passes(3 * HOUR)


def the_function_fails_now_and_then_for_hours(history: History) -> None:
    history.passes(7 * HOUR, lambda minute: minute % 4 == 0)


def a_dead_letter_is_deleted(history: History) -> None:
    history.judge.letters(1, history.now)
    history.passes(7 * HOUR)
    history.judge.letters(0, history.now)
    history.passes(LONG + 1)


STORIES: tuple[Story, ...] = (
    debts_on_a_calm_day,
    a_late_debt_is_paid,
    a_refusal_lasts_for_hours,
    lines_come_unevenly,
    the_function_is_silent_for_hours,
    the_function_is_silent_while_a_debt_is_late,
    the_function_fails_once,
    the_function_fails_now_and_then_for_hours,
    a_dead_letter_is_deleted,
)


def broken(what: Deployed, story: Story) -> list[str]:
    """What is wrong, once a story has been told to a fleet that had 90 quiet minutes."""
    gauges = {each.value.removeprefix("$."): 0.0 for each in deployed().filters}
    history = History(AlarmJudge(BEGIN, what=what), gauges)
    history.judge.cloudwatch.put(LETTERS, 0.0, BEGIN)
    history.passes(90)
    story(history)
    return history.broken


# -- bugs -------------------------------------------------------------------------------------


def alarm(name: str, **rule: Any) -> Bug:
    """An alarm whose rule is another one."""

    def bug(what: Deployed) -> Deployed:
        [found] = [each for each in what.operations if each.name == name]
        changed = replace(found, rule=replace(found.rule, **rule))
        others = (each for each in what.operations if each is not found)
        return replace(what, operations=(*others, changed))

    return bug


def gauge(name: str, **change: Any) -> Bug:
    """A metric that is made otherwise of the log."""

    def bug(what: Deployed) -> Deployed:
        [found] = [each for each in what.filters if each.name == name]
        others = (each for each in what.filters if each is not found)
        return replace(what, filters=(*others, replace(found, **change)))

    return bug


OUT_OF_REACH = 1e9

BUGS: dict[str, Bug] = {
    "threshold off: one late debt is none": alarm("late", threshold=2),
    "threshold off: none is one": alarm("late", threshold=0),
    "threshold off: nothing is ever late": alarm("late", threshold=OUT_OF_REACH),
    "threshold off: an audit is missed at once": alarm("audit-missed", threshold=5),
    "threshold off: nothing is an error": alarm("errors", threshold=OUT_OF_REACH),
    "threshold off: no letter is one": alarm("dead-letters", threshold=OUT_OF_REACH),
    "missing data: who says nothing owes nothing": alarm("late", missing="notBreaching"),
    "missing data: who says nothing is late": alarm("late", period=60, missing="breaching"),
    "missing data: a minute without a line ends it": alarm(
        "late", period=60, missing="notBreaching"
    ),
    "missing data: silence is ignored": alarm("silent", missing="ignore"),
    "missing data: silence is fine": alarm("silent", missing="notBreaching"),
    "missing data: no news of letters is a letter": alarm("dead-letters", missing="breaching"),
    "period: shorter than the time between two lines": alarm("late", period=300),
    "period: a minute without a line is silence": alarm(
        "silent", evaluation_periods=1, datapoints_to_alarm=1
    ),
    "period: silence is one of hours": alarm(
        "silent", evaluation_periods=360, datapoints_to_alarm=360
    ),
    "period: a single error rings": alarm("errors", datapoints_to_alarm=1),
    "period: errors have to follow each other": alarm(
        "errors", evaluation_periods=3, datapoints_to_alarm=3
    ),
    "gauge of the pass: late is what a pass says of itself": gauge(
        "Late", pattern='{ $.decision = "pass" }', value="$.due"
    ),
    "event instead of state: refusals are counted": gauge(
        "Blocked", pattern='{ $.decision = "refused" }', value="1"
    ),
    "wrong number: late is what is owed": gauge("Late", value="$.owed"),
    "wrong number: late is what is in no line": gauge("Late", value="$.overdue"),
    "wrong metric: of no fleet": gauge("Late", dimensions={}),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_p6_the_deployed_alarms_are_right_whatever_happens(story: Story) -> None:
    assert broken(deployed(), story) == []


@pytest.mark.parametrize("name", BUGS)
def test_p6_a_bug_in_a_deployed_alarm_is_found(name: str) -> None:
    what = BUGS[name](deployed())
    assert any(broken(what, story) for story in STORIES)
