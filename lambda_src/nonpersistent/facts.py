"""What is known about a WorkSpace, and what can be decided about it. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NOTICE_LAG = timedelta(minutes=12)
"""An alarm reports a session end 5 to 11 minutes late."""

ENDS_WITHIN = timedelta(hours=2, minutes=12)
"""A rebuild shows within 12 minutes and takes up to two hours; a longer one needs a person."""

END_SHOWS_WITHIN = timedelta(minutes=20)
"""By when a look shows whether a bad state, or a stop, is a rebuild's end."""

USUAL_DELAY = timedelta(hours=1)
"""How much later than expected a debt may be paid before it is late, apart from the API's rate."""


class Phase(StrEnum):
    NEW = "new"
    CLEAN = "clean"
    IN_USE = "in_use"
    VACANT = "vacant"
    REBUILDING = "rebuilding"
    FAILED = "failed"


class Need(StrEnum):
    """What a WorkSpace needs a person for: one alarm each."""

    LATE = "late"
    BLOCKED = "blocked"
    ENDLESS = "endless"
    UNKNOWN = "unknown"
    HELD_BUNDLE = "held_bundle"
    BRAKED = "braked"


class Doubt(StrEnum):
    """Why a look could not tell whether somebody is connected, or has been since the last look."""

    NO_ROW = "no_row"
    UNKNOWN_CONNECTION = "unknown_connection"
    STALE_SAMPLE = "stale_sample"
    OLDER_SAMPLE = "older_sample"
    CONTRADICTION = "contradiction"
    NOT_FOUND = "not_found"


API_ERROR = "api:"
"""What the reason begins with if AWS answered with an error about this WorkSpace."""


class Deferral(StrEnum):
    """Why an owed rebuild waits, apart from doubts, states and refusals: the complete list."""

    GRACE = "grace"
    UNCONFIRMED = "unconfirmed_use"
    SNAPSHOT = "snapshot"
    WINDOW = "window"
    HOLD = "hold"
    BRAKE = "brake"
    CANARY = "canary"
    IMAGE = "image_unknown"
    HELD_BUNDLE = "held_bundle"
    RETRY = "retry"
    SHARE = "share"
    ROLL_OUT = "roll_out"
    THROTTLED = "throttled"
    SUPERSEDED = "superseded"


class Verdict(StrEnum):
    BASELINE = "baseline"
    CLEAN = "clean"
    IN_USE = "in_use"
    VACANT = "vacant"
    DEFERRED = "deferred"
    REBUILD = "rebuild"
    DRY_RUN = "dry_run"
    REQUESTED = "rebuild_requested"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    REBUILDING = "rebuilding"
    FINISHED = "finished"
    BELIEVED = "believed"
    FAILED = "failed"
    NOT_LEARNT = "not_learnt"


@dataclass(frozen=True)
class Claim:
    """A rebuild that was requested, or is about to be.

    asked_at      when it was claimed, immediately before the request to AWS
    accepted_at   when AWS accepted it
    begun_at      the latest look that showed REBUILDING
    going_at      the latest look that did not show its end
    watched_to    until when looks that could not have missed a rebuild showed none
    bad_since     the first of the looks that showed a bad end
    stopped_since the first of the looks that showed it STOPPED
    claimed_by    the invocation that claimed it: tells apart two claims of the same moment
    goes_first    whether it is the canary: the others of its bundle wait for its end
    state         the WorkSpace's state when it was claimed
    address       its private IP address at that time
    image_id      the image that it uses
    """

    asked_at: datetime
    accepted_at: datetime | None = None
    begun_at: datetime | None = None
    going_at: datetime | None = None
    watched_to: datetime | None = None
    bad_since: datetime | None = None
    stopped_since: datetime | None = None
    claimed_by: str | None = None
    goes_first: bool = False
    state: str | None = None
    address: str | None = None
    image_id: str | None = None

    @property
    def endless_at(self) -> datetime | None:
        """When it begins to need a person, if a look has shown that it takes too long."""
        overdue_at, end_at = self.asked_at + ENDS_WITHIN, latest(self.bad_since, self.stopped_since)
        if self.going_at is not None and self.going_at >= overdue_at:
            return latest(overdue_at, end_at and end_at + END_SHOWS_WITHIN)
        return None

    @property
    def was_endless(self) -> bool:
        """Whether it was seen to go on for too long, so that a person may have ended it."""
        return self.begun_at is not None and self.begun_at - self.asked_at >= ENDS_WITHIN


