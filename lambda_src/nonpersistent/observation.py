"""What AWS said about a WorkSpace in one look. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .facts import API_ERROR, Doubt

FRESH = timedelta(minutes=10)
"""Connection samples older than this say nothing: two sample intervals."""

VACANT_STATES = frozenset({"STOPPED", "ERROR"})
"""States in which nobody can be connected; the connection status is UNKNOWN then."""


@dataclass(frozen=True)
class Observation:
    """What AWS said about a WorkSpace at `looked_at`. None: not asked, or not in the answer.

    error             AWS's code, if it answers a question about this WorkSpace alone with an error
    state             WorkspaceState of DescribeWorkspaces
    state_asked       DescribeWorkspaces was asked; without a state, it does not know the WorkSpace
    connection        CONNECTED, DISCONNECTED or UNKNOWN, sampled at `checked_at`
    last_connected_at LastKnownUserConnectionTimestamp: a login or when a connection was last seen,
                      AWS does not say which; both are signs of use at that time
    bundle_image      the image that the bundle has now, if it was asked for
    image_proven      rebuilds from it can be expected to end well
    """

    looked_at: datetime
    error: str | None = None
    state: str | None = None
    state_asked: bool = False
    connection: str | None = None
    checked_at: datetime | None = None
    last_connected_at: datetime | None = None
    address: str | None = None
    user: str | None = None
    bundle_id: str | None = None
    bundle_image: str | None = None
    image_proven: bool = False
    snapshot_at: datetime | None = None
    snapshot_asked: bool = False

    @property
    def was_looked_at(self) -> bool:
        """Whether AWS was asked at all: no look is needed to know that a rebuild has to wait."""
        return self.state_asked or self.connection is not None

    @property
    def error_reason(self) -> str:
        """The reason of a decision that rests on the error."""
        return f"{API_ERROR}{self.error}"

    @property
    def is_fresh(self) -> bool:
        return self.checked_at is not None and self.looked_at - self.checked_at <= FRESH

    @property
    def connected_at(self) -> datetime | None:
        """When somebody was connected, according to the sample alone."""
        if self.connection != "CONNECTED":
            return None
        return min(self.checked_at or self.looked_at, self.looked_at)

    @property
    def vacant_at(self) -> datetime | None:
        """When nobody was connected, by fresh evidence that does not contradict itself."""
        if self.state in VACANT_STATES:
            contradicted = self.connection == "CONNECTED" and self.is_fresh
            return None if contradicted else self.looked_at
        if self.connection != "DISCONNECTED" or self.checked_at is None or not self.is_fresh:
            return None
        if self.last_connected_at is not None and self.last_connected_at >= self.checked_at:
            return None
        return min(self.checked_at, self.looked_at)

    @property
    def doubt(self) -> Doubt:
        """Why the connection status does not show whether somebody is connected."""
        if self.connection not in ("CONNECTED", "DISCONNECTED"):
            return Doubt.NO_ROW if self.connection is None else Doubt.UNKNOWN_CONNECTION
        if not self.is_fresh:
            return Doubt.STALE_SAMPLE
        contradicts = self.connection == "DISCONNECTED" and self.vacant_at is None
        return Doubt.CONTRADICTION if contradicts else Doubt.OLDER_SAMPLE
