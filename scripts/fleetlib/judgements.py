"""Compares what was seen with what the module assumes: a verdict per assumption. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Any

FRESH = timedelta(minutes=10)
"""As in the function: connection samples older than this say nothing."""

PUBLISHED_EVERY = timedelta(minutes=5)
"""How often WorkSpaces publishes its metrics; also the period of the session alarms."""

SNAPSHOT_EVERY = timedelta(hours=12)
"""How often AWS takes snapshots of user volumes (WorkSpaces administration guide)."""

DOCUMENTED_RATE = 2.0
"""Calls per second that AWS allows per account and Region (WorkSpaces troubleshooting guide)."""

SAMPLE = timedelta(minutes=15)
"""More than a sample interval with its delay: sampling does not explain a longer lag."""

LISTED_AFTER = timedelta(hours=1)
"""More than the 15 minutes in which ListMetrics shows a new metric: its datapoint may be late."""

LISTED_FOR = timedelta(days=13)
"""A day less than the two weeks that ListMetrics covers."""

ENOUGH = 3
"""The number of observations from which a result counts as more than chance."""


class Verdict(StrEnum):
    """Whether what was seen bears out an assumption."""

    HOLDS = "holds"
    DIFFERS = "differs"
    NOT_SEEN = "not seen"


@dataclass(frozen=True)
class Row:
    """A row of the table: the assumption, the verdict, what was seen, what to do then, and which
    WorkSpaces it is about."""

    assumption: str
    verdict: Verdict
    seen: str
    then: str = ""
    which: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """Something that the role must, or must not, be allowed to do."""

    action: str
    resource: str
    allowed: bool


def metrics(
    roster: Collection[str],
    measured: Collection[str],
    connections: Collection[Mapping[str, Any]],
    now: datetime,
) -> Row:
    """`measured`: the WorkSpaces with a SessionDisconnect metric in the last two weeks.

    `connections`: rows of DescribeWorkspacesConnectionStatus. A WorkSpace that was used in that
    time, and to which nobody is connected now, has such a metric if it can reach CloudWatch.
    """
    have = len(set(roster) & set(measured))
    seen = f"SessionDisconnect for {have} of {len(roster)} WorkSpaces in two weeks"
    silent = tuple(
        str(row["WorkspaceId"])
        for row in connections
        if row.get("ConnectionState") == "DISCONNECTED"
        and (used := row.get("LastKnownUserConnectionTimestamp"))
        and LISTED_AFTER < now - used < LISTED_FOR
        and row["WorkspaceId"] not in measured
    )
    if silent:
        seen += f"; {len(silent)} were used and have none"
        then = "can they reach CloudWatch on port 443? Only audits find their session ends"
        return Row("metrics", Verdict.DIFFERS, seen, then, silent)
    if have:
        return Row("metrics", Verdict.HOLDS, seen)
    then = "let a user sign out, wait 15 minutes, run this again"
    return Row("metrics", Verdict.NOT_SEEN, seen, then)


def protocol(protocols: Mapping[str, Collection[str]]) -> Row:
    """`protocols`: by WorkSpace, PCOIP or WSP, which is the API's name for DCV."""
    pcoip = tuple(id_ for id_, names in protocols.items() if "PCOIP" in names)
    if pcoip:
        seen = f"{len(pcoip)} of {len(protocols)} WorkSpaces use PCoIP"
        then = "AWS ends PCoIP on 31 October 2027: change their protocol to DCV"
        return Row("protocol", Verdict.DIFFERS, seen, then, pcoip)
    known = sum(bool(names) for names in protocols.values())
    if known:
        return Row("protocol", Verdict.HOLDS, f"{known} of {len(protocols)} WorkSpaces use DCV")
    seen = f"no protocol of {len(protocols)} WorkSpaces"
    return Row("protocol", Verdict.NOT_SEEN, seen, "see aws workspaces describe-workspaces")


def publishing(regular: Sequence[Sequence[datetime]], sparse: Sequence[Sequence[datetime]]) -> Row:
    """Takes the times of datapoints per WorkSpace: of a metric that is always published, and of
    SessionDisconnect, whose gaps show only that the interval is no longer than that."""
    gaps = _gaps(regular)
    if len(gaps) >= ENOUGH:
        typical = timedelta(seconds=median(gap.total_seconds() for gap in gaps))
        seen = f"a datapoint every {_minutes(typical)}"
        if typical <= PUBLISHED_EVERY:
            return Row("publishing", Verdict.HOLDS, seen)
        then = "session ends are noticed later; the audit bounds how late"
        return Row("publishing", Verdict.DIFFERS, seen, then)
    if (gaps := _gaps(sparse)) and min(gaps) <= PUBLISHED_EVERY:
        return Row("publishing", Verdict.HOLDS, f"datapoints {_minutes(min(gaps))} apart")
    return Row("publishing", Verdict.NOT_SEEN, "too few datapoints in six hours", "run this later")


