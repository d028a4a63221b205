"""The fleet: how users and time change desktops.

Pure: no threads, no AWS client, no clock of its own. `now` is always passed in and never goes
back; the random source is passed in, too, so that a seed reproduces everything.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from .clockwork import Clockwork, address, plan, seconds
from .course import COURSES, Change, Course, Outcome, Rebuild, Step, changes
from .desktop import Bundle, Desktop, Fact, Happening, Sample, Snapshot
from .states import REBUILDABLE, Presence, State
from .tempo import Tempo

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class CannotConnect(Exception):
    """A user cannot do this now: the desktop is in the wrong state, or there is no session."""


class Refused(Exception):
    """A rebuild was refused; it becomes an entry of `FailedRequests`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Desktops:
    """Desktops and bundles by id, and the facts that have not been collected yet."""

    def __init__(
        self, tempo: Tempo, rng: random.Random, *, last_known_is_login: bool = False
    ) -> None:
        """`last_known_is_login`: LastKnownUserConnectionTimestamp is the time of the sign-in, not
        of the last connection seen; AWS's documentation allows both readings."""
        self.tempo = tempo
        self.fleet: dict[str, Desktop] = {}
        self.bundles: dict[str, Bundle] = {}
        self._rng = rng
        self._facts: list[Fact] = []
        self._clockwork = Clockwork(tempo, rng, self._tell, last_known_is_login)

    # -- fleet --------------------------------------------------------------------------------

    def add_bundle(self, now: datetime, bundle_id: str | None = None, name: str = "") -> Bundle:
        """Add a bundle with an image of its own; it replaces one with the same id."""
        bundle_id = bundle_id or self._word("wsb-")
        bundle = Bundle(bundle_id, name or bundle_id, self._word("wsi-"), now)
        self.bundles[bundle_id] = bundle
        return bundle

    def add(
        self,
        now: datetime,
        *,
        id: str | None = None,
        user: str | None = None,
        bundle_id: str | None = None,
        directory_id: str = "d-9067012345",
        running_mode: str = "ALWAYS_ON",
        snapshot: bool = True,
    ) -> Desktop:
        """Add a desktop, AVAILABLE and never used. Raises ValueError if its id is taken.

        Without `snapshot` it is like a new one: its first comes after `tempo.first_snapshot`.
        """
        desktop_id = id or self._word("ws-")
        if desktop_id in self.fleet:
            raise ValueError(f"there is a desktop {desktop_id} already")
        if bundle_id is None:
            bundle_id = next(iter(self.bundles), None) or self.add_bundle(now).id
        bundle = self.bundles.get(bundle_id) or self.add_bundle(now, bundle_id)
        desktop = Desktop(
            id=desktop_id,
            user=user or f"user-{len(self.fleet) + 1}",
            bundle_id=bundle_id,
            directory_id=directory_id,
            computer_name=self._word("WSAMZN-", 8).upper(),
            ip_address=address(self._rng),
            image_id=bundle.image_id,
            created_at=now,
            running_mode=running_mode,
            compute_type=bundle.compute_type,
            root_volume=bundle.image_id,
            next_sample_at=now + self._rng.random() * seconds(self.tempo.sample_interval),
        )
        if snapshot:
            desktop.snapshot = Snapshot(now, desktop.user_volume)
            desktop.next_snapshot_at = now + seconds(self.tempo.snapshot_interval)
        else:
            desktop.next_snapshot_at = now + seconds(self.tempo.first_snapshot)
        desktop.sample = Sample("DISCONNECTED", now, None)
        self.fleet[desktop_id] = desktop
        return desktop

    def remove(self, desktop_id: str) -> Desktop | None:
        """Take a desktop out of the fleet; None if it was not there."""
        return self.fleet.pop(desktop_id, None)

    def set_image(self, bundle_id: str, image_id: str, now: datetime, *, bad: bool = False) -> None:
        """Give a bundle a new image; rebuilds with a `bad` one end in ERROR."""
        bundle = self.bundles[bundle_id]
        bundle.image_id, bundle.updated_at = image_id, now
        if bad:
            bundle.bad_images.add(image_id)

    # -- users --------------------------------------------------------------------------------

    def sign_in(self, desktop_id: str, now: datetime) -> None:
        """Sign the user in; a STOPPED AUTO_STOP desktop starts at once. May raise CannotConnect."""
        desktop = self._at(desktop_id, now)
        can_start = desktop.state is State.STOPPED and not desktop.is_on_its_way
        if can_start and desktop.running_mode == "AUTO_STOP":
            desktop.state = State.AVAILABLE
        if desktop.state is not State.AVAILABLE:
            raise CannotConnect(f"{desktop_id} is {desktop.state}")
        if desktop.presence is Presence.CONNECTED:
            return
        self._connect(desktop, now)
        desktop.signed_in_at = now
        desktop.root_volume = desktop.user_volume = f"work of {desktop.user} at {_clock(now)}"
        self._tell(now, Happening.SIGNED_IN, desktop)

    def sign_out(self, desktop_id: str, now: datetime) -> None:
        """End the user's session, even a dropped one; without a session, do nothing."""
        desktop = self._at(desktop_id, now)
        was_connected = desktop.presence is Presence.CONNECTED
        desktop.presence, desktop.dropped_at = Presence.AWAY, None
        if was_connected:
            desktop.seen_at = now
            self._tell(now, Happening.SESSION_ENDED, desktop, "signed out")

    def drop(self, desktop_id: str, now: datetime) -> None:
        """Cut the user's network: AWS counts a disconnect, but the session stays open."""
        desktop = self._at(desktop_id, now)
        if desktop.presence is not Presence.CONNECTED:
            raise CannotConnect(f"{desktop_id}: nobody is connected")
        desktop.presence = Presence.DROPPED
        desktop.seen_at = desktop.dropped_at = now
        self._tell(now, Happening.SESSION_ENDED, desktop, "dropped")

    def reconnect(self, desktop_id: str, now: datetime, *, signs_in: bool = False) -> None:
        """Resume a dropped session; with `signs_in`, AWS sends another sign-in event."""
        desktop = self._at(desktop_id, now)
        if desktop.presence is not Presence.DROPPED:
            raise CannotConnect(f"{desktop_id}: no session to resume")
        if desktop.state is not State.AVAILABLE:
            raise CannotConnect(f"{desktop_id} is {desktop.state}")
        self._connect(desktop, now)
        if signs_in:
            desktop.signed_in_at = now
            self._tell(now, Happening.SIGNED_IN, desktop)

    def save(self, desktop_id: str, text: str) -> None:
        """Write `text` to both volumes, as the user would."""
        desktop = self.fleet[desktop_id]
        desktop.root_volume = desktop.user_volume = text

    # -- power and volumes --------------------------------------------------------------------

    def stop(self, desktop_id: str, now: datetime) -> None:
        """Stop a desktop: it is STOPPED after `start_duration`. Does nothing unless it is
        AVAILABLE and nobody is connected."""
        desktop = self._at(desktop_id, now)
        if desktop.state is State.AVAILABLE and desktop.presence is not Presence.CONNECTED:
            desktop.state, desktop.presence = State.STOPPING, Presence.AWAY
            plan(
                desktop,
                Change(now + seconds(self.tempo.start_duration), Step.NONE, State.STOPPED),
            )

    def set_state(self, desktop_id: str, state: State, now: datetime) -> None:
        """Put a desktop into a state for good: planned changes of state are dropped."""
        desktop = self._at(desktop_id, now)
        desktop.state = state
        desktop.changes = tuple(change for change in desktop.changes if change.state is None)

    def take_snapshot(self, desktop_id: str, now: datetime) -> None:
        """Take a snapshot of the user volume; the next one comes after `snapshot_interval`."""
        desktop = self._at(desktop_id, now)
        desktop.snapshot = Snapshot(now, desktop.user_volume)
        desktop.next_snapshot_at = now + seconds(self.tempo.snapshot_interval)

    def rebuild(self, desktop_id: str, now: datetime, *, by_person: bool = False) -> Rebuild:
        """Accept a rebuild or raise Refused.

        AWS does not document its codes for a wrong state and a missing snapshot.
        """
        if desktop_id not in self.fleet:
            raise Refused(
                "ResourceNotFound.Workspace", f"WorkSpace {desktop_id} could not be found."
            )
        desktop = self._at(desktop_id, now)
        if desktop.faults.refuse_rebuild is not None:
            raise Refused(*desktop.faults.refuse_rebuild)
        if desktop.state not in REBUILDABLE:
            raise Refused(
                "InvalidResourceState.Workspace",
                f"WorkSpace {desktop_id} is in state {desktop.state} and cannot be rebuilt.",
            )
        if desktop.snapshot is None:
            raise Refused(
                "ResourceUnavailable.Snapshot",
                f"WorkSpace {desktop_id} has no snapshot of its user volume.",
            )
        image_id = self.bundles[desktop.bundle_id].image_id
        rebuild = self._accept(desktop, now, image_id, self._course(desktop))
        rebuild.by_person = by_person
        return rebuild

    def restore(self, desktop_id: str, now: datetime) -> None:
        """Restore a desktop: RESTORING for `rebuild_duration`. Its volumes stay as they are."""
        self._interrupt(desktop_id, State.RESTORING, self.tempo.rebuild_duration, now)

    def reboot(self, desktop_id: str, now: datetime) -> None:
        """Reboot a desktop, as an administrator or its user: REBOOTING for `start_duration`."""
        self._interrupt(desktop_id, State.REBOOTING, self.tempo.start_duration, now)

    def maintain(self, desktop_id: str, now: datetime, span: timedelta) -> None:
        """Put a desktop into MAINTENANCE for `span`, as in a maintenance window."""
        self._interrupt(desktop_id, State.MAINTENANCE, span.total_seconds(), now)

    def _interrupt(self, desktop_id: str, state: State, lasts: float, now: datetime) -> None:
        """Put a desktop, if AVAILABLE, into `state` for `lasts` seconds and disconnect its user."""
        desktop = self._at(desktop_id, now)
        if desktop.state is not State.AVAILABLE:
            return
        if desktop.presence is Presence.CONNECTED:
            desktop.seen_at = now
            self._tell(now, Happening.SESSION_ENDED, desktop, f"{state} under the user")
        desktop.presence, desktop.dropped_at = Presence.AWAY, None
        desktop.state = state
        plan(desktop, Change(now + seconds(lasts), Step.NONE, State.AVAILABLE))

    def _course(self, desktop: Desktop) -> Course:
        """The course of a rebuild that AWS accepts now."""
        given = desktop.faults.rebuild
        course = given if isinstance(given, Course) else COURSES[given]
        bundle = self.bundles[desktop.bundle_id]
        spoiled = State.ERROR if bundle.image_id in bundle.bad_images else bundle.spoiled
        if spoiled is not None and course.outcome is Outcome.SUCCEEDS:
            ends = None if spoiled is State.REBUILDING else spoiled
            return replace(course, way=(), ends=ends, heals_after=None)
        return course

    def _accept(self, desktop: Desktop, now: datetime, image_id: str, course: Course) -> Rebuild:
        """Record an accepted rebuild, and plan what it will do."""
        rebuild = Rebuild(now, desktop.presence, image_id, course, dropped_at=desktop.dropped_at)
        desktop.rebuilds.append(rebuild)
        self._tell(now, Happening.REBUILD_ACCEPTED, desktop, desktop.presence)
        usual = seconds(self.tempo.rebuild_duration)
        plan(desktop, *changes(rebuild, len(desktop.rebuilds) - 1, usual))
        self._clockwork.advance(desktop, now)
        return rebuild

    # -- time ---------------------------------------------------------------------------------

    def tick(self, now: datetime) -> None:
        """Let time pass up to `now` for every desktop."""
        for desktop_id in self.fleet:
            self._at(desktop_id, now)

    def collect(self) -> list[Fact]:
        """Return the facts since the last collection; those of each desktop are in order."""
        facts, self._facts = self._facts, []
        return facts

    def _at(self, desktop_id: str, now: datetime) -> Desktop:
        """Return a desktop after everything that was due by `now`."""
        desktop = self.fleet[desktop_id]
        self._clockwork.advance(desktop, now)
        return desktop

    def _connect(self, desktop: Desktop, now: datetime) -> None:
        desktop.presence, desktop.dropped_at, desktop.seen_at = Presence.CONNECTED, None, now

    def _tell(self, at: datetime, what: Happening, desktop: Desktop, detail: str = "") -> None:
        self._facts.append(Fact(at, what, desktop.id, desktop.directory_id, detail))

    def _word(self, prefix: str, length: int = 9) -> str:
        return prefix + "".join(self._rng.choices(_ALPHABET, k=length))


def _clock(now: datetime) -> str:
    return now.strftime("%H:%M:%S.%f")[:-3]
