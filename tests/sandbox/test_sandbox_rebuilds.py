"""The model of a rebuild: everything that AWS may do between its acceptance and its last trace."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

import pytest

from sandbox import Course, Desktop, Desktops, Happening, LastKnown, Outcome, Row, State, Tempo
from sandbox.workspaces_api import WorkSpacesApi
from tests.times import minutes

from .conftest import At

MINUTE = 60


def rebuilt(model: Desktops, at: At, course: Course) -> Desktop:
    """A desktop whose rebuild was accepted at 0."""
    desktop = model.add(at(-600))
    desktop.faults.rebuild = course
    model.rebuild(desktop.id, at(0))
    return desktop


def test_a_late_rebuild_shows_the_old_state_until_it_begins(model: Desktops, at: At) -> None:
    desktop = rebuilt(model, at, Course(begins_after=minutes(9), takes=minutes(30)))
    seen = []
    for minute in (0, 8, 9, 38, 39):
        model.tick(at(minute * MINUTE))
        seen.append(desktop.state)
    available, rebuilding = State.AVAILABLE, State.REBUILDING
    assert seen == [available, available, rebuilding, rebuilding, available]
    assert desktop.rebuilds[0].begun_at == at(9 * MINUTE)


def test_whoever_comes_before_a_late_rebuild_begins_is_thrown_out_by_it(
    model: Desktops, at: At
) -> None:
    desktop = rebuilt(model, at, Course(begins_after=minutes(9)))
    model.sign_in(desktop.id, at(5 * MINUTE))
    model.collect()
    model.tick(at(10 * MINUTE))
    facts = model.collect()
    assert [fact.what for fact in facts] == [Happening.SESSION_ENDED, Happening.REBUILD_BEGUN]
    assert facts[0].at == at(9 * MINUTE)


def test_a_rebuild_that_never_ends_stays_in_its_state(model: Desktops, at: At) -> None:
    for course, state in (
        (Course(ends=None), State.REBUILDING),
        (Course(ends=State.SUSPENDED), State.SUSPENDED),
    ):
        desktop = rebuilt(model, at, course)
        model.tick(at(48 * 60 * MINUTE))
        assert desktop.state is state
        assert desktop.rebuilds[0].outcome is Outcome.NEVER_ENDS
        assert desktop.rebuilds[0].ends_at is None


def test_a_bad_end_that_heals_has_rebuilt_the_desktop(model: Desktops, at: At) -> None:
    desktop = rebuilt(model, at, Course(ends=State.UNHEALTHY, heals_after=minutes(6)))
    model.set_image(desktop.bundle_id, "wsi-later0001", at(1))
    desktop.root_volume = "used"
    model.tick(at(25 * MINUTE))
    assert (desktop.state, desktop.root_volume) == (State.UNHEALTHY, "used")
    model.tick(at(26 * MINUTE))
    assert (desktop.state, desktop.root_volume) == (State.AVAILABLE, desktop.image_id)
    assert desktop.rebuilds[0].outcome is Outcome.SUCCEEDS


def test_a_rebuild_passes_through_states_on_its_way(model: Desktops, at: At) -> None:
    way = ((State.MAINTENANCE, minutes(10)), (State.STARTING, minutes(1)))
    desktop = rebuilt(model, at, Course(takes=minutes(15), way=way, ends=State.STOPPED))
    seen = []
    for minute in (14, 15, 25, 26):
        model.tick(at(minute * MINUTE))
        seen.append(desktop.state.value)
    assert seen == ["REBUILDING", "MAINTENANCE", "STARTING", "STOPPED"]
    assert desktop.rebuilds[0].outcome is Outcome.SUCCEEDS


@pytest.mark.parametrize("same", [True, False])
def test_a_rebuild_may_give_the_old_address_again(model: Desktops, at: At, same: bool) -> None:
    desktop = rebuilt(model, at, Course(same_address=same))
    before = desktop.shown_address
    model.tick(at(30 * MINUTE))
    assert (desktop.shown_address == before) is same


def test_a_stopped_or_an_ipv6_only_desktop_shows_no_address(model: Desktops, at: At) -> None:
    stopped, modern = model.add(at(0)), model.add(at(0))
    model.set_state(stopped.id, State.STOPPED, at(1))
    modern.ipv6_only = True
    rows = WorkSpacesApi(model).call("DescribeWorkspaces", {}, at(2))["Workspaces"]
    assert ["IpAddress" in row for row in rows] == [False, False]


def test_the_connection_is_hidden_for_a_while_after_a_rebuild(model: Desktops, at: At) -> None:
    course = Course(takes=minutes(10), row=Row.MISSING, row_for=minutes(20))
    rebuilt(model, at, course)
    api = WorkSpacesApi(model)
    rows = []
    for minute in (9, 11, 29, 31):
        answer = api.call("DescribeWorkspacesConnectionStatus", {}, at(minute * MINUTE))
        rows.append(len(answer["WorkspacesConnectionStatus"]))
    assert rows == [1, 0, 0, 1]


def test_a_rebuild_may_move_last_known_or_drop_it(model: Desktops, at: At) -> None:
    moved = rebuilt(model, at, Course(touches_after=minutes(25)))
    dropped = rebuilt(model, at, Course(drops_last_known=True))
    for desktop in (moved, dropped):
        desktop.seen_at = at(-60)
    model.tick(at(40 * MINUTE))
    assert moved.sample is not None
    assert dropped.sample is not None
    assert moved.sample.last_user_connection == at(25 * MINUTE)
    assert dropped.sample.last_user_connection is None
    model.sign_in(dropped.id, at(41 * MINUTE))
    model.tick(at(50 * MINUTE))
    assert dropped.sample.last_user_connection is not None


def test_a_rebuild_may_count_a_disconnect_of_its_own(model: Desktops, at: At) -> None:
    rebuilt(model, at, Course(disconnects_after=minutes(20)))
    model.tick(at(19 * MINUTE))
    assert Happening.SESSION_ENDED not in [fact.what for fact in model.collect()]
    model.tick(at(21 * MINUTE))
    [fact] = [fact for fact in model.collect() if fact.what is Happening.SESSION_ENDED]
    assert fact.at == at(20 * MINUTE)


def test_a_second_rebuild_makes_void_what_the_first_would_have_shown(
    model: Desktops, at: At
) -> None:
    desktop = rebuilt(model, at, Course(ends=State.UNHEALTHY, heals_after=minutes(15)))
    desktop.faults.rebuild = Course(takes=minutes(60))
    model.tick(at(25 * MINUTE))
    model.rebuild(desktop.id, at(25 * MINUTE))
    model.tick(at(40 * MINUTE))
    assert desktop.state.value == "REBUILDING"
    model.tick(at(85 * MINUTE))
    assert desktop.state is State.AVAILABLE


def test_a_cause_spoils_every_rebuild_of_a_bundle_until_it_is_over(model: Desktops, at: At) -> None:
    first, second = model.add(at(0)), model.add(at(0))
    bundle = model.bundles[first.bundle_id]
    bundle.spoiled = State.UNHEALTHY
    model.rebuild(first.id, at(1))
    bundle.spoiled = None
    model.rebuild(second.id, at(2))
    model.tick(at(60 * MINUTE))
    assert [first.state, second.state] == [State.UNHEALTHY, State.AVAILABLE]


def test_a_cause_may_let_no_rebuild_of_a_bundle_end(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.bundles[desktop.bundle_id].spoiled = State.REBUILDING
    model.rebuild(desktop.id, at(1))
    model.tick(at(2000 * MINUTE))
    assert desktop.state is State.REBUILDING


@pytest.mark.parametrize("act", [Desktops.reboot, Desktops.restore])
def test_what_a_person_orders_ends_the_session_and_passes(
    model: Desktops, at: At, act: Callable[[Desktops, str, datetime], None]
) -> None:
    desktop = model.add(at(0))
    model.sign_in(desktop.id, at(1))
    act(model, desktop.id, at(60))
    assert desktop.state.value in ("REBOOTING", "RESTORING")
    assert Happening.SESSION_ENDED in [fact.what for fact in model.collect()]
    model.tick(at(30 * MINUTE))
    assert desktop.state is State.AVAILABLE


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(LastKnown.ABSENT, None), (LastKnown.MOVES, 0), (LastKnown.AHEAD, 30 * MINUTE)],
)
def test_last_known_may_be_absent_move_for_ever_or_be_ahead_of_its_check(
    at: At, fault: LastKnown, expected: float | None
) -> None:
    model = Desktops(Tempo(), random.Random(1))
    desktop = model.add(at(0))
    desktop.faults.last_known = fault
    model.tick(at(3600))
    assert desktop.sample is not None
    known = desktop.sample.last_user_connection
    ahead = None if known is None else (known - desktop.sample.checked_at).total_seconds()
    assert ahead == expected


def test_late_samples_come_every_half_an_hour(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    desktop.faults.row = Row.LATE
    checked = set()
    for minute in range(120):
        model.tick(at(minute * MINUTE))
        assert desktop.sample is not None
        checked.add(desktop.sample.checked_at)
    assert len(checked) in (4, 5)


def test_rows_and_bundles_may_say_less_than_they_should(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    desktop.faults.row = Row.EMPTY
    api = WorkSpacesApi(model)
    answer = api.call("DescribeWorkspacesConnectionStatus", {}, at(1))
    assert answer["WorkspacesConnectionStatus"] == [{}]
    bundle = model.bundles[desktop.bundle_id]
    bundle.shows_image = False
    [row] = api.call("DescribeWorkspaceBundles", {}, at(2))["Bundles"]
    assert "ImageId" not in row
    bundle.deleted = True
    assert api.call("DescribeWorkspaceBundles", {}, at(3))["Bundles"] == []
