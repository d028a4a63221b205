"""The life of a WorkSpace: facts in, a decision out. Pure: no AWS, no clock, no log.

The phase is derived from the facts each time; a stored phase is never the source of truth.
`claims.py` follows the rebuilds that were requested.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from . import claims
from .claims import BAD_STATES, GONE_STATES, SHORTEST, trouble
from .facts import NOTICE_LAG, Decision, Deferral, Doubt, Facts, Need, Phase, Verdict, after, latest
from .observation import Observation
from .settings import Settings, UserVolume

REBUILDABLE_STATES = frozenset({"AVAILABLE", "ERROR", "UNHEALTHY", "STOPPED", "REBOOTING"})
"""The states from which AWS accepts RebuildWorkspaces (its API reference)."""

IDLE_FRESH = timedelta(minutes=30)
"""If a WorkSpace owes nothing, samples older than this leave open whether it was used."""

ROWS_RETURN_WITHIN = timedelta(minutes=30)
"""How long after a rebuild has settled the connection status may still be missing or UNKNOWN."""

SNAPSHOT_INTERVAL = timedelta(hours=12)
"""WorkSpaces saves a user volume every 12 hours (AWS's administration guide)."""

SNAPSHOT_SLACK = timedelta(minutes=30)
"""How much later than expected a snapshot may be, and how soon it is asked for again."""


def decide(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    """What to do with a WorkSpace, given what is known and what was just seen."""
    if seen.error is not None:
        why, holds = seen.error_reason, claims.FAILURE_HOLDS
        unknown = trouble(facts, Need.UNKNOWN, why, now, settings, holds=holds)
        return claims.no_later(unknown, now, settings)
    if facts.phase is Phase.REBUILDING:
        return claims.follow(facts, seen, now, settings)
    if seen.state == "REBUILDING":
        return claims.adopt(facts, seen, now, settings)
    if facts.phase is Phase.NEW:
        return _first_sight(facts, seen, now, settings)
    if facts.failed is not None and seen.state in claims.INTERRUPTED_STATES:
        facts = replace(facts, failed=replace(facts.failed, goes_first=False, image_id=None))
    if healed := claims.heal(facts, seen, now, settings):
        return healed
    if facts.failed is not None and seen.state in ("AVAILABLE", claims.RESTORING):
        # A later bad state is a new one.
        facts = replace(facts, failed=replace(facts.failed, bad_since=None))
    facts = learn(facts, seen)
    if facts.phase is Phase.CLEAN:
        return _stay_clean(facts, seen, now, settings)
    if facts.phase is Phase.IN_USE:
        return _await_vacancy(facts, seen, now, settings)
    early = claims.after_failure(facts, seen, now, settings)
    return early or _await_rebuild(facts, seen, now, settings)


def learn(facts: Facts, seen: Observation) -> Facts:
    """Add what was seen: times of use only increase, vacancy begins with the first look after them.

    A rebuild may itself change LastKnownUserConnectionTimestamp. Until it has settled, that creates
    no debt, as only a sample or a sign-in shows use; but it puts off a rebuild that is owed.
    """
    known_at = seen.last_connected_at and min(seen.last_connected_at, seen.looked_at)
    perhaps_used_at = latest(facts.used_at, known_at, seen.connected_at)
    # A later request that did not take place moves nothing.
    asked_at = facts.failed.asked_at if facts.failed else next(iter(facts.asked), None)
    is_own = after(known_at, asked_at)
    if is_own and after(facts.settled_at, known_at) and facts.phase in (Phase.CLEAN, Phase.FAILED):
        known_at = None
    used_at = latest(facts.used_at, known_at, seen.connected_at)
    if facts.phase is Phase.FAILED and _works_again(facts, seen, used_at):
        wanted_at = facts.wanted_at if facts.is_wanted_anew else None
        facts = replace(facts, retry_at=None, wanted_at=wanted_at)
        # If rebuilds repeatedly do not take place, it stays usable: that repairs nothing.
        if facts.failed is not None or facts.failures < 2:
            facts = replace(facts, failed=None, failures=0, trouble=None)
    came_back_at = _came_back_at(facts, used_at)
    vacancies = (facts.vacant_since, _vacant_at(facts, seen))
    unused = (at for at in vacancies if not perhaps_used_at or after(at, perhaps_used_at))
    vacant_since = next(filter(None, unused), None)
    confirmed = after(latest(seen.connected_at, facts.told_at), facts.owed_since)
    used_anew = after(latest(used_at, facts.told_at), facts.outdated_at)
    return replace(
        facts,
        used_at=used_at,
        signed_in_at=came_back_at or facts.signed_in_at,
        outdated_at=None if used_anew else facts.outdated_at,
        vacant_since=vacant_since,
        owed_since=vacant_since if confirmed else facts.owed_since or vacant_since,
        snapshot_at=latest(facts.snapshot_at, seen.snapshot_at),
        bundle_id=seen.bundle_id or facts.bundle_id,
        user=seen.user or facts.user,
    )


def _came_back_at(facts: Facts, used_at: datetime | None) -> datetime | None:
    """When somebody came back after a rebuild was requested by hand, if that shows. An alarm shows
    it too, unless it may be late, or an effect of the last rebuild."""
    known = (facts.wanted_at, facts.vacant_since, facts.settled_at)
    if not facts.is_wanted or facts.vacant_since is None:
        return None
    if after(used_at, latest(*known[:2])):
        return used_at
    lagging = latest(*known)
    return facts.told_at if lagging and after(facts.told_at, lagging + NOTICE_LAG) else None


def _works_again(facts: Facts, seen: Observation, used_at: datetime | None) -> bool:
    """Whether somebody has used a WorkSpace since its rebuild failed. While its bad state lasts, a
    sign-in does not prove use."""
    wiped_at = _wiped_at(facts)
    worked = seen.state in claims.USABLE_STATES and after(used_at, wiped_at)
    return worked or after(seen.connected_at, wiped_at)


def may_be_used(facts: Facts) -> bool:
    """Whether a WorkSpace may have been used since its rebuild failed, if a person restored it."""
    wiped_at = _wiped_at(facts)
    told = after(facts.told_at, max(wiped_at, facts.settled_at or wiped_at) + NOTICE_LAG)
    return told or after(facts.used_at, wiped_at)


def _wiped_at(facts: Facts) -> datetime:
    """When the failed rebuild ended all use: nobody is connected in state REBUILDING. If no look
    showed that state, the rebuild cannot have ended before the shortest time that one takes."""
    failed = facts.failed
    return facts.asked[0] if failed is None else failed.begun_at or failed.asked_at + SHORTEST


def owed_at(facts: Facts, settings: Settings) -> datetime | None:
    """When the rebuild of a vacant WorkSpace falls due: a grace period after the last evidence.

    A rebuild that an administrator asked for has no grace period.
    """
    if facts.is_wanted:
        return facts.wanted_at
    seen_or_told = latest(facts.vacant_since, facts.told_at)
    return None if seen_or_told is None else seen_or_told + settings.grace


def evident_at(facts: Facts) -> datetime | None:
    """When the end of the last session first showed: in an alarm, or in a sample."""
    ends, begun_at = (facts.vacant_since, facts.told_at), latest(facts.used_at, facts.clean_at)
    return min((at for at in ends if at is not None and not after(begun_at, at)), default=None)


def _first_sight(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    """A session in progress will owe a rebuild like any other. Otherwise the baseline is now, or
    when the first look was tried: so deploying the module rebuilds nothing."""
    if seen.state is None or seen.state in GONE_STATES:
        return trouble(facts, Need.UNKNOWN, seen.state or Doubt.NOT_FOUND, now, settings)
    asked_at, facts = facts.trouble and facts.trouble.since, replace(facts, trouble=None)
    if seen.connection == "CONNECTED" or after(seen.last_connected_at, asked_at or seen.checked_at):
        return _await_vacancy(learn(facts, seen), seen, now, settings)
    known = replace(facts, bundle_id=seen.bundle_id, user=seen.user, image_id=seen.bundle_image)
    baseline_at = asked_at or seen.vacant_at or seen.looked_at
    return Decision(replace(known, baseline_at=baseline_at), Verdict.BASELINE)


def _stay_clean(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    clean = replace(facts, vacant_since=None, owed_since=None)
    if doubt := _idle_doubt(facts, seen, now):
        return trouble(clean, Need.UNKNOWN, doubt, now, settings, Verdict.NOT_LEARNT)
    clean = replace(clean, trouble=None, image_id=facts.image_id or seen.bundle_image)
    vacant_at = seen.vacant_at
    if vacant_at is None or not seen.image_proven or seen.bundle_image == clean.image_id:
        return Decision(clean, Verdict.CLEAN)
    owing = replace(clean, outdated_at=now, vacant_since=vacant_at, owed_since=vacant_at)
    look_at = settings.next_look(vacant_at + settings.grace + settings.patience)
    return Decision(owing, Verdict.VACANT, look_at, Deferral.ROLL_OUT)


def keep_image(facts: Facts) -> Decision:
    """Drop the debt: the image that the WorkSpace lacked is no longer rolled out."""
    kept = replace(facts, outdated_at=None, vacant_since=None, owed_since=None, trouble=None)
    return Decision(replace(kept, failures=0, retry_at=None), Verdict.CLEAN)


def _idle_doubt(facts: Facts, seen: Observation, now: datetime) -> str | None:
    """Why a WorkSpace that owes nothing may have been used unnoticed; None if there is no doubt."""
    if seen.state in GONE_STATES:
        return seen.state
    if seen.state_asked and seen.state is None:
        return Doubt.NOT_FOUND
    sampled = seen.connection in ("CONNECTED", "DISCONNECTED") and seen.checked_at is not None
    if sampled and seen.checked_at is not None and seen.looked_at - seen.checked_at <= IDLE_FRESH:
        return None
    never_used = latest(facts.used_at, seen.last_connected_at) is None
    never_used &= facts.rebuilt_at is None or seen.state not in BAD_STATES
    settling = facts.settled_at is not None and now < facts.settled_at + ROWS_RETURN_WITHIN
    settling &= seen.state not in BAD_STATES
    if never_used or settling or seen.state not in ("AVAILABLE", *BAD_STATES):
        return None
    return seen.doubt


def _await_vacancy(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    told_later = after(facts.told_at, seen.checked_at)
    if seen.connection == "CONNECTED" and seen.is_fresh and not told_later:
        look_at = settings.look_after(now, settings.patience) if facts.is_wanted else None
        if facts.is_stuck and facts.trouble is not None and facts.trouble.needs_at <= now:
            # Until AWS accepts a rebuild, the fault that a person was told of lasts.
            look_at = look_at or settings.look_after(now, claims.LONGEST_PAUSE)
            return Decision(facts, Verdict.IN_USE, look_at, facts.trouble.reason)
        return Decision(replace(facts, trouble=None), Verdict.IN_USE, look_at)
    obstacle = _obstacle(facts, seen, now, settings)
    return obstacle or trouble(facts, Need.UNKNOWN, seen.doubt, now, settings)


def _await_rebuild(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    due_at = owed_at(facts, settings)
    if due_at is None:
        return _await_vacancy(facts, seen, now, settings)
    vacant_at, obstacle = _vacant_at(facts, seen), _obstacle(facts, seen, now, settings)
    if vacant_at is not None and obstacle is None and not facts.is_stuck:
        facts = replace(facts, trouble=None)
    if obstacle is not None and seen.state in (None, *GONE_STATES):
        return obstacle
    soonest = due_at + settings.patience if now < due_at else now
    opens_at = settings.rebuild_allowed_at(soonest)
    if opens_at > soonest:
        cannot_tell = seen.was_looked_at and (vacant_at is None or obstacle is not None)
        if facts.is_stuck or (facts.trouble is None and not cannot_tell):
            held_to = facts.held_until if after(facts.held_until, now) else None
            until, expected_by = min(opens_at, held_to or opens_at), settings.next_look(opens_at)
            return defer(facts, Deferral.WINDOW, until, settings, expected_by)
        # A doubt may be over long before the window opens.
        return obstacle or trouble(facts, Need.UNKNOWN, seen.doubt, now, settings)
    if now < due_at:
        put_off = after(facts.vacant_since, facts.owed_since)
        why = Deferral.UNCONFIRMED if put_off else Deferral.GRACE
        if facts.outdated_at is not None:
            why = Deferral.ROLL_OUT
        return Decision(facts, Verdict.VACANT, settings.next_look(soonest), why)
    if obstacle is not None:
        return obstacle
    if vacant_at is None or vacant_at < due_at:
        doubt = Doubt.OLDER_SAMPLE if vacant_at else seen.doubt
        return trouble(facts, Need.UNKNOWN, doubt, now, settings)
    keeps = settings.user_volume is UserVolume.KEEP and facts.failed is None  # it rolled it back
    if keeps and not facts.is_wanted and (waits := _await_snapshot(facts, seen, now, settings)):
        return waits
    if not settings.dry_run:
        return Decision(facts, Verdict.REBUILD)
    look_at = settings.look_after(now, claims.LONGEST_PAUSE) if facts.trouble is not None else None
    return Decision(facts, Verdict.DRY_RUN, look_at)


def _await_snapshot(
    facts: Facts, seen: Observation, now: datetime, settings: Settings
) -> Decision | None:
    """Wait for a snapshot newer than the session; None once there is one.

    AWS is asked only when one can be expected: each question is a call for one WorkSpace.
    """
    ended_by = latest(facts.vacant_since, facts.told_at) or now
    if facts.snapshot_at is not None and facts.snapshot_at >= ended_by:
        return None
    latest_by = ended_by + SNAPSHOT_INTERVAL + SNAPSHOT_SLACK
    expected = latest(facts.snapshot_at, facts.settled_at)
    while expected is not None and expected <= ended_by:
        expected += SNAPSHOT_INTERVAL
    if seen.snapshot_asked:
        look_at = now + (SNAPSHOT_SLACK if now < latest_by else 4 * SNAPSHOT_SLACK)
        if expected is not None:
            look_at = max(look_at, expected + timedelta(minutes=5))
    elif expected is not None and now < expected:
        look_at = expected
    else:
        return Decision(facts, Verdict.DEFERRED, now, Deferral.SNAPSHOT, needs_snapshot=True)
    return defer(facts, Deferral.SNAPSHOT, look_at, settings, latest_by)


def defer(
    facts: Facts, why: str, until: datetime, settings: Settings, expected_by: datetime | None = None
) -> Decision:
    """Put off the rebuild `until` then, because of a wait that the administrator chose."""
    look_at = settings.next_look(until)
    return Decision(facts, Verdict.DEFERRED, look_at, why, expected_by=expected_by or look_at)


def _obstacle(
    facts: Facts, seen: Observation, now: datetime, settings: Settings
) -> Decision | None:
    """Why no rebuild is possible, regardless of who is connected; None if one is."""
    if seen.state_asked and seen.state is None:
        return trouble(facts, Need.UNKNOWN, Doubt.NOT_FOUND, now, settings)
    if seen.state is not None and seen.state not in REBUILDABLE_STATES:
        need = Need.UNKNOWN if seen.state in GONE_STATES else Need.BLOCKED
        return trouble(facts, need, seen.state, now, settings)
    return None


def _vacant_at(facts: Facts, seen: Observation) -> datetime | None:
    """When nobody was connected.

    A rebuild ends every session. So while the state in which it ended badly lasts, nobody is
    connected, even if the connection status is UNKNOWN or missing. A later sign of use leaves that
    open: the attempt may have failed, or a person may have restored the WorkSpace.
    """
    seen_bad = facts.failed is not None and facts.failed.bad_since is not None
    unused = seen_bad and not after(facts.used_at, _wiped_at(facts))
    broken = unused and seen.state in BAD_STATES
    if broken and not (seen.connection == "CONNECTED" and seen.is_fresh):
        return seen.looked_at
    return seen.vacant_at
