"""What becomes of a rebuild that was asked for, also of one whose answer nobody heard. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from .decisions import Decision, Verdict
from .facts import ATTEMPTS, Facts, Observation
from .settings import Settings

BEGINS_WITHIN = timedelta(minutes=5)
"""A rebuild that has not shown within this time after it was asked for never began."""

USABLE = frozenset({"AVAILABLE", "STOPPED"})
"""The states in which a rebuild ends well."""

FAILED_STATES = frozenset({"ERROR", "UNHEALTHY"})
"""The states in which a rebuild ends badly."""

NEVER_BEGAN = "never_began"
"""Why a rebuild failed that AWS accepted, or did not answer, and that left no trace."""


def follow(
    facts: Facts, asked_at: datetime, seen: Observation, now: datetime, settings: Settings
) -> Decision:
    """How the rebuild that was asked for at `asked_at` goes, by the WorkSpace's state.

    An accepted rebuild is left to the next audit, unless an image waits for its proof.
    """
    if seen.gone:
        return gone(facts, seen)
    look_at = settings.next_look(now + settings.patience)
    if seen.state == "REBUILDING":
        facts = replace(facts, accepted_at=facts.accepted_at or asked_at, begun=True)
    settled = seen.state in USABLE or seen.state in FAILED_STATES
    known = facts.address is not None and seen.address is not None
    moved = known and facts.address != seen.address
    if settled and (facts.begun or moved or now - asked_at >= BEGINS_WITHIN):
        if seen.state in FAILED_STATES:
            return _unclaim(facts, str(seen.state), Verdict.FAILED, now, settings)
        taken_on_trust = facts.accepted_at is not None and not known
        if facts.begun or moved or taken_on_trust:
            rebuilt = _rebuilt(facts, asked_at)
            return Decision(rebuilt, Verdict.FINISHED, look_at if rebuilt.is_dirty else None)
        return _unclaim(facts, NEVER_BEGAN, Verdict.FAILED, now, settings)
    at_leisure = facts.accepted_at is not None and not facts.proving
    return Decision(facts, Verdict.REBUILDING, None if at_leisure else look_at, seen.state)


def refuse(facts: Facts, reason: str, now: datetime, settings: Settings) -> Decision:
    """AWS refused the rebuild: the claim is taken back, the debt stays."""
    return _unclaim(facts, reason, Verdict.REFUSED, now, settings)


def unclaimed(facts: Facts) -> Facts:
    """The claim of a rebuild is taken back."""
    return replace(facts, asked_at=None, accepted_at=None, begun=False, address=None, proving=False)


def gone(facts: Facts, seen: Observation) -> Decision:
    """Terminated, or not there: the next audit looks again. A missing row proves nothing."""
    if not seen.missing:
        facts = unclaimed(facts)
    return Decision(facts, Verdict.BLOCKED, None, seen.state or "not_found")


def _rebuilt(facts: Facts, asked_at: datetime) -> Facts:
    """Nothing is owed any more but what was used, or told of, after the rebuild was accepted."""
    return Facts(
        used_at=facts.used_at,
        told_at=facts.told_at,
        rebuilt_at=facts.accepted_at or asked_at,
        rebuilt_before_at=facts.rebuilt_at,
        failed_at=facts.failed_at,
        bundle_id=facts.bundle_id,
    )


def _unclaim(
    facts: Facts, reason: str, verdict: Verdict, now: datetime, settings: Settings
) -> Decision:
    attempts = facts.attempts + 1
    failed_at = facts.asked_at if verdict is Verdict.FAILED else facts.failed_at
    owed = replace(unclaimed(facts), failed_at=failed_at, attempts=attempts, reason=reason)
    if attempts >= ATTEMPTS:
        return Decision(owed, verdict, None, reason)
    wait = settings.patience * 3 ** (attempts - 1)
    return Decision(owed, verdict, settings.next_look(now + wait), reason)
