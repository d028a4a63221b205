"""Answers of AWS, and neighbours."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from simulation import messages
from simulation.faults import Fate
from tests.cases.scripted import DAY, HOUR, Answer, Case, Given
from tests.cases.working import keeps, snapshot_calls, work
from tests.times import minutes

THROTTLING = sorted(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"])

LOOKS = ("DescribeWorkspaces", "DescribeWorkspacesConnectionStatus")


def in_pages(rows: str, size: int) -> Callable[[Given, Answer], Answer]:
    """AWS shows so many rows at a time."""

    def page(given: Given, answer: Answer) -> Answer:
        status, body = answer
        token = {"NextToken": str(int(given.get("NextToken") or 0) + size)}
        more = token if len(body[rows]) > size else {}
        return status, {rows: body[rows][:size], **more}

    return page


@pytest.mark.parametrize("operation", LOOKS)
def test_poison_400(operation: str) -> None:
    case = Case(4).everybody_leaves()
    case.api.poison.ids[operation] = {case.ids[2]}
    case.plays(4 * HOUR)
    assert [case.rebuilds(number) for number in range(4)] == [1, 1, 0, 1]
    assert list(case.named()) == [case.ids[2]]
    assert "ValidationException" in case.named()[case.ids[2]]


@pytest.mark.parametrize("operation", LOOKS)
def test_poison_5xx(operation: str) -> None:
    case = Case(12).everybody_leaves()
    case.api.poison.ids[operation], case.api.poison.status = {case.ids[7]}, 500
    case.plays(4 * HOUR)
    assert [case.rebuilds(number) for number in range(12)] == [1] * 7 + [0] + [1] * 4
    assert list(case.named()) == [case.ids[7]]
    assert "InternalServerError" in case.named()[case.ids[7]]


@pytest.mark.parametrize("size", [1, 2])
def test_half_page(size: int) -> None:
    case = Case(4).everybody_leaves()
    case.answers["DescribeWorkspaces"] = in_pages("Workspaces", size)
    rows = "WorkspacesConnectionStatus"
    case.answers["DescribeWorkspacesConnectionStatus"] = in_pages(rows, size)
    case.plays(4 * HOUR)
    assert [case.rebuilds(number) for number in range(4)] == [1] * 4
    assert "not_found" not in {line.get("reason") for _, line in case.said}
    assert not case.rang()


@pytest.mark.parametrize("then", ["the rest", "nothing"])
def test_bundle_page(then: str) -> None:
    """10 WorkSpaces are owed; the first answer about their new image is an empty page."""
    case, bundle_known = Case(11), -20.0
    case.session(10, ends=-55, lasts=4)
    for number in range(10):
        case.session(number)
    bundle = case.desktop().bundle_id
    asked: list[Given] = []

    def page(given: Given, answer: Answer) -> Answer:
        if case.minute < bundle_known:
            return answer
        asked.append(given)
        empty = len(asked) == 1 or (len(asked) == 2 and then == "nothing")
        more = {"NextToken": "1"} if len(asked) == 1 else {}
        return (200, {"Bundles": [], **more}) if empty else answer

    case.answers["DescribeWorkspaceBundles"] = page
    now = case.agenda.now
    case.at(10, lambda: case.fleet.set_image(bundle, "wsi-000000new", now))
    bundle_known = 11.0
    case.plays(4 * HOUR)
    assert asked[1].get("NextToken") == "1"
    requests = [line for line in case.logged("rebuild_requested") if line["image_id"][-3:] == "new"]
    assert [line["canary"] for line in requests] == [True] + [False] * 9
    proof, others = case.when("trusted")[-1], [at for at, _ in case.accepted[2:]]
    assert case.accepted[1][0] < proof < min(others)
    assert not case.rang()


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0])
def test_joined_mid_audit(seconds: float) -> None:
    """30 WorkSpaces take the audit two batches; the last one joins, and its session has ended."""
    case = Case(30)
    newcomer = case.ids[29]
    case.leaves(newcomer)
    case.session(29, ends=-5)

    def join() -> None:
        case.joins(newcomer)
        case.tell_session_end(newcomer)

    case.at(-10, lambda: case.during_audit.append((seconds, join)))
    case.plays(3 * HOUR)
    assert not case.during_audit
    assert not case.logged("forgotten", 29)
    assert case.rebuilds(29) == 1


@pytest.mark.parametrize("seconds", [0.02, 0.3, 0.6, 1.0, 1.5, 30.0])
@pytest.mark.parametrize("grace", [20.0, 0.0])
def test_left_mid_audit(seconds: float, grace: float) -> None:
    """Every signal of the session is lost: only the audit can find it."""
    case = Case(30, audit_at=25, grace=grace)
    leaver = case.ids[29]
    case.losing = True
    case.session(29)
    case.at(20, lambda: case.during_audit.append((seconds, lambda: case.leaves(leaver))))
    case.plays(3 * HOUR)
    left = case.oracles.off_roster_since[leaver]
    asked = [at for at, operation, _ in case.calls if operation == "RebuildWorkspaces"]
    batch = minutes(0.25)  # is worked off on the roster that was read at its beginning
    assert all(at <= left + batch for at in asked)


@pytest.mark.parametrize("in_failed_requests", [False, True])
@pytest.mark.parametrize("code", THROTTLING)
def test_throttle_codes(code: str, in_failed_requests: bool) -> None:
    case, throttled = Case(), list[str]()

    def throttle(given: Given) -> Answer | None:
        if len(throttled) == 2:
            return None
        [request] = given["RebuildWorkspaceRequests"]
        throttled.append(request["WorkspaceId"])
        if in_failed_requests:
            return 200, {"FailedRequests": [{**request, "ErrorCode": code, "ErrorMessage": "?"}]}
        return 400, {"__type": code, "message": "Rate exceeded"}

    case.instead["RebuildWorkspaces"] = throttle
    case.session()
    case.plays(1.5 * HOUR)
    assert throttled == [case.ids[0]] * 2
    assert not case.logged("refused")
    assert [line["reason"] for line in case.logged("deferred")].count("throttled") == 2
    assert case.rebuilds() == 1
    assert case.accepted[0][0] < 40
    assert not case.rang()


@pytest.mark.parametrize("missing", ["MetricName", "Namespace"])
def test_no_metric_name(missing: str) -> None:
    case = Case()
    event = messages.session_end(case.ids[0], case.zero, case.zero)
    notification = event["Records"][0]["Sns"]
    message = json.loads(notification["Message"])
    del message["Trigger"][missing]
    notification["Message"] = json.dumps(message)
    case.at(0, lambda: case.tell(event))
    case.plays(4 * HOUR)
    [ignored] = case.logged("ignored")
    assert ignored["reason"] == {"MetricName": "another_metric"}.get(missing, "another_namespace")
    assert not case.logged("recorded")
    assert case.rebuilds() == 0


@pytest.mark.parametrize(("days", "sessions"), [(2, (1, 2, 3)), (4, (1,))])
def test_keep_calls(days: int, sessions: tuple[int, ...]) -> None:
    """The first question of a WorkSpace comes too early: it tells when snapshots are made."""
    case = keeps(days, sessions)
    first = len(case.ids)
    assert len(case.accepted) >= 18 * days
    assert snapshot_calls(case) - first <= 1.1 * len(case.accepted)
    assert days == 2 or snapshot_calls(case) <= 1.3 * len(case.accepted)


def test_lone_sessions() -> None:
    """Each ends alone: what the README says of the time to its rebuild, and of the looks."""
    case = Case(24, canary_after=None, every_tick=False)
    ends = {id_: 37.0 * number + 1.37 * number % 5 for number, id_ in enumerate(case.ids)}
    for number, end in enumerate(ends.values()):
        case.session(number, ends=end, lasts=25)
    case.plays(37.0 * len(ends) + 3 * HOUR)
    rebuilt = {id_: minute for minute, id_ in case.accepted}
    assert len(case.accepted) == len(rebuilt) == len(ends)
    assert all(29 < rebuilt[id_] - end < 40 for id_, end in ends.items())
    looks = [(at, given["WorkspaceIds"]) for at, _, given in case.calls if "WorkspaceIds" in given]
    alone = Counter(
        (ids[0], at > case.zero + minutes(rebuilt[ids[0]])) for at, ids in looks if len(ids) == 1
    )
    assert {alone[id_, False] for id_ in ends} <= {3, 4}
    assert {alone[id_, True] for id_ in ends} <= {2, 3}


@pytest.mark.parametrize("sessions", [(1,), (1, 2, 3)])
def test_trickle(sessions: tuple[int, ...]) -> None:
    case = Case(50, every_tick=False)
    work(case, days=2, sessions=sessions, rng=random.Random(50))
    case.plays(2 * DAY)
    assert len(case.accepted) > 0.9 * case.sessions >= 90
    assert len(case.calls) <= 5 * len(case.accepted)


def test_two_actors() -> None:
    """Looks are throttled for ten minutes, slowly: ticks pile up, and leases run out."""
    case = Case(60).everybody_leaves()

    def slow(service: str, *_: object) -> bool:
        return service == "workspaces" and 0 <= case.minute < 20

    case.fates = lambda *call: Fate.THROTTLED if slow(*call) else None
    case.slow = lambda service: 2.9 if slow(service) else None
    case.plays(3 * HOUR)
    sent = [at for at, _, _ in case.calls]
    assert sum(case.zero <= at < case.zero + minutes(20) for at in sent) > 10
    assert "another_invocation_acts" in {line.get("reason") for line in case.logged("pass")}
    for first, third in zip(sent, sent[2:], strict=False):
        assert third - first >= timedelta(seconds=0.995)
    assert len(case.accepted) == 60