def sampling(rows: Collection[Mapping[str, Any]], asked: int, now: datetime) -> Row:
    """`rows`: of DescribeWorkspacesConnectionStatus; those with UNKNOWN (stopped) do not count."""
    known = [row for row in rows if row.get("ConnectionState") in ("CONNECTED", "DISCONNECTED")]
    ages = [now - at for row in known if (at := row.get("ConnectionStateCheckTimestamp"))]
    if not ages:
        seen = f"no sampled row for {asked} WorkSpaces"
        return Row("sampling", Verdict.NOT_SEEN, seen, "run this while WorkSpaces are running")
    stale = sum(age > FRESH for age in ages)
    seen = f"{len(ages)} of {asked} sampled, {_minutes(max(ages))} ago at the most, {stale} too old"
    if not stale:
        return Row("sampling", Verdict.HOLDS, seen)
    then = "rebuilds of those wait (reason stale_sample): see why they are not sampled"
    return Row("sampling", Verdict.DIFFERS, seen, then)


def last_connected(rows: Collection[Mapping[str, Any]], ends: Mapping[str, datetime]) -> Row:
    """Which reading of LastKnownUserConnectionTimestamp holds; the module works with both.

    `ends`: the last session end by WorkSpace. A time long before that (or before the sample, if
    somebody is connected) is the log-in; a time close to it, the last sight of a connection.
    """
    lags = []
    for row in rows:
        if row.get("ConnectionState") == "CONNECTED":
            until = row.get("ConnectionStateCheckTimestamp")
        else:
            until = ends.get(row.get("WorkspaceId", ""))
        last = row.get("LastKnownUserConnectionTimestamp")
        if until is not None and last is not None:
            lags.append(until - last)
    early = sum(lag > SAMPLE for lag in lags)
    if early:
        seen = f"{early} of {len(lags)} are long before the session's end: the log-in"
        return Row("last_connected", Verdict.HOLDS, seen)
    if len(lags) >= ENOUGH:
        seen = f"{len(lags)} are at the session's end: the last sight of a connection"
        return Row("last_connected", Verdict.HOLDS, seen)
    seen = f"{len(lags)} sessions to judge by"
    return Row("last_connected", Verdict.NOT_SEEN, seen, "run this while users work")


def snapshots(newest: Mapping[str, datetime | None], now: datetime) -> Row:
    """`newest`: the time of each WorkSpace's newest snapshot for a rebuild; None: it has none."""
    ages = [now - at for at in newest.values() if at is not None]
    without = len(newest) - len(ages)
    if not newest or not ages:
        seen = f"no snapshot on {len(newest)} WorkSpaces"
        return Row("snapshots", Verdict.NOT_SEEN, seen, "AWS refuses to rebuild those")
    seen = f"{len(ages)} of {len(newest)} have one, the oldest {_minutes(max(ages))} old"
    if max(ages) <= SNAPSHOT_EVERY + timedelta(hours=1) and not without:
        return Row("snapshots", Verdict.HOLDS, seen)
    then = "user_volume = keep waits longer, roll_back goes back further"
    return Row("snapshots", Verdict.DIFFERS, seen, then)


def quota(rates: Mapping[str, float], rebuilt: int, throttled: int, rate: float) -> Row:
    """`rates`: quotas of the WorkSpaces API in calls per second, by name; in most accounts Service
    Quotas lists none. `rebuilt`, `throttled`: rebuilds of a day, from the function's log."""
    told = ", ".join(f"{name}: {value:g}/s" for name, value in rates.items())
    seen = f"{rebuilt} rebuilds in a day, {throttled} throttled, at {rate:g} calls/s"
    seen += f"; {told}" if told else ""
    if throttled or rate > min(rates.values(), default=DOCUMENTED_RATE):
        then = "set workspaces_api_rate lower, or ask AWS for a higher quota"
        return Row("quota", Verdict.DIFFERS, seen, then)
    if rates or rebuilt:
        return Row("quota", Verdict.HOLDS, seen)
    return Row("quota", Verdict.NOT_SEEN, seen, "run this a day after the first rebuilds")


def role(answers: Mapping[Question, bool]) -> Row:
    """`answers`: whether IAM's policy simulation allows each action."""
    wrong = [question for question, allowed in answers.items() if allowed != question.allowed]
    if not wrong:
        seen = f"{len(answers)} questions simulated, each answered as intended"
        return Row("role", Verdict.HOLDS, seen)
    first = wrong[0]
    seen = f"{first.action} on {first.resource} is {'denied' if first.allowed else 'allowed'}"
    return Row("role", Verdict.DIFFERS, seen, "see boundary, organization policies, workspace_tag")


def not_told(assumption: str, why: str, then: str = "run this again") -> Row:
    """The row for an assumption about which AWS did not answer."""
    return Row(assumption, Verdict.NOT_SEEN, why, then)


def _gaps(times: Sequence[Sequence[datetime]]) -> list[timedelta]:
    return [b - a for points in times for a, b in pairwise(sorted(points))]


def _minutes(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
