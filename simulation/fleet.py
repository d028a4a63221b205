"""The desktops' truth, over the sandbox's model: who was connected when, and what AWS showed."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.clockwork import moments
from sandbox.desktop import Bundle, Desktop, Outcome, Rebuild, Row
from sandbox.desktops import Desktops
from sandbox.tempo import Tempo

from .faults import Faults


@dataclass(slots=True)
class Session:
    """Somebody was connected from `start` to `end` (None: still is)."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What the connection status of a desktop said from `since` on. None: nothing."""

    since: datetime
    connection: str | None
    checked_at: datetime | None
    last_known: datetime | None


class Fleet(Desktops):
    """Desktops that remember what an oracle needs."""

    def __init__(self, rng: random.Random, faults: Faults) -> None:
        super().__init__(Tempo(), rng, last_known_is_login=faults.scenario.last_known_is_login)
        self.sessions: dict[str, list[Session]] = defaultdict(list)
        self.views: dict[str, list[View]] = defaultdict(list)
        self.images: dict[str, list[tuple[datetime, str]]] = {}
        """By bundle: since when it had which image."""
        self.no_last_known: set[str] = set()
        """Desktops whose LastKnownUserConnectionTimestamp AWS never gives."""
        self.no_check_time: set[str] = set()
        self._world_faults = faults
        self._random = rng

    def add_bundle(self, now: datetime, bundle_id: str | None = None, name: str = "") -> Bundle:
        bundle = super().add_bundle(now, bundle_id, name)
        self.images[bundle.id] = [(now, bundle.image_id)]
        return bundle

    def set_image(self, bundle_id: str, image_id: str, now: datetime, *, bad: bool = False) -> None:
        super().set_image(bundle_id, image_id, now, bad=bad)
        self.images[bundle_id].append((now, image_id))

    def connected(self, desktop_id: str, now: datetime) -> None:
        self.sessions[desktop_id].append(Session(now))

    def disconnected(self, desktop_id: str, now: datetime) -> None:
        sessions = self.sessions[desktop_id]
        if sessions and sessions[-1].end is None:
            sessions[-1].end = now

    def view(self, desktop_id: str, at: datetime) -> View | None:
        """What anybody who asked at `at` was told."""
        views = self.views[desktop_id]
        index = bisect_right(views, at, key=lambda view: view.since)
        return views[index - 1] if index else None

    def set_row(self, desktop_id: str, row: Row, now: datetime) -> None:
        desktop = self._at(desktop_id, now)
        desktop.faults.row = row
        self.note_view(desktop, now)

    def note_view(self, desktop: Desktop, now: datetime) -> None:
        """Keep what the row says from now on."""
        sample = desktop.sample
        if sample is None or desktop.faults.row is Row.MISSING:
            view = View(now, None, None, None)
        else:
            view = View(
                now,
                sample.state,
                None if desktop.id in self.no_check_time else sample.checked_at,
                None if desktop.id in self.no_last_known else sample.last_user_connection,
            )
        self.views[desktop.id].append(view)

    def rebuild(self, desktop_id: str, now: datetime) -> Rebuild:
        """A rebuild takes 10 to 50 minutes and may fail, or never begin."""
        faults = self._world_faults
        desktop = self.fleet.get(desktop_id)
        if desktop is not None and desktop.faults.rebuild in (
            Outcome.SUCCEEDS,
            Outcome.FAILS,
            Outcome.NEVER_BEGINS,
        ):
            if faults.happens("rebuild_fails"):
                desktop.faults.rebuild = Outcome.FAILS
            elif faults.happens("rebuild_never_begins"):
                desktop.faults.rebuild = Outcome.NEVER_BEGINS
            else:
                desktop.faults.rebuild = Outcome.SUCCEEDS
        self.tempo = replace(self.tempo, rebuild_duration=self._random.uniform(600, 3000))
        return super().rebuild(desktop_id, now)

    def _at(self, desktop_id: str, now: datetime) -> Desktop:
        """As the model does it, but one moment after the other, to keep what each showed."""
        desktop = self.fleet[desktop_id]
        while (moment := min(moments(desktop), default=now)) <= now:
            before = desktop.sample
            super()._at(desktop_id, moment)
            if desktop.sample is not before:
                self.note_view(desktop, moment)
            elif moment == now:
                break
        return desktop


def ended_within(session: Session, span: timedelta, now: datetime) -> bool:
    """Whether a session still runs, or ended less than `span` before `now`."""
    return session.end is None or now - session.end < span
