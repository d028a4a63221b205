"""The faults that are states of the world, not of a single call or message."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sandbox.desktop import Outcome, Row, State

from . import messages
from .functions import Delivery
from .verdicts import Debt, bound

if TYPE_CHECKING:
    from .world import World

TURN = 1800.0
"""Seconds between two rounds in which each desktop may get into trouble."""

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


class Trouble:
    """Starts and ends troubles. After `end` nothing is broken that time does not mend."""

    def __init__(self, world: World) -> None:
        self.outage = False
        self._world = world
        self._rng = random.Random(f"trouble {world.scenario.seed}")
        self._stuck: set[str] = set()
        self._sent: list[Delivery] = []
        self._over = False

    def begin(self) -> None:
        world, rng = self._world, self._rng
        faults = world.faults
        for desktop in world.fleet.fleet.values():
            if faults.happens("no_last_known"):
                world.fleet.no_last_known.add(desktop.id)
                world.fleet.note_view(desktop, world.agenda.now)
        world.agenda.every(TURN, self._round, rng.uniform(0, TURN))
        if faults.strength("other_tools"):
            world.agenda.every(1.0, self._other_tools, 0.5)
        if faults.strength("forged"):
            world.agenda.every(600.0, self._forge, 1.0)
        span = world.scenario.hours * 3600
        if faults.happens("roster_shrinks") and world.scenario.desktops > 1:
            world.agenda.after(rng.uniform(0, span), self._shrink)
        if faults.happens("outage"):
            world.agenda.after(rng.uniform(0, span), self._outage)
        world.rollouts.begin()

    def end(self) -> None:
        """Peace: everything that was broken works, and dead letters are sent again."""
        world = self._world
        world.faults.active = False
        self._over, self.outage = True, False
        self._stuck.clear()
        now = world.agenda.now
        for desktop in world.fleet.fleet.values():
            world.fleet.no_check_time.discard(desktop.id)
            self._mend(desktop.id, State.AVAILABLE)
            desktop.faults.snapshots = True
            if desktop.snapshot is None:
                world.fleet.take_snapshot(desktop.id, now)
        world.rollouts.end()
        for delivery in world.functions.dead_letters[-20:]:
            world.deliver(delivery, self._rng.uniform(0, 600))

    def is_stuck(self, workspace_id: str) -> bool:
        return workspace_id in self._stuck

    def remember(self, delivery: Delivery) -> None:
        """A message that may come again, much later."""
        if not self._over and len(self._sent) < 100:
            self._sent.append(delivery)

    def may_be_late(self, debt: Debt, peace: datetime) -> bool:
        """A rebuild that went wrong after the faults had stopped starts P2's time anew."""
        world = self._world
        failed = [r for r in debt.desktop.rebuilds if r.outcome is not Outcome.SUCCEEDS]
        if not failed:
            return False
        ends = max(r.ends_at or r.accepted_at for r in failed)
        start = max(ends, peace)
        audit = timedelta(minutes=world.scenario.audit_interval)
        return world.agenda.now - start < bound(world.scenario) + audit

    # -- single troubles ----------------------------------------------------------------------

    def _round(self) -> None:
        if self._over:
            return
        world, rng = self._world, self._rng
        happens, now = world.faults.happens, world.agenda.now
        for id_ in list(world.fleet.fleet):
            desktop = world.fleet.fleet[id_]
            rows = (("row_missing", Row.MISSING), ("row_unknown", Row.UNKNOWN))
            for name, row in (*rows, ("row_frozen", Row.FROZEN)):
                if happens(name):
                    world.trace(id_, name)
                    world.fleet.set_row(id_, row, now)
            if happens("no_check_time"):
                world.fleet.no_check_time.add(id_)
                world.fleet.note_view(desktop, now)
            if happens("alarm_stuck"):
                self._stuck.add(id_)
            if happens("stopped"):
                world.fleet.stop(id_, now)
            if happens("no_snapshot"):
                desktop.snapshot, desktop.faults.snapshots = None, False
            if happens("odd_state") and desktop.state is State.AVAILABLE:
                state = rng.choice(ODD)
                world.trace(id_, "is", state.value)
                self._lose_user(id_)
                world.fleet.set_state(id_, state, now)
                world.agenda.after(rng.uniform(60, 3600), partial(self._mend, id_, state))
            if happens("terminated") and rng.random() < 0.1:
                world.trace(id_, "is terminated")
                self._lose_user(id_)
                world.fleet.remove(id_)
                continue
            world.agenda.after(rng.uniform(60, 5400), partial(self._calm, id_))

    def _calm(self, desktop_id: str) -> None:
        world = self._world
        if desktop_id not in world.fleet.fleet or self._over:
            return
        world.fleet.no_check_time.discard(desktop_id)
        world.fleet.set_row(desktop_id, Row.SAMPLED, world.agenda.now)
        self._stuck.discard(desktop_id)

    def _mend(self, desktop_id: str, was: State) -> None:
        """An odd state ends, if it still is that state."""
        world = self._world
        desktop = world.fleet.fleet.get(desktop_id)
        if desktop is None:
            return
        now = world.agenda.now
        world.fleet.tick(now)
        if self._over:
            world.fleet.set_row(desktop_id, Row.SAMPLED, now)
        last = desktop.rebuilds[-1].finished_at if desktop.rebuilds else None
        if desktop.state is State.ERROR and last is not None:
            return  # that is how a rebuild ended: only another one mends it
        over = self._over and desktop.state in ODD and desktop.state is not State.ERROR
        if desktop.state is was or over:
            world.fleet.set_state(desktop_id, State.AVAILABLE, now)

    def _lose_user(self, desktop_id: str) -> None:
        """Whoever is connected is thrown out."""
        world = self._world
        world.fleet.sign_out(desktop_id, world.agenda.now)
        world.fleet.disconnected(desktop_id, world.agenda.now)
        world.told()

    def _other_tools(self) -> None:
        """Somebody else uses up the API's limit."""
        if self._world.faults.happens("other_tools"):
            self._world.api.bucket.take(self._world.agenda.now)

    def _forge(self) -> None:
        """Messages that nobody should believe, and true ones that come once more."""
        world, rng = self._world, self._rng
        if not world.faults.happens("forged"):
            return
        now = world.agenda.now
        strangers = [id_ for id_ in world.fleet.fleet if id_ not in world.roster]
        for id_ in strangers:
            at = now + timedelta(hours=rng.uniform(-1, 48))
            world.deliver(Delivery(messages.session_end(id_, at, now), f"forged: {id_}"))
        if self._sent:
            world.deliver(rng.choice(self._sent))
        junk = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "not json"}}]}
        world.deliver(Delivery(rng.choice((junk, {"task": "rebuild"}, {})), "junk"))

    def _shrink(self) -> None:
        """Terraform takes a WorkSpace off the roster, with its alarm and its IAM statement."""
        world = self._world
        id_ = self._rng.choice(sorted(world.roster))
        world.trace(id_, "is taken off the roster")
        world.roster.discard(id_)
        world.write_roster()
        world.cloudwatch.remove_alarm(id_)
        world.oracles.off_roster_since[id_] = world.agenda.now

    def _outage(self) -> None:
        """No schedule fires for a while."""
        self.outage = True
        self._world.trace("no schedule fires")
        self._world.agenda.after(self._rng.uniform(300, 7200), self._power)

    def _power(self) -> None:
        self.outage = False
