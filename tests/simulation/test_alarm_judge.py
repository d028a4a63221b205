"""The judge of alarms, on made-up histories: what it finds, and what it lets pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from sandbox.cloudwatch import Alarm, AlarmState, Datapoint, Metric, Rule, evaluate
from simulation.agenda import BEGIN
from simulation.alarms import ERRORS, LETTERS, AlarmJudge
from simulation.deployed import FLEET, Deployed, deployed
from tests.simulation.alarm_history import AT_LEAST_ONE, History, made_up


@pytest.fixture
def history() -> History:
    return History().passes(60)


def test_quiet_days_are_quiet(history: History) -> None:
    history.passes(3 * 1440)
    assert history.broken == []
    assert history.judge.ringing == set()
    assert {t.new.value for t in history.judge.transitions} == {"OK", "ALARM"}
    assert history.judge.rings("silent") == 1, "before the first lines, and never again"


def test_the_first_apply_tells_ok_once_for_each_alarm_and_silent_may_ring_before() -> None:
    """Of the alarms as they are deployed: a new one tells its first state."""
    what = deployed()
    gauges = dict.fromkeys((each.value.removeprefix("$.") for each in what.filters), 0.0)
    history = History(AlarmJudge(BEGIN, what=what), gauges)
    history.judge.cloudwatch.put(LETTERS, 0.0, BEGIN)
    history.passes(1440)
    told = [(t.alarm, t.new.value) for t in history.judge.transitions]
    names = sorted(alarm.name for alarm in what.operations)
    assert sorted(alarm for alarm, state in told if state == "OK") == names
    assert [alarm for alarm, state in told if state != "OK"] == ["silent"]


def test_a_fault_that_rings_in_time_and_until_it_is_mended_is_as_it_should_be(
    history: History,
) -> None:
    history.needs("ws-1", "late", named="ws-1")
    history.passes(90).shows("ws-1", late=1).passes(1000)
    history.mended("ws-1")
    history.passes(100).shows(late=0).passes(3000)
    assert history.broken == []
    assert history.judge.rings("late") == 1


def test_an_alarm_without_a_cause_is_found(history: History) -> None:
    history.shows("ws-1", late=1).passes(10)
    assert history.broken == ["the alarm late rings although nothing needs a person"]


def test_in_calm_weather_even_a_cause_is_none() -> None:
    history = History(AlarmJudge(BEGIN, calm=True, what=made_up())).passes(60)
    history.needs("ws-1", "late")
    history.shows("ws-1", late=1).passes(10)
    assert history.broken == ["the alarm late rings in calm weather"]


def test_an_alarm_that_does_not_ring_within_two_hours_is_found(history: History) -> None:
    history.needs("ws-1", "blocked", "unknown")
    history.passes(120)
    assert history.broken == []
    history.passes(600)
    assert history.broken == ["the alarm blocked or unknown does not ring; needed since 02 09:00"]


def test_what_only_may_ring_need_not(history: History) -> None:
    history.needs("ws-1", "late", must=False)
    history.passes(600)
    history.shows("ws-1", late=1).passes(600)
    assert history.broken == []


def test_either_of_two_alarms_will_do(history: History) -> None:
    history.needs("ws-1", "late", "blocked")
    history.shows(late=1).passes(500)
    history.shows(late=1, blocked=1).passes(10)
    history.shows(late=0, blocked=1).passes(500)
    assert history.broken == []


def test_an_alarm_that_ends_before_the_mending_is_found(history: History) -> None:
    history.needs("ws-1", "late")
    history.shows(late=1).passes(30)
    history.shows(late=0).passes(30)
    assert history.broken == ["the alarm late stops ringing; needed since 02 09:00"]


def test_what_ends_early_may_have_been_something_else_unless_all_is_told() -> None:
    history = History(AlarmJudge(BEGIN, strict=False, what=made_up())).passes(60)
    history.shows(late=1).passes(30)
    history.needs("ws-1", "late")
    history.passes(30).shows(late=0).passes(30).shows(late=1).passes(100)
    assert history.broken == []
    history.shows(late=0).passes(10)
    assert history.broken == ["the alarm late stops ringing; needed since 02 09:30"]


def test_an_alarm_that_rings_twice_for_one_fault_is_found(history: History) -> None:
    history.needs("ws-1", "late", must=False)
    history.shows(late=1).passes(30)
    history.shows(late=0).passes(30)
    assert history.broken == []
    history.shows(late=1).passes(10)
    assert history.broken == ["the alarm late rings again for the same fault"]


def test_an_alarm_may_ring_again_for_another_fault_while_the_first_is_open(
    history: History,
) -> None:
    history.needs("ws-1", "late", named="ws-1")
    history.needs("ws-2", "late", named="ws-2")
    history.shows("ws-1", late=1).passes(30)
    history.mended("ws-1")
    history.shows(late=0).passes(30)
    history.shows("ws-2", late=1).passes(30)
    assert history.broken == []
    assert history.judge.rings("late") == 2


@pytest.mark.parametrize(
    ("next_one", "broken"),
    [("ws-2", []), ("ws-1", ["the alarm late rings again for the same fault"])],
)
def test_an_alarm_that_rings_again_is_another_fault_only_for_another_workspace(
    history: History, next_one: str, broken: list[str]
) -> None:
    history.needs("ws-1", "late", named="ws-1")
    history.shows("ws-1", late=1).passes(30)
    history.mended("ws-1")
    history.shows(late=0).passes(30)
    history.shows(next_one, late=1).passes(30)
    assert history.broken == broken


def test_an_alarm_that_goes_on_after_the_mending_is_found(history: History) -> None:
    history.needs("ws-1", "late")
    history.shows(late=1).passes(60)
    history.mended("ws-1")
    history.passes(29 * 60)
    assert history.broken == []
    history.passes(2)
    assert history.broken == ["the alarm late still rings, mended at 02 10:00"]


def test_an_alarm_that_goes_on_for_another_fault_is_right_to(history: History) -> None:
    history.needs("ws-1", "late")
    history.shows(late=1).passes(60)
    history.needs("ws-2", "late")
    history.mended("ws-1")
    history.passes(40 * 60)
    assert history.broken == []


@pytest.mark.parametrize(("subject", "alarm"), [("ws-1", "late"), ("wsb-1", "held-bundles")])
def test_a_log_that_does_not_say_who_is_found(history: History, subject: str, alarm: str) -> None:
    history.needs(subject, alarm, named=subject)
    history.shows("ws-2", **{alarm.replace("-", "_"): 1.0}).passes(120)
    assert history.broken == []
    history.passes(10)
    assert history.broken == [f"no line names {subject}; needed since 02 09:00"]


def test_a_log_names_a_hundred_and_need_not_name_more(history: History) -> None:
    for number in range(101):
        history.needs(f"ws-{number}", "late", named=f"ws-{number}")
    history.shows("ws-1", late=101).passes(300)
    assert history.broken == []


def test_silence_rings_by_itself_and_its_end_ends_it(history: History) -> None:
    history.runs = False
    history.passes(300)
    assert history.judge.ringing == {"silent"}
    history.runs = True
    history.passes(300)
    assert history.broken == []
    assert history.judge.ringing == set()


def without(alarms: Iterable[str]) -> Deployed:
    """Their threshold is out of reach, and what is missing is no matter."""
    what = made_up()
    broken = Rule(300, 1e9, AT_LEAST_ONE, "Maximum", missing="notBreaching")
    changed = [Alarm(a.name, a.metric, broken) if a.name in alarms else a for a in what.operations]
    return Deployed(what.session_rule, tuple(changed), what.filters)


def test_a_silence_that_nobody_hears_of_is_found() -> None:
    history = History(AlarmJudge(BEGIN, what=without(["silent"]))).passes(60)
    history.runs = False
    history.passes(121)
    assert history.broken == ["the alarm silent does not ring; needed since 02 09:00"]


def test_errors_ring_as_long_as_the_function_fails(history: History) -> None:
    history.passes(300, lambda _: True)
    assert history.judge.ringing == {"errors"}
    history.passes(60)
    assert history.broken == []
    assert history.judge.rings("errors") == 1


def test_errors_that_nobody_hears_of_are_found_once_they_last() -> None:
    history = History(AlarmJudge(BEGIN, what=without(["errors"]))).passes(60)
    history.passes(1, lambda _: True).passes(300)
    assert history.broken == []
    history.passes(300, lambda minute: minute % 3 == 0)
    assert history.broken == ["the alarm errors does not ring; needed since 02 14:03"]


def test_letters_ring_until_they_are_gone(history: History) -> None:
    history.judge.letters(2, history.now)
    history.passes(2000)
    assert history.judge.ringing == {"dead-letters"}
    history.judge.letters(0, history.now)
    history.passes(60)
    assert history.judge.ringing == set()
    assert history.broken == []
    assert history.judge.rings("dead-letters") == 1


def test_letters_that_nobody_hears_of_are_found() -> None:
    history = History(AlarmJudge(BEGIN, what=without(["dead-letters"]))).passes(60)
    history.judge.letters(1, history.now)
    history.passes(121)
    assert history.broken == ["the alarm dead-letters does not ring; needed since 02 09:00"]


def test_each_deployed_alarm_has_a_metric_that_somebody_publishes() -> None:
    """Nothing is restated here: alarms and filters are read from Terraform's plan."""
    what = deployed()
    made = {
        Metric.of(f.namespace, f.name, dict.fromkeys(f.dimensions, FLEET)) for f in what.filters
    }
    watched = {alarm.metric for alarm in what.operations}
    assert {ERRORS, LETTERS} <= watched
    assert {(m.namespace, m.name) for m in watched - {ERRORS, LETTERS}} <= {
        (m.namespace, m.name) for m in made
    }
    assert what.session_rule.threshold == 1


@pytest.mark.parametrize("before", [0.0, 1e6])
@pytest.mark.parametrize(
    "alarm",
    [alarm for alarm in deployed().operations if alarm.rule.missing == "ignore"],
    ids=lambda alarm: alarm.name,
)
def test_p6_no_alarm_on_a_gauge_changes_twice_if_its_lines_come_unevenly(
    alarm: Alarm, before: float
) -> None:
    """Two containers write: a line each shortly after the other, then none for six minutes."""
    values = [before] * 4 + [1e6 - before] * 4
    moments = [BEGIN + timedelta(minutes=at) for at in (0, 5, 11, 16, 20.9, 26.9, 32, 38)]
    lines = [Datapoint(at, value) for at, value in zip(moments, values, strict=True)]
    state, changes = AlarmState.ALARM if before else AlarmState.OK, 0
    for minute in range(12, 60):
        now = BEGIN + timedelta(minutes=minute)
        new = evaluate(alarm.rule, [line for line in lines if line.at < now], state, now)
        state, changes = new, changes + (new is not state)
    assert changes == 1
