"""The judges of P6: each decision has its line, and what needs a person is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.course import Course
from sandbox.states import LastKnown, Row, State
from simulation import verdicts
from simulation.agenda import BEGIN
from simulation.needs import FORBIDDEN, NOT_OURS, OVERDUE, OWING, UNBEGUN, UNENDED, Needs
from simulation.reckoning import Reckoning
from simulation.scenario import Scenario
from simulation.telling import Telling
from tests.simulation.histories import BAD, CALM, History
from tests.times import minutes


def test_p6_who_writes_of_a_workspace_and_says_nothing_of_it_is_seen(history: History) -> None:
    telling = Telling(history.world.oracles)
    delivery = type("D", (), {"event": {"task": "reconcile"}, "evidence": []})()
    for by, lines in ((7, ["vacant", "pass"]), (8, ["vacant"]), (9, ["pass"])):
        invocation = type("I", (), {"number": by, "name": f"invocation-{by}"})()
        telling.wrote("PutItem", {"Item": {"id": {"S": history.id}}}, invocation)
        for decision in lines:
            about = {} if decision == "pass" else {"workspace_id": history.id}
            telling.heard({"decision": decision, **about}, invocation)
        telling.ended(delivery, invocation, history.at(by))
    assert [violation.what for violation in history.world.oracles.violations] == [
        "invocation-8 does not say that it ran",
        f"invocation-9 says nothing of {history.id}",
    ]


def needing(history: History, named: bool) -> None:
    """Ten hours pass with a look each hour, and with lines that name the WorkSpace, or without."""
    needs = Needs(history.world)
    history.world.listeners.append(needs.heard)
    begin = int((history.world.agenda.now - history.at(0)) / minutes(1)) + 200
    for minute in range(begin, begin + 600, 5):
        if minute % 60 == 0 and history.id in history.world.fleet.fleet:
            history.look(minute)
        history.world.asked_at[history.id] = history.at(minute)
        if named:
            about = {"workspace_id": history.id, "needs": "unknown", "reason": "no_row"}
            history.says(minute, "needs_person", **about)
        needs._judge()


def unlearnable(history: History) -> None:
    history.session(10, 20)
    history.world.fleet.set_row(history.id, Row.MISSING, history.at(21))


def frozen_connected(history: History) -> None:
    history.session(10, 20)
    history.world.fleet.set_row(history.id, Row.FROZEN, history.at(16))
    history.at(21)


def lying(history: History) -> None:
    history.session(10, 20)
    history.world.fleet.set_last_known(history.id, LastKnown.MOVES, history.at(21))


def endless(history: History) -> None:
    history.session(10, 20)
    history.rebuild(50, Course(ends=None))


def broken_for_good(history: History) -> None:
    history.session(10, 20)
    history.rebuild(50, BAD)


def unknown(history: History) -> None:
    history.world.trouble._terminate(history.id)


def refused(history: History) -> None:
    history.session(10, 20)
    history.world.fleet.fleet[history.id].faults.refuse_rebuild = ("no", "")
    history.look(50)
    request = {"RebuildWorkspaceRequests": [{"WorkspaceId": history.id}]}
    status, body = history.world.api.answer("RebuildWorkspaces", request, history.at(50))
    assert (status, len(body["FailedRequests"])) == (200, 1)


SORROWS = [unlearnable, frozen_connected, lying, endless, broken_for_good, unknown, refused]


@pytest.mark.parametrize("sorrow", SORROWS, ids=lambda sorrow: sorrow.__name__)
def test_p6_what_needs_a_person_must_be_named(sorrow: object) -> None:
    for named in (True, False):
        history = History(replace(CALM, weather="evidence", faults={"row_missing": 0.1}))
        assert callable(sorrow)
        sorrow(history)
        needing(history, named)
        assert set(history.broken) == (set() if named else {"P6"}), history.what


@pytest.mark.parametrize("lost", [2, 3])
def test_p6_a_bundle_of_which_three_are_lost_must_be_named(lost: int) -> None:
    history = History(replace(CALM, weather="cause", faults={"spoiled": 1.0}, canary_after=12))
    fleet, needs = history.world.fleet, Needs(history.world)
    fleet.bundles[_bundle(history)].spoiled = State.ERROR
    history.world.listeners.append(needs.heard)
    ids = [id_ for id_ in history.ids if fleet.fleet[id_].bundle_id == _bundle(history)][:lost]
    for number, id_ in enumerate(ids):
        history.session(10 + number, 20 + number, id_)
    for number, id_ in enumerate(ids):
        history.rebuild(50 + number, BAD, id_)
    for minute in range(100, 500, 5):
        for id_ in ids:
            history.world.asked_at[id_] = history.at(minute)
            history.says(minute, "needs_person", workspace_id=id_, needs="blocked", reason="ERROR")
        needs._judge()
    assert ("three" in history.what) == (lost == 3)
    assert set(history.broken) == ({"P6"} if lost == 3 else set()), history.what


def _bundle(history: History) -> str:
    return history.world.fleet.fleet[history.id].bundle_id


def test_p6_what_passes_within_two_hours_need_not_be_named() -> None:
    history = History(replace(CALM, weather="evidence", faults={"row_missing": 0.1}))
    unlearnable(history)
    needs = Needs(history.world)
    for minute in range(25, 600, 5):
        history.world.asked_at[history.id] = history.at(minute)
        if minute == 120:
            history.world.fleet.set_row(history.id, Row.SAMPLED, history.at(minute))
        if minute == 150:
            history.rebuild(minute)
        needs._judge()
    assert history.broken == []


@pytest.mark.parametrize("named", [True, False])
def test_p6_a_debt_that_no_wait_explains_must_be_named(named: bool) -> None:
    """An alarm told of the session; nothing stands in the way of its rebuild, and none follows."""
    history = History(replace(CALM, weather="evidence", faults={"row_missing": 0.1}))
    history.session(10, 20)
    history.told(25, "session_end")
    needs, overdue_at = Needs(history.world), 20 + verdicts.bound(CALM) / minutes(1)
    history.world.listeners.append(needs.heard)
    for minute in range(30, int(overdue_at) + 180, 5):
        assert not history.broken or minute > overdue_at + 120
        if named:
            about = {"workspace_id": history.id, "needs": "late", "reason": "not_looked_at"}
            history.says(minute, "needs_person", **about)
        history.at(minute)
        needs._judge()
    assert set(history.broken) == (set() if named else {"P6"}), history.what


def test_p6_a_debt_is_not_overdue_when_its_poison_has_just_ended() -> None:
    history = History(replace(CALM, weather="poison", faults={"poison": 1.0}))
    history.session(10, 20)
    history.told(25, "session_end")
    needs, overdue_at = Needs(history.world), 20 + int(verdicts.bound(CALM) / minutes(1))
    history.world.poisoned_since[history.id] = history.at(30)
    history.world.api.poison.met.add(history.id)
    last = overdue_at + 100
    for minute in range(30, last, 5):
        history.at(minute)
        needs._judge()
    history.world.api.poison.met.clear()
    for minute, overdue in ((last, False), (last + overdue_at, True)):
        history.at(minute)
        needs._judge()
        assert ((history.id, OVERDUE) in needs.noticed()) is overdue


def test_p6_a_line_that_calls_for_a_person_in_calm_weather_is_seen(history: History) -> None:
    history.world.listeners.append(Needs(history.world).heard)
    history.says(30, "needs_person", workspace_id=history.id, needs="late", reason="grace")
    assert history.broken == ["P6"]


@pytest.mark.parametrize("why", [FORBIDDEN, NOT_OURS])
def test_p6_what_others_have_brought_about_may_be_told_and_need_not(why: str) -> None:
    history = History(replace(CALM, weather="people", faults={"ordered": 0.1}))
    fleet, desktop = history.world.fleet, history.world.fleet.fleet[history.id]
    if why == FORBIDDEN:
        fleet.set_state(history.id, State.MAINTENANCE, history.at(30))
    else:
        desktop.faults.rebuild = BAD
        fleet.rebuild(history.id, history.at(30), by_person=True)
    needs = Needs(history.world)
    for minute in range(35, 600, 5):
        history.world.asked_at[history.id] = history.at(minute)
        needs._judge()
        is_needed = (history.id, why) in needs.noticed()
        assert is_needed or minute < 100
        assert why == NOT_OURS or is_needed == (minute >= 95)
    assert history.broken == []


def test_p6_a_rebuild_that_has_not_begun_may_be_told_and_hinders_no_other(
    history: History,
) -> None:
    """An alarm that rings for it is no second ring for an earlier fault; its debt grows overdue."""
    history.session(10, 20)
    history.told(25, "session_end")
    needs = Needs(history.world)
    needs._judge()
    assert needs.noticed() == {}
    history.rebuild(50, Course(begins=False))
    for minute in range(51, 120):  # looks that could not have missed it
        history.look(minute)
    needs._judge()
    assert set(needs.noticed()) == {(history.id, UNBEGUN)}
    history.at(5000)
    needs._judge()
    assert set(needs.noticed()) == {(history.id, UNBEGUN), (history.id, OVERDUE)}
    history.rebuild(5001)
    needs._judge()
    assert (history.id, UNBEGUN) not in needs.noticed()


@pytest.mark.parametrize(("looked", "why"), [(True, OWING), (False, UNENDED)])
def test_p6_a_rebuild_whose_end_no_look_showed_may_be_told_to_go_on(looked: bool, why: str) -> None:
    """It has ended, somebody has used the WorkSpace since, and now its state forbids the next."""
    history = History(replace(CALM, weather="people", faults={"ordered": 0.1}))
    history.session(10, 20)
    history.rebuild(50)
    if looked:
        history.look(200)
    history.session(210, 240)
    history.told(245, "session_end")
    fleet, needs = history.world.fleet, Needs(history.world)
    fleet.set_state(history.id, State.MAINTENANCE, history.at(246))
    for minute in range(250, 330, 5):
        history.look(minute)
        needs._judge()
    assert set(needs.noticed()) == {(history.id, why)}


@pytest.mark.parametrize(("next_look", "broken"), [(1, []), (-41, ["P6"])])
def test_p6_a_rebuild_that_is_followed_is_spoken_of_until_its_next_look(
    next_look: float, broken: list[str]
) -> None:
    history = History(Scenario(seed=0, desktops=6, audit_interval=5))
    history.session(10, 60)
    history.told(66, "session_end")
    history.rebuild(90, BAD)
    late = 120 + verdicts.bound(history.scenario) / minutes(1) + 5
    due_at = history.at(late + next_look).isoformat()
    about = {"workspace_id": history.id, "reason": "REBUILDING", "due_at": due_at}
    history.says(95, "rebuilding", **about)
    history.at(late)
    Reckoning(history.world)._judge(BEGIN)
    assert history.broken == broken
