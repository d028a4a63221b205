"""What is known of a WorkSpace and what was just seen of it. Pure values; the phase is derived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FRESH = timedelta(minutes=10)
"""Connection samples older than this say nothing: two sample intervals."""

NOTICE_LAG = timedelta(minutes=15)
"""An alarm tells of a session end 5 to 11 minutes late: within this time after a rebuild it may
still speak of the session before it, and needs other evidence of use to count."""

ATTEMPTS = 3
"""Refusals and failures in a row after which a WorkSpace needs a person."""

VACANT_STATES = frozenset({"STOPPED", "ERROR"})
"""States in which nobody can be connected; the connection status is UNKNOWN then."""

GONE_STATES = frozenset({"TERMINATING", "TERMINATED"})
"""States after which there is no WorkSpace any more."""


class Phase(StrEnum):
    """Where a WorkSpace is in its life."""

    CLEAN = "clean"
    IN_USE = "in_use"
    VACANT = "vacant"
    REBUILDING = "rebuilding"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Facts:
    """What is known of a WorkSpace. Times are UTC; None means never.

    used_at       the latest sign of use: a sign-in, a connected sample, a last-connection time
    told_at       the latest alarm: a session had ended by then
    vacant_since  the first sample after the last use that showed nobody
    owed_since    the first such sample since AWS itself last showed somebody: sign-ins that nothing
                  confirms put a rebuild off, but do not make the debt younger
    asked_at      a rebuild was claimed, and how it ended has not been seen yet
    accepted_at   AWS accepted that rebuild
    rebuilt_at    the last rebuild that finished: when it was accepted
    rebuilt_before_at  the one before: the brake counts both
    failed_at     the last rebuild that failed: when it was asked for
    baseline_at   the first sight of a WorkSpace that nobody used: use before it is no debt
    begun         it was seen in state REBUILDING since then
    address       its private IP address when the rebuild was claimed: a rebuild changes it, which
                  tells one that has ended unseen from one that never began
    bundle_id     the bundle whose image a rebuild takes
    proving       this rebuild is the first of a new image (P7)
    attempts      refusals and failures since the last rebuild that finished
    reason        of the last refusal or failure
    """

    used_at: datetime | None = None
    told_at: datetime | None = None
    vacant_since: datetime | None = None
    owed_since: datetime | None = None
    asked_at: datetime | None = None
    accepted_at: datetime | None = None
    rebuilt_at: datetime | None = None
    rebuilt_before_at: datetime | None = None
    failed_at: datetime | None = None
    baseline_at: datetime | None = None
    begun: bool = False
    address: str | None = None
    bundle_id: str | None = None
    proving: bool = False
    attempts: int = 0
    reason: str | None = None

    @property
    def clean_at(self) -> datetime | None:
        """The last moment at which nothing was owed."""
        return latest(self.rebuilt_at, self.baseline_at)

    @property
    def is_dirty(self) -> bool:
        """Used, or told of a session end, since it was clean."""
        clean_at = self.clean_at
        if clean_at is None:
            return self.used_at is not None or self.told_at is not None
        used = self.used_at is not None and self.used_at > clean_at
        told = self.told_at is not None and self.told_at > clean_at + NOTICE_LAG
        return used or told

    @property
    def is_vacant(self) -> bool:
        """Seen empty since the last use."""
        return self.vacant_since is not None and not after(self.used_at, self.vacant_since)

    @property
    def phase(self) -> Phase:
        """Derived, in the order in which the facts outweigh each other."""
        if self.asked_at is not None:
            return Phase.REBUILDING
        if not self.is_dirty:
            return Phase.CLEAN
        if not self.is_vacant:
            return Phase.IN_USE
        return Phase.BLOCKED if self.attempts >= ATTEMPTS else Phase.VACANT


@dataclass(frozen=True)
class Observation:
    """What AWS said of a WorkSpace at `looked_at`. None: not asked, or no answer in the row.

    state             WorkspaceState of DescribeWorkspaces
    missing           DescribeWorkspaces was asked and does not know the WorkSpace
    connection        CONNECTED, DISCONNECTED or UNKNOWN, sampled at `checked_at`
    last_connected_at LastKnownUserConnectionTimestamp: a log-in or the last sight of a connection,
                      AWS does not say which; both are signs of use at that time
    """

    looked_at: datetime
    state: str | None = None
    missing: bool = False
    connection: str | None = None
    checked_at: datetime | None = None
    last_connected_at: datetime | None = None
    address: str | None = None
    bundle_id: str | None = None
    snapshot_at: datetime | None = None
    snapshot_asked: bool = False

    @property
    def gone(self) -> bool:
        """Terminated, or AWS does not know it."""
        return self.missing or self.state in GONE_STATES

    @property
    def vacant_at(self) -> datetime | None:
        """When nobody was connected, by fresh evidence that does not contradict itself."""
        if self.state in VACANT_STATES and self.connection != "CONNECTED":
            return self.looked_at
        if self.connection != "DISCONNECTED" or self.checked_at is None:
            return None
        contradicted = after(self.last_connected_at, self.checked_at, or_same=True)
        stale = self.looked_at - self.checked_at > FRESH
        return None if contradicted or stale else min(self.checked_at, self.looked_at)


def latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def capped(moment: datetime | None, latest: datetime) -> datetime | None:
    return None if moment is None else min(moment, latest)


def after(moment: datetime | None, other: datetime | None, or_same: bool = False) -> bool:
    """Whether `moment` is known and later than `other` (known too)."""
    if moment is None or other is None:
        return False
    return moment > other or (or_same and moment == other)
