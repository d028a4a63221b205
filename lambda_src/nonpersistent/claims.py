"""Follow a requested rebuild by looking at its WorkSpace: begun, ended, or never seen.

Pure. A rebuild shows within 12 minutes and takes at least 10 (sources: WorkSpaces' own recovery
runbook, and practitioners), so looks less than 10 minutes apart cannot miss one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from .facts import ENDS_WITHIN, Claim, Decision, Deferral, Doubt, Facts, Need, Trouble, Verdict
from .observation import Observation
from .settings import SAMPLE_INTERVAL, Settings

USABLE_STATES = frozenset({"AVAILABLE", "STOPPED"})
"""The states of a WorkSpace whose rebuild has ended well."""

BAD_STATES = frozenset({"ERROR", "UNHEALTHY", "IMPAIRED"})
"""The states of a WorkSpace whose rebuild has ended badly, if they last."""

GONE_STATES = frozenset({"TERMINATING", "TERMINATED"})
"""The states of a WorkSpace that is being deleted, or is gone."""

INTERRUPTED_STATES = frozenset({"REBOOTING", "STOPPING", "STOPPED", "STARTING"})
"""After a bad state, these are no end: somebody reboots or stops the WorkSpace."""

RESTORING = "RESTORING"
"""A person is repairing what the rebuild broke: a good state after that is not its success."""

BEGINS_WITHIN = timedelta(minutes=13)
"""The longest time from the claim of a rebuild to the state REBUILDING: 12 minutes from its
acceptance, and one for a call that takes effect late."""

SHORTEST = timedelta(minutes=9, seconds=45)
"""The shortest time that a rebuild takes: 10 minutes, less the time that a look takes."""

WATCH_EVERY = timedelta(minutes=6, seconds=30)
"""The time between looks for REBUILDING: still less than SHORTEST when rounded up to a tick."""

CANARY_WATCH_EVERY = timedelta(minutes=5)
"""The time between looks at a rebuild whose end others are waiting for."""

USUAL_LENGTH = timedelta(minutes=52)
"""Most rebuilds have ended this long after the claim; until then, only a canary is looked at."""

FOLLOW_EVERY = timedelta(minutes=30)
"""The time between looks at a rebuild that takes longer, but BAD_FOR once it has taken too long: so
a restore is not missed, which would look like its success."""

BAD_FOR = timedelta(minutes=10)
"""How long a bad state, or a stop, must last to be a rebuild's end: some pass by themselves."""

HEALS_WITHIN = timedelta(hours=1)
"""How soon after a bad state a good one is the rebuild's success: 45 minutes, and 15 to see it."""

SETTLES_WITHIN = timedelta(minutes=30)
"""How long after its end a rebuild may still change the last-connection time, or end a session."""

BACK_OFF = (timedelta(hours=2), timedelta(hours=8), timedelta(hours=24))
"""The waits before the first, second and any later repetition of a failed rebuild."""

TRIES_A_DAY = 3
"""The most tries in a day, including those because of a new image."""

IMAGE_CHECKED_EVERY = timedelta(minutes=10)
"""How soon a WorkSpace whose rebuild failed is tried again with a new image of its bundle."""

DOUBT_HOLDS = timedelta(minutes=90)
"""How long a WorkSpace may be unknown, or in a state that forbids a rebuild, before it needs a
person."""

FAILURE_HOLDS = timedelta(minutes=30)
"""The same for a rebuild that failed, or that AWS refuses."""

LONGEST_PAUSE = timedelta(hours=1)
"""The longest time between two looks at a WorkSpace in trouble."""

TOLD_BEFORE = frozenset({Need.LATE, Need.BRAKED, Need.ENDLESS})
"""Needs that may already be reported when a doubt begins: their alarm rings on meanwhile."""

MAYBE_USED = frozenset({Doubt.CONTRADICTION, Doubt.OLDER_SAMPLE})
"""Doubts that make a debt late, however long they last: somebody may be using the WorkSpace."""

NOT_BEGUN = "not_begun"
"""The reason of a failure: no look showed the rebuild, though looks could not have missed it."""

