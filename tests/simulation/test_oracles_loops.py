"""The judge of P3: one session end, one rebuild, and what is a repetition that is right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.course import Course
from sandbox.states import LastKnown, State
from tests.simulation.histories import BAD, CALM, GOOD, History
from tests.times import minutes

SHAKEN = replace(CALM, weather="calls", faults={"time_out_worked": 0.1})


def test_p3_a_rebuild_of_what_nobody_has_used_is_seen(history: History) -> None:
    history.rebuild(90)
    assert history.broken == ["P3"]


def test_p3_one_rebuild_for_each_session_is_right(history: History) -> None:
    for start in (10, 200, 400):
        history.session(start, start + 20)
        history.rebuild(start + 50)
    assert history.broken == []


@pytest.mark.parametrize(
    "course",
    [
        GOOD,
        Course(takes=minutes(30), same_address=True),
        Course(begins_after=minutes(12), takes=minutes(10)),
        Course(takes=minutes(30), touches_after=minutes(50)),
        Course(takes=minutes(30), disconnects_after=minutes(20)),
        Course(takes=minutes(30), ends=State.UNHEALTHY, heals_after=minutes(6)),
    ],
)
def test_p3_a_second_rebuild_for_one_session_end_is_seen(used: History, course: Course) -> None:
    used.rebuild(90, course)
    for minute in range(98, 200, 8):
        used.look(minute)
    used.rebuild(200)
    assert "P3" in used.broken


def test_p3_a_bad_end_that_was_seen_once_is_not_enough(used: History) -> None:
    used.rebuild(90, BAD)
    used.look(121)
    used.rebuild(130, look=False)
    assert "P3" in used.broken


def test_p3_two_sights_with_a_good_one_between_them_are_not_enough(used: History) -> None:
    used.rebuild(90, replace(BAD, heals_after=minutes(5)))
    used.look(122)
    used.look(126)
    used.world.fleet.set_state(used.id, State.ERROR, used.at(130))
    used.look(133)
    used.rebuild(134)
    assert "P3" in used.broken


def test_p3_a_bad_end_that_was_seen_twice_is_tried_again_and_is_not_the_end_of_the_next(
    used: History,
) -> None:
    used.rebuild(90, BAD)
    used.look(121)
    used.look(132)
    used.rebuild(250, Course(begins_after=minutes(12), takes=minutes(60)))
    assert used.broken == []
    used.look(251)
    used.look(261.5)
    used.rebuild(261.9, look=False)
    assert "P3" in used.broken


def test_p3_a_rebuild_that_never_began_is_tried_again(used: History) -> None:
    used.rebuild(90, Course(begins=False))
    used.rebuild(215)
    assert used.broken == []


def failing(history: History, *rebuilds: float) -> None:
    """Rebuilds that all end badly, each seen twice."""
    history.session(10, 60)
    for minute in rebuilds:
        history.rebuild(minute, BAD)
        history.look(minute + 35)
        history.look(minute + 46)


def test_p3_three_in_the_first_day_and_then_one_a_day_is_no_loop(history: History) -> None:
    failing(history, 90, 250, 770, 770 + 1475, 770 + 2 * 1475)
    assert history.broken == []


@pytest.mark.parametrize(
    "rebuilds", [(90, 250, 400, 550), (90, 250, 770, 770 + 1475, 770 + 1475 + 600)]
)
def test_p3_a_loop_is_seen(history: History, rebuilds: tuple[float, ...]) -> None:
    failing(history, *rebuilds)
    assert history.broken == ["P3"]


def test_p3_another_image_may_be_tried_at_once(history: History) -> None:
    failing(history, 90, 250, 400)
    bundle = history.world.fleet.fleet[history.id].bundle_id
    history.world.fleet.set_image(bundle, "wsi-another", history.at(450))
    history.rebuild(460)
    assert history.broken == []


def test_p3_who_could_not_look_is_excused_where_something_kept_the_function_from_looking() -> None:
    for scenario, broken in ((CALM, ["P3"]), (SHAKEN, [])):
        history = History(scenario)
        history.session(10, 60)
        history.rebuild(90)
        history.rebuild(200)
        assert history.broken == broken


def test_p3_what_a_person_did_may_look_like_a_use(used: History) -> None:
    used.rebuild(90)
    used.world.fleet.disturbed_at[used.id] = used.at(150)
    used.rebuild(200)
    assert used.broken == []


def test_p3_a_last_connection_that_lies_looks_like_a_use_as_long_as_it_lies() -> None:
    history = History()
    history.world.fleet.set_last_known(history.id, LastKnown.MOVES, history.at(10))
    history.rebuild(90)
    assert history.broken == []
    history.world.fleet.set_last_known(history.id, LastKnown.TRUE, history.at(91))
    history.rebuild(300)  # it may have looked like a use a moment ago
    assert history.broken == []
    history.rebuild(500)
    assert history.broken == ["P3"]
