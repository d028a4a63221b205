"""What an event says, as facts with a time. Knows AWS's message shapes; does no input or output.

Whatever arrives, parsing raises nothing: what cannot be used comes back as `Ignored` with a reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from .clock import to_millisecond

WORKSPACE_ID = re.compile(r"ws-[0-9a-z]{8,63}", re.ASCII)
"""The pattern of a WorkSpace id in the WorkSpaces API model."""

CLOCK_SKEW = timedelta(seconds=5)
"""How far AWS's clocks may be ahead: no sign-in may count as earlier than a sample before it."""

LONGEST_HOLD = 8760.0
"""The longest hold in hours, a year: a WorkSpace held longer does not belong in workspace_ids."""

LONGEST_REASON = 200
"""The most characters that a hold's reason may have."""

LONGEST_MESSAGE = 256 * 1024
"""The most bytes that an SNS message can hold; a longer one is not from SNS."""


class Kind(StrEnum):
    SESSION_END = "session_end"
    SIGN_IN = "sign_in"
    REBUILD = "rebuild"
    HOLD = "hold"
    RELEASE = "release"


REQUESTS = frozenset({Kind.REBUILD, Kind.HOLD, Kind.RELEASE})
"""What an administrator may request for WorkSpaces, by id."""


class Task(StrEnum):
    RECONCILE = "reconcile"
    AUDIT = "audit"


@dataclass(frozen=True)
class Signal:
    """A session ended (noticed at `at`), a user signed in, or an administrator asked for something.

    `at` is at most CLOCK_SKEW ahead; a hold has an end (`until`) and a reason.
    """

    kind: Kind
    workspace_id: str
    at: datetime
    until: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Ignored:
    """A message that says nothing the function may act on, and why."""

    reason: str


@dataclass(frozen=True)
class Origin:
    """Where this function runs: alarms from elsewhere do not concern it."""

    region: str
    account: str

    @classmethod
    def of(cls, arn: str) -> Origin:
        """From the ARN of the function or of an alarm (arn:partition:service:region:account:...).

        Raises ValueError for anything else.
        """
        parts = arn.split(":")
        if len(parts) < 6 or parts[0] != "arn":
            raise ValueError(f"not an ARN: {arn!r}")
        return cls(region=parts[3], account=parts[4])


class _Unusable(Exception):
    """Carries the reason why a message is ignored, inside this module only."""


def read(event: object, now: datetime, origin: Origin) -> list[Signal | Ignored | Task]:
    """What `event` says: one entry per SNS record, sign-in or scheduled task.

    `now` replaces times that are missing, unreadable, or ahead of it by more than CLOCK_SKEW.
    """
    match event:
        case {"task": str(task)} if task in set(Task):
            return [Task(task)]
        case {"task": str(task), "workspace_ids": list(ids), **rest} if task in REQUESTS and ids:
            return [_attempt(_request, Kind(task), id_, rest, now) for id_ in ids]
        case {"Records": list(records)} if records:
            return [_attempt(_session_end, record, now, origin) for record in records]
        case {"source": "aws.workspaces", "detail-type": "WorkSpaces Access", **rest}:
            return [_attempt(_sign_in, rest, now, origin)]
        case _:
            return [Ignored("unknown_event")]


def _attempt(parse: Callable[..., Signal], *given: object) -> Signal | Ignored:
    try:
        return parse(*given)
    except _Unusable as unusable:
        return Ignored(str(unusable))


def _session_end(record: object, now: datetime, origin: Origin) -> Signal:
    """A CloudWatch alarm notification from SNS: the metric, and anything else in it, must match."""
    match record:
        case {"EventSource": "aws:sns", "Sns": {"Message": str(text)} as sns}:
            received, message = _moment(sns.get("Timestamp"), now), _json_object(text)
        case _:
            raise _Unusable("not_an_sns_record")
    trigger = message.get("Trigger")
    if not isinstance(trigger, dict):
        raise _Unusable("not_a_metric_alarm")
    if message.get("NewStateValue", "ALARM") != "ALARM":
        raise _Unusable("not_in_alarm")
    _check_origin(message.get("AWSAccountId"), message.get("AlarmArn"), origin)
    ids = {id_ for metric in _metrics(trigger) for id_ in _ids(metric)}
    if not ids:
        raise _Unusable("no_workspace_id")
    if len(ids) > 1:
        raise _Unusable("several_workspaces")
    workspace_id = _workspace_id(ids.pop())
    noticed_at = _moment(message.get("StateChangeTime"), now, received)
    return Signal(Kind.SESSION_END, workspace_id, noticed_at)


