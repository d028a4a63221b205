"""Faults that need a person: at least one cause for each operations alarm, with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from nonpersistent.lateness import BRAKE_HOLDS
from sandbox.course import Outcome
from sandbox.desktop import Desktop
from sandbox.states import Row, State
from simulation.courses import ENDS_WITHIN
from simulation.functions import Delivery

from .world import CountedWorld

MINUTE = timedelta(minutes=1)

Trouble = Iterator[Callable[[], datetime]]
"""Begins at once. Yields a function that returns, once the alarm rings, since when a person was
needed; then applies the remedy."""


@dataclass(frozen=True)
class Cause:
    """A fault that makes `alarm` ring; `since` says in words from when on a person is needed.

    `begin` gets the world, in which the sessions of all WorkSpaces but the last have just ended,
    and the first WorkSpace. `brake`: rebuilds per hour.
    """

    alarm: str
    since: str
    begin: Callable[[CountedWorld, Desktop], Trouble]
    brake: int | None = None


def _from_now(world: CountedWorld) -> Callable[[], datetime]:
    now = world.now
    return lambda: now


def _next_audit(world: CountedWorld) -> Callable[[], datetime]:
    """When the next audit is due: the interval after the last one's end."""
    ended_at = datetime.fromisoformat(world.table.items["audit"]["completed_at"]["S"])
    return lambda: ended_at + world.scenario.audit_interval * MINUTE


def _ends(desktops: Iterable[Desktop]) -> list[datetime]:
    """The ends of their rebuilds, earliest first."""
    return sorted(r.ends_at for each in desktops for r in each.rebuilds if r.ends_at is not None)


def _unknown_id(world: CountedWorld, _: Desktop) -> Trouble:
    """Remove a WorkSpace that nobody uses: the next audit is the first to ask about it."""
    unused = max(world.fleet.fleet)
    world.fleet.remove(unused)
    yield _next_audit(world)
    world.leaves(unused)


def _row(row: Row, world: CountedWorld, desktop: Desktop) -> Trouble:
    world.fleet.set_row(desktop.id, row, world.now)
    yield _from_now(world)
    world.fleet.set_row(desktop.id, Row.SAMPLED, world.now)


def _maintenance(world: CountedWorld, desktop: Desktop) -> Trouble:
    world.fleet.set_state(desktop.id, State.ADMIN_MAINTENANCE, world.now)
    yield _from_now(world)
    world.fleet.set_state(desktop.id, State.AVAILABLE, world.now)


def _refused(world: CountedWorld, desktop: Desktop) -> Trouble:
    desktop.faults.refuse_rebuild = ("InvalidUserConfiguration.Workspace", "disabled")
    yield lambda: world.asked[desktop.id][0]
    desktop.faults.refuse_rebuild = None


def _endless(world: CountedWorld, desktop: Desktop) -> Trouble:
    desktop.faults.rebuild = Outcome.NEVER_ENDS
    yield lambda: desktop.rebuilds[0].accepted_at + ENDS_WITHIN
    world.fleet.complete(desktop.id, world.now)


def _failing(_: CountedWorld, desktop: Desktop) -> Trouble:
    desktop.faults.rebuild = Outcome.FAILS
    yield lambda: _ends([desktop])[0]
    desktop.faults.rebuild = Outcome.SUCCEEDS


def _bad_image(world: CountedWorld, desktop: Desktop) -> Trouble:
    world.fleet.set_image(desktop.bundle_id, "wsi-000000bad", world.now, bad=True)
    yield lambda: _ends(world.fleet.fleet.values())[2]
    world.fleet.set_image(desktop.bundle_id, "wsi-000mended", world.now)


def _hidden_bundle(world: CountedWorld, desktop: Desktop) -> Trouble:
    bundle = world.fleet.bundles[desktop.bundle_id]
    bundle.deleted = True
    yield _from_now(world)
    bundle.deleted = False


def _brake(world: CountedWorld, _: Desktop) -> Trouble:
    now = world.now
    yield lambda: now + BRAKE_HOLDS
    world.functions.configure(MAXIMUM_REBUILDS_PER_HOUR="")


def _rule(task: str, world: CountedWorld, _: Desktop) -> Trouble:
    """Disable a rule, then enable it again."""
    world.episodes.disabled.add(task)
    yield _next_audit(world) if task == "audit" else _from_now(world)
    world.episodes.disabled.clear()


def _lost_roster(world: CountedWorld, _: Desktop) -> Trouble:
    del world.table.items["roster"]
    yield _from_now(world)
    world.write_roster()


def _letter(world: CountedWorld, _: Desktop) -> Trouble:
    world.functions.dead_letters.append(Delivery({}, "lost"))
    yield _from_now(world)
    world.functions.dead_letters.clear()


CAUSES = {
    "id that AWS does not know": Cause("unknown", "the audit that meets it", _unknown_id),
    "connection status frozen": Cause("unknown", "the session's end", partial(_row, Row.FROZEN)),
    "connection status UNKNOWN": Cause("unknown", "the session's end", partial(_row, Row.UNKNOWN)),
    "maintenance": Cause("blocked", "its beginning", _maintenance),
    "refused rebuild": Cause("blocked", "the first refusal", _refused),
    "rebuild that fails for good": Cause("blocked", "its first bad end", _failing),
    "rebuild that never ends": Cause("endless", "two hours after its acceptance", _endless),
    "held bundle": Cause("held-bundle", "the third bad end", _bad_image),
    "bundle that AWS does not show": Cause("late", "the session's end", _hidden_bundle),
    "brake": Cause("braked", "three days after the session's end", _brake, brake=1),
    "audit rule disabled": Cause("audit-missed", "the first audit missed", partial(_rule, "audit")),
    "reconcile rule disabled": Cause("silent", "that moment", partial(_rule, "reconcile")),
    "lost roster": Cause("errors", "the loss", _lost_roster),
    "dead letter": Cause("dead-letters", "its arrival", _letter),
}
