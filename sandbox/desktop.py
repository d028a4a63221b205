"""One desktop: what a WorkSpace is, what its user does, and what may go wrong with it.

Data only; `desktops.py` says how it changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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


class Outcome(StrEnum):
    """What becomes of the next accepted rebuild."""

    SUCCEEDS = "SUCCEEDS"
    FAILS = "FAILS"
    """Ends in ERROR."""
    NEVER_BEGINS = "NEVER_BEGINS"
    """Accepted, and the state never changes."""


class Row(StrEnum):
    """What DescribeWorkspacesConnectionStatus answers for a desktop."""

    SAMPLED = "SAMPLED"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"
    FROZEN = "FROZEN"
    """The last sample for ever: the check time-stamp stands still."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A connection status as AWS reports it."""

    state: str
    checked_at: datetime
    last_user_connection: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of the user volume and what was on it."""

    at: datetime
    user_volume: str


@dataclass(slots=True)
class Rebuild:
    """One accepted rebuild: the truth that tests compare decisions with."""

    accepted_at: datetime
    presence: Presence
    """Where the user was when it was accepted; anything but AWAY hurt somebody."""
    image_id: str
    ends_at: datetime | None
    """None: it never begins."""
    outcome: Outcome
    finished_at: datetime | None = None
    dropped_at: datetime | None = None
    """Since when the user's network was gone, if it was."""


@dataclass(slots=True)
class Faults:
    """What a test may break on one desktop."""

    row: Row = Row.SAMPLED
    rebuild: Outcome = Outcome.SUCCEEDS
    refuse_rebuild: tuple[str, str] | None = None
    """ErrorCode and ErrorMessage of the next and all later refusals."""
    snapshots: bool = True
    """False: no snapshot is ever taken by itself."""


@dataclass(slots=True)
class Desktop:
    """A WorkSpace and its user."""

    id: str
    user: str
    bundle_id: str
    directory_id: str
    computer_name: str
    ip_address: str
    image_id: str
    created_at: datetime
    running_mode: str = "ALWAYS_ON"
    protocol: str = "DCV"
    compute_type: str = "STANDARD"
    state: State = State.AVAILABLE
    presence: Presence = Presence.AWAY
    signed_in_at: datetime | None = None
    seen_at: datetime | None = None
    """Last moment the user was connected."""
    dropped_at: datetime | None = None
    root_volume: str = ""
    """What is on C:, a word for tests to look at."""
    user_volume: str = "empty"
    """What is on D:."""
    sample: Sample | None = None
    next_sample_at: datetime | None = None
    snapshot: Snapshot | None = None
    next_snapshot_at: datetime | None = None
    changes_to: tuple[datetime, State] | None = None
    """When a start, stop or rebuild ends, and in which state."""
    rebuilds: list[Rebuild] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    """Further members of AWS's `Workspace` shape, as creation gave them."""


@dataclass(slots=True)
class Bundle:
    """A bundle and the image that rebuilds take."""

    id: str
    name: str
    image_id: str
    updated_at: datetime
    compute_type: str = "STANDARD"
    bad_images: set[str] = field(default_factory=set)
    """Images whose rebuilds end in ERROR."""


class Happening(StrEnum):
    """What the model tells the outside."""

    SIGNED_IN = "SIGNED_IN"
    SESSION_ENDED = "SESSION_ENDED"
    REBUILD_ACCEPTED = "REBUILD_ACCEPTED"
    REBUILD_FINISHED = "REBUILD_FINISHED"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a desktop."""

    at: datetime
    what: Happening
    desktop_id: str
    directory_id: str
    detail: str = ""
