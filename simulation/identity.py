"""When two small worlds count as the same one."""

from __future__ import annotations

from typing import Any

from .small import ID, Small, to_moment
from .stepped import Stepped


def _ledger(world: Small) -> str:
    """The table as text. While no invocation runs, versions and an expired lease do not matter."""
    items = world.table.items
    if world.live:
        return repr(sorted(items.items()))
    lease = items.get("lease")
    over = lease is not None and to_moment(lease["expires_at"]["S"]) <= world.agenda.now
    return "".join(
        _without_version(item) for id_, item in sorted(items.items()) if id_ != "lease" or not over
    )


def _unknown_to(world: Small, invocation: Stepped) -> frozenset[str]:
    """The kinds of signals that were received after an invocation's last write."""
    knew = world.oracles.signals if invocation.knew is None else invocation.knew
    return frozenset(e.kind for e in world.oracles.evidence[ID] if e.number >= knew)


def _looks(world: Small) -> object:
    """What looks showed of a rebuild, and whether their invocations survived. Only worlds whose
    invocations run in turn are judged by it."""
    looks = world.oracles.looks
    if not world.in_turn:
        return ()
    return tuple(
        (look.at, look.state, look.by in looks.survived) for look in looks.states[ID][-12:]
    )


def key(world: Small) -> int:
    """A hash of all that decides a world's future: worlds with the same key have the same one."""
    desktop = world.desktop
    return hash(
        (
            world.agenda.now,
            _ledger(world),
            (desktop.state, desktop.presence, desktop.ip_address, desktop.changes),
            (desktop.seen_at, desktop.signed_in_at, desktop.sample),
            (desktop.touched_at, desktop.forgotten_at, desktop.row_after_rebuild),
            _looks(world),
            tuple((r.accepted_at, r.ends_at) for r in desktop.rebuilds),
            tuple((s.start, s.end) for s in world.fleet.sessions[ID]),
            frozenset((e.kind, e.at) for e in world.oracles.evidence[ID]),
            repr(world.budget),
            tuple(sorted(world.startable)),
            tuple(sorted(message.name for message in world.retries)),
            (world.left_at, world.ended),
            tuple(
                (name, each.history, each.call is None, _unknown_to(world, each))
                for name, each in sorted(world.live.items())
            ),
        )
    )


def _without_version(item: dict[str, Any]) -> str:
    return repr(sorted((name, value) for name, value in item.items() if name != "version"))
