"""The WorkSpaces API through a real client: botocore checks what is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from nonpersistent.answers import (
    Accepted,
    Outcome,
    Refused,
    Throttled,
    Unanswered,
    Unavailable,
)
from nonpersistent.facts import Observation
from nonpersistent.pacing import Pacer
from nonpersistent.workspaces import TRIES, WorkSpaces, in_batches
from tests.unit.desktops import Answer, Desktop, Desktops, Fault
from tests.unit.support import BUNDLE, NOON, OTHER, WS, VirtualClock, at

URL = "https://workspaces.us-east-1.amazonaws.com/"


@pytest.fixture
def pacer(clock: VirtualClock) -> Pacer:
    return Pacer(2, clock)


@pytest.fixture
def api(desktops: Desktops, pacer: Pacer, clock: VirtualClock) -> WorkSpaces:
    return WorkSpaces(desktops.client, pacer, clock)


def test_a_look_at_connections_alone_is_one_call(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[WS] = Desktop(checked_at=at(-3), last_at=at(-9, 0.1239))
    assert api.look([WS], []) == {
        WS: Observation(
            NOON, connection="DISCONNECTED", checked_at=at(-3), last_connected_at=at(-9, 0.123)
        )
    }
    assert desktops.names() == ["DescribeWorkspacesConnectionStatus"]
    assert len(desktops.calls) == 1


def test_a_look_at_states_tells_address_and_bundle(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[WS] = Desktop(state="REBUILDING")
    assert api.look([], [WS]) == {
        WS: Observation(NOON, state="REBUILDING", address="10.0.0.1", bundle_id=BUNDLE)
    }
    assert desktops.names() == ["DescribeWorkspaces"]


@pytest.mark.parametrize(
    "desk", [Desktop(row=False), Desktop(connection="UNKNOWN")], ids=["no row", "unknown"]
)
def test_p1_where_the_connection_is_unknown_the_state_is_asked_for(
    api: WorkSpaces, desktops: Desktops, desk: Desktop
) -> None:
    desk.state = "STOPPED"
    desktops.desks = {WS: desk, OTHER: Desktop(connection="CONNECTED")}
    seen = api.look([WS, OTHER], [])
    assert (seen[WS].state, seen[OTHER].state) == ("STOPPED", None)
    assert desktops.calls[1] == ("DescribeWorkspaces", {"WorkspaceIds": [WS]})
    assert seen[WS].looked_at == at(0, 0.5)


def test_a_workspace_that_aws_does_not_know_is_missing(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[OTHER] = Desktop()
    seen = api.look([WS, OTHER], [OTHER])
    assert (seen[WS].missing, seen[OTHER].missing) == (True, False)


def test_p5_twenty_five_ids_share_a_call_and_nobody_is_asked_for_twice(
    api: WorkSpaces, desktops: Desktops
) -> None:
    ids = [f"ws-{number:09}" for number in range(30)]
    desktops.desks = {id_: Desktop(connection="UNKNOWN") for id_ in ids}
    seen = api.look(ids, ids)
    assert list(seen) == ids
    assert {one.state for one in seen.values()} == {"AVAILABLE"}
    assert [len(request["WorkspaceIds"]) for _, request in desktops.calls] == [25, 5, 25, 5]
    assert desktops.times == [at(0, 0.5 * n) for n in range(4)]


def test_nothing_to_look_at_costs_nothing(api: WorkSpaces, desktops: Desktops) -> None:
    assert (api.look([], []), desktops.calls) == ({}, [])


def test_the_newest_snapshot_counts(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks = {WS: Desktop(snapshot_at=at(-30)), OTHER: Desktop()}
    assert api.newest_snapshot(WS) == at(-30)
    assert api.newest_snapshot(OTHER) is None


class Silent:
    """A client whose answers leave out what is empty."""

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        return lambda **_: {}


def test_a_list_that_an_answer_leaves_out_is_empty(pacer: Pacer, clock: VirtualClock) -> None:
    silent: Any = Silent()
    api = WorkSpaces(lambda: silent, pacer, clock)
    assert api.newest_snapshot(WS) is None
    assert api.look([WS], []) == {WS: Observation(clock.now(), missing=True)}
    assert api.rebuild(WS) == Accepted()


def test_p7_a_bundle_without_an_image_has_none(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.images = {BUNDLE: "wsi-first0001", "wsb-without01": None}
    assert api.images([BUNDLE, "wsb-without01", "wsb-unknown01"]) == {BUNDLE: "wsi-first0001"}
    assert desktops.names() == ["DescribeWorkspaceBundles"]


NO_ANSWERS: list[Fault] = [
    ReadTimeoutError(endpoint_url=URL),
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]
BUSY: list[Fault] = [
    (400, "ThrottlingException"),
    (400, "Throttling"),
    (400, "RequestLimitExceeded"),
]
ILL: list[Fault] = [(500, "InternalServerException"), (503, "ServiceUnavailable")]


@pytest.mark.parametrize("fault", NO_ANSWERS + BUSY + ILL, ids=str)
def test_p5_a_look_is_repeated_while_aws_is_throttling_or_ailing_and_rests_between(
    api: WorkSpaces, desktops: Desktops, fault: Fault
) -> None:
    desktops.desks[WS] = Desktop()
    desktops.faults["DescribeWorkspaces"] = [fault] * (TRIES - 1)
    assert api.look([], [WS])[WS].state == "AVAILABLE"
    assert desktops.times == [NOON, at(0, 1), at(0, 3)]
    api.look([], [WS])
    assert desktops.times[-1] == at(0, 3.5)


def test_p2_snapshots_that_may_not_be_read_are_a_refusal_of_this_workspace(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
    assert api.newest_snapshot(WS) == Refused("AccessDeniedException", "said the test")


@pytest.mark.parametrize(
    ("fault", "why"), [(NO_ANSWERS[0], "ReadTimeoutError"), (BUSY[0], "ThrottlingException")]
)
def test_p2_an_api_that_does_not_answer_leaves_everything_due(
    api: WorkSpaces, desktops: Desktops, fault: Fault, why: str
) -> None:
    desktops.faults["DescribeWorkspaces"] = [fault] * TRIES
    with pytest.raises(Unavailable, match=why):
        api.look([], [WS])
    assert len(desktops.calls) == TRIES


def test_an_error_that_cannot_be_placed_is_raised_at_once(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.faults["DescribeWorkspaces"] = [(400, "AccessDeniedException")]
    with pytest.raises(ClientError, match="AccessDenied"):
        api.look([], [WS])
    assert len(desktops.calls) == 1


def test_p3_a_rebuild_is_asked_for_once(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[WS] = Desktop()
    assert api.rebuild(WS) == Accepted()
    assert desktops.rebuilds() == [WS]
    assert len(desktops.calls) == 1


def test_p6_a_refusal_in_an_answer_of_200(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[WS] = Desktop(refusal="InvalidUserConfiguration.Workspace")
    assert api.rebuild(WS) == Refused("InvalidUserConfiguration.Workspace", "")


OUTCOMES: list[tuple[Fault, Outcome]] = [
    *((fault, Throttled()) for fault in BUSY),
    (NO_ANSWERS[0], Unanswered("ReadTimeoutError")),
    (NO_ANSWERS[1], Unanswered("ConnectTimeoutError")),
    (ILL[0], Unanswered("InternalServerException")),
    ((400, "AccessDeniedException"), Refused("AccessDeniedException", "said the test")),
]


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES, ids=str)
def test_p3_whatever_the_answer_a_rebuild_is_asked_for_once(
    api: WorkSpaces, desktops: Desktops, fault: Fault, outcome: Outcome
) -> None:
    desktops.faults["RebuildWorkspaces"] = [fault, fault]
    assert api.rebuild(WS) == outcome
    assert desktops.rebuilds() == [WS]


def test_a_throttled_row_is_no_refusal(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks = {WS: Desktop(refusal="ThrottlingException")}
    assert api.rebuild(WS) == Throttled()


def test_p5_a_throttled_rebuild_makes_the_pacer_rest_and_an_accepted_one_ends_that(
    api: WorkSpaces, desktops: Desktops, pacer: Pacer, clock: VirtualClock
) -> None:
    desktops.desks[WS] = Desktop()
    desktops.faults["RebuildWorkspaces"] = [BUSY[0], BUSY[0]]
    assert [api.rebuild(WS), api.rebuild(WS)] == [Throttled(), Throttled()]
    assert pacer.next_call_at == at(0, 2)
    assert api.rebuild(WS) == Accepted()
    clock.set(at(1))
    pacer.throttled()
    assert pacer.next_call_at == at(1, 1)


def test_batches_keep_the_order() -> None:
    assert list(in_batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
