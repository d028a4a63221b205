"""When a debt should have been paid; after that it is late, and needs a person (P6). Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from .claims import BAD_FOR, TOLD_BEFORE
from .facts import ENDS_WITHIN, Decision, Deferral, Doubt, Facts, Phase, after, latest
from .lifecycle import SNAPSHOT_INTERVAL, SNAPSHOT_SLACK
from .settings import SAMPLE_INTERVAL, Settings

SIGN_INS_COUNT_FOR = timedelta(hours=4)
"""How much younger sign-ins alone can make a debt: nothing else may confirm a short session, but a
stream of sign-ins must not keep a debt from ever being late."""

BRAKE_HOLDS = timedelta(days=3)
"""A WorkSpace that waits for the brake longer than this needs a person: the limit is too low. Days
on which the rebuild window does not open do not count."""

NO_LIMITS = (
    Deferral.WINDOW,
    Deferral.CANARY,
    Deferral.IMAGE,
    Deferral.THROTTLED,
    Deferral.UNCONFIRMED,
)
"""What a debt may wait for in every window again, and so for ever if the windows are short."""

REFUSAL_WAITS = (Deferral.WINDOW, Deferral.CANARY, Deferral.HELD_BUNDLE, Deferral.HOLD)
"""Waits that put off the next try of a rebuild that AWS has refused, and end by themselves."""

QUEUES = (Deferral.BRAKE, Deferral.SHARE)
"""Waits for a place. They may come again before each try, so they do not end a refusal."""


def reckon(
    before: Facts,
    decision: Decision,
    now: datetime,
    settings: Settings,
    allowance: timedelta,
    *,
    waited_for: str | None = None,
    planned_at: datetime | None = None,
) -> Facts:
    """The decision's facts, with the time by which the debt should have been paid.

    It includes the grace period, what the API's rate needs (`allowance`), and each wait that the
    administrator configured; but a debt that went unpaid through a whole window is late. A late
    debt stays late, whatever it waits for next. After long trouble, or a dry run in which nothing
    was owed, the reckoning starts over. `waited_for` is what it waited for until now, `planned_at`
    the look that it waited for.
    """
    decision = _without_what_is_over(decision, now)
    facts = decision.facts
    put_off = facts.phase is Phase.IN_USE and facts.owed_since is not None
    if not (facts.is_owed or put_off) or settings.dry_run:
        return replace(facts, late_at=None, braked_at=None)
    was_held_to = None if after(facts.held_until, now) else facts.held_until
    told_at, signed_in_at = facts.told_at, facts.signed_in_at
    if signed_in_at is not None and facts.owed_since is not None:
        told_at = latest(told_at, min(signed_in_at, facts.owed_since + SIGN_INS_COUNT_FOR))
    since = latest(facts.owed_since, told_at, facts.wanted_at, was_held_to) or now
    was_dry_run = before.is_owed and before.late_at is None
    if was_dry_run or (_was_stuck(before, now) and facts.trouble is None):
        since = now
    late_at = since + settings.grace + allowance
    if facts.late_at is not None and not after(facts.owed_since, before.owed_since):
        late_at = max(late_at, facts.late_at)
    due_at = since + settings.grace
    had_its_chance = _had_its_chance(decision, due_at, waited_for, planned_at, settings)
    may_wait = now < late_at or decision.reason == Deferral.SNAPSHOT  # which cannot be put off
    if decision.expected_by is not None and may_wait and not had_its_chance:
        late_at = max(late_at, decision.expected_by + allowance)
    return replace(facts, late_at=late_at, braked_at=_braked_at(before, decision, now, settings))


def _had_its_chance(
    decision: Decision,
    due_at: datetime,
    waited_for: str | None,
    planned_at: datetime | None,
    settings: Settings,
) -> bool:
    """Whether a whole window has passed since the debt was due, without a limit chosen by the
    administrator that kept it waiting. The wait for a snapshot is one until it should exist."""
    if decision.reason != Deferral.WINDOW or waited_for not in (*NO_LIMITS, Deferral.SNAPSHOT):
        return False
    if waited_for == Deferral.SNAPSHOT:
        due_at += SNAPSHOT_INTERVAL + SNAPSHOT_SLACK
    if waited_for == Deferral.WINDOW and planned_at is not None:
        opens_at = settings.rebuild_allowed_at(planned_at - SAMPLE_INTERVAL, whole=True)
        if opens_at > planned_at:  # the window has been changed since
            due_at = max(due_at, planned_at)
    opened_at = settings.rebuild_allowed_at(due_at, whole=True)
    return after(decision.expected_by, settings.next_look(opened_at))


def _without_what_is_over(decision: Decision, now: datetime) -> Decision:
    """Drop trouble that does not count: a doubt about a sample, if the debt now waits by choice,
    and a refusal that was only just met, as only the next try can show whether it lasts. If it
    waits for a place, that try is given some time instead."""
    facts, trouble = decision.facts, decision.facts.trouble
    if trouble is None or not isinstance(decision.reason, Deferral):
        return decision
    doubted = trouble.reason == Doubt.OLDER_SAMPLE and not facts.is_stuck
    is_first = trouble.refused and not facts.failures and now - trouble.since < BAD_FOR
    if doubted or (is_first and decision.reason in REFUSAL_WAITS):
        return replace(decision, facts=replace(facts, trouble=None))
    if is_first and decision.reason in QUEUES and decision.look_at is not None:
        needs_at = max(trouble.needs_at, decision.look_at + ENDS_WITHIN)
        facts = replace(facts, trouble=replace(trouble, needs_at=needs_at))
    return replace(decision, facts=facts)


def _was_stuck(before: Facts, now: datetime) -> bool:
    """Whether trouble was reported for itself: the debt was not late before, and the trouble is no
    doubt that continues an earlier fault."""
    trouble = before.trouble
    if trouble is None or after(trouble.since, before.late_at):
        return False
    return now >= trouble.needs_at and trouble.need not in TOLD_BEFORE


def _braked_at(
    before: Facts, decision: Decision, now: datetime, settings: Settings
) -> datetime | None:
    """When a debt's wait for a place needs a person. That wait goes on while the window is closed,
    and while it is unknown whether somebody is connected: one fault, one alarm."""
    is_queued = decision.reason in QUEUES
    is_same_debt = not after(decision.facts.owed_since, before.owed_since)
    if before.braked_at is not None and is_same_debt:
        in_doubt = decision.facts.trouble is not None
        goes_on = is_queued or in_doubt or decision.reason in (Deferral.WINDOW, Deferral.CANARY)
        return before.braked_at if goes_on else None
    if is_same_debt and before.late_at is not None and before.late_at <= now:
        return None  # it is late already: one fault, one alarm
    needs_at = now
    for _ in range(BRAKE_HOLDS.days):
        needs_at = settings.rebuild_allowed_at(needs_at) + timedelta(days=1)
    return needs_at if is_queued else None
