"""The judges of P2, P7 and P8: what is owed and for how long, and what is lost to one cause."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.course import Course
from sandbox.states import State
from simulation import verdicts
from simulation.agenda import BEGIN
from simulation.fleet import View
from simulation.reckoning import Reckoning
from tests.simulation.histories import BAD, CALM, GOOD, History
from tests.times import minutes


def lose(history: History, number: int, minute: float, ends_in: State = State.ERROR) -> None:
    """One more desktop is used and rebuilt under a disabled key, or while a network is down."""
    history.session(minute, minute + 5, history.ids[number])
    history.world.fleet.bundles[
        history.world.fleet.fleet[history.ids[number]].bundle_id
    ].spoiled = ends_in
    history.rebuild(minute + 30, GOOD, history.ids[number])


def test_p7_those_in_flight_and_three_more_may_be_lost_to_one_cause(history: History) -> None:
    for number, minute in enumerate((0, 5, 100, 160, 220)):
        lose(history, number, minute)
    assert history.broken == []


def test_p7_the_fourth_that_is_lost_after_the_first_bad_end_could_be_seen_is_seen() -> None:
    history = History()
    for number, minute in enumerate((0, 120, 180, 240, 300)):
        lose(history, number, minute)
    assert history.broken == ["P7"]


@pytest.mark.parametrize(("first", "broken"), [(205, []), (210, ["P7"])])
def test_p7_rebuilds_without_end_show_when_they_should_have_ended(
    history: History, first: float, broken: list[str]
) -> None:
    """2 h 12 min after the first, at minute 30, and the hourly look after that."""
    for number, minute in enumerate((0, first, 240, 260, 280)):
        lose(history, number, minute, State.REBUILDING)
    assert history.broken == broken


def test_p7_whoever_has_seen_a_bad_end_twice_knows_of_it(history: History) -> None:
    for number, minute in enumerate((0, 40, 80, 100, 110)):
        lose(history, number, minute)
        if number == 0:
            history.look(61)
            history.look(72)
    assert history.broken == ["P7"]


def test_p7_a_broken_one_that_is_tried_again_is_not_one_more(history: History) -> None:
    for number, minute in enumerate((0, 100, 160, 220)):
        lose(history, number, minute)
    history.look(300, history.ids[3])
    history.look(311, history.ids[3])
    history.rebuild(400, GOOD, history.ids[3])
    assert history.broken == []


def test_p7_does_not_hold_who_wants_no_canary() -> None:
    history = History(replace(CALM, canary_after=None))
    for number, minute in enumerate((0, 100, 160, 220, 280)):
        lose(history, number, minute)
    assert history.broken == []


def owed(history: History) -> list[str]:
    return [debt.desktop.id for debt in Reckoning(history.world).debts()]


def test_p2_a_session_end_is_owed_until_a_rebuild_has_begun(used: History) -> None:
    used.at(70)
    assert owed(used) == [used.id]
    used.rebuild(90, Course(begins_after=minutes(9), takes=minutes(20)))
    assert owed(used) == [used.id]
    used.at(100)
    assert owed(used) == []


@pytest.mark.parametrize(
    ("course", "is_owed"),
    [
        (BAD, True),
        (replace(BAD, heals_after=minutes(6)), False),
        (Course(begins=False), True),
        (Course(ends=None), True),
    ],
)
def test_p2_only_a_rebuild_that_ends_well_pays(course: Course, is_owed: bool) -> None:
    history = History()
    history.session(10, 60)
    history.rebuild(90, course)
    for minute in (98, 106):
        history.look(minute)
    history.at(200)
    assert bool(owed(history)) is is_owed


@pytest.mark.parametrize(
    ("kind", "minute", "received", "known"),
    [("sign_in", 126, 126, 126), ("sign_in", 126, 210, 210), ("session_end", 130, 130, None)],
    ids=["a sign-in", "a late one", "an alarm"],
)
def test_p2_a_short_session_right_after_a_rebuild_shows_by_its_sign_in_alone(
    used: History, kind: str, minute: float, received: float, known: float | None
) -> None:
    used.rebuild(90)
    used.session(126, 128)
    used.told(minute, kind, received=received)
    [debt] = Reckoning(used.world).debts()
    assert debt.knowable_from == (None if known is None else used.at(known))


@pytest.mark.parametrize(
    ("look", "minute", "is_known"),
    [(121, 162, False), (121, 164, True), (None, 263, False), (None, 265, True)],
)
def test_p2_an_alarm_soon_after_a_rebuild_that_was_believed_may_be_its_own(
    used: History, look: float | None, minute: float, is_known: bool
) -> None:
    """Unless a look has shown it over, it may go on for 132 minutes."""
    used.rebuild(90, Course(begins=False))
    used.session(95, 118)
    if look is not None:
        used.look(look)
    used.session(130, 150)
    used.told(minute, "session_end")
    [debt] = Reckoning(used.world).debts()
    assert bool(debt.knowable_from) is is_known


def test_p2_a_session_that_was_shown_is_knowable(used: History) -> None:
    used.rebuild(90)
    used.session(121, 131)
    looks, now = used.world.oracles.looks, used.at(131)
    view = View(now, "CONNECTED", now, None)
    for by in (2, used.invocation.number):  # the first one did not live to write it down
        [debt] = Reckoning(used.world).debts()
        assert debt.knowable_from is None
        looks.shown_connection(used.id, now, view, by)
    [debt] = Reckoning(used.world).debts()
    assert debt.knowable_from == now


def test_p2_a_debt_that_outlives_its_bound_is_seen(used: History) -> None:
    used.told(66, "session_end")
    reckoning = Reckoning(used.world)
    within = verdicts.bound(used.scenario) + minutes(59)
    used.at(within / minutes(1))
    used.says(within / minutes(1) - 1, "deferred", workspace_id=used.id, reason="grace")
    reckoning._judge(BEGIN)
    assert used.broken == []
    used.at(within / minutes(1) + 2)
    reckoning._judge(BEGIN)
    assert used.broken == ["P2"]


def test_p2_what_ended_badly_may_take_a_day_and_must_be_spoken_of(used: History) -> None:
    used.told(66, "session_end")
    used.rebuild(90, BAD)
    late = 120 + verdicts.bound(used.scenario) / minutes(1) + 5
    used.at(late)
    used.says(late, "failed", workspace_id=used.id, reason="ERROR")
    Reckoning(used.world)._judge(BEGIN)
    assert used.broken == []
    used.world.lines.clear()
    Reckoning(used.world)._judge(BEGIN)
    assert used.broken == ["P6"]


def test_p2_a_rebuild_that_waits_for_an_audit_is_late_where_nothing_goes_wrong() -> None:
    history = History()
    history.session(10, 60)
    history.told(66, "session_end")
    prompt = verdicts.prompt(history.scenario, history.world.fleet.sessions[history.id])
    history.at(60 + prompt / minutes(1) - 1)
    Reckoning(history.world)._be_prompt()
    assert history.broken == []
    history.at(60 + prompt / minutes(1) + 1)
    Reckoning(history.world)._be_prompt()
    assert history.broken == ["P2"]


def test_p7_each_image_that_the_bundle_was_given_meanwhile_needs_a_canary(used: History) -> None:
    used.told(66, "session_end")
    sessions = used.world.fleet.sessions[used.id]
    one, two = (verdicts.prompt(used.scenario, sessions, number) for number in (0, 1))
    bundle = used.world.fleet.fleet[used.id].bundle_id
    used.world.fleet.set_image(bundle, "wsi-newer0000", used.at(70))
    used.at(60 + one / minutes(1) + 1)
    Reckoning(used.world)._be_prompt()
    assert used.broken == []
    used.at(60 + two / minutes(1) + 1)
    Reckoning(used.world)._be_prompt()
    assert used.broken == ["P2"]


@pytest.mark.parametrize(("minute", "broken"), [(121, []), (135, ["P2"])])
def test_p2_of_what_was_shown_stopped_on_its_way_nobody_can_tell_why_it_is_ill(
    used: History, minute: float, broken: list[str]
) -> None:
    used.told(66, "session_end")
    way = ((State.STOPPED, minutes(10)),)
    used.rebuild(90, Course(takes=minutes(30), way=way, ends=State.UNHEALTHY))
    used.look(minute)
    late = 120 + (verdicts.bound(used.scenario) + 26 * verdicts.HOUR) / minutes(1)
    used.at(late)
    used.says(late, "needs_person", workspace_id=used.id, reason="unknown_connection")
    Reckoning(used.world)._judge(BEGIN)
    assert used.broken == broken


def test_p8_one_poisoned_id_is_no_reason_for_the_others_to_wait() -> None:
    history = History(replace(CALM, weather="poison", faults={"poisoned_id": 1.0}))
    other = history.ids[1]
    for id_ in (history.id, other):
        history.session(10, 60, id_) if id_ == history.id else history.session(60, 70, id_)
        history.told(76, "session_end", id_)
    history.world.episodes._poisoned(history.id)
    history.at(400)
    Reckoning(history.world)._be_prompt()
    assert history.broken == ["P8"]
    assert other in history.what


@pytest.mark.parametrize(("looks", "believed"), [((98, 106), False), ((98, 110), True), ((), True)])
def test_p2_a_rebuild_that_never_began_is_owed_if_the_looks_could_not_have_missed_it(
    used: History, looks: tuple[float, ...], believed: bool
) -> None:
    used.rebuild(90, Course(begins=False))
    for minute in looks:
        used.look(minute)
    used.at(150)
    assert bool(owed(used)) is not believed


def test_p2_what_a_dying_invocation_was_shown_is_lost_with_it(used: History) -> None:
    used.rebuild(90, Course(begins=False))
    used.invocation.number = 2
    for minute in (98, 106, 114):
        used.look(minute)
    used.at(150)
    assert owed(used) == []


@pytest.mark.parametrize(
    ("operation", "item", "is_a_probe"),
    [
        ("DescribeWorkspaces", {"claim": {}, "due_at": 12}, True),
        ("DescribeWorkspaces", {"claim": {}, "due_at": 11}, False),
        ("DescribeWorkspaces", {"claim": {}}, False),
        ("DescribeWorkspaces", {"due_at": 12}, False),
        ("DescribeWorkspacesConnectionStatus", {"claim": {}, "due_at": 12}, False),
    ],
)
def test_p2_a_look_at_a_rebuild_before_its_time_tells_only_whether_aws_answers(
    operation: str, item: dict[str, Any], is_a_probe: bool
) -> None:
    history = History(invocation=SimpleNamespace(number=1, name="invocation-1"))
    if "due_at" in item:
        item |= {"due_at": {"S": history.at(item["due_at"]).isoformat()}}
    history.world.table.items[history.id] = item
    history.at(10)
    asked = {"WorkspaceIds": [history.id]}
    history.world.answer(history.invocation, "workspaces", operation, asked)
    looks = history.world.oracles.looks
    assert bool(looks.states[history.id] or looks.sights) is not is_a_probe
