"""What a world owes, while nothing goes wrong and at its end: P2 and P6 by the world's truth."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.desktop import Desktop, Outcome, State

from . import verdicts

if TYPE_CHECKING:
    from .world import World

MINUTE = timedelta(minutes=1)


class Reckoning:
    """Of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def begin(self) -> None:
        """Hold a world without faults to the tight bound, minute by minute."""
        world = self._world
        if world.scenario.calm:
            world.agenda.every(MINUTE.total_seconds(), self._be_prompt)

    def _be_prompt(self) -> None:
        """An alarm has told of a session's end: the rebuild waits for no audit."""
        world = self._world
        now = world.agenda.now
        for debt in self.debts():
            id_ = debt.desktop.id
            sessions = world.fleet.sessions[id_]
            back = sessions[-1].end is None
            if back or now - debt.ended_at <= verdicts.prompt(world.scenario, sessions):
                continue
            if verdicts.alarmed(debt, world.oracles.evidence[id_]):
                text = f"{id_}: session ended {debt.ended_at:%H:%M:%S}, not rebuilt promptly"
                world.oracles.violated("P2", now, text)
            else:
                world.oracles.counts["P2 minutes in which only an audit could tell"] += 1

    def settle(self) -> None:
        """Wait for P2's time, or until nothing is owed and an audit has seen everything."""
        world = self._world
        peace = world.agenda.now
        end = peace + verdicts.bound(world.scenario)
        soonest = peace + timedelta(minutes=world.scenario.audit_interval + 40)
        while world.agenda.now < end:
            step = (
                soonest if world.agenda.now < soonest else world.agenda.now + timedelta(minutes=15)
            )
            if not world.passes(min(step, end) - world.agenda.now):
                return
            if not self.debts():
                return
        self._judge(peace)

    def debts(self) -> list[verdicts.Debt]:
        """What is owed now, by the world's truth."""
        world = self._world
        now = world.agenda.now
        world.fleet.tick(now)
        last_known = {}
        for id_ in world.roster:
            view = world.fleet.view(id_, now)
            last_known[id_] = view.last_known if view else None
        mine = [d for d in world.fleet.fleet.values() if d.id in world.roster]
        return verdicts.debts(
            mine,
            world.fleet.sessions,
            world.table.first_written,
            world.oracles.evidence,
            last_known,
        )

    def _has_just_ended(self, desktop: Desktop, now: datetime) -> bool:
        """Whether its rebuild has ended badly, and no audit can have seen that yet."""
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        if last is None or last.finished_at is None or last.outcome is Outcome.SUCCEEDS:
            return False
        audit = timedelta(minutes=self._world.scenario.audit_interval)
        return now - last.finished_at < audit + MINUTE

    def _judge(self, peace: datetime) -> None:
        """P2 and P6, at the end."""
        world = self._world
        now = world.agenda.now
        since = now - timedelta(minutes=world.scenario.audit_interval + 35)
        for debt in self.debts():
            id_ = debt.desktop.id
            if debt.desktop.state is State.REBUILDING or self._has_just_ended(debt.desktop, now):
                world.oracles.counts["P2 under way"] += 1
            elif not debt.knowable:
                world.oracles.counts["P2 unknowable"] += 1
            elif not verdicts.excused(debt.desktop) and not world.trouble.may_be_late(debt, peace):
                text = f"{id_}: session ended {debt.ended_at:%H:%M:%S}, not rebuilt"
                world.oracles.violated("P2", now, text)
            elif not verdicts.spoken_of(id_, world.lines, since):
                world.oracles.violated("P6", now, f"{id_} is owed a rebuild and nothing is said")