NOT_SEEN = "not_seen"
"""The reason of a failure: AWS did not answer the request, and no look showed the rebuild."""

IN_VAIN = frozenset({NOT_BEGUN, NOT_SEEN})
"""The reasons of a rebuild that, as far as is known, did not take place."""


def follow(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    """Decide about a rebuild in progress from the latest look."""
    claim = facts.claim
    assert claim is not None
    if seen.state in GONE_STATES:
        gone = replace(facts, claim=None, asked=(claim.asked_at, *facts.asked)[:TRIES_A_DAY])
        return trouble(gone, Need.UNKNOWN, seen.state, now, settings)
    if seen.state is None:
        why = Doubt.NOT_FOUND
        unknown = trouble(facts, Need.UNKNOWN, why, now, settings, Verdict.REBUILDING)
        return no_later(unknown, now, settings)
    if facts.trouble is not None:
        told = replace(facts.trouble, reason=seen.state) if facts.failures else None
        facts = replace(facts, trouble=told)
    if seen.state == "REBUILDING":
        claim = replace(claim, accepted_at=claim.accepted_at or claim.asked_at, begun_at=now)
        begun = replace(claim, bad_since=None, stopped_since=None)
        return _look_again(facts, begun, seen, now, settings)
    if seen.state == RESTORING and (claim.bad_since is not None or claim.was_endless):
        return fail(facts, replace(claim, bad_since=None), RESTORING, now, settings)
    is_interrupted = claim.bad_since is not None and seen.state in INTERRUPTED_STATES
    if seen.state == RESTORING or is_interrupted:  # a good state after that proves nothing
        goes_first = claim.goes_first and is_interrupted  # the others wait for its end
        claim = replace(claim, goes_first=goes_first, image_id=None)
    moved = None not in (claim.address, seen.address) and claim.address != seen.address
    traced = moved or claim.begun_at is not None
    stopped_since = (claim.stopped_since or now) if traced and seen.state == "STOPPED" else None
    may_go_on = stopped_since is not None and now - stopped_since < BAD_FOR
    watched = replace(claim, watched_to=_watched_to(claim, seen), stopped_since=stopped_since)
    may_begin = seen.looked_at - claim.asked_at < BEGINS_WITHIN and not traced
    if may_begin or may_go_on or is_interrupted or seen.state not in USABLE_STATES | BAD_STATES:
        return _look_again(facts, watched, seen, now, settings)
    if not traced and watched.watched_to == seen.looked_at:
        return fail(facts, watched, NOT_BEGUN, now, settings)
    if seen.state in BAD_STATES:
        bad = replace(watched, bad_since=claim.bad_since or now)
        if now - (claim.bad_since or now) < BAD_FOR:
            return _look_again(facts, bad, seen, now, settings)
        return fail(facts, bad, seen.state, now, settings)
    if traced:
        return _end_well(facts, watched, now, settings, Verdict.FINISHED)
    if claim.accepted_at is not None:
        return _end_well(facts, watched, now, settings, Verdict.BELIEVED)
    return fail(facts, watched, NOT_SEEN, now, settings)


def no_later(decision: Decision, now: datetime, settings: Settings) -> Decision:
    """Keep the planned look: doubt about a rebuild in progress must not postpone it."""
    claim = decision.facts.claim
    if claim is None or decision.look_at is None:
        return decision
    return replace(decision, look_at=min(decision.look_at, next_look_at(claim, now, settings)))


def adopt(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision:
    """Follow a rebuild that somebody else started: it pays the debt as well."""
    claim = Claim(asked_at=now, accepted_at=now, begun_at=now)
    kept = facts.trouble if facts.failures else None
    known = replace(facts, bundle_id=seen.bundle_id or facts.bundle_id, trouble=kept)
    return _look_again(known, claim, seen, now, settings)


def heal(facts: Facts, seen: Observation, now: datetime, settings: Settings) -> Decision | None:
    """Close a rebuild that ended badly if the WorkSpace has recovered; None if it has not."""
    if facts.failed is None or seen.state != "AVAILABLE" or not may_heal(facts, now):
        return None
    return _end_well(facts, facts.failed, now, settings, Verdict.FINISHED)


def after_failure(
    facts: Facts, seen: Observation, now: datetime, settings: Settings
) -> Decision | None:
    """Wait for the next attempt after a failed rebuild; None if it is due, or if none failed."""
    if facts.retry_at is None or now >= facts.retry_at or is_mended(facts, seen, now):
        return None
    if facts.is_wanted and facts.is_wanted_anew:
        return None
    look_at = facts.retry_at
    if facts.failed is not None:
        look_at = min(look_at, now + IMAGE_CHECKED_EVERY)
    met = facts.trouble
    if met is not None and facts.is_unseen and seen.state is not None:
        facts = replace(facts, trouble=replace(met, reason=seen.state))
    return Decision(facts, Verdict.DEFERRED, settings.next_look(look_at), Deferral.RETRY)


def is_mended(facts: Facts, seen: Observation, now: datetime) -> bool:
    """Whether the bundle has another image than the one whose rebuild ended badly."""
    failed = facts.failed
    if failed is None or None in (failed.image_id, seen.bundle_image):
        return False
    today = [moment for moment in facts.asked if now - moment < timedelta(days=1)]
    return failed.image_id != seen.bundle_image and len(today) < TRIES_A_DAY


def may_heal(facts: Facts, now: datetime) -> bool:
    """Whether a bad end may still turn into a good one by itself."""
    bad_since = facts.failed.bad_since if facts.failed is not None else None
    return bad_since is not None and now - bad_since <= HEALS_WITHIN


def fail(facts: Facts, claim: Claim, reason: str, now: datetime, settings: Settings) -> Decision:
    """Plan the next attempt after a bad end, or a rebuild that did not take place, with backoff."""
    retry_at = now + BACK_OFF[min(facts.failures, len(BACK_OFF) - 1)]
    began = reason not in IN_VAIN
    told = facts.trouble if facts.failures else None  # the same fault, however often it is met
    endless_at = facts.claim and facts.claim.endless_at
    holds = timedelta() if endless_at and endless_at <= now else FAILURE_HOLDS
    told = told or Trouble(now, Need.BLOCKED, reason, now + holds)
    failed = replace(
        facts,
        claim=None,
        failed=claim if began else facts.failed,
        asked=(claim.asked_at, *facts.asked)[:TRIES_A_DAY],
        settled_at=now + SETTLES_WITHIN if began else facts.settled_at,
        failures=facts.failures + 1,
        retry_at=retry_at,
        trouble=replace(told, reason=reason),
    )
    look_at = min(retry_at, now + IMAGE_CHECKED_EVERY) if began else retry_at
    return Decision(failed, Verdict.FAILED, settings.next_look(look_at), reason)


def refuse(facts: Facts, code: str, now: datetime, settings: Settings) -> Decision:
    """The decision after AWS refused the rebuild: nothing has happened, and the debt remains."""
    return trouble(facts, Need.BLOCKED, code, now, settings, Verdict.REFUSED, FAILURE_HOLDS)


def trouble(
    facts: Facts,
    need: Need,
    reason: str,
    now: datetime,
    settings: Settings,
    verdict: Verdict = Verdict.DEFERRED,
    holds: timedelta = DOUBT_HOLDS,
) -> Decision:
    """Look again, with backoff: nothing can be done, for a reason that nobody chose."""
    before = facts.trouble or _begin(facts, need, reason, now, holds)
    since = before.since
    turns_at = since + holds if before.need in TOLD_BEFORE and reason not in MAYBE_USED else None
    if turns_at is not None and now >= turns_at:  # a fault of its own by now
        before, turns_at = replace(before, need=need, needs_at=turns_at), None
    needs_at = min(since + holds, before.needs_at)
    if facts.retry_at is not None or before.needs_at <= now:
        need = before.need  # a failed rebuild, or what a person was told of: one fault, one alarm
        reason = before.reason if before.refused and isinstance(reason, Doubt) else reason
    shortest = SAMPLE_INTERVAL if verdict is Verdict.REFUSED else settings.patience
    pause = max(shortest, min((now - since) / 2, LONGEST_PAUSE, settings.audit_interval))
    if turns_at is not None:
        pause = min(pause, turns_at - now)
    refused = verdict is Verdict.REFUSED or before.refused
    stuck = replace(facts, trouble=Trouble(since, need, reason, needs_at, refused))
    return Decision(stuck, verdict, settings.look_after(now, pause), reason)


def _begin(facts: Facts, need: Need, reason: str, now: datetime, holds: timedelta) -> Trouble:
    """New trouble. A fault already reported continues under its need: one fault, one alarm."""
    told = facts.needs(None)
    if told is not None and told[1] <= now:
        return Trouble(now, told[0], reason, told[1])
    return Trouble(now, need, reason, now + holds)


def _watched_to(claim: Claim, seen: Observation) -> datetime | None:
    """Until when looks show no rebuild, each so soon after the last that it cannot have missed one.

    A rebuild may pass through any state but AVAILABLE, so another one than before the claim proves
    nothing. But a stop or reboot is most likely AutoStop's, or ordered by the user.
    """
    if seen.state not in (claim.state, "AVAILABLE", *INTERRUPTED_STATES):
        return claim.watched_to
    unbroken = seen.looked_at - (claim.watched_to or claim.asked_at) <= SHORTEST
    return seen.looked_at if unbroken else claim.watched_to


def _look_again(
    facts: Facts, claim: Claim, seen: Observation, now: datetime, settings: Settings
) -> Decision:
    look_at = next_look_at(claim, now, settings)
    going = replace(claim, going_at=now)
    return Decision(replace(facts, claim=going), Verdict.REBUILDING, look_at, seen.state)


def next_look_at(claim: Claim, now: datetime, settings: Settings) -> datetime:
    """When to look at a rebuild again: no more often than necessary."""
    age = now - claim.asked_at
    if age >= ENDS_WITHIN:
        return settings.look_after(now, BAD_FOR)
    watch_at = (claim.watched_to or claim.asked_at) + WATCH_EVERY
    if claim.begun_at is None and (age < BEGINS_WITHIN or now < watch_at):
        return settings.next_tick(max(now, watch_at))
    if (since := claim.bad_since or claim.stopped_since) is not None:
        return settings.next_tick(max(since + BAD_FOR, now + CANARY_WATCH_EVERY))
    if claim.goes_first:
        return settings.look_after(now, CANARY_WATCH_EVERY)
    usual = settings.next_look(max(claim.asked_at + USUAL_LENGTH, now + FOLLOW_EVERY))
    return min(usual, settings.next_tick(claim.asked_at + ENDS_WITHIN))


def _end_well(
    facts: Facts, claim: Claim, now: datetime, settings: Settings, verdict: Verdict
) -> Decision:
    """Close a rebuild that ended well: the debt is paid; only use after it began makes a new one.

    Nobody can be connected in state REBUILDING, so the latest look that showed it counts. If no
    look has followed for long, the rebuild is taken to have ended by the time that rebuilds need.
    """
    seen_at = (claim.going_at or claim.asked_at) + LONGEST_PAUSE + settings.patience
    ended_by = min(now, max(seen_at, claim.asked_at + ENDS_WITHIN))
    asked = facts.asked if claim == facts.failed else (claim.asked_at, *facts.asked)
    rebuilt = replace(
        facts.hold,
        used_at=facts.used_at,
        signed_in_at=facts.signed_in_at,
        told_at=facts.told_at,
        wanted_at=facts.wanted_at,
        rebuilt_at=claim.begun_at or claim.accepted_at or claim.asked_at,
        settled_at=ended_by + SETTLES_WITHIN,
        asked=asked[:TRIES_A_DAY],
        user=facts.user,
        bundle_id=facts.bundle_id,
        image_id=claim.image_id,
    )
    # The next sample shows who has signed in since, even if messages about them were lost.
    return Decision(rebuilt, verdict, settings.look_after(now, settings.patience))
