"""Requests of administrators: a rebuild by hand, a hold, a release; and the judge of them.

A held WorkSpace is never rebuilt. A rebuild by hand waits for no grace period, but never happens
while somebody is connected. A request may spend hours in Lambda's queue, and arrive twice: it
carries the time at which it was made, but counts only once its invocation has ended.
In the end, half of the WorkSpaces ever held are released; the other holds expire by themselves.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nonpersistent.signals import CLOCK_SKEW
from sandbox.course import Rebuild
from sandbox.desktop import Desktop

from .functions import Delivery

if TYPE_CHECKING:
    from .world import World

TURN = 1800.0
"""Seconds between two rounds."""

SLOWLY = timedelta(minutes=10)
"""The longest time that an invocation may take from reading a request to its end."""

NEVER = datetime.min.replace(tzinfo=UTC)
FAR = datetime.max.replace(tzinfo=UTC)

RELEASED_AFTER = 1500.0
"""Seconds after the faults, by which queued events and redriven dead letters have arrived."""


class Administrators:
    """The administrators of one world. After `end`, they request no new holds or rebuilds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = random.Random(f"administrators {world.scenario.seed}")
        self._over = False
        self._held: dict[str, tuple[datetime, datetime]] = {}
        """From when until when each WorkSpace is certainly held."""
        self._hold_asked_at: dict[str, datetime] = {}
        """When the latest hold received was requested: an older request changes nothing."""
        self.ever_held: set[str] = set()
        """WorkSpaces for which a hold was ever requested."""
        self._runs_out: dict[str, datetime] = {}
        """When the last hold of each WorkSpace expires, unless somebody releases it."""
        self._released: set[str] = set()
        """WorkSpaces that are released in the end."""
        self._wanted: dict[str, tuple[datetime, datetime]] = {}
        """When the latest rebuild request received was made, and when it was received."""
        self._asked_at: dict[str, datetime] = {}
        self.released_at: datetime | None = None
        """When the last releases have been received; None before `end`, or without holds."""

    def begin(self) -> None:
        """Schedule the rounds, if this world has requests; called once, when it starts."""
        world = self._world
        if world.faults.strength("held") or world.faults.strength("by_hand"):
            world.oracles.is_wanted = self.is_wanted
            world.oracles.loops.requests.append(self.asked_for)
            world.agenda.every(TURN, self._round, self._rng.uniform(0, TURN))

    def end(self) -> None:
        world = self._world
        self._over = True
        if self.ever_held:
            self.released_at = world.agenda.now + timedelta(seconds=RELEASED_AFTER)
        for id_ in sorted(self.ever_held):
            if self._rng.random() < 0.5:
                self._send("release", id_, RELEASED_AFTER)
                self._released.add(id_)

    def free_at(self, workspace_id: str) -> datetime:
        """When its last hold has expired or been released, and all requests have arrived."""
        if self.released_at is None:
            return NEVER
        runs_out = self._runs_out.get(workspace_id, NEVER)
        is_released = workspace_id in self._released
        return self.released_at if is_released else max(self.released_at, runs_out)

    @property
    def all_free_at(self) -> datetime:
        """When all holds of the roster's WorkSpaces are over."""
        return max(map(self.free_at, self._world.roster), default=NEVER)

    def _round(self) -> None:
        world, rng = self._world, self._rng
        for id_ in sorted(world.roster) if not self._over else []:
            if world.faults.happens("held"):
                self.ever_held.add(id_)
                hours = rng.uniform(0.5, 12)
                if id_ in self._held:  # this hold may count even if its invocation fails
                    since, until = self._held[id_]
                    ends_by = world.agenda.now + timedelta(hours=hours) - SLOWLY
                    self._held[id_] = (since, min(until, ends_by))
                self._send("hold", id_, hours=hours, reason="forensics")
            elif id_ in self.ever_held and rng.random() < 0.1:
                self._send("release", id_)
            elif world.faults.happens("by_hand"):
                self._asked_at[id_] = world.agenda.now
                self._send("rebuild", id_)

    def _send(self, task: str, id_: str, delay: float = 0.0, **given: object) -> None:
        world = self._world
        if task == "release":
            self._held[id_] = (world.agenda.now, world.agenda.now)  # no longer certain

        def ask() -> None:
            asked_at = world.agenda.now.isoformat(timespec="milliseconds")
            event = {"task": task, "workspace_ids": [id_], "asked_at": asked_at, **given}
            world.deliver(Delivery(event, f"{task} of {id_}"))

        world.agenda.after(delay, ask)

    def settled(self, delivery: Delivery, now: datetime) -> None:
        """Note a request whose invocation has returned normally."""
        match delivery.event:
            case {"workspace_ids": [str(id_)], "asked_at": str(text), **given}:
                self._received(given, id_, datetime.fromisoformat(text), now)

    def _received(
        self, given: dict[str, object], id_: str, asked_at: datetime, now: datetime
    ) -> None:
        match given:
            case {"task": "hold", "hours": float(hours)}:
                self.ever_held.add(id_)
                if self.released_at is not None and now >= self.released_at:
                    self._released.discard(id_)  # it arrived after its release
                ends_by = asked_at + timedelta(hours=hours)
                self._runs_out[id_] = max(ends_by, self._runs_out.get(id_, ends_by))
                since, until = self._held.get(id_, (now, FAR))
                before = self._hold_asked_at.get(id_, NEVER)
                self._hold_asked_at[id_] = max(asked_at, before)
                if since < until and asked_at > before:
                    last = until if until > now else FAR  # either hold may be the one that counts
                    self._held[id_] = (now, min(last, ends_by - SLOWLY))
            case {"task": "rebuild"}:
                self._asked_at[id_] = max(asked_at, self._asked_at.get(id_, NEVER))
                if id_ in self._world.roster:
                    self._wanted[id_] = max((asked_at, now), self._wanted.get(id_, (NEVER, NEVER)))

    # -- the judgement ------------------------------------------------------------------------

    def asks(self, workspace_id: str) -> None:
        """Judge a request to AWS for a rebuild: its WorkSpace must not be held."""
        world, now = self._world, self._world.agenda.now
        claim = world.table.items.get(workspace_id, {}).get("claim", {}).get("M")
        if workspace_id not in self._held or claim is None:
            return
        since, until = self._held[workspace_id]
        claimed_at = datetime.fromisoformat(claim["asked_at"]["S"])
        if claimed_at > since + 2 * world.skew and now < until - 2 * world.skew:
            what = f"{workspace_id} is asked for, and is held since {since:%d %H:%M:%S}"
            world.broken("P1", what)

    def is_wanted(self, workspace_id: str) -> bool:
        """Whether a rebuild by hand, without a grace period, may be owed: no sign-in since."""
        asked_at, world = self._asked_at.get(workspace_id), self._world
        if asked_at is None:
            return False
        over_at = asked_at + CLOCK_SKEW + 2 * world.skew
        evidence = world.oracles.evidence[workspace_id]
        return not any(item.kind == "sign_in" and item.at > over_at for item in evidence)

    def asked_for(self, desktop: Desktop, last: Rebuild | None, _: Rebuild) -> bool:
        """Whether an administrator may have requested a rebuild since the last one."""
        asked_at = self._asked_at.get(desktop.id)
        if asked_at is None:
            return False
        return last is None or asked_at >= last.accepted_at - SLOWLY

    def unpaid(self, workspace_id: str) -> datetime | None:
        """When the function received a request for a rebuild that has not followed, if any."""
        asked_at, received_at = self._wanted.get(workspace_id, (None, NEVER))
        desktop = self._world.fleet.fleet.get(workspace_id)
        known_since = self._world.table.first_written.get(workspace_id, FAR)
        if asked_at is None or desktop is None or received_at < known_since:
            return None  # the function forgets what leaves the roster
        since = asked_at - SLOWLY
        paid = any(
            rebuild.accepted_at >= since
            or (rebuild.begun_at and (rebuild.finished_at is None or rebuild.finished_at >= since))
            for rebuild in desktop.rebuilds
        )
        return None if paid else received_at
