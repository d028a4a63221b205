"""The closed lists of the model: states, where the user is, what the connection status shows."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The 17 values of `WorkspaceState` in AWS's API model."""

    PENDING = "PENDING"
    AVAILABLE = "AVAILABLE"
    IMPAIRED = "IMPAIRED"
    UNHEALTHY = "UNHEALTHY"
    REBOOTING = "REBOOTING"
    STARTING = "STARTING"
    REBUILDING = "REBUILDING"
    RESTORING = "RESTORING"
    MAINTENANCE = "MAINTENANCE"
    ADMIN_MAINTENANCE = "ADMIN_MAINTENANCE"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    SUSPENDED = "SUSPENDED"
    UPDATING = "UPDATING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ERROR = "ERROR"


REBUILDABLE = frozenset(
    {State.AVAILABLE, State.ERROR, State.UNHEALTHY, State.STOPPED, State.REBOOTING}
)
"""From the description of `RebuildWorkspaces`."""


class Presence(StrEnum):
    """Where the user is; the truth, which AWS only samples."""

    AWAY = "AWAY"
    """Signed out."""
    CONNECTED = "CONNECTED"
    DROPPED = "DROPPED"
    """The network is gone; the session is still open on the desktop."""


class Row(StrEnum):
    """What DescribeWorkspacesConnectionStatus answers for a desktop."""

    SAMPLED = "SAMPLED"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"
    FROZEN = "FROZEN"
    """The last sample for ever, also one that says CONNECTED: its check time stands still."""
    LATE = "LATE"
    """A sample every half an hour."""
    EMPTY = "EMPTY"
    """A row without anything in it, not even the id."""


class LastKnown(StrEnum):
    """What LastKnownUserConnectionTimestamp says."""

    TRUE = "TRUE"
    ABSENT = "ABSENT"
    MOVES = "MOVES"
    """The time of each sample, although nobody is connected."""
    AHEAD = "AHEAD"
    """Later than the check that it was seen by."""

    @property
    def lies(self) -> bool:
        """Whether it shows a use that never happened."""
        return self in (LastKnown.MOVES, LastKnown.AHEAD)
