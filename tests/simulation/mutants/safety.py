"""Bugs that make the function do what it must not: P1, P3, P4, P5."""

from __future__ import annotations

from .bug import Mutant

SAFETY = (
    Mutant(
        "drop the connection check",
        "P1",
        "lifecycle.py",
        "if seen.vacant_at is None or seen.vacant_at < due_at:",
        "if False:",
    ),
    Mutant(
        "accept a stale check",
        "P1",
        "facts.py",
        "stale = self.looked_at - self.checked_at > FRESH",
        "stale = False",
    ),
    Mutant(
        "accept a check from before the grace had passed",
        "P1",
        "lifecycle.py",
        "if seen.vacant_at is None or seen.vacant_at < due_at:",
        "if seen.vacant_at is None:",
    ),
    Mutant(
        "skip the fence",
        "P1",
        "ledger.py",
        'return self._table.put(item, "version = :seen", {":seen": {"N": str(version)}})',
        'return self._table.put(item, "attribute_exists(id)")',
    ),
    Mutant(
        "forget the lease",
        "P5",
        "ledger.py",
        '"attribute_not_exists(id) OR expires_at <= :now OR held_by = :owner"',
        '"attribute_not_exists(id) OR expires_at <> :now OR held_by = :owner"',
    ),
    Mutant(
        "act before the grace has passed",
        "P1",
        "lifecycle.py",
        "return None if seen_or_told is None else seen_or_told + settings.grace",
        "return seen_or_told",
    ),
    Mutant(
        "count the grace from the alarm alone",
        "P1",
        "lifecycle.py",
        "seen_or_told = latest(facts.vacant_since, facts.told_at)",
        "seen_or_told = facts.told_at or facts.vacant_since",
    ),
    Mutant(
        "forget to reset vacancy on a sign-in",
        "P1",
        "facts.py",
        "return self.vacant_since is not None and not after(self.used_at, self.vacant_since)",
        "return self.vacant_since is not None",
    ),
    Mutant(
        "forget to reset vacancy when somebody is connected",
        "P1",
        "lifecycle.py",
        "used_at = latest(used_at, capped(seen.checked_at or seen.looked_at, seen.looked_at))",
        "pass",
    ),
    Mutant(
        "drop the roster check when recording and acting",
        "P4",
        "ledger.py",
        'return frozenset(entry["S"] for entry in entries)',
        'return frozenset(f"ws-{n:09d}" for n in range(99))',
    ),
    Mutant(
        "ignore the brake",
        "P5",
        "pacing.py",
        "if self._limit is None or len(self._taken) < self._limit:",
        "if True:",
    ),
    Mutant(
        "no pause between calls",
        "P5",
        "pacing.py",
        "self._clock.sleep((self.next_call_at - self._clock.now()).total_seconds())",
        "pass",
    ),
    Mutant(
        "retry inside the client",
        "P5",
        "handler.py",
        'retries={"mode": "standard", "total_max_attempts": 1}',
        'retries={"mode": "standard", "total_max_attempts": 4}',
    ),
    Mutant(
        "take no answer for a refusal",
        "P3",
        "workspaces.py",
        "            return Unanswered(type(error).__name__)",
        '            return Refused("no_answer", "")',
    ),
    Mutant(
        "take back a claim without looking at the address",
        "P3",
        "aftermath.py",
        "moved = known and facts.address != seen.address",
        "moved = False",
    ),
    Mutant(
        "deploying is a debt",
        "P3",
        "facts.py",
        "return latest(self.rebuilt_at, self.baseline_at)",
        "return self.rebuilt_at",
    ),
    Mutant(
        "a late alarm after a rebuild is a new debt",
        "P3",
        "facts.py",
        "self.told_at > clean_at + NOTICE_LAG",
        "self.told_at > clean_at",
    ),
    Mutant(
        "believe the lagging index",
        "P3",
        "reconciler.py",
        "return record.look_at is not None and record.look_at <= now",
        "return True",
    ),
)
