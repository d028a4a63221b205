"""What may go wrong with a single desktop: its row, state or snapshot, and orders of people."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sandbox.course import BAD, Outcome
from sandbox.desktop import Desktop
from sandbox.states import REBUILDABLE, LastKnown, Row, State

from .courses import SHORTEST

if TYPE_CHECKING:
    from .world import World

TURN = 1800.0
"""Seconds between two rounds in which each desktop may get into trouble."""

LONG = 0.25
"""The share of odd states that may last for up to ten hours, not one."""

FOR_EVER = 0.25
"""The share of lies about the last connection that last until the faults end."""

ODD = (
    State.MAINTENANCE,
    State.ADMIN_MAINTENANCE,
    State.IMPAIRED,
    State.UNHEALTHY,
    State.SUSPENDED,
    State.UPDATING,
    State.REBOOTING,
    State.ERROR,
)

ALLOWED = {
    "rebuild": REBUILDABLE,
    "restore": {State.AVAILABLE, State.ERROR, State.UNHEALTHY, State.STOPPED},
    "reboot": {State.AVAILABLE, State.UNHEALTHY},
    "maintain": {State.AVAILABLE},
}
"""The states in which a person may order each action (AWS's API reference of RebuildWorkspaces,
RestoreWorkspace and RebootWorkspaces)."""

ROWS = {
    "row_missing": Row.MISSING,
    "row_unknown": Row.UNKNOWN,
    "row_frozen": Row.FROZEN,
    "row_late": Row.LATE,
    "row_empty": Row.EMPTY,
}


REFUSAL = ("InvalidUserConfiguration.Workspace", "The user cannot be found in the directory.")


class Trouble:
    """Starts and ends troubles. After `end`, nothing is broken that time does not mend."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = random.Random(f"trouble {world.scenario.seed}")
        self._stuck: set[str] = set()
        self._lying: set[str] = set()
        """WorkSpaces whose LastKnown lies until the faults end."""
        self._over = False

    def begin(self) -> None:
        """Draw what is wrong at first, and schedule the rounds; called once, at the start."""
        world, rng = self._world, self._rng
        happens, now = world.faults.happens, world.agenda.now
        for desktop in list(world.fleet.fleet.values()):
            if happens("no_last_known"):
                world.fleet.set_last_known(desktop.id, LastKnown.ABSENT, now)
            desktop.ipv6_only = happens("ipv6_only") and rng.random() < 0.3
            if happens("unknown_from_first"):
                self._terminate(desktop.id)
        if any(name in world.scenario.faults for name in _OF_A_ROUND):
            world.agenda.every(TURN, self._round, rng.uniform(0, TURN))

    def end(self) -> None:
        """End all troubles, except bad ends of rebuilds that only another rebuild can mend."""
        world, now = self._world, self._world.agenda.now
        self._over = True
        self._stuck.clear()
        for desktop in world.fleet.fleet.values():
            desktop.faults.check_time = True
            if desktop.faults.last_known is not LastKnown.ABSENT:
                world.fleet.set_last_known(desktop.id, LastKnown.TRUE, now)
            world.fleet.set_row(desktop.id, Row.SAMPLED, now)
            desktop.faults.snapshots = True
            self._allow(desktop)
            if desktop.snapshot is None:
                world.fleet.take_snapshot(desktop.id, now)
            self.mend_for_good(desktop)
        world.agenda.every(TURN, self._support, TURN)

    def is_stuck(self, workspace_id: str) -> bool:
        return workspace_id in self._stuck

    def mend_for_good(self, desktop: Desktop) -> None:
        """Let AWS Support end what no rebuild can: a lasting state that allows none and, if user
        volumes are kept, a broken WorkSpace that has no snapshot of its last session."""
        world, now = self._world, self._world.agenda.now
        passes = any(change.rebuild is not None for change in desktop.changes)
        stuck = desktop.state in ODD or desktop.state in (State.REBUILDING, State.STARTING)
        ill = desktop.state in (State.ERROR, State.UNHEALTHY)
        rebuildable = ill and _broken(desktop) and not self._waits_for_snapshot(desktop)
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        begun_at = last.begun_at if last is not None else None
        has_just_begun = begun_at is not None and now - begun_at < SHORTEST
        if stuck and not passes and not rebuildable and not has_just_begun:
            world.trace(desktop.id, "is mended by support")
            world.fleet.complete(desktop.id, now)

    def _waits_for_snapshot(self, desktop: Desktop) -> bool:
        used, snapshot = desktop.seen_at, desktop.snapshot
        keeps = self._world.scenario.user_volume == "keep"
        return keeps and used is not None and (snapshot is None or snapshot.at <= used)

    def _support(self) -> None:
        """Keep mending in peace: rebuilds that were accepted before may still end in any state."""
        world = self._world
        world.fleet.tick(world.agenda.now)
        for desktop in world.fleet.fleet.values():
            self.mend_for_good(desktop)

    # -- a round ------------------------------------------------------------------------------

    def _round(self) -> None:
        if self._over:
            return
        for id_ in list(self._world.fleet.fleet):
            self._visit(self._world.fleet.fleet[id_])

    def _visit(self, desktop: Desktop) -> None:
        world, id_ = self._world, desktop.id
        happens, now = world.faults.happens, world.agenda.now
        world.fleet.tick(now)
        self._hide(desktop)
        if happens("alarm_stuck"):
            self._stuck.add(id_)
            self._later(lambda: self._stuck.discard(id_), 5400)
        if happens("stopped"):
            world.fleet.stop(id_, now)
        if happens("no_snapshot"):
            desktop.snapshot, desktop.faults.snapshots = None, False
        if happens("refused"):
            world.trace(id_, "is not to be rebuilt")
            desktop.faults.refuse_rebuild = REFUSAL
            self._later(partial(self._allow, desktop), 10 * 3600)
        if happens("odd_state") and desktop.state is State.AVAILABLE:
            self._odd(desktop)
        if happens("ordered") or (desktop.state in BAD and happens("ordered")):
            self._order(desktop)
        if happens("terminated"):
            self._terminate(id_)

    def _hide(self, desktop: Desktop) -> None:
        """Make the connection status incomplete or wrong for a while."""
        world, id_ = self._world, desktop.id
        happens, now = world.faults.happens, world.agenda.now
        for name, row in ROWS.items():
            if happens(name):
                world.trace(id_, name)
                world.fleet.set_row(id_, row, now)
                self._later(partial(self._show, id_), 4 * 3600)
        if happens("no_check_time"):
            desktop.faults.check_time = False
            world.fleet.note_view(desktop, now)
            self._later(partial(self._show, id_), 4 * 3600)
        for name, fault in (
            ("last_known_moves", LastKnown.MOVES),
            ("last_known_ahead", LastKnown.AHEAD),
        ):
            if happens(name):
                world.trace(id_, name)
                world.fleet.set_last_known(id_, fault, now)
                if self._rng.random() < FOR_EVER:
                    self._lying.add(id_)
                self._later(partial(self._show, id_), 4 * 3600)

    @staticmethod
    def _allow(desktop: Desktop) -> None:
        desktop.faults.refuse_rebuild = None

    def _show(self, desktop_id: str) -> None:
        world = self._world
        desktop, now = world.fleet.fleet.get(desktop_id), world.agenda.now
        if desktop is None or self._over:
            return
        desktop.faults.check_time = True
        if desktop.faults.last_known is not LastKnown.ABSENT and desktop_id not in self._lying:
            world.fleet.set_last_known(desktop_id, LastKnown.TRUE, now)
        world.fleet.set_row(desktop_id, Row.SAMPLED, now)

    def _odd(self, desktop: Desktop) -> None:
        """Put a desktop into an odd state, as AWS or an administrator may, for up to ten hours."""
        world, now = self._world, self._world.agenda.now
        if desktop.is_on_its_way:
            return
        state = self._rng.choice(ODD)
        world.trace(desktop.id, "is", state.value)
        self.lose_user(desktop.id)
        world.fleet.set_state(desktop.id, state, now)
        longest = 10 * 3600 if self._rng.random() < LONG else 3600
        self._later(partial(self._pass, desktop.id, state), longest)

    def _pass(self, desktop_id: str, state: State) -> None:
        """End an odd state, if the desktop is still in it."""
        world = self._world
        desktop = world.fleet.fleet.get(desktop_id)
        world.fleet.tick(world.agenda.now)
        if desktop is None or desktop.state is not state or _broken(desktop):
            return
        if not desktop.is_on_its_way:
            world.fleet.set_state(desktop_id, State.AVAILABLE, world.agenda.now)

    def _order(self, desktop: Desktop) -> None:
        """Let a person rebuild, restore or reboot a desktop, even a broken one, or put it into
        maintenance."""
        world, now = self._world, self._world.agenda.now
        act = self._rng.choice(("rebuild", "restore", "reboot", "maintain"))
        restores = act == "restore"
        if desktop.state not in ALLOWED[act] or (restores and desktop.is_on_its_way):
            return
        world.trace("a person orders to", act, desktop.id)
        world.fleet.disturbed_at[desktop.id] = now + timedelta(minutes=90)
        match act:
            case "rebuild":
                if desktop.snapshot is not None and desktop.faults.refuse_rebuild is None:
                    world.fleet.rebuild(desktop.id, now, by_person=True)
            case "restore":
                world.fleet.restore(desktop.id, now)
            case "reboot" if desktop.state is State.UNHEALTHY:
                world.fleet.reboot_ill(desktop.id, now, heals=self._rng.random() < 0.5)
            case "reboot":
                world.fleet.reboot(desktop.id, now)
            case _:
                span = timedelta(minutes=self._rng.uniform(5, 240))
                world.fleet.maintain(desktop.id, now, span)
        world.told()

    def _terminate(self, desktop_id: str) -> None:
        """Terminate a desktop: from now on, AWS does not know its id."""
        world = self._world
        world.trace(desktop_id, "is terminated")
        self.lose_user(desktop_id)
        world.fleet.remove(desktop_id)
        world.unknown_since[desktop_id] = world.agenda.now

    def lose_user(self, desktop_id: str) -> None:
        """End the session of whoever is connected."""
        world = self._world
        world.fleet.sign_out(desktop_id, world.agenda.now)
        world.told()

    def _later(self, action: Callable[[], object], most: float) -> None:
        self._world.agenda.after(self._rng.uniform(60, most), action)


_OF_A_ROUND = (
    *ROWS,
    "no_check_time",
    "last_known_moves",
    "last_known_ahead",
    "alarm_stuck",
    "stopped",
    "no_snapshot",
    "refused",
    "odd_state",
    "ordered",
    "terminated",
)


def _broken(desktop: Desktop) -> bool:
    """Whether only another rebuild can help: its last one has ended badly, for good."""
    last = desktop.rebuilds[-1] if desktop.rebuilds else None
    return last is not None and last.outcome is Outcome.FAILS and last.finished_at is not None