@dataclass(frozen=True)
class Trouble:
    """Since when, and why, nothing can be done about a WorkSpace."""

    since: datetime
    need: Need
    reason: str
    needs_at: datetime
    """When it begins to need a person."""
    refused: bool = False
    """AWS refused the rebuild: only one that it accepts ends the trouble."""


@dataclass(frozen=True)
class Facts:
    """What is known about a WorkSpace. Times are UTC; None means never, or not known.

    used_at       the latest sign of use: a sign-in, a connected sample, a last-connection time
    signed_in_at  the latest sign-in by its event, or the sign of one that followed a request
    told_at       the latest alarm: a session had ended by then
    wanted_at     when an administrator asked for a rebuild
    outdated_at   when its bundle was seen to have a proven image that it lacks; not used since
    vacant_since  the first sample after the last use that showed nobody
    owed_since    the first such sample after a sample or an alarm reported a session: other signs
                  of use put a rebuild off, but do not make the debt younger
    baseline_at   the first look at a WorkSpace not in use: use before it creates no debt
    rebuilt_at    the last rebuild that ended well: it paid for all use before it
    settled_at    until when what is seen may be an effect of that rebuild
    claim         the rebuild that was requested and has not ended
    failed        the last one that ended badly, until one ends well or somebody uses the WorkSpace:
                  while its bad state lasts, nobody is connected
    asked         when the latest rebuilds were requested, newest first
    failures      bad ends, and rebuilds that did not take place, since the last good end
    retry_at      when the next one may be requested
    trouble       since when, and why, nothing can be done
    late_at       when the debt should have been paid, including every configured wait
    braked_at     when its wait for a place of the brake or the share begins to need a person
    held_at, held_until, hold_reason  an administrator's hold: when it was last requested or
                  released, until when it lasts, and why
    snapshot_at   the newest snapshot of the user volume that was seen
    user, bundle_id, image_id  as AWS reports them; the image is that of the last good rebuild or,
                  if images are rolled out, the bundle's at the first look: it has that or an older
    """

    used_at: datetime | None = None
    signed_in_at: datetime | None = None
    told_at: datetime | None = None
    wanted_at: datetime | None = None
    outdated_at: datetime | None = None
    vacant_since: datetime | None = None
    owed_since: datetime | None = None
    baseline_at: datetime | None = None
    rebuilt_at: datetime | None = None
    settled_at: datetime | None = None
    claim: Claim | None = None
    failed: Claim | None = None
    asked: tuple[datetime, ...] = ()
    failures: int = 0
    retry_at: datetime | None = None
    trouble: Trouble | None = None
    late_at: datetime | None = None
    braked_at: datetime | None = None
    held_at: datetime | None = None
    held_until: datetime | None = None
    hold_reason: str | None = None
    snapshot_at: datetime | None = None
    user: str | None = None
    bundle_id: str | None = None
    image_id: str | None = None

    @property
    def clean_at(self) -> datetime | None:
        """The last moment at which nothing was owed."""
        return latest(self.rebuilt_at, self.baseline_at)

    @property
    def is_dirty(self) -> bool:
        """Whether it was used, told of a session end, outdated, or requested since it was clean.

        The rebuild's own reboot can end a session and so raise an alarm: until the rebuild has
        settled, an alarm counts only with other evidence of use.
        """
        clean_at = self.clean_at
        if clean_at is None:
            return latest(self.used_at, self.told_at, self.wanted_at) is not None
        settled_at = latest(clean_at, self.settled_at) or clean_at
        told = after(self.told_at, settled_at + NOTICE_LAG)
        outdated = after(self.outdated_at, clean_at)
        return told or after(self.used_at, clean_at) or outdated or self.is_wanted

    @property
    def is_outdated(self) -> bool:
        """Whether it owes nothing but a new image: nobody used it, and no rebuild broke it."""
        works = self.failed is None and not self.is_wanted
        return self.outdated_at is not None and works and self.is_owed

    @property
    def is_wanted(self) -> bool:
        """Whether an administrator asked for a rebuild, and none has followed: the first look at a
        WorkSpace is none, even if the request arrives later. A sign-in after the request begins a
        session like any other: a rebuild follows it, after the grace period."""
        over_at = latest(self.rebuilt_at, self.signed_in_at)
        return self.wanted_at is not None and not after(over_at, self.wanted_at)

    @property
    def is_wanted_anew(self) -> bool:
        """Whether an administrator asked for a rebuild after the latest one was requested."""
        return after(self.wanted_at, self.asked[0])

    @property
    def phase(self) -> Phase:
        """Derived from the facts, in their order of precedence."""
        if self.claim is not None:
            return Phase.REBUILDING
        if self.retry_at is not None:
            return Phase.FAILED
        if not self.is_dirty:
            return Phase.NEW if self.clean_at is None else Phase.CLEAN
        seen_empty = self.vacant_since is not None and not after(self.used_at, self.vacant_since)
        return Phase.VACANT if seen_empty else Phase.IN_USE

    @property
    def is_owed(self) -> bool:
        return self.phase in (Phase.VACANT, Phase.FAILED)

    @property
    def is_unseen(self) -> bool:
        """Whether the last look showed nothing of it: AWS does not know it, or returns an error."""
        unseen = (Doubt.NOT_FOUND, API_ERROR)
        return self.trouble is not None and self.trouble.reason.startswith(unseen)

    @property
    def is_stuck(self) -> bool:
        """Whether a rebuild failed or AWS refused it: only one that it accepts ends the trouble."""
        refused = self.trouble is not None and self.trouble.refused
        return self.retry_at is not None or self.failures > 0 or refused

    @property
    def hold(self) -> Facts:
        """Only the facts of an administrator's hold."""
        return Facts(held_at=self.held_at, held_until=self.held_until, hold_reason=self.hold_reason)

    def needs(self, reason: str | None) -> tuple[Need, datetime] | None:
        """What it needs a person for, and from when, if it waits for `reason`."""
        if self.trouble is not None:
            return self.trouble.need, self.trouble.needs_at
        if self.claim is not None:
            endless_at = self.claim.endless_at
            return None if endless_at is None else (Need.ENDLESS, endless_at)
        if self.late_at is None:
            return None
        if reason == Deferral.HELD_BUNDLE:
            return Need.HELD_BUNDLE, self.owed_since or self.late_at
        if self.braked_at is not None:
            return Need.BRAKED, self.braked_at
        held_to = self.held_until and self.held_until + USUAL_DELAY
        return Need.LATE, latest(self.late_at, held_to) or self.late_at


@dataclass(frozen=True)
class Decision:
    """The facts as they are now, what was decided, why, and when to look next.

    If `look_at` is None, there is no look before an audit or a new signal.
    """

    facts: Facts
    verdict: Verdict
    look_at: datetime | None = None
    reason: str | None = None
    expected_by: datetime | None = None
    """When a wait that the administrator chose should be over."""
    needs_snapshot: bool = False


def latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def after(moment: datetime | None, other: datetime | None) -> bool:
    """Whether both are known and `moment` is later than `other`."""
    return moment is not None and other is not None and moment > other
