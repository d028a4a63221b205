"""One desktop: what a WorkSpace is, what its user does, and what may go wrong with it.

Data only; `desktops.py` says how it changes, `states.py` has its closed lists, `course.py` how a
rebuild goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .course import Change, Course, Outcome, Rebuild
from .states import REBUILDABLE, LastKnown, Presence, Row, State

__all__ = [
    "REBUILDABLE",
    "Bundle",
    "Change",
    "Course",
    "Desktop",
    "Fact",
    "Faults",
    "Happening",
    "LastKnown",
    "Outcome",
    "Presence",
    "Rebuild",
    "Row",
    "Sample",
    "Snapshot",
    "State",
]


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
class Faults:
    """What a test may break on one desktop."""

    row: Row = Row.SAMPLED
    last_known: LastKnown = LastKnown.TRUE
    check_time: bool = True
    """False: the connection status does not say when it was checked."""
    rebuild: Course | Outcome = Outcome.SUCCEEDS
    """How the next rebuild and all later ones go; an outcome stands for its plainest course."""
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
    ipv6_only: bool = False
    """It never shows an `IpAddress`."""
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
    changes: tuple[Change, ...] = ()
    """What will happen to it by itself, the soonest first."""
    row_after_rebuild: Row = Row.SAMPLED
    """What the connection status shows for a while because of a rebuild."""
    touched_at: datetime | None = None
    """When a rebuild moved LastKnownUserConnectionTimestamp."""
    forgotten_at: datetime | None = None
    """When a rebuild dropped it."""
    rebuilds: list[Rebuild] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    """Further members of AWS's `Workspace` shape, as creation gave them."""

    @property
    def row(self) -> Row:
        """What the connection status shows now."""
        broken = self.faults.row
        return broken if broken is not Row.SAMPLED else self.row_after_rebuild

    @property
    def is_on_its_way(self) -> bool:
        """Whether its state will change by itself, as during a rebuild."""
        return any(change.state is not None for change in self.changes)

    @property
    def shown_address(self) -> str | None:
        """`IpAddress`: none while it is stopped."""
        hidden = self.ipv6_only or self.state is State.STOPPED
        return None if hidden else self.ip_address


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
    spoiled: State | None = None
    """Whatever the cause, all rebuilds end in this state as long as it lasts; those that end in
    REBUILDING never end."""
    shows_image: bool = True
    """False: DescribeWorkspaceBundles leaves `ImageId` out."""
    deleted: bool = False
    """DescribeWorkspaceBundles does not know it; rebuilds still take its image."""


class Happening(StrEnum):
    """What the model tells the outside."""

    SIGNED_IN = "SIGNED_IN"
    SESSION_ENDED = "SESSION_ENDED"
    REBUILD_ACCEPTED = "REBUILD_ACCEPTED"
    REBUILD_BEGUN = "REBUILD_BEGUN"
    REBUILD_FINISHED = "REBUILD_FINISHED"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a desktop."""

    at: datetime
    what: Happening
    desktop_id: str
    directory_id: str
    detail: str = ""
