"""The true state of the desktops, on the sandbox's model: who was connected, what AWS showed."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.clockwork import moments, plan
from sandbox.course import BAD, Change, Course, Outcome, Rebuild, Step
from sandbox.desktop import Bundle, Desktop, Happening
from sandbox.desktops import Desktops
from sandbox.states import LastKnown, Presence, Row, State
from sandbox.tempo import Tempo

from .courses import Courses
from .faults import Faults

UNSEEN = frozenset({Row.MISSING, Row.EMPTY})
"""Rows that say nothing."""


@dataclass(slots=True)
class Session:
    """Somebody was connected from `start` to `end` (None: still is)."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What a desktop's connection status said from `since` on; None where it said nothing."""

    since: datetime
    connection: str | None
    checked_at: datetime | None
    last_known: datetime | None


class Fleet(Desktops):
    """Desktops that keep the history that the judges need."""

    def __init__(self, rng: random.Random, faults: Faults) -> None:
        super().__init__(Tempo(), rng, last_known_is_login=faults.scenario.last_known_is_login)
        self.sessions: dict[str, list[Session]] = defaultdict(list)
        self.views: dict[str, list[View]] = defaultdict(list)
        self.disturbed_at: dict[str, datetime] = {}
        """Until when a person's action, or a false LastKnown, may look like a use of a desktop."""
        self.restored: dict[str, tuple[datetime, datetime]] = {}
        """From when until when a person last restored a broken desktop."""
        self.images: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        """By bundle: the images that it has had, and since when."""
        self._courses = Courses(faults)

    def add_bundle(self, now: datetime, bundle_id: str | None = None, name: str = "") -> Bundle:
        bundle = super().add_bundle(now, bundle_id, name)
        self.images[bundle.id].append((now, bundle.image_id))
        return bundle

    def set_image(self, bundle_id: str, image_id: str, now: datetime, *, bad: bool = False) -> None:
        super().set_image(bundle_id, image_id, now, bad=bad)
        self.images[bundle_id].append((now, image_id))

    def sign_in_again(self, desktop_id: str, now: datetime) -> bool:
        """Sign in where AWS still counts the user as connected; False if it does not."""
        desktop = self._at(desktop_id, now)
        if desktop.presence is not Presence.CONNECTED:
            return False
        desktop.signed_in_at = desktop.seen_at = now
        self._tell(now, Happening.SIGNED_IN, desktop)
        return True

    def view(self, desktop_id: str, at: datetime) -> View | None:
        """What the connection status said at `at`; None before the first view."""
        views = self.views[desktop_id]
        index = bisect_right(views, at, key=lambda view: view.since)
        return views[index - 1] if index else None

    def set_row(self, desktop_id: str, row: Row, now: datetime) -> None:
        """Break or repair what the connection status shows."""
        desktop = self._at(desktop_id, now)
        if desktop.faults.row is Row.LATE:
            desktop.next_sample_at = now
        desktop.faults.row = row
        self.note_view(desktop, now)

    def set_last_known(self, desktop_id: str, fault: LastKnown, now: datetime) -> None:
        """Break or repair LastKnownUserConnectionTimestamp."""
        desktop = self._at(desktop_id, now)
        if desktop.faults.last_known.lies and desktop.sample is not None:
            known = desktop.sample.last_user_connection
            self.disturbed_at[desktop_id] = max(now, known or now)
        desktop.faults.last_known = fault
        self.note_view(desktop, now)

    def note_view(self, desktop: Desktop, now: datetime) -> None:
        """Record what the connection status says from now on."""
        sample = desktop.sample
        if sample is None or desktop.row in UNSEEN:
            view = View(now, None, None, None)
        else:
            checked_at = sample.checked_at if desktop.faults.check_time else None
            view = View(now, sample.state, checked_at, sample.last_user_connection)
        self.views[desktop.id].append(view)

    def restore(self, desktop_id: str, now: datetime) -> None:
        """Restore a desktop, even a broken or stopped one: to its volumes before the rebuild."""
        desktop = self._at(desktop_id, now)
        if desktop.state is not State.AVAILABLE:
            lasts = timedelta(seconds=self.tempo.rebuild_duration)
            if desktop.state in BAD:
                self.restored[desktop_id] = (now, now + lasts)
            self.set_state(desktop_id, State.RESTORING, now)
            plan(desktop, Change(now + lasts, Step.NONE, State.AVAILABLE))
            return
        super().restore(desktop_id, now)

    def reboot_ill(self, desktop_id: str, now: datetime, *, heals: bool) -> None:
        """Reboot an UNHEALTHY desktop. If that heals it, its rebuild has ended well after all."""
        desktop = self._at(desktop_id, now)
        back_at = now + timedelta(seconds=self.tempo.start_duration)
        if any(change.state and change.at <= back_at for change in desktop.changes):
            desktop.state = State.REBOOTING
            return  # it is about to heal by itself
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        ended_at = last.finished_at if last else None
        if heals and last is not None and ended_at is not None and last.outcome is Outcome.FAILS:
            last.course = replace(last.course, heals_after=back_at - ended_at)
            last.ends_at = back_at
            change = Change(back_at, Step.HEALS, State.AVAILABLE, len(desktop.rebuilds) - 1)
        else:
            change = Change(back_at, Step.NONE, State.UNHEALTHY)
        desktop.state = State.REBOOTING
        plan(desktop, change)

    def complete(self, desktop_id: str, now: datetime) -> None:
        """Let AWS Support end a rebuild that never would, or repair what cannot be rebuilt."""
        desktop = self._at(desktop_id, now)
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        self.set_state(desktop_id, State.AVAILABLE, now)
        if last is not None and last.outcome in (Outcome.NEVER_ENDS, Outcome.FAILS):
            last.course = replace(last.course, ends=State.AVAILABLE)
            last.finished_at = last.finished_at or now
            last.ends_at = now

    def _course(self, desktop: Desktop) -> Course:
        """Draw the course from the weather, unless a test has chosen one."""
        if desktop.faults.rebuild is Outcome.SUCCEEDS:
            desktop.faults.rebuild = self._courses.draw()
            try:
                return super()._course(desktop)
            finally:
                desktop.faults.rebuild = Outcome.SUCCEEDS
        return super()._course(desktop)

    def _connect(self, desktop: Desktop, now: datetime) -> None:
        super()._connect(desktop, now)
        self.sessions[desktop.id].append(Session(now))

    def _tell(self, at: datetime, what: Happening, desktop: Desktop, detail: str = "") -> None:
        if what is Happening.SESSION_ENDED:
            sessions = self.sessions[desktop.id]
            if sessions and sessions[-1].end is None:
                sessions[-1].end = at
        super()._tell(at, what, desktop, detail)

    def _at(self, desktop_id: str, now: datetime) -> Desktop:
        """Advance a desktop like the model, but moment by moment, to record what each showed."""
        desktop = self.fleet[desktop_id]
        while (moment := min(moments(desktop))) <= now:
            before = (desktop.sample, desktop.row)
            super()._at(desktop_id, moment)
            if (desktop.sample, desktop.row) != before:
                self.note_view(desktop, moment)
        return desktop


def good_rebuilds(desktop: Desktop) -> list[Rebuild]:
    """The rebuilds that have begun and end well, at once or after a while."""
    return [r for r in desktop.rebuilds if r.outcome is Outcome.SUCCEEDS and r.begun_at is not None]


def ended_within(session: Session, span: timedelta, now: datetime) -> bool:
    """Whether a session still runs, or ended less than `span` before `now`."""
    return session.end is None or now - session.end < span
