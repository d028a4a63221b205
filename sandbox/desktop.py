"""One desktop: what a WorkSpace is, what its user does, and what may go wrong with it.

Data only; `desktops.py` changes it, `states.py` has its enumerations, `course.py` the course of a
rebuild.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .course import Change, Course, Outcome, Rebuild
from .states import LastKnown, Presence, Row, State


@dataclass(frozen=True, slots=True)
class Sample:
    """A connection status as AWS reports it."""

    state: str
    checked_at: datetime
    last_user_connection: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of the user volume, with the content that it saved."""

    at: datetime
    user_volume: str


@dataclass(slots=True)
class Faults:
    """The faults that a test can set on a desktop."""

    row: Row = Row.SAMPLED
    last_known: LastKnown = LastKnown.TRUE
    check_time: bool = True
    """False: the connection status does not say when it was checked."""
    rebuild: Course | Outcome = Outcome.SUCCEEDS
    """The course of all rebuilds from now on; an outcome stands for its simplest course."""
    refuse_rebuild: tuple[str, str] | None = None
    """ErrorCode and ErrorMessage with which AWS refuses rebuilds; None: it accepts them."""
    snapshots: bool = True
    """False: AWS never takes a snapshot on its own."""


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
    """True: AWS never shows an `IpAddress`."""
    protocol: str = "DCV"
    compute_type: str = "STANDARD"
    state: State = State.AVAILABLE
    presence: Presence = Presence.AWAY
    signed_in_at: datetime | None = None
    seen_at: datetime | None = None
    """When the user was last seen connected."""
    dropped_at: datetime | None = None
    root_volume: str = ""
    """The content of C:, a text that tests can check."""
    user_volume: str = "empty"
    """The content of D:."""
    sample: Sample | None = None
    next_sample_at: datetime | None = None
    snapshot: Snapshot | None = None
    next_snapshot_at: datetime | None = None
    changes: tuple[Change, ...] = ()
    """What will happen to it on its own, soonest first."""
    row_after_rebuild: Row = Row.SAMPLED
    """What the connection status shows for a while because of a rebuild."""
    touched_at: datetime | None = None
    """When a rebuild set LastKnownUserConnectionTimestamp."""
    forgotten_at: datetime | None = None
    """When a rebuild cleared LastKnownUserConnectionTimestamp."""
    rebuilds: list[Rebuild] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    """Other members of AWS's `Workspace` shape, as they were at its creation."""

    @property
    def row(self) -> Row:
        """What the connection status shows now."""
        broken = self.faults.row
        return broken if broken is not Row.SAMPLED else self.row_after_rebuild

    @property
    def is_on_its_way(self) -> bool:
        """Whether its state will change on its own, as during a rebuild."""
        return any(change.state is not None for change in self.changes)

    @property
    def shown_address(self) -> str | None:
        """The `IpAddress` that AWS shows: none while it is STOPPED, and never with `ipv6_only`."""
        hidden = self.ipv6_only or self.state is State.STOPPED
        return None if hidden else self.ip_address


@dataclass(slots=True)
class Bundle:
    """A bundle and the image that rebuilds use."""

    id: str
    name: str
    image_id: str
    updated_at: datetime
    compute_type: str = "STANDARD"
    bad_images: set[str] = field(default_factory=set)
    """Images whose rebuilds end in ERROR."""
    spoiled: State | None = None
    """The state in which rebuilds end that would otherwise succeed, whatever the cause; REBUILDING:
    they never end."""
    shows_image: bool = True
    """False: DescribeWorkspaceBundles omits `ImageId`."""
    deleted: bool = False
    """True: DescribeWorkspaceBundles does not return it, but rebuilds still use its image."""


class Happening(StrEnum):
    """The kinds of facts that the model reports."""

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
