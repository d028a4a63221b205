"""When a debt should have been paid: what exceeds that is late, and needs a person (P6). Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from .facts import BRAKE_HOLDS, Decision, Deferral, Doubt, Facts, Phase, after, latest
from .settings import Settings

SIGN_INS_COUNT_FOR = timedelta(hours=4)
"""How much younger sign-ins alone can make a debt: nothing else may confirm a short session, but no
stream of them keeps a debt from ever being late."""


def reckon(
    before: Facts, decision: Decision, now: datetime, settings: Settings, allowance: timedelta
) -> Facts:
    """The decision's facts, with the time by which the debt should have been paid.

    That is the grace period, what the API's rate needs (`allowance`), and each wait that the
    administrator configured. What is late already stays late, whatever it waits for next. What had
    been in trouble for long, or owed nothing in a dry run, begins anew.
    """
    facts = decision.facts
    waits = isinstance(decision.reason, Deferral)  # so does the look that awaited a newer sample
    doubted = facts.trouble is not None and facts.trouble.reason == Doubt.OLDER_SAMPLE
    if waits and doubted and not facts.is_stuck:
        facts = replace(facts, trouble=None)
    put_off = facts.phase is Phase.IN_USE and facts.owed_since is not None
    if not (facts.is_owed or put_off) or settings.dry_run:
        return replace(facts, late_at=None, braked_at=None)
    was_held_to = None if after(facts.held_until, now) else facts.held_until
    told_at, signed_in_at = facts.told_at, facts.signed_in_at
    if signed_in_at is not None and facts.owed_since is not None:
        told_at = latest(told_at, min(signed_in_at, facts.owed_since + SIGN_INS_COUNT_FOR))
    since = latest(facts.owed_since, told_at, facts.wanted_at, was_held_to) or now
    late_at = since + settings.grace + allowance
    if facts.late_at is not None and not after(facts.owed_since, before.owed_since):
        late_at = max(late_at, facts.late_at)
    was_stuck = before.trouble is not None and now >= before.trouble.needs_at
    was_dry_run = before.is_owed and before.late_at is None
    if was_dry_run or (was_stuck and facts.trouble is None):
        late_at = max(late_at, now + settings.grace + allowance)
    if decision.expected_by is not None and now < late_at:
        late_at = max(late_at, decision.expected_by + allowance)
    return replace(facts, late_at=late_at, braked_at=_braked_at(before, decision, now, settings))


def _braked_at(
    before: Facts, decision: Decision, now: datetime, settings: Settings
) -> datetime | None:
    """One that waits for a place does so while the window is closed, and while it cannot be told
    whether somebody is connected, too: one fault, one alarm."""
    is_queued = decision.reason in (Deferral.BRAKE, Deferral.SHARE)
    is_same_debt = not after(decision.facts.owed_since, before.owed_since)
    if before.braked_at is not None and is_same_debt:
        in_doubt = decision.facts.trouble is not None
        goes_on = is_queued or in_doubt or decision.reason == Deferral.WINDOW
        return before.braked_at if goes_on else None
    needs_at = now
    for _ in range(BRAKE_HOLDS.days):
        needs_at = settings.rebuild_allowed_at(needs_at) + timedelta(days=1)
    return needs_at if is_queued else None
