"""Connects the judge of alarms to a world: what it hears, and what truly needs a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .alarms import PRESENT, AlarmJudge
from .needs import (
    FAILED,
    FORBIDDEN,
    HELD,
    MAY_BE_TOLD,
    NOT_OURS,
    OVERDUE,
    OWING,
    REFUSED,
    UNBEGUN,
    UNENDED,
)

if TYPE_CHECKING:
    from .needs import Needs
    from .world import World

MINUTE = 60.0

LATE = timedelta(minutes=2)
"""How late an audit must be before that may be reported: one in progress has this time to end."""

MISSED = timedelta(hours=1)
"""How late an audit is before it counts as missed."""

ALARMS = {
    "AWS does not know it": ("unknown", "blocked"),
    "it is poisoned": ("unknown", "blocked", "late"),
    "its connection cannot be learnt": ("unknown", "late", "blocked"),
    "its last connection cannot be true": ("unknown", "late"),
    "its rebuild does not end": ("endless",),
    FAILED: ("blocked", "held-bundle", "unknown"),
    REFUSED: ("blocked", "unknown", "late"),
    "it has stopped on its way": ("endless", "blocked", "unknown"),
    OVERDUE: ("late", "blocked", "unknown", "endless", "held-bundle", "braked"),
    HELD: ("held-bundle",),
    FORBIDDEN: ("blocked", "late"),
    OWING: ("blocked", "late", "unknown"),
    UNENDED: ("endless", "blocked", "late", "unknown"),
    UNBEGUN: ("blocked", "held-bundle", "late"),
    NOT_OURS: ("endless", "blocked", "held-bundle", "unknown", "late"),
}
"""By the reason for which a person is needed: the alarms that may report it."""


class Ringing:
    """The judge of one world's alarms."""

    def __init__(self, world: World, needs: Needs) -> None:
        scenario = world.scenario
        self.judge = AlarmJudge(world.agenda.now, calm=scenario.calm, strict=scenario.calm)
        self._world = world
        self._needs = needs
        self._known: set[tuple[str, str]] = set()
        self._audited_at = world.agenda.now

    def begin(self) -> None:
        """Listen to log and invocations, and schedule the looks; called once, at the start."""
        world = self._world
        world.listeners.append(self._heard)
        world.functions.ended.append(self._ended)
        world.agenda.every(MINUTE, self._look, MINUTE)

    def _heard(self, at: datetime, line: dict[str, Any]) -> None:
        self.judge.heard(line, at)
        if line["decision"] == "pass" and line.get("task") == "audit":
            self._audited_at = at

    def _ended(self, failed: bool) -> None:
        self.judge.invoked(failed, self._world.agenda.now)

    def _look(self) -> None:
        world, now = self._world, self._world.agenda.now
        self.judge.letters(len(world.functions.dead_letters), now)
        self._miss_audits(now)
        noticed = self._needs.noticed()
        for key in self._known - noticed.keys():
            if world.episodes.odd:  # an unreadable item rings on, whatever its true state
                self.judge.forget(key)
            else:
                self.judge.mended(key, now)
        for key in noticed.keys() - self._known:
            id_, why = key
            since, must = noticed[key] + PRESENT, why not in MAY_BE_TOLD
            self.judge.needs(key, ALARMS[why], now, since=since, must=must, named=id_)
        self._known = set(noticed)
        for broken in self.judge.look(now):
            world.oracles.violated("P6", broken.at, broken.what)

    def _miss_audits(self, now: datetime) -> None:
        """Note whether audits are missed. A function that does not run at all shows that by its
        silence. An audit that is only a little late may be reported, too."""
        written = self._world.table.items.get("audit", {}).get("completed_at")
        if written is not None:  # by any invocation
            self._audited_at = max(self._audited_at, datetime.fromisoformat(written["S"]))
        late_at = self._audited_at + timedelta(minutes=self._world.scenario.audit_interval)
        missed_at = late_at + MISSED
        if now > late_at + LATE:
            must = now > missed_at
            self.judge.needs("audit", ("audit-missed", "silent"), now, since=missed_at, must=must)
        else:
            self.judge.mended("audit", now)
