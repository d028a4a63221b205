"""Times in which something is wrong for everybody: the API is down, the ledger throttles, a rule is
disabled, the account has no concurrency left, answers crawl, an id spoils each batch, the roster
changes."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from . import messages
from .functions import Delivery

if TYPE_CHECKING:
    from .world import World

LONGEST = {
    "api_away": 7200.0,
    "ledger_throttled": 1200.0,
    "no_execution": 4 * 3600.0,
    "no_schedule": 7200.0,
    "crawl": 2 * 3600.0,
}
"""The longest duration of each episode, in seconds."""

CRAWLING = {"dynamodb": (1.0, 1.4), "workspaces": (2.0, 2.9)}
"""One-way latency in seconds (range) while answers crawl, just below the function's time-outs: a
pass over the end of a shift then lasts up to a quarter of an hour, and ticks pile up behind it."""

NEIGHBOURS_MATTER = timedelta(seconds=10)
"""How long the API's limit takes to recover."""

HALF_A_SECOND = timedelta(seconds=0.5)

RULES = ("audit", "sign_in", "alarm")
POISONED = ("DescribeWorkspaces", "DescribeWorkspacesConnectionStatus")


class Episodes:
    """The episodes of one world. After `end`, all are over."""

    def __init__(self, world: World) -> None:
        self.current: set[str] = set()
        self.disabled: set[str] = set()
        """What does not fire: the rule of audits or of sign-ins, or the alarms' actions."""
        self.poisoned: set[str] = set()
        """Poisoned bundles and WorkSpaces, and WorkSpaces of such bundles: they may be held up."""
        self.odd: set[str] = set()
        """WorkSpaces whose ledger item is corrupted, for good."""
        self._world = world
        self._rng = random.Random(f"episodes {world.scenario.seed}")
        self._sent: list[Delivery] = []
        self._asked_at = world.agenda.now
        self._over = False

    def begin(self) -> None:
        """Draw the episodes and schedule them; called once, when the world starts."""
        world, rng = self._world, self._rng
        happens, after = world.faults.happens, world.agenda.after
        span = world.scenario.hours * 3600
        for name in LONGEST:
            if happens(name):
                starts_in = rng.uniform(0, span)
                if name == "crawl" and world.scenario.shift is not None:
                    starts_in = world.scenario.shift * 3600 + rng.uniform(0, 900)
                after(starts_in, partial(self._start, name))
        if happens("rule_disabled"):
            self.disabled.add(rng.choice(RULES))
        if happens("poisoned_id"):
            after(rng.choice((0.0, rng.uniform(0, span / 2))), self._poison_id)
        if happens("poisoned_bundle"):
            after(rng.uniform(0, span / 2), self._poison_bundle)
        if happens("poisoned_record"):
            after(rng.uniform(900, span), self._poison_record)
        if happens("roster_shrinks") and world.scenario.desktops > 1:
            after(rng.uniform(0, span), partial(self._change_roster, self._shrink))
        if happens("roster_grows"):
            after(rng.uniform(0, span), partial(self._change_roster, self._grow))
        if world.faults.strength("forged"):
            world.agenda.every(600.0, self._forge, 1.0)

    def end(self) -> None:
        """End whatever is wrong for everybody, and send the dead letters again."""
        world = self._world
        self._over = True
        self.current.clear()
        self.disabled.clear()
        world.api.is_away = False
        world.api.poison.end()
        world.functions.none_free_until = world.agenda.now
        letters, world.functions.dead_letters = world.functions.dead_letters, []
        for letter in letters:
            again = Delivery(letter.event, letter.about, 0, letter.evidence)
            world.deliver(again, self._rng.uniform(0, 600))

    def remember(self, delivery: Delivery) -> None:
        """Keep a message, which may arrive again much later."""
        if not self._over and len(self._sent) < 100:
            self._sent.append(delivery)

    def _start(self, name: str) -> None:
        world = self._world
        if self._over:
            return
        least = LONGEST[name] / 2 if world.scenario.shift is not None else 300
        seconds = self._rng.uniform(least, LONGEST[name])
        self.current.add(name)
        world.trace(name, f"for {seconds / 60:.0f} minutes")
        if name == "no_execution":
            world.functions.none_free_until = world.agenda.now + timedelta(seconds=seconds)
        world.api.is_away = "api_away" in self.current
        world.agenda.after(seconds, lambda: self._stop(name))

    def _stop(self, name: str) -> None:
        self.current.discard(name)
        self._world.api.is_away = "api_away" in self.current

    def crawls(self, service: str) -> float | None:
        """One-way latency in seconds of a call being sent now; None unless answers crawl."""
        if "crawl" not in self.current:
            return None
        return self._rng.uniform(*CRAWLING[service])

    # -- poison -------------------------------------------------------------------------------

    def _poison_id(self) -> None:
        world, rng = self._world, self._rng
        fine = sorted(world.roster - self.poisoned)
        if self._over or not fine:
            return
        id_ = rng.choice(fine)
        world.api.poison.status = rng.choice((400, 500))
        for operation in rng.choice((POISONED, POISONED[:1], POISONED[1:])):
            world.api.poison.ids.setdefault(operation, set()).add(id_)
        self._poisoned(id_)

    def _poison_bundle(self) -> None:
        world = self._world
        if self._over:
            return
        id_ = self._rng.choice(sorted(world.fleet.bundles))
        world.api.poison.ids["DescribeWorkspaceBundles"] = {id_}
        self._poisoned(id_)

    def _poison_record(self) -> None:
        """Leave something odd in a record, as a person or an older version might."""
        world, rng = self._world, self._rng
        fine = world.roster - self.poisoned
        ids = [id_ for id_ in sorted(world.table.items) if id_ in fine]
        if self._over or not ids:
            return
        id_ = rng.choice(ids)
        item = dict(world.table.items[id_])
        names = sorted(set(item) - {"fleet", "id", "due_at"})
        if names:
            name = rng.choice(names)
            item[name] = rng.choice(({"S": "?"}, {"NULL": True}, {"L": []}))
            world.trace(id_, "has an odd", name, "in its record")
            world.table.write(item, id_)
            self.odd.add(id_)
            self._poisoned(id_)

    def _poisoned(self, id_: str) -> None:
        world = self._world
        world.trace(id_, "is poisoned")
        self.poisoned.add(id_)
        for desktop in world.fleet.fleet.values():
            if desktop.bundle_id == id_:
                self.poisoned.add(desktop.id)
        world.poisoned_since.setdefault(id_, world.agenda.now)

    # -- the roster ---------------------------------------------------------------------------

    def _change_roster(self, change: Callable[[], None]) -> None:
        """Change the roster now, or during the next audit."""
        if self._rng.random() < 0.5:
            change()
        else:
            self._world.during_audit.append((self._rng.uniform(0.02, 3), change))

    def _shrink(self) -> None:
        """Take a WorkSpace off the roster."""
        world = self._world
        if len(world.roster) < 2:
            return
        id_ = self._rng.choice(sorted(world.roster))
        world.trace(id_, "is taken off the roster")
        world.leaves(id_)

    def _grow(self) -> None:
        """Put a WorkSpace on the roster: a new one, or one that was on it."""
        world = self._world
        strangers = sorted(set(world.fleet.fleet) - world.roster)
        if not strangers:
            return
        id_ = strangers[0]
        world.trace(id_, "is put on the roster")
        world.joins(id_)

    # -- neighbours ---------------------------------------------------------------------------

    def neighbours(self) -> None:
        """Let other callers use up some of the API's limit since the previous call."""
        world, now = self._world, self._world.agenda.now
        since, self._asked_at = max(self._asked_at, now - NEIGHBOURS_MATTER), now
        while world.faults.strength("other_tools") and since < now:
            if world.faults.happens("other_tools"):
                world.api.bucket.take(since)
            since += HALF_A_SECOND

    def _forge(self) -> None:
        """Send messages that must not be believed, and repeat a true one."""
        world, rng = self._world, self._rng
        if not world.faults.happens("forged"):
            return
        now = world.agenda.now
        strangers = [id_ for id_ in world.fleet.fleet if id_ not in world.roster]
        for id_ in strangers:
            at = now + timedelta(hours=rng.uniform(-1, 48))
            world.deliver(Delivery(messages.session_end(id_, at, now), f"forged: {id_}"))
            world.fleet.disturbed_at[id_] = now  # it may join the roster later
        if self._sent:
            again = rng.choice(self._sent)
            world.deliver(Delivery(again.event, again.about, 0, again.evidence))
        junk = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "not json"}}]}
        world.deliver(Delivery(rng.choice((junk, {"task": "rebuild"}, {})), "junk"))
