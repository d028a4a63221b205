"""The WorkSpaces API through a real client: botocore checks what is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from nonpersistent.answers import Accepted, Outcome, Refused, Throttled, Unanswered, Unavailable
from nonpersistent.lease import REBUILD_RESERVE, Lease
from nonpersistent.ledger import Ledger
from nonpersistent.observation import Observation
from nonpersistent.pacing import Pacer
from nonpersistent.workspaces import (
    FAILURES_OF_AN_OUTAGE,
    MOST_PAGES,
    TRIES,
    WorkSpaces,
    in_batches,
)
from tests.unit.desktops import Answer, Desktop, Desktops, Fault
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, Timeline, at, fleet

URL = "https://workspaces.us-east-1.amazonaws.com/"
MANY = fleet(25)


class Left:
    """Seconds until the time-out."""

    seconds = 900.0


@pytest.fixture
def lease(ledger: Ledger, pacer: Pacer) -> Lease:
    return Lease(ledger, pacer, "me", lambda: Left.seconds)


@pytest.fixture
def api(desktops: Desktops, pacer: Pacer, lease: Lease) -> WorkSpaces:
    return WorkSpaces(desktops.client, pacer, lease)


def test_a_look_at_connections_alone_is_one_call(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[WS] = Desktop(checked_at=at(-3), last_at=at(-9, 0.1239))
    seen = Observation(NOON, connection="DISCONNECTED", checked_at=at(-3))
    assert api.look([WS], []) == {WS: replace(seen, last_connected_at=at(-9, 0.123))}
    assert desktops.names() == ["DescribeWorkspacesConnectionStatus"]


def test_a_look_at_states_tells_address_and_bundle(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.desks[WS] = Desktop(state="REBUILDING")
    seen = Observation(NOON, state="REBUILDING", state_asked=True, bundle_id=BUNDLE)
    assert api.look([], [WS]) == {WS: replace(seen, address="10.0.0.1", user="ada")}
    assert desktops.names() == ["DescribeWorkspaces"]


@pytest.mark.parametrize(
    "desk",
    [
        Desktop(row=False),
        Desktop(connection="UNKNOWN"),
        Desktop(checked_at=at(-10, -0.001)),
        Desktop(connection="CONNECTED", checked_at=at(-11)),
    ],
    ids=["no row", "unknown", "old", "frozen"],
)
def test_p1_where_the_connection_is_unclear_the_state_is_asked_for_and_the_look_is_no_younger(
    api: WorkSpaces, desktops: Desktops, desk: Desktop
) -> None:
    desk.state = "STOPPED"
    desktops.desks = {WS: desk, OTHER: Desktop(connection="CONNECTED", checked_at=at(-10))}
    seen = api.look([WS, OTHER], [])
    assert (seen[WS].state, seen[OTHER].state) == ("STOPPED", None)
    assert desktops.calls[1] == ("DescribeWorkspaces", {"WorkspaceIds": [WS]})
    assert seen[WS].looked_at == seen[OTHER].looked_at == NOON


def test_p1_a_look_of_several_calls_is_as_old_as_the_first(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks |= {id_: Desktop(checked_at=at(-10)) for id_ in fleet(51)}
    seen = api.look(fleet(51), [])
    assert {(each.looked_at, each.state_asked) for each in seen.values()} == {(NOON, False)}
    [again] = api.look(fleet(1), []).values()
    assert again.looked_at == desktops.times[3] == at(0, 1.5)


def test_p3_a_look_at_states_is_as_old_as_its_first_answer(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks |= {id_: Desktop(state="REBUILDING") for id_ in fleet(51)}
    seen = api.look([], fleet(51))
    assert {each.looked_at for each in seen.values()} == {NOON}


def test_p8_a_workspace_that_is_not_in_the_answer_has_no_state(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks[OTHER] = Desktop()
    seen = api.look([WS, OTHER], [OTHER])
    assert (seen[WS].state_asked, seen[WS].state) == (True, None)
    assert (seen[OTHER].state_asked, seen[OTHER].state) == (True, "AVAILABLE")


def test_p5_twenty_five_ids_share_a_call_and_nobody_is_asked_for_twice(
    api: WorkSpaces, desktops: Desktops
) -> None:
    ids = fleet(30)
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


def test_a_list_that_an_answer_leaves_out_is_empty(pacer: Pacer, lease: Lease) -> None:
    silent: Any = Silent()
    api = WorkSpaces(lambda: silent, pacer, lease)
    assert api.newest_snapshot(WS) is None
    assert api.look([WS], []) == {WS: Observation(at(0, 0.5), state_asked=True)}
    assert api.images([BUNDLE]) == {}
    assert api.rebuild(WS) == Accepted()


def test_p7_a_bundle_without_an_image_has_none(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.images = {BUNDLE: IMAGE, "wsb-without01": None}
    assert api.images([BUNDLE, "wsb-without01", "wsb-unknown01"]) == {BUNDLE: IMAGE}
    assert desktops.names() == ["DescribeWorkspaceBundles"]


NO_ANSWERS: list[Fault] = [
    ReadTimeoutError(endpoint_url=URL),
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]
BUSY: list[Fault] = [
    (400, code) for code in ("ThrottlingException", "Throttling", "RequestLimitExceeded")
]
ILL: list[Fault] = [(500, "InternalServerException"), (503, "ServiceUnavailable")]


@pytest.mark.parametrize("fault", NO_ANSWERS + BUSY + ILL, ids=str)
def test_p5_a_look_is_repeated_while_aws_is_throttling_or_ailing_and_rests_between(
    api: WorkSpaces, desktops: Desktops, fault: Fault
) -> None:
    desktops.desks[WS] = Desktop()
    desktops.faults["DescribeWorkspaces"] = [fault] * (TRIES - 1)
    assert api.look([], [WS])[WS].state == "AVAILABLE"
    assert desktops.times == [NOON, at(0, 1), at(0, 3 if fault in BUSY else 2)]
    api.look([], [WS])
    assert desktops.times[-1] - desktops.times[-2] == timedelta(seconds=0.5)


@pytest.mark.parametrize("fault", [(400, "AccessDeniedException"), *ILL])
def test_p2_snapshots_that_may_not_be_read_are_a_refusal_of_this_workspace(
    api: WorkSpaces, desktops: Desktops, fault: tuple[int, str]
) -> None:
    desktops.faults["DescribeWorkspaceSnapshots"] = [fault] * TRIES
    assert api.newest_snapshot(WS) == Refused(fault[1], "")


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


def test_p2_an_outage_is_not_mistaken_for_many_poisoned_workspaces(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks[OTHER] = Desktop()
    api.look([], [OTHER])
    desktops.faults["DescribeWorkspaces"] = [ILL[0]] * 99
    with pytest.raises(Unavailable, match="InternalServerException"):
        api.look([], MANY)
    assert len(desktops.calls) == 1 + FAILURES_OF_AN_OUTAGE


@pytest.mark.parametrize(
    ("error", "calls"), [((400, "InvalidParameterValuesException"), 11), ((500, "Internal"), 13)]
)
@pytest.mark.parametrize("operation", ["connections", "states"])
def test_p8_poison_a_batch_that_is_refused_is_halved_until_the_one_is_found(
    api: WorkSpaces, desktops: Desktops, error: tuple[int, str], calls: int, operation: str
) -> None:
    desktops.desks = {id_: Desktop() for id_ in MANY}
    desktops.poison[MANY[13]] = error
    seen = api.look(*((MANY, []) if operation == "connections" else ([], MANY)))
    assert {id_ for id_ in MANY if seen[id_].error} == {MANY[13]}
    assert seen[MANY[13]] == Observation(seen[MANY[0]].looked_at, error=error[1])
    known = {one.connection or one.state for id_, one in seen.items() if id_ != MANY[13]}
    assert known == {"DISCONNECTED" if operation == "connections" else "AVAILABLE"}
    assert len(desktops.calls) == calls


@pytest.mark.parametrize(
    "places",
    [range(3), range(11, 14), range(22, 25), range(7), (0, 7, 13, 19), (0, 3, 6, 9, 12, 15, 18)],
    ids=str,
)
def test_p8_up_to_seven_that_spoil_their_batch_are_no_outage(
    api: WorkSpaces, desktops: Desktops, places: Sequence[int]
) -> None:
    desktops.desks = {id_: Desktop() for id_ in MANY}
    ill = {MANY[place] for place in places}
    desktops.poison = dict.fromkeys(ill, (500, "Internal"))
    seen = api.look(MANY, [])
    assert {id_ for id_ in MANY if seen[id_].error} == ill


def test_p8_of_a_workspace_that_is_answered_with_an_error_no_state_is_asked_for(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks = {WS: Desktop(), OTHER: Desktop()}
    desktops.faults["DescribeWorkspacesConnectionStatus"] = [(400, "Odd"), (400, "Odd")]
    seen = api.look([WS, OTHER], [WS, OTHER])
    assert (seen[WS].error, seen[OTHER].state) == ("Odd", "AVAILABLE")
    assert desktops.calls[-1] == ("DescribeWorkspaces", {"WorkspaceIds": [OTHER]})


def test_p8_if_nobody_at_all_is_answered_it_is_no_workspaces_own_error(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks = {WS: Desktop(), OTHER: Desktop()}
    desktops.poison = {WS: (500, "Internal"), OTHER: (500, "Internal")}
    with pytest.raises(Unavailable, match="Internal"):
        api.look([WS, OTHER], [])
    desktops.poison.pop(OTHER)
    assert api.look([WS, OTHER], [])[WS].error == "Internal"


def row(id_: str, **details: str) -> Answer:
    return {"WorkspaceId": id_, "State": "AVAILABLE", **details}


def test_p8_a_right_that_the_function_lacks_is_no_workspaces_own_error(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.desks = {WS: Desktop(), OTHER: Desktop()}
    desktops.faults["DescribeWorkspacesConnectionStatus"] = [(400, "AccessDeniedException")]
    with pytest.raises(Unavailable, match="AccessDeniedException"):
        api.look([WS, OTHER], [])
    assert len(desktops.calls) == 1


def test_p8_half_page_pages_are_followed_to_their_end(api: WorkSpaces, desktops: Desktops) -> None:
    desktops.faults["DescribeWorkspaces"] = [
        {"Workspaces": [row(WS)], "NextToken": "one"},
        {"NextToken": "two"},
        {"Workspaces": [row(OTHER), row("ws-stranger1")]},
    ]
    seen = api.look([], [WS, OTHER])
    assert {id_: one.state for id_, one in seen.items()} == {WS: "AVAILABLE", OTHER: "AVAILABLE"}
    assert all(asked["WorkspaceIds"] == [WS, OTHER] for _, asked in desktops.calls)
    assert [asked.get("NextToken") for _, asked in desktops.calls] == [None, "one", "two"]
    assert desktops.times == [NOON, at(0, 0.5), at(0, 1)]


def test_p8_pages_that_never_end_end_nothing_else(api: WorkSpaces, desktops: Desktops) -> None:
    page: Answer = {"Workspaces": [row(WS)], "NextToken": "again"}
    desktops.faults["DescribeWorkspaces"] = [page] * 99
    assert api.look([], [WS])[WS].state == "AVAILABLE"
    assert len(desktops.calls) == MOST_PAGES


def test_p7_an_image_that_aws_does_not_tell_is_unknown_and_ends_no_pass(
    api: WorkSpaces, desktops: Desktops
) -> None:
    desktops.images["wsb-another01"] = "wsi-another01"
    desktops.poison[BUNDLE] = (400, "Odd")
    assert api.images([BUNDLE, "wsb-another01"]) == {"wsb-another01": "wsi-another01"}
    desktops.faults["DescribeWorkspaceBundles"] = [BUSY[0]] * TRIES
    answer: object = None
    with suppress(Unavailable):
        answer = api.images(["wsb-another01"])
    assert answer == {}


@pytest.mark.parametrize("error", [ILL[0], BUSY[0]])
def test_p5_the_time_and_the_lease_are_checked_between_tries(
    api: WorkSpaces, desktops: Desktops, monkeypatch: pytest.MonkeyPatch, error: Fault
) -> None:
    desktops.faults["DescribeWorkspaces"] = [error]
    monkeypatch.setattr(Left, "seconds", REBUILD_RESERVE + 0.5)
    with pytest.raises(Unavailable, match=r"^no_time_left$"):
        api.look([], [WS])
    assert len(desktops.calls) == 1


def test_p5_who_has_lost_the_lease_asks_nothing(
    api: WorkSpaces, desktops: Desktops, ledger: Ledger
) -> None:
    ledger.lease("another", NOON, at(1))
    with pytest.raises(Unavailable, match=r"^no_time_left$"):
        api.look([WS], [])
    assert desktops.calls == []


REFUSAL = "InvalidUserConfiguration.Workspace"


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [(None, Accepted()), (REFUSAL, Refused(REFUSAL, "")), ("ThrottlingException", Throttled())],
)
def test_p3_a_rebuild_is_asked_for_once_and_may_be_refused_in_an_answer_of_200(
    api: WorkSpaces, desktops: Desktops, refusal: str | None, outcome: Outcome
) -> None:
    desktops.desks[WS] = Desktop(refusal=refusal)
    assert api.rebuild(WS) == outcome
    assert desktops.rebuilds() == [WS]
    assert len(desktops.calls) == 1


OUTCOMES: list[tuple[Fault, Outcome]] = [
    *((fault, Throttled()) for fault in BUSY),
    (NO_ANSWERS[0], Unanswered("ReadTimeoutError")),
    (NO_ANSWERS[1], Throttled()),
    (NO_ANSWERS[2], Throttled()),
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


def test_p5_a_throttled_rebuild_makes_the_pacer_rest_and_an_accepted_one_ends_that(
    api: WorkSpaces, desktops: Desktops, pacer: Pacer, time: Timeline
) -> None:
    desktops.desks[WS] = Desktop()
    desktops.faults["RebuildWorkspaces"] = [BUSY[0], BUSY[0]]
    assert [api.rebuild(WS), api.rebuild(WS)] == [Throttled(), Throttled()]
    assert time.now == at(0, 1)
    assert pacer.next_call_at == at(0, 3)
    assert api.rebuild(WS) == Accepted()
    time.now = at(1)
    pacer.throttled()
    assert pacer.next_call_at == at(1, 1)


def test_batches_keep_the_order() -> None:
    assert list(in_batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
