"""The life of a WorkSpace: facts in, a decision out. Pure: no AWS, no clock, no log.

The phase is derived from the facts each time, never stored as a truth of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from . import aftermath
from .decisions import Decision, Deferral, Verdict
from .facts import Facts, Observation, Phase, after, capped, latest
from .settings import Settings, UserVolume

REBUILDABLE = frozenset({"AVAILABLE", "ERROR", "UNHEALTHY", "STOPPED", "REBOOTING"})
"""The states from which AWS accepts RebuildWorkspaces (its API reference)."""


def first_sight(seen: Observation) -> Facts:
    """What an audit makes of a WorkSpace it has no record of.

    A session in progress will owe a rebuild like any other; otherwise the present is the
    baseline, and deploying the module rebuilds nothing.
    """
    in_session = seen.connection == "CONNECTED" or after(seen.last_connected_at, seen.checked_at)
    if in_session:
        return learn(Facts(), seen)
    return Facts(baseline_at=seen.vacant_at or seen.looked_at, bundle_id=seen.bundle_id)


def learn(facts: Facts, seen: Observation) -> Facts:
    """Add what was seen: times of use only grow, vacancy begins at the first sight after it."""
    used_at = latest(facts.used_at, capped(seen.last_connected_at, seen.looked_at))
    vacant_since = facts.vacant_since
    if seen.connection == "CONNECTED":
        used_at = latest(used_at, capped(seen.checked_at or seen.looked_at, seen.looked_at))
    if after(used_at, vacant_since, or_same=True):
        vacant_since = None
    vacant_at = seen.vacant_at
    if vacant_since is None and vacant_at is not None and not after(used_at, vacant_at, True):
        vacant_since = vacant_at
    shown = seen.connection == "CONNECTED" or after(seen.last_connected_at, facts.owed_since)
    return replace(
        facts,
        used_at=used_at,
        vacant_since=vacant_since,
        owed_since=vacant_since if shown else facts.owed_since or vacant_since,
        bundle_id=seen.bundle_id or facts.bundle_id,
    )


def decide(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    """What to do with a WorkSpace, given what is known and what was just seen."""
    if facts.asked_at is not None:
        return aftermath.follow(facts, facts.asked_at, seen, now, settings)
    facts = learn(facts, seen)
    match facts.phase:
        case Phase.CLEAN:
            return Decision(replace(facts, vacant_since=None, owed_since=None), Verdict.CLEAN)
        case Phase.IN_USE:
            return _await_vacancy(facts, seen, now, settings)
        case _:
            return _await_rebuild(facts, seen, now, settings)


def owed_at(facts: Facts, settings: Settings) -> datetime | None:
    """When the rebuild of a vacant WorkSpace falls due: a grace period after the last evidence."""
    seen_or_told = latest(facts.vacant_since, facts.told_at)
    return None if seen_or_told is None else seen_or_told + settings.grace


def overdue_since(facts: Facts, settings: Settings) -> datetime | None:
    """When the debt first fell due, whatever has put it off since."""
    return facts.owed_since + settings.grace if facts.owed_since else owed_at(facts, settings)


def evident_at(facts: Facts) -> datetime | None:
    """When the end of the last session first showed: in an alarm, or in a sample."""
    ends = [
        moment
        for moment in (facts.vacant_since, facts.told_at)
        if moment is not None
        and not after(facts.used_at, moment)
        and not after(facts.clean_at, moment)
    ]
    return min(ends, default=None)


def rebuilds(facts: Facts) -> list[datetime]:
    """When rebuilds were asked for that AWS accepted, or may have: the last of each kind."""
    moments = (facts.rebuilt_before_at, facts.rebuilt_at, facts.failed_at, facts.asked_at)
    return [moment for moment in moments if moment is not None]


def _await_vacancy(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    in_use = seen.connection == "CONNECTED" and seen.checked_at is not None
    if in_use and not after(facts.told_at, seen.checked_at):
        return Decision(facts, Verdict.IN_USE)
    if seen.gone:
        return aftermath.gone(facts, seen)
    return _defer(facts, Deferral.EVIDENCE, now + settings.patience, settings)


def _await_rebuild(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    due_at = owed_at(facts, settings)
    assert due_at is not None  # the phase says that it was seen vacant
    soonest = due_at + settings.patience if now < due_at else now
    opens_at = settings.rebuild_allowed_at(soonest)
    if opens_at > soonest:
        return _defer(facts, Deferral.WINDOW, opens_at, settings)
    if now < due_at:
        return Decision(facts, Verdict.VACANT, settings.next_look(soonest), Deferral.GRACE)
    if seen.gone:
        return aftermath.gone(facts, seen)
    if seen.vacant_at is None or seen.vacant_at < due_at:
        return _defer(facts, Deferral.EVIDENCE, now + settings.patience, settings)
    if seen.state not in REBUILDABLE:
        return _defer(facts, Deferral.STATE, now + settings.patience, settings)
    if settings.user_volume is UserVolume.KEEP:
        if not seen.snapshot_asked:
            return Decision(facts, Verdict.DEFERRED, now, Deferral.SNAPSHOT, needs_snapshot=True)
        ended_by = latest(facts.vacant_since, facts.told_at)
        if seen.snapshot_at is None or after(ended_by, seen.snapshot_at):
            return _defer(facts, Deferral.SNAPSHOT, _next_snapshot(seen, now), settings)
    if settings.dry_run:
        return Decision(facts, Verdict.DRY_RUN)
    return Decision(facts, Verdict.REBUILD)


def _next_snapshot(seen: Observation, now: datetime) -> datetime:
    """Snapshots come every 12 hours; without one, or overdue, look every half hour."""
    soonest = now + timedelta(minutes=30)
    if seen.snapshot_at is None:
        return soonest
    return max(soonest, seen.snapshot_at + timedelta(hours=12))


def _defer(facts: Facts, why: Deferral, until: datetime, settings: Settings) -> Decision:
    return Decision(facts, Verdict.DEFERRED, settings.next_look(until), why)
