"""What events say. A new shape is a file in tests/fixtures/events and a line in SAYS; a new case of
what is ignored, or of an odd date, is an entry in tests/fixtures/hostile.json.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.signals import (
    LONGEST_HOLD,
    LONGEST_MESSAGE,
    LONGEST_REASON,
    WORKSPACE_ID,
    Ignored,
    Kind,
    Origin,
    Signal,
    Task,
    read,
)
from tests.unit import hostile
from tests.unit.support import EVENTS, NOON, ORIGIN, OTHER, WS, at, event, session_end, sign_in

ENDED = datetime(2026, 11, 22, 10, 6, 41, 123000, UTC)
PUBLISHED = datetime(2026, 11, 22, 10, 6, 41, 170000, UTC)
SIGNED_IN = datetime(2026, 11, 22, 10, 13, 37, 603000, UTC)
STRANGER = "not_in_workspace_ids"

SAYS: dict[str, Signal] = {
    "alarm": session_end(ENDED),
    "alarm_metric_math": session_end(ENDED),
    "sign_in": sign_in(SIGNED_IN),
}


def test_every_event_on_file_is_expected_to_say_something() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} == set(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_an_event_says_what_its_fixture_is_named_after(name: str) -> None:
    assert read(event(name), NOON, ORIGIN) == [SAYS[name]]


@pytest.mark.parametrize("task", Task)
def test_a_schedule_names_its_task(task: Task) -> None:
    assert read({"task": task.value}, NOON, ORIGIN) == [task]


@pytest.mark.parametrize("name", hostile.IGNORED)
def test_p4_what_is_bad_is_ignored_record_by_record_with_its_reason(name: str) -> None:
    """But for who is on the roster: that the handler knows, see test_hostile.py."""
    said = read(hostile.event(name), NOON, ORIGIN)
    reasons = [each.reason if isinstance(each, Ignored) else STRANGER for each in said]
    assert reasons == hostile.reasons(name)


@pytest.mark.parametrize("name", hostile.DATED)
def test_p1_an_odd_date_is_that_of_publishing_or_the_present(name: str) -> None:
    [said] = read(hostile.event(name), at(0, 12), ORIGIN)
    assert isinstance(said, Signal)
    assert said.at.isoformat() == hostile.DATED[name]["recorded_at"]


def record(message: object, **sns: object) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text, **sns}}]}


METRIC_NAME = {"Namespace": "AWS/WorkSpaces", "MetricName": "SessionDisconnect"}


def about(*dimensions: object) -> dict[str, Any]:
    return {"Trigger": METRIC_NAME | {"Dimensions": list(dimensions)}}


def plain(**changes: object) -> dict[str, Any]:
    return about({"name": "WorkspaceId", "value": WS}) | changes


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            plain(AlarmArn="nra:aws:cloudwatch:us-east-1:123456789012:alarm:x"),
            "another_account_or_region",
        ),
        ({"Trigger": METRIC_NAME}, "no_workspace_id"),
        (about(WS, {"name": "WorkspaceId"}), "no_workspace_id"),
        ({"Trigger": {"Metrics": [3, {"MetricStat": 4}, {"MetricStat": {}}]}}, "no_workspace_id"),
        (" " * (LONGEST_MESSAGE + 1), "too_long"),
    ],
)
def test_p4_a_message_that_does_not_fit_is_ignored_with_its_reason(
    message: object, reason: str
) -> None:
    assert read(record(message), NOON, ORIGIN) == [Ignored(reason)]


def test_the_workspace_may_be_any_of_an_alarms_dimensions() -> None:
    names = ("DirectoryId", "BundleId", "UserName", "ComputerName", "WorkspaceId", "Protocol")
    dimensions = [{"name": name, "value": WS} for name in names]
    assert read(record(about(*dimensions)), NOON, ORIGIN) == [session_end(NOON)]


def test_a_message_of_the_greatest_length_is_read() -> None:
    text = json.dumps(plain()).ljust(LONGEST_MESSAGE)
    assert read(record(text), NOON, ORIGIN) == [session_end(NOON)]


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2026-11-22T10:06:41.123+0000", ENDED),
        ("2026-11-22T11:06:41.123999+01:00", ENDED),
        ("2026-11-22T10:06:41.123", ENDED),
        ("0001-01-01T00:00:00+14:00", NOON),
        ("2026-11-22T12:00:05Z", at(0, 5)),
        ("2026-11-22T12:00:05.001Z", NOON),
        (1795341601, NOON),
        (None, NOON),
    ],
)
def test_a_time_is_read_as_utc_to_the_millisecond_and_never_lies_far_ahead(
    time: object, moment: datetime
) -> None:
    assert read(record(plain(StateChangeTime=time)), NOON, ORIGIN) == [session_end(moment)]


def test_a_time_is_held_against_the_present_and_not_against_when_its_event_was_sent() -> None:
    later = "2026-11-22T11:00:00Z"
    alarm = record(plain(StateChangeTime=later), Timestamp="2026-11-22T10:00:00Z")
    assert read(alarm, NOON, ORIGIN) == [session_end(at(-60))]
    log_in = event("sign_in")
    log_in["detail"]["loginTime"] = later
    assert read(log_in, NOON, ORIGIN) == [sign_in(at(-60))]


def test_p1_a_log_in_is_no_earlier_than_it_was_though_its_event_tells_whole_seconds() -> None:
    """Rounded down it would lie before a sample that was taken before it, and saw nobody."""
    log_in = event("sign_in")
    log_in["time"] = "2026-11-22T11:59:58Z"
    log_in["detail"]["loginTime"] = "2026-11-22T11:59:58.992Z"
    assert read(log_in, NOON, ORIGIN) == [sign_in(at(0, -1.008))]
    assert read(log_in, at(0, -4), ORIGIN) == [sign_in(at(0, -1.008))]


def test_a_time_without_an_offset_is_utc_wherever_the_clock_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        said = read(record(plain(StateChangeTime="2026-11-22T10:06:41.123")), NOON, ORIGIN)
    time.tzset()
    assert said == [session_end(ENDED)]


def test_without_a_state_change_the_time_of_publishing_counts() -> None:
    alarm = record(plain(), Timestamp="2026-11-22T10:06:41.170Z")
    assert read(alarm, NOON, ORIGIN) == [session_end(PUBLISHED)]


def access(**place: str) -> dict[str, Any]:
    about = {"source": "aws.workspaces", "detail-type": "WorkSpaces Access"}
    return {**about, "detail": {"workspaceId": WS}, **place}


def test_p1_what_a_sign_in_does_not_say_contradicts_nothing() -> None:
    assert read(access(), NOON, ORIGIN) == [sign_in(NOON)]
    assert read(access(account=ORIGIN.account), NOON, ORIGIN) == [sign_in(NOON)]
    assert read(access(region=ORIGIN.region), NOON, ORIGIN) == [sign_in(NOON)]


def test_an_origin_is_the_region_and_account_of_an_arn() -> None:
    arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:desks"
    assert Origin.of(arn) == Origin("cn-north-1", "123456789012")
    assert Origin.of("arn:aws:sns:us-east-1:123456789012:desks") == ORIGIN


@pytest.mark.parametrize("text", ["arn:aws:sns:us-east-1:123456789012", "nra:a:b:c:d:e:f", ""])
def test_what_is_no_arn_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f"not an ARN: '{text}'"):
        Origin.of(text)


# What an administrator asks for.


def asked(task: str, *ids: object, **details: object) -> list[Signal | Ignored | Task]:
    return read({"task": task, "workspace_ids": list(ids), **details}, NOON, ORIGIN)


def test_an_administrator_may_ask_for_a_rebuild_a_hold_or_a_release() -> None:
    assert asked("rebuild", WS, OTHER) == [
        Signal(Kind.REBUILD, WS, NOON),
        Signal(Kind.REBUILD, OTHER, NOON),
    ]
    assert asked("hold", WS, hours=1.5, reason="demo") == [
        Signal(Kind.HOLD, WS, NOON, until=at(90), reason="demo")
    ]
    assert asked("release", WS) == [Signal(Kind.RELEASE, WS, NOON, until=NOON)]
    assert asked("hold", WS, hours=LONGEST_HOLD, reason="x") == [
        Signal(Kind.HOLD, WS, NOON, until=NOON + timedelta(days=365), reason="x")
    ]
    [odd] = asked("hold", WS, hours=1e-5, reason="x" * LONGEST_REASON)
    assert isinstance(odd, Signal)
    assert odd.until == NOON.replace(microsecond=36000)


@pytest.mark.parametrize(
    ("asked_at", "at_"),
    [
        ("2026-11-22T11:30:00.123Z", at(-30, 0.123)),
        ("2026-11-22T12:00:06Z", NOON),
        ("yesterday", NOON),
        (5, NOON),
    ],
    ids=["late", "from the future", "no time", "no text"],
)
def test_p1_a_request_counts_from_when_it_was_made(asked_at: object, at_: datetime) -> None:
    """Lambda may deliver it late, and twice."""
    assert asked("rebuild", WS, asked_at=asked_at) == [Signal(Kind.REBUILD, WS, at_)]
    assert asked("release", WS, asked_at=asked_at) == [Signal(Kind.RELEASE, WS, at_, until=at_)]
    until = at_ + timedelta(hours=1)
    held = Signal(Kind.HOLD, WS, at_, until=until, reason="demo")
    assert asked("hold", WS, hours=1, reason="demo", asked_at=asked_at) == [held]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"hours": float("nan"), "reason": "demo"}, "hours_out_of_range"),
        ({"hours": LONGEST_HOLD + 1, "reason": "demo"}, "hours_out_of_range"),
        ({"hours": LONGEST_HOLD, "reason": "x" * (LONGEST_REASON + 1)}, "malformed_reason"),
    ],
)
def test_a_hold_says_how_long_and_why(details: dict[str, object], reason: str) -> None:
    assert asked("hold", WS, **details) == [Ignored(reason)]


@pytest.mark.parametrize("task", ["rebuild", "hold", "release"])
def test_p4_a_request_names_workspaces(task: str) -> None:
    said = asked(task, "ws-", 7, WS, hours=1, reason="demo")
    assert said[:2] == [Ignored("malformed_workspace_id")] * 2
    assert isinstance(said[2], Signal)
    assert asked(task) == [Ignored("unknown_event")]
    assert read({"task": task, "workspace_ids": WS}, NOON, ORIGIN) == [Ignored("unknown_event")]


@pytest.mark.parametrize("task", ["session_end", "sign_in", "rebuilds"])
def test_p4_nothing_else_can_be_asked_for(task: str) -> None:
    assert asked(task, WS) == [Ignored("unknown_event")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=15,
)
WORDS = st.sampled_from([WS, "ws-", "WorkspaceId", "ALARM", "2999-01-01T00:00:00Z", "0001-01-01"])
ODD = JSON | WORDS | st.datetimes().map(str)
DIMENSION = st.fixed_dictionaries({}, optional={"name": ODD, "value": ODD})
METRIC = st.fixed_dictionaries(
    {},
    optional={
        "Dimensions": st.lists(DIMENSION | ODD, max_size=3) | ODD,
        "Namespace": st.just("AWS/WorkSpaces") | ODD,
        "MetricName": st.just("SessionDisconnect") | ODD,
    },
)
PART = st.fixed_dictionaries(
    {}, optional={"MetricStat": st.fixed_dictionaries({}, optional={"Metric": METRIC | ODD}) | ODD}
)
MESSAGE = st.fixed_dictionaries(
    {"Trigger": METRIC | st.fixed_dictionaries({"Metrics": st.lists(PART | ODD) | ODD}) | ODD},
    optional={"StateChangeTime": ODD, "AWSAccountId": ODD, "AlarmArn": ODD, "NewStateValue": WORDS},
)
RECORD = st.builds(lambda message, time: record(message, Timestamp=time), MESSAGE | ODD, ODD)
ACCESS = st.fixed_dictionaries(
    {"source": st.just("aws.workspaces"), "detail-type": st.just("WorkSpaces Access")},
    optional={
        "time": ODD,
        "account": ODD,
        "detail": ODD | st.fixed_dictionaries({"workspaceId": ODD}, optional={"loginTime": ODD}),
    },
)


REQUEST = st.fixed_dictionaries(
    {"task": st.sampled_from(["rebuild", "hold", "release"]) | ODD},
    optional={"workspace_ids": st.lists(ODD, max_size=3) | ODD, "hours": ODD, "reason": ODD},
)


@given(RECORD | ACCESS | REQUEST | st.fixed_dictionaries({"Records": ODD | st.lists(ODD)}) | ODD)
def test_p4_whatever_arrives_reading_neither_fails_nor_widens_what_may_be_touched(
    arrived: object,
) -> None:
    for said in read(arrived, NOON, ORIGIN):
        if isinstance(said, Signal):
            assert WORKSPACE_ID.fullmatch(said.workspace_id)
            assert said.at <= NOON
