"""The model's enumerations: states, the user's presence, what the connection status shows."""

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
"""States in which AWS accepts a rebuild, by the API reference of `RebuildWorkspaces`."""


class Presence(StrEnum):
    """Where the user really is, which AWS only samples."""

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
    """The last sample forever, even one that says CONNECTED: its check time stays the same."""
    LATE = "LATE"
    """A sample only every half hour."""
    EMPTY = "EMPTY"
    """A row with nothing in it, not even the id."""


class LastKnown(StrEnum):
    """What LastKnownUserConnectionTimestamp shows."""

    TRUE = "TRUE"
    ABSENT = "ABSENT"
    MOVES = "MOVES"
    """The time of each sample, even if nobody is connected."""
    AHEAD = "AHEAD"
    """Later than the check itself."""

    @property
    def lies(self) -> bool:
        """Whether it shows a connection that never took place."""
        return self in (LastKnown.MOVES, LastKnown.AHEAD)
