"""Desktops that skip the samples nobody looks at: a day of thousands of them takes seconds."""

from __future__ import annotations

from datetime import datetime

from sandbox.clockwork import seconds
from sandbox.desktop import Desktop
from sandbox.desktops import Desktops
from simulation.fleet import Fleet


class LongFleet(Fleet):
    """The simulation's desktops without their history of views.

    Between two actions, nothing changes but samples and snapshots, so of a series of samples
    only the last one matters.
    """

    def _at(self, desktop_id: str, now: datetime) -> Desktop:
        desktop = self.fleet[desktop_id]
        step = seconds(self.tempo.sample_interval)
        while True:
            others = [desktop.next_snapshot_at or now]
            if desktop.changes:
                others.append(desktop.changes[0].at)
            until = min(now, *others)
            if desktop.next_sample_at is not None and desktop.next_sample_at < until:
                desktop.next_sample_at += (until - desktop.next_sample_at) // step * step
            Desktops._at(self, desktop_id, until)
            if until >= now:
                return desktop

    def note_view(self, desktop: Desktop, now: datetime) -> None:
        """Keep nothing: no judge asks for it."""
