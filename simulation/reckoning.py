"""The judge of what a world owes, in calm weather and at its end: P2, P6 and P8."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.course import BAD, Rebuild
from sandbox.desktop import Desktop
from sandbox.states import State

from . import verdicts
from .agenda import BEGIN

if TYPE_CHECKING:
    from .world import World

MINUTE = timedelta(minutes=1)

HALVING = timedelta(minutes=15)
"""How long it takes to find the id that spoils its batch, and to look at the others."""


class Reckoning:
    """The judge of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def begin(self) -> None:
        """Judge a world without faults by the tight bound, every minute; also one with a poisoned
        id, record or bundle, except for what is poisoned itself (P8)."""
        world = self._world
        if world.scenario.weather in ("calm", "poison") and not world.scenario.dry_run:
            world.agenda.every(MINUTE.total_seconds(), self._be_prompt)

    def _be_prompt(self) -> None:
        """If an alarm has reported a session's end, the rebuild must not wait for an audit."""
        world = self._world
        now = world.agenda.now
        slack = timedelta() if world.scenario.calm else HALVING
        for debt in self.debts():
            id_ = debt.desktop.id
            sessions = world.fleet.sessions[id_]
            back = sessions[-1].end is None
            given = world.fleet.images[debt.desktop.bundle_id]
            images = sum(at > debt.ended_at for at, _ in given)
            prompt = verdicts.prompt(world.scenario, sessions, images) + slack
            if back or now - debt.ended_at <= prompt or id_ in world.episodes.poisoned:
                continue
            evidence = world.oracles.evidence[id_]
            if any(e.kind == "session_end" and e.at >= debt.ended_at for e in evidence):
                text = f"{id_}: session ended {debt.ended_at:%H:%M:%S}, not rebuilt promptly"
                world.broken("P2" if world.scenario.calm else "P8", text)
            else:
                world.oracles.counts["P2 minutes in which only an audit could tell"] += 1

    def settle(self) -> None:
        """Wait as long as P2 allows, or until nothing is owed and an audit has seen everything.
        Holds that nobody releases expire meanwhile."""
        world = self._world
        peace = world.administrators.released_at or world.agenda.now
        if not world.passes(peace - world.agenda.now):
            return
        free_at = max(peace, world.administrators.all_free_at)
        end = free_at + verdicts.bound(world.scenario) + verdicts.RETRIES[-1]
        end += verdicts.closed(world.scenario)
        soonest = free_at + timedelta(minutes=world.scenario.audit_interval + 40)
        world.passes(soonest - world.agenda.now)
        while not world.oracles.violations:
            self._judge(peace)
            owes = self.debts() or self._asked_in_vain()
            owing = bool(owes) and world.agenda.now < end
            if not (world.rollouts.pending(free_at) or owing):
                return
            world.passes(15 * MINUTE)

    def _asked_in_vain(self) -> list[tuple[str, datetime]]:
        """WorkSpaces whose rebuild was requested by hand and has not followed, and since when."""
        world = self._world
        ids = world.roster - world.poisoned_since.keys() - world.episodes.odd
        asked = ((id_, world.administrators.unpaid(id_)) for id_ in sorted(ids))
        return [(id_, at) for id_, at in asked if at and not world.scenario.dry_run]

    def _cannot_be_learnt(self, desktop: Desktop) -> bool:
        """Whether it is in a bad state in which somebody may be connected, as far as looks showed:
        none of the function's rebuilds caused it (one seen STOPPED on its way seemed to end well),
        or AWS reported a use since then that never happened."""
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        if last is None or last.by_person:
            return desktop.state is State.UNHEALTHY
        seems_over = self._world.oracles.looks.seems_over(desktop.id, last)
        misled = verdicts.is_misled(self._world.fleet, desktop)
        return desktop.state in BAD and (seems_over or misled)

    def debts(self) -> list[verdicts.Debt]:
        """What is owed now, by the true state of the world."""
        world = self._world
        now = world.agenda.now
        world.fleet.tick(now)
        return verdicts.debts(
            world.fleet, sorted(world.roster), world.oracles, world.table.first_written, now
        )

    def overdue(
        self, debts: Iterable[verdicts.Debt], hindered_at: Mapping[str, datetime]
    ) -> list[str]:
        """Whose debt is older than the waits that the administrator chose or failed rebuilds caused
        can explain, counted from when something else last stood in the way (`hindered_at`)."""
        world, now = self._world, self._world.agenda.now
        if world.scenario.dry_run:
            return []
        late = []
        for debt in debts:
            id_, began = debt.desktop.id, self._began(debt)
            if debt.knowable_from is not None and id_ not in world.administrators.ever_held:
                began = max(began, hindered_at.get(id_, began))
                late += [id_] if now - began > self._may_take(debt) else []
        return late

    def _may_take(self, debt: verdicts.Debt) -> timedelta:
        world = self._world
        retries = verdicts.retries(world.scenario, world.fleet, debt.desktop, world.oracles)
        return verdicts.bound(world.scenario) + retries

    def _began(self, debt: verdicts.Debt, peace: datetime = BEGIN) -> datetime:
        """When the time allowed for a debt began: not before `peace`, nor before the end of any
        rebuild that has ended since then."""
        id_, now = debt.desktop.id, self._world.agenda.now
        ends = [_shown_again_at(r, now) for r in debt.desktop.rebuilds if r.begun_at]
        known = debt.knowable_from or debt.ended_at
        free_at = self._world.administrators.free_at(id_)
        return max([peace, free_at, debt.ended_at, known, *(end for end in ends if end > peace)])

    def _judge(self, peace: datetime) -> None:
        """Judge what has been owed for too long by now: P2 and P6."""
        world = self._world
        now, free_at = world.agenda.now, world.administrators.free_at
        bound = verdicts.bound(world.scenario)
        since = now - timedelta(minutes=world.scenario.audit_interval + 35)
        for id_, asked_at in self._asked_in_vain():
            desktop = world.fleet.fleet[id_]
            mine = verdicts.retries(world.scenario, world.fleet, desktop, world.oracles)
            if self._cannot_be_learnt(desktop) and verdicts.spoken_of(id_, world.lines, since):
                world.oracles.counts["P2 nobody can learn whether it is in use"] += 1
            elif now - max(peace, asked_at, free_at(id_)) > bound + mine:
                text = f"{id_} was asked for by hand {asked_at:%d %H:%M:%S}, and is not rebuilt"
                world.broken("P2", text)
        for debt in self.debts() if not world.scenario.dry_run else []:
            id_, desktop = debt.desktop.id, debt.desktop
            may_take, start = self._may_take(debt), self._began(debt, peace)
            if id_ in world.poisoned_since:
                continue
            unlearnt = self._cannot_be_learnt(desktop)
            if debt.knowable_from is None:
                world.oracles.counts["P2 unknowable"] += 1
            elif unlearnt and verdicts.spoken_of(id_, world.lines, since):
                world.oracles.counts["P2 nobody can learn whether it is in use"] += 1
            elif now - start > may_take:
                text = f"{id_}: session ended {debt.ended_at:%d %H:%M:%S}, not rebuilt"
                world.broken("P2", text)
            elif now - start > bound and not verdicts.spoken_of(id_, world.lines, since):
                world.broken("P6", f"{id_} is owed a rebuild and nothing is said")


def _shown_again_at(rebuild: Rebuild, now: datetime) -> datetime:
    """When a rebuild has ended and no longer hides the connection status; else `now`."""
    return now if rebuild.finished_at is None else rebuild.finished_at + rebuild.course.row_for
