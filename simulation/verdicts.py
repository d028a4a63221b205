"""What must hold once the faults have stopped and time enough has passed: P2 and P6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.desktop import Desktop, Outcome, State

from .agenda import BEGIN
from .fleet import Session
from .oracles import Evidence
from .scenario import Scenario

NOTICE = timedelta(minutes=11)
"""From a session's end to its alarm, at the most."""

SAMPLE = timedelta(minutes=5)

REASONS = frozenset({"blocked", "refused", "failed"})


def bound(scenario: Scenario) -> timedelta:
    """P2's time: from the end of faults, or of the session, to the rebuild.

    One audit; a sample that shows vacancy; the grace; a sample after that; each look rounded up
    to a tick; a lease that a killed invocation left; the API's rate for everything at once; and
    the wait after a refusal. To this the administrator's own waits are added.
    """
    minutes = timedelta(minutes=1)
    looks = 2 * (2 * SAMPLE + 2 * minutes)
    lease = 3 * minutes
    rate = timedelta(seconds=3 * scenario.desktops / scenario.rate)
    audit = timedelta(minutes=scenario.audit_interval)
    whole = audit + looks + scenario.grace_time + lease + rate + _chosen(scenario)
    if scenario.prove_images:
        whole += timedelta(hours=4)  # a trial that died is given up after three
    return whole


def prompt(scenario: Scenario, sessions: Sequence[Session]) -> timedelta:
    """As `bound`, while nothing at all goes wrong: the alarm is the first to tell, no audit.

    Whoever comes back within the grace without a sign-in shows only at the look after it; then
    the vacancy that is seen there begins a grace of its own.
    """
    rate = timedelta(seconds=3 * scenario.desktops / scenario.rate)
    whole = NOTICE + 3 * SAMPLE + timedelta(minutes=6) + scenario.grace_time + rate
    away = sessions[-1].start - (sessions[-2].end or BEGIN) if len(sessions) > 1 else None
    if away is not None and away <= scenario.grace_time + NOTICE + 2 * SAMPLE:
        whole += scenario.grace_time + 2 * SAMPLE
    return whole + _chosen(scenario)


def _chosen(scenario: Scenario) -> timedelta:
    """The administrator's own waits."""
    whole = timedelta()
    if scenario.brake is not None:
        whole += timedelta(hours=scenario.desktops / scenario.brake + 1)
    if scenario.window is not None:
        whole += timedelta(hours=1)
    if scenario.user_volume == "keep":
        whole += timedelta(hours=12, minutes=35)
    return whole


@dataclass(frozen=True)
class Debt:
    """A session's end that no rebuild has followed."""

    desktop: Desktop
    ended_at: datetime
    knowable: bool
    """Whether any sign of it reached the function, or could at its next look."""


def debts(
    desktops: Iterable[Desktop],
    sessions: Mapping[str, Sequence[Session]],
    first_seen: Mapping[str, datetime],
    evidence: Mapping[str, Sequence[Evidence]],
    last_known: Mapping[str, datetime | None],
) -> list[Debt]:
    """What is owed now."""
    found = []
    for desktop in desktops:
        seen = first_seen.get(desktop.id)
        ends = [session.end for session in sessions.get(desktop.id, ()) if session.end]
        if not ends or seen is None:
            continue
        ended_at = max(ends)
        good = [r for r in desktop.rebuilds if r.outcome is Outcome.SUCCEEDS]
        clean_at = max([seen, *(rebuild.accepted_at for rebuild in good)])
        if clean_at >= ended_at:
            continue
        known = last_known.get(desktop.id)
        shown = known is not None and known > clean_at
        told = any(
            item.at > clean_at
            if item.kind == "sign_in"
            else item.at > clean_at + timedelta(minutes=15)
            for item in evidence.get(desktop.id, ())
        )
        found.append(Debt(desktop, ended_at, shown or told))
    return found


def alarmed(debt: Debt, evidence: Sequence[Evidence]) -> bool:
    """Whether an alarm told of this very end: one that is still in ALARM tells nothing new."""
    return any(item.kind == "session_end" and item.at >= debt.ended_at for item in evidence)


def excused(desktop: Desktop) -> bool:
    """Whether no rebuild is possible whoever asks: then P6 counts instead."""
    lost = {State.TERMINATED, State.TERMINATING, State.ADMIN_MAINTENANCE, State.MAINTENANCE}
    return desktop.state in lost or desktop.faults.refuse_rebuild is not None


def spoken_of(
    desktop_id: str, lines: Sequence[tuple[datetime, Mapping[str, Any]]], since: datetime
) -> bool:
    """P6: whether the log names the desktop and a reason since then."""
    return any(
        at >= since
        and line.get("workspace_id") == desktop_id
        and (line["decision"] in REASONS or (line["decision"] == "deferred" and line.get("reason")))
        for at, line in lines
    )
