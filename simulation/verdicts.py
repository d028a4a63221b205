"""What must hold once the faults have ended and enough time has passed: P2 and its bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sandbox.course import BAD, USABLE, Outcome
from sandbox.desktop import Desktop

from .agenda import BEGIN
from .courses import AFTERWARDS, ENDS_WITHIN
from .fleet import Fleet, Session, good_rebuilds
from .harm import MOST_LOST
from .oracles import Oracles
from .scenario import Scenario

NOTICE = timedelta(minutes=12)
"""The longest time from a session's end to its alarm."""

SAMPLE = timedelta(minutes=5)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

CANARY_IN_CALM = timedelta(minutes=75)
"""How long a canary takes in calm weather: a rebuild of up to 51 minutes, and the looks at it."""

IN_TURN = timedelta(minutes=75)
"""How long a WorkSpace holds a place that others wait for: a rebuild of up to 51 minutes, the look
that shows its end, and the next look at the one that waits."""

RETRIES = (timedelta(), 3 * HOUR, 9 * HOUR, 25 * HOUR)
"""By number of failures: how long until the next attempt, including an hour for looks."""

BELIEVED_WITHIN = timedelta(minutes=30)
"""From a rebuild's acceptance to the look at which it counts as done if none could show it."""

REASONS = frozenset(
    {"deferred", "vacant", "rebuilding", "refused", "failed", "not_learnt", "needs_person"}
)


def bound(scenario: Scenario) -> timedelta:
    """The time that P2 allows, from the end of the faults or of the session to the rebuild.

    One audit; a sample that shows vacancy; the grace period; a sample after it; each look rounded
    up to a tick; a lease that a killed invocation left; the API's rate for the whole fleet; a
    canary that never ends, and the next one. To this, the waits that the administrator chose.
    """
    looks = 2 * (2 * SAMPLE + 2 * MINUTE)
    lease = 5 * MINUTE
    rate = timedelta(seconds=6 * scenario.desktops / scenario.rate)
    audit = timedelta(minutes=scenario.audit_interval)
    whole = audit + looks + scenario.grace_time + lease + rate
    if scenario.canary_after is not None:
        whole += ENDS_WITHIN + CANARY_IN_CALM
    return whole + _chosen(scenario, whole)


def prompt(scenario: Scenario, sessions: Sequence[Session], images: int = 0) -> timedelta:
    """The same as `bound` if nothing goes wrong: an alarm reports the session's end, not an audit.

    Each of the `images` that the bundle has got since needs its own canary.

    A user who comes back within the grace period without a sign-in shows only at the look after
    it; the vacancy that is seen there then starts another grace period.
    """
    rate = timedelta(seconds=3 * scenario.desktops / scenario.rate)
    whole = NOTICE + 3 * SAMPLE + timedelta(minutes=6) + scenario.grace_time + rate
    away = sessions[-1].start - (sessions[-2].end or BEGIN) if len(sessions) > 1 else None
    if away is not None and away <= scenario.grace_time + NOTICE + 2 * SAMPLE:
        whole += scenario.grace_time + 2 * SAMPLE
    if scenario.canary_after is not None:
        slow = "takes_long" in scenario.faults
        whole += (ENDS_WITHIN + 2 * SAMPLE if slow else CANARY_IN_CALM) * (1 + images)
    return whole + _chosen(scenario, whole)


def _chosen(scenario: Scenario, work: timedelta) -> timedelta:
    """The waits that the administrator chose, for rebuilds that otherwise take `work`."""
    whole = timedelta()
    if scenario.rebuilding_percent is not None:
        places = max(1, int(scenario.desktops * scenario.rebuilding_percent / 100))
        whole += ENDS_WITHIN + IN_TURN * ceil(scenario.desktops / places)
    if scenario.brake is not None:
        whole += timedelta(hours=scenario.desktops / scenario.brake + 1)
    if scenario.user_volume == "keep":
        whole += timedelta(hours=12, minutes=35)
    if (window := scenario.rebuild_window) is not None:
        opens = window.shortest(scenario.begins)
        whole += closed(scenario) * ceil((work + whole) / opens)
    return whole


def closed(scenario: Scenario) -> timedelta:
    """The longest time for which the rebuild window is closed; zero without one."""
    window = scenario.rebuild_window
    return window.longest_wait(scenario.begins) if window else timedelta()


@dataclass(frozen=True)
class Debt:
    """A session's end that no rebuild has followed."""

    desktop: Desktop
    ended_at: datetime
    knowable_from: datetime | None
    """When the first sign of it reached the function, or could at its next look; None: never."""


