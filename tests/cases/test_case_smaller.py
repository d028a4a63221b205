"""Smaller faults."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sandbox.course import Course
from simulation import messages
from tests.cases.scripted import HOUR, Answer, Case, Given
from tests.cases.working import in_berlin, rebuilt
from tests.times import minutes


@pytest.mark.parametrize("takes", [20, 40, 70])
def test_rebuild_seconds(takes: float) -> None:
    """They tell how long the rebuild took, not when an audit came by."""
    case = rebuilt(Course(takes=minutes(takes)), 4 * HOUR, audit_interval=240)
    [finished] = case.logged("finished")
    assert 60 * takes <= finished["took_seconds"] <= 60 * (takes + 6)


def test_request_delivered_twice() -> None:
    case = Case(every_tick=False)
    ask = {"task": "rebuild", "workspace_ids": case.ids, "asked_at": case.zero.isoformat()}
    for minute in (0, 75):
        case.at(minute, lambda: case.tell(ask))
    case.oracles.loops.requests.append(lambda *_: True)
    case.plays(6 * HOUR)
    assert case.rebuilds() == 1


def test_release_overtaken_by_a_hold() -> None:
    case = Case(every_tick=False)
    case.session(ends=30)
    made = [(case.zero + minutes(minute)).isoformat() for minute in (0, 10)]
    release = {"task": "release", "workspace_ids": case.ids, "asked_at": made[0]}
    hold = {"workspace_ids": case.ids, "asked_at": made[1], "hours": 9, "reason": "forensics"}
    case.at(10, lambda: case.tell({"task": "hold", **hold}))
    case.at(40, lambda: case.tell(release))
    case.plays(9 * HOUR)
    assert case.rebuilds() == 0
    case.plays(11 * HOUR)
    assert case.rebuilds() == 1


def test_slot_of_the_rate() -> None:
    """Of 20 WorkSpaces every second one is signed in to just before its turn."""
    case = Case(20, canary_after=None).everybody_leaves()

    def come_back(_: Given) -> Answer | None:
        if not case.accepted:
            for id_ in case.ids[1::2]:
                case.tell(messages.sign_in(id_, case.agenda.now))
        return None

    case.instead["RebuildWorkspaces"] = come_back
    case.plays(35)
    asked = [at for at, operation, _ in case.calls if operation == "RebuildWorkspaces"]
    assert {line["reason"] for line in case.logged("deferred")} >= {"superseded"}
    assert 10 <= len(asked) <= 11
    assert max((later - at).total_seconds() for at, later in pairwise(asked)) < 0.8


def test_grace_0_refused() -> None:
    """AWS refuses for 20 minutes: that does not use up what is tried."""
    case = Case(grace=0)
    asked: list[float] = []

    def refuse(given: Given) -> Answer | None:
        asked.append(case.minute)
        if case.minute > asked[0] + 20:
            return None
        [request] = given["RebuildWorkspaceRequests"]
        code = "InvalidResourceState.Workspace"
        return 200, {"FailedRequests": [{**request, "ErrorCode": code, "ErrorMessage": "?"}]}

    case.instead["RebuildWorkspaces"] = refuse
    case.session()
    case.plays(2 * HOUR)
    assert sum(at <= asked[0] + 3 for at in asked) == 1
    assert case.rebuilds() == 1
    assert case.accepted[0][0] < 40
    assert not case.logged("failed")


def test_grace_0_never_begins() -> None:
    case = rebuilt(Course(begins=False), HOUR, grace=0)
    assert case.rebuilds() == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("01:30", "02:30"),
        ("02:00", "03:00"),
        ("02:15", "02:45"),
        ("02:30", "03:30"),
        ("02:30", "05:00"),
        ("23:00", "02:30"),
    ],
)
def test_missing_hour(start: str, end: str) -> None:
    """On 29 March 2026 clocks in Berlin skip what lies between 02:00 and 03:00."""
    case = in_berlin(start, end)
    case.plays(26 * HOUR)
    [(minute, _)] = case.accepted
    assert minute < 22 * HOUR
    assert not case.rang()
