"""Time in the small world: from one moment at which something is due to the next, then peace."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.course import USABLE, Outcome
from sandbox.states import Presence

from . import verdicts
from .agenda import BEGIN
from .small import AUDIT, ID, MINUTE, STRAIGHT, Small, to_moment


def next_phase(world: Small) -> None:
    """Go to the next moment at which something is due, and offer its messages."""
    now = world.agenda.now
    dues = [to_moment(item["due_at"]["S"]) for item in world.table.index.values()]
    moments = [due for due in dues if due > now - 3 * MINUTE]
    moments += [now + MINUTE] if world.retries else []
    alarm_at = world.left_at + 6 * MINUTE if world.left_at else None
    if alarm_at and alarm_at > now:
        moments.append(alarm_at)
    own_at = _own_alarm_at(world)
    if own_at and own_at > now:
        moments.append(own_at)
    audit_at = BEGIN + AUDIT * ((now - BEGIN) // AUDIT + 1)
    moments.append(audit_at)
    soonest = max(min(moments), now + MINUTE / 2)
    minutes = -(-(soonest - BEGIN) // MINUTE)
    world.agenda.now = BEGIN + MINUTE * minutes + timedelta(milliseconds=500)
    world.phase += 1
    world.ended = False
    world.startable.clear()
    world.offer(f"tick {minutes}", {"task": "reconcile"})
    for message in world.retries:
        world.startable[message.name] = message
    world.retries = []
    now = world.agenda.now
    if now >= audit_at:
        world.offer(f"audit {minutes}", {"task": "audit"})
    if alarm_at and now >= alarm_at > now - 2 * MINUTE:
        world.offer_alarm("second alarm")
    if own_at and now >= own_at > now - 2 * MINUTE:
        world.offer_alarm("the rebuild's own alarm")
    world.fleet.tick(now)
    world.fleet.collect()


def _own_alarm_at(world: Small) -> datetime | None:
    """When the alarm comes about a disconnect that a rebuild itself causes; None: it does not."""
    last = world.desktop.rebuilds[-1] if world.desktop.rebuilds else None
    if last is None or last.begins_at is None or last.course.disconnects_after is None:
        return None
    return last.begins_at + last.course.disconnects_after + 6 * MINUTE


def run_all(world: Small) -> None:
    """Deliver everything that is offered, one after the other, without mishaps."""
    while world.startable or world.live:
        name = next(iter(world.live), None) or next(iter(world.startable))
        world.do(("goes on" if name in world.live else "starts", name))


def finish(world: Small) -> None:
    """Let time pass in peace, as long as P2 allows; a debt after that breaks the promise."""
    if world.desktop.presence is Presence.CONNECTED:
        world.leave()
    world.desktop.faults.rebuild = STRAIGHT
    if world.course.outcome is Outcome.NEVER_ENDS:
        world.fleet.complete(ID, world.agenda.now)
    end = world.agenda.now + verdicts.bound(world.scenario)
    if world.course.ends not in USABLE or not world.course.begins:
        end += verdicts.RETRIES[-1]
    elif world.budget.has_spent:
        end += verdicts.RETRIES[1]
    while world.agenda.now < end and not world.oracles.violations:
        next_phase(world)
        run_all(world)
        if world.agenda.now + MINUTE > end - AUDIT / 2 and not _debts(world):
            return
    for debt in _debts(world):
        if debt.knowable_from is not None and not world.oracles.violations:
            text = f"session ended {debt.ended_at:%H:%M:%S}, not rebuilt"
            world.oracles.violated("P2", world.agenda.now, text)


def _debts(world: Small) -> list[verdicts.Debt]:
    return verdicts.debts(
        world.fleet, [ID], world.oracles, world.table.first_written, world.agenda.now
    )