def debts(
    fleet: Fleet,
    ids: Iterable[str],
    oracles: Oracles,
    first_seen: Mapping[str, datetime],
    now: datetime,
) -> list[Debt]:
    """The debts of the WorkSpaces `ids`; `first_seen`: when the ledger first had each of them."""
    found = []
    for desktop in (fleet.fleet[id_] for id_ in ids if id_ in fleet.fleet):
        seen = first_seen.get(desktop.id)
        ends = [session.end for session in fleet.sessions.get(desktop.id, ()) if session.end]
        if not ends or seen is None:
            continue
        good = good_rebuilds(desktop)
        believed = [
            rebuild.accepted_at
            for rebuild in desktop.rebuilds
            if rebuild.outcome is Outcome.NEVER_BEGINS
            and now - rebuild.accepted_at > BELIEVED_WITHIN
            and oracles.looks.is_believed(desktop.id, rebuild.accepted_at)
        ]
        clean_at = max([seen, *believed, *(rebuild.begun_at or seen for rebuild in good)])
        if clean_at >= max(ends):
            continue
        shown = oracles.looks.end_shown_at
        ends_of_ours = [shown(desktop.id, r, now) for r in good]
        if believed:
            soonest = max(believed) + BELIEVED_WITHIN
            ends_of_ours.append(oracles.looks.over_at(desktop.id, max(believed), soonest))
        settled_at = max([seen, *(end + AFTERWARDS for end in ends_of_ours)])
        found.append(
            Debt(desktop, max(ends), _knowable_from(fleet, desktop, oracles, clean_at, settled_at))
        )
    return found


def _knowable_from(
    fleet: Fleet, desktop: Desktop, oracles: Oracles, clean_at: datetime, settled_at: datetime
) -> datetime | None:
    """When a debt could be known. Until a rebuild has settled, it may itself cause all that a short
    session shows, except for a sign-in and a sample."""
    if is_misled(fleet, desktop) or _was_mended_unseen(fleet, desktop, oracles):
        return None
    view = fleet.views[desktop.id][-1] if fleet.views[desktop.id] else None
    known = view.last_known if view else None
    if known is not None and known > settled_at:
        return known
    connected_at = oracles.looks.connected_at(desktop.id)
    if connected_at is not None and connected_at > clean_at:
        return connected_at
    return min(
        (
            item.received_at
            for item in oracles.evidence.get(desktop.id, ())
            if item.at > (clean_at if item.kind == "sign_in" else settled_at + NOTICE)
        ),
        default=None,
    )


def _was_mended_unseen(fleet: Fleet, desktop: Desktop, oracles: Oracles) -> bool:
    """Whether a person restored what a rebuild had broken, and the looks missed either the broken
    state or the restore: to the function, the rebuild then seems to have ended well."""
    last = desktop.rebuilds[-1] if desktop.rebuilds else None
    restored = fleet.restored.get(desktop.id)
    if last is None or last.finished_at is None or restored is None:
        return False
    start, end = restored
    used = any(session.end is None or session.end > start for session in fleet.sessions[desktop.id])
    if start < last.finished_at or used:
        return False
    was_seen = oracles.looks.during
    seen = was_seen(desktop.id, last.finished_at, start) and was_seen(desktop.id, start, end)
    return not seen


def is_misled(fleet: Fleet, desktop: Desktop) -> bool:
    """Whether AWS reported a use that never happened, after a rebuild that ended badly. As long as
    it is unknown who is connected, the debt waits for a person, who is alerted (P6)."""
    last = desktop.rebuilds[-1] if desktop.rebuilds else None
    if last is None or last.finished_at is None or desktop.state not in BAD:
        return False
    uses = [session.end or session.start for session in fleet.sessions[desktop.id]]
    used_at = max(uses, default=last.finished_at)
    told = (view.last_known for view in fleet.views[desktop.id] if view.last_known)
    return any(at > max(last.finished_at, used_at) for at in told)


def retries(scenario: Scenario, fleet: Fleet, desktop: Desktop, oracles: Oracles) -> timedelta:
    """The time to add for earlier failures: the second attempt comes after two hours, the third
    after eight, later ones after a day, like all attempts of a held bundle. An attempt that falls
    due while the window is closed waits for it."""
    mine = _bad(desktop) + oracles.looks.in_vain[desktop.id] + oracles.may_die
    others = sum(
        _bad(other) for other in fleet.fleet.values() if other.bundle_id == desktop.bundle_id
    )
    pause = max(RETRIES[min(mine, 3)], RETRIES[3] if others >= MOST_LOST else timedelta())
    return pause and pause + closed(scenario)


def _bad(desktop: Desktop) -> int:
    """How many rebuilds did not end well, or only after a while."""
    return sum(
        rebuild.outcome is not Outcome.SUCCEEDS or rebuild.course.ends not in USABLE
        for rebuild in desktop.rebuilds
    )


def spoken_of(
    desktop_id: str, lines: Iterable[tuple[datetime, Mapping[str, Any]]], since: datetime
) -> bool:
    """Whether a log line since then names the desktop and a reason (P6).

    That a rebuild is in progress holds until the next look at it, which the line announces.
    """
    return any(
        (at >= since or _is_followed(line, since))
        and line.get("workspace_id") == desktop_id
        and line.get("reason")
        and line["decision"] in REASONS
        for at, line in lines
    )


def _is_followed(line: Mapping[str, Any], since: datetime) -> bool:
    """Whether a line says that a rebuild is in progress, and that the next look is after then."""
    return line["decision"] == "rebuilding" and datetime.fromisoformat(line["due_at"]) >= since