def _metrics(trigger: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The SessionDisconnect metrics of an alarm: of a plain one, or of each part of metric math."""
    parts = trigger.get("Metrics")
    for part in parts if isinstance(parts, list) else [{"MetricStat": {"Metric": trigger}}]:
        match part:
            case {"MetricStat": {"Metric": dict(metric)}}:
                if metric.get("Namespace") != "AWS/WorkSpaces":
                    raise _Unusable("another_namespace")
                if metric.get("MetricName") != "SessionDisconnect":
                    raise _Unusable("another_metric")
                yield metric


def _ids(metric: dict[str, Any]) -> Iterator[str]:
    """The ids in a metric's dimensions: WorkSpaces metrics have eight, in no particular order."""
    given = metric.get("Dimensions")
    for dimension in given if isinstance(given, list) else []:
        match dimension:
            case {"name": "WorkspaceId", "value": str(id_)}:
                yield id_


def _sign_in(event: Mapping[Any, Any], now: datetime, origin: Origin) -> Signal:
    """A `WorkSpaces Access` event: somebody signed in."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise _Unusable("no_detail")
    if detail.get("actionType", "successfulLogin") != "successfulLogin":
        raise _Unusable("not_a_sign_in")
    account, region = event.get("account", origin.account), event.get("region", origin.region)
    if (account, region) != (origin.account, origin.region):
        raise _Unusable("another_account_or_region")
    workspace_id = _workspace_id(detail.get("workspaceId"))
    sent_at = _moment(event.get("time"), now)
    return Signal(Kind.SIGN_IN, workspace_id, _moment(detail.get("loginTime"), now, sent_at))


def _request(kind: Kind, id_: object, event: Mapping[Any, Any], now: datetime) -> Signal:
    """An administrator's request: rebuild, hold for some `hours` and a `reason`, or release.

    It counts from when it was made, `asked_at`: Lambda may deliver it late, and twice.
    """
    workspace_id, at = _workspace_id(id_), _moment(event.get("asked_at"), now)
    if kind is not Kind.HOLD:
        return Signal(kind, workspace_id, at, until=at if kind is Kind.RELEASE else None)
    hours, reason = event.get("hours"), event.get("reason")
    if isinstance(hours, bool) or not isinstance(hours, int | float):
        raise _Unusable("hours_not_a_number")
    if not 0 < hours <= LONGEST_HOLD:
        raise _Unusable("hours_out_of_range")
    if not isinstance(reason, str) or not 0 < len(reason) <= LONGEST_REASON:
        raise _Unusable("malformed_reason")
    return Signal(kind, workspace_id, at, to_millisecond(at + timedelta(hours=hours)), reason)


def _check_origin(account: object, alarm_arn: object, origin: Origin) -> None:
    if account is not None and account != origin.account:
        raise _Unusable("another_account_or_region")
    with suppress(ValueError):
        if alarm_arn is None or Origin.of(str(alarm_arn)) == origin:
            return
    raise _Unusable("another_account_or_region")


def _json_object(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_MESSAGE:
        raise _Unusable("too_long")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Unusable("not_json") from error
    if not isinstance(message, dict):
        raise _Unusable("not_a_json_object")
    return message


def _workspace_id(value: object) -> str:
    if not isinstance(value, str) or not WORKSPACE_ID.fullmatch(value):
        raise _Unusable("malformed_workspace_id")
    return value


def _moment(value: object, now: datetime, otherwise: datetime | None = None) -> datetime:
    """An ISO 8601 time (UTC if it has no offset); `otherwise`, or `now`, if none is usable."""
    if isinstance(value, str):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(value)
            moment = to_millisecond(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
            if moment <= now + CLOCK_SKEW:
                return moment
    return otherwise or now
