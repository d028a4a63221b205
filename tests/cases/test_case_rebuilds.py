"""A rebuild after it was accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.course import Course
from sandbox.states import Row, State
from simulation.faults import Fate
from tests.cases.scripted import DAY, HOUR, Case
from tests.cases.working import rebuilt
from tests.times import minutes

NO_CANARY = pytest.mark.parametrize("canary_after", [12.0, None])
"""A canary is looked at more often than the others."""


@NO_CANARY
def test_same_address(canary_after: float | None) -> None:
    course = Course(takes=minutes(30), same_address=True)
    case = rebuilt(course, 8 * HOUR, audit_at=20, canary_after=canary_after)
    assert case.rebuilds() == 1
    assert len(case.logged("finished", 0)) == 1
    assert not case.rang()


@NO_CANARY
@pytest.mark.parametrize("same_address", [False, True])
def test_late_start(canary_after: float | None, same_address: bool) -> None:
    case = Case(canary_after=canary_after)
    case.rebuilds_go(Course(begins_after=minutes(9), takes=minutes(20), same_address=same_address))
    case.session()
    case.after_acceptance.append((6, case.audit))
    case.plays(8 * HOUR)
    assert case.rebuilds() == 1
    assert len(case.logged("finished", 0)) == 1
    assert not case.rang()


def test_never_ends() -> None:
    case = rebuilt(Course(ends=None), 48 * HOUR, every_tick=False)
    [(accepted, _)] = case.accepted
    [rang] = case.rang()
    assert case.rang("endless") == [rang]
    assert accepted + 2 * HOUR < rang < accepted + 4 * HOUR
    assert not case.calmed()
    assert case.named() == {case.ids[0]: "REBUILDING"}
    case.fleet.complete(case.ids[0], case.agenda.now)
    case.plays(50 * HOUR)
    assert len(case.calmed("endless")) == 1
    assert case.rebuilds() == 1


def test_ends_impaired() -> None:
    case = rebuilt(Course(ends=State.IMPAIRED), 48 * HOUR, every_tick=False)
    [(accepted, _)] = case.accepted
    [rang] = case.rang()
    assert accepted < rang < accepted + 2 * HOUR
    assert not case.calmed()
    assert case.named() == {case.ids[0]: "IMPAIRED"}


def test_bad_while_stopped() -> None:
    case = Case(30).everybody_leaves()

    def stop_all() -> None:
        for id_ in case.ids:
            case.fleet.stop(id_, case.agenda.now)

    case.at(1, stop_all)
    bundle = case.desktop().bundle_id
    case.fleet.set_image(bundle, "wsi-0000000bad", case.agenda.now, bad=True)
    case.rebuilds_go(Course(begins_after=minutes(7)))
    case.plays(8 * HOUR)
    assert len({id_ for _, id_ in case.accepted}) == 3
    assert not case.logged("trusted")
    assert len(case.rang("held-bundle")) == 1
    assert not case.calmed("held-bundle")
    assert bundle in case.named()
    case.fleet.set_image(bundle, "wsi-0000000good", case.agenda.now)
    case.plays(11 * HOUR)
    assert all(desktop.image_id == "wsi-0000000good" for desktop in case.fleet.fleet.values())
    assert not case.judge.ringing


ILL_FOR_SIX = Course(ends=State.UNHEALTHY, heals_after=minutes(6))


def test_ill_for_six() -> None:
    case = Case(10).everybody_leaves()
    case.fleet.set_image(case.desktop().bundle_id, "wsi-0000000new", case.agenda.now)
    case.rebuilds_go(ILL_FOR_SIX)
    case.plays(8 * HOUR)
    assert sorted(id_ for _, id_ in case.accepted) == case.ids
    assert all(desktop.image_id == "wsi-0000000new" for desktop in case.fleet.fleet.values())
    assert not case.logged("failed")
    assert not case.logged("held_bundle")
    assert not case.rang()


def test_ill_without_image() -> None:
    case = Case(10).everybody_leaves(apart=25)
    case.rebuilds_go(ILL_FOR_SIX)
    case.after_acceptance.append((20 + 3, case.audit))
    case.plays(10 * HOUR)
    assert sorted(id_ for _, id_ in case.accepted) == case.ids
    assert not case.logged("failed")
    assert not case.rang()


@pytest.mark.parametrize("row", [Row.UNKNOWN, Row.SAMPLED])
def test_unhealthy_for_good(row: Row) -> None:
    course = Course(ends=State.UNHEALTHY, row=row, row_for=timedelta(days=9))
    case = rebuilt(course, 3 * DAY, every_tick=False)
    first = case.accepted[0][0]
    assert 2 <= sum(minute <= first + DAY for minute, _ in case.accepted) <= 3
    later = [minute for minute, _ in case.accepted if minute > first + DAY]
    assert len(later) == pytest.approx(2, abs=1)
    [rang] = case.rang()
    assert first < rang < first + 2 * HOUR
    assert not case.calmed()
    assert case.named() == {case.ids[0]: "UNHEALTHY"}


def test_dead_key() -> None:
    case = Case(31)
    case.session(30, ends=-55, lasts=4)
    case.at(0, lambda: setattr(case.fleet.bundles[bundle], "spoiled", State.ERROR))
    for number in range(30):
        case.session(number, ends=20.0 * number)
    bundle = case.desktop().bundle_id
    case.plays(11 * HOUR)
    assert case.logged("trusted", 30), "the image is known"
    told = case.when("failed")
    in_flight = {id_ for minute, id_ in case.accepted if 0 < minute < told[0]}
    later = {id_ for minute, id_ in case.accepted if minute > told[0]}
    assert len(later - in_flight) <= 3
    assert len(later | in_flight) <= 3 + len(in_flight)
    [rang] = case.rang("held-bundle")
    assert told[2] <= rang <= told[2] + 10
    assert not case.calmed("held-bundle")


def test_bundle_of_two() -> None:
    """Both are lost to a key that is disabled for five hours: they are no three, so nothing is
    held, and each is tried again until it is rebuilt."""
    case = Case(2)
    bundle = case.fleet.bundles[case.desktop().bundle_id]
    case.at(0, lambda: setattr(bundle, "spoiled", State.ERROR))
    case.at(5 * HOUR, lambda: setattr(bundle, "spoiled", None))
    case.everybody_leaves()
    case.plays(16 * HOUR)
    assert [len(case.logged("failed", number)) for number in range(2)] == [2, 2]
    assert [len(case.logged("finished", number)) for number in range(2)] == [1, 1]
    assert len(case.rang("blocked")) == len(case.calmed("blocked")) == 1
    assert not case.rang("held-bundle")


@pytest.mark.parametrize(
    "ends", [Course(takes=minutes(20), ends=State.IMPAIRED), Course(ends=None)], ids=str
)
@pytest.mark.parametrize("image", [None, "wsi-0000000good"])
def test_held_by_what_cannot_be_tried(ends: Course, image: str | None) -> None:
    """Nobody may rebuild the three that are lost. The cause is cured after nine hours."""
    case = Case(8, every_tick=False).everybody_leaves(apart=1)
    case.rebuilds_go(ends)
    case.at(9 * HOUR, lambda: case.rebuilds_go(Course()))
    if image is not None:
        bundle_id = case.desktop().bundle_id
        case.at(10 * HOUR, lambda: case.fleet.set_image(bundle_id, image, case.agenda.now))
    case.plays(9 * HOUR)
    assert len(case.accepted) == 3
    case.plays((4.6 if image is None else 1.5) * DAY)
    assert len({id_ for _, id_ in case.accepted}) == 8
    assert len(case.rang("held-bundle")) == len(case.calmed("held-bundle")) == 1


@pytest.mark.parametrize("touched", [0, 5, 19, 25, 40, 49])
def test_touched(touched: float) -> None:
    case = rebuilt(Course(touches_after=minutes(touched)), 24 * HOUR, every_tick=False)
    assert case.rebuilds() == 1
    assert not case.rang()


@pytest.mark.parametrize("published", [5, 20, 30, 45])
def test_own_disconnect(published: float) -> None:
    case = rebuilt(Course(disconnects_after=minutes(published)), 24 * HOUR, every_tick=False)
    assert len([line for line in case.logged("recorded") if line["signal"] == "session_end"]) == 2
    assert case.rebuilds() == 1
    assert not case.rang()


def test_long_audit_interval() -> None:
    case = rebuilt(Course(takes=minutes(30), ends=State.ERROR), 4 * HOUR, audit_interval=240)
    accepted, _ = case.accepted[0]
    assert accepted + 30 < case.when("failed")[0] <= accepted + 30 + 20


def test_repeated_claim() -> None:
    """botocore repeats what DynamoDB has done; the repetition's condition does not hold."""
    repeated: list[str] = []

    def once(_: str, operation: str, given: dict[str, Any]) -> Fate | None:
        if operation != "PutItem" or "claim" not in given["Item"] or repeated:
            return None
        repeated.append(given["Item"]["id"]["S"])
        return Fate.LOST_WORKED

    case = Case()
    case.fates = once
    case.session()
    case.plays(8 * HOUR)
    assert repeated == [case.ids[0]]
    assert case.rebuilds() == 1
    assert len(case.logged("finished", 0)) == 1
    assert not case.logged("failed")
    assert not case.rang()
