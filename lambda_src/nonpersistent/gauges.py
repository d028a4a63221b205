"""The fleet's state as numbers, from the ledger alone: the alarms watch them (P6).

They describe a state and not what a pass did, so an alarm lasts as long as its cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from .facts import USUAL_DELAY, Need, Phase
from .journal import Journal, Line
from .ledger import Entry, Ledger
from .settings import Settings

INTERVAL = timedelta(minutes=5)
"""The time between two lines: each ten-minute period of the alarms has one."""

MOST_NAMED = 100
"""The most WorkSpaces that are named, each on its own line, per kind of need for a person."""


def tell(ledger: Ledger, journal: Journal, settings: Settings) -> None:
    """Write the gauges, and a line for each WorkSpace and bundle that needs a person now.

    Takes at most three requests, and one more for each further page of the index.
    """
    entries, now = ledger.planned(), ledger.clock.now()
    unattended = now - USUAL_DELAY - timedelta(seconds=2 * len(entries) / settings.api_rate)
    needy = list(_needy(entries, unattended, now))
    counts = Counter(need for _, need, _, _ in needy)
    late = [since for _, need, since, _ in needy if need is Need.LATE]
    audit = ledger.audit()
    bundle_ids = {*audit.bundle_ids, *(entry.bundle_id for entry in entries if entry.bundle_id)}
    bundles = ledger.bundles(sorted(bundle_ids)) if settings.canary_after is not None else []
    held = [bundle.bundle_id for bundle in bundles if bundle.is_held]
    completed_at = audit.completed_at
    if completed_at is None:
        ledger.ask_audit(now)
    overdue = now - completed_at - settings.audit_interval if completed_at else timedelta()
    journal.write(
        Line.GAUGES,
        owed=sum(entry.phase in (Phase.VACANT, Phase.FAILED) for entry in entries),
        rebuilding=sum(entry.phase == Phase.REBUILDING for entry in entries),
        late=counts[Need.LATE],
        oldest_late_seconds=(now - min(late, default=now)).total_seconds(),
        blocked=counts[Need.BLOCKED],
        endless=counts[Need.ENDLESS],
        unknown=counts[Need.UNKNOWN],
        braked=counts[Need.BRAKED],
        held_bundles=len(held),
        audit_overdue_minutes=max(0.0, overdue.total_seconds() / 60),
    )
    for bundle_id in held:
        need = Need.HELD_BUNDLE.value
        journal.write(Line.NEEDS_PERSON, needs=need, reason="three_lost", bundle_id=bundle_id)
    named: Counter[Need] = Counter()
    for entry, need, since, reason in needy:
        named[need] += 1
        if named[need] > MOST_NAMED:
            continue
        about = {"needs": need.value, "user": entry.user, "reason": reason, "since": since}
        about |= {"phase": entry.phase, "bundle_id": entry.bundle_id}
        journal.write(Line.NEEDS_PERSON, entry.id, **about)


def _needy(
    entries: Iterable[Entry], unattended: datetime, now: datetime
) -> Iterator[tuple[Entry, Need, datetime, str | None]]:
    """The WorkSpaces that need a person now: what for, since when, and why. A look that was due
    before a need began, and has not taken place, might have shown that there is none."""
    for entry in entries:
        seen_to = now if entry.needs is Need.LATE else min(now, entry.due_at)
        if entry.needs is not None and entry.needs_at is not None and entry.needs_at <= seen_to:
            yield entry, entry.needs, entry.needs_at, entry.reason
        elif entry.due_at <= unattended:
            yield entry, Need.LATE, entry.due_at, "not_looked_at"
