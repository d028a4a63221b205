"""The judge of P6: log lines name everything that needs a person, and nothing else.

A `needs_person` line comes every few minutes, as long as the need lasts. The world knows from when
on a WorkSpace needs a person; two hours after the function could have noticed, the lines must name
it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.course import BAD, Outcome
from sandbox.desktop import Desktop
from sandbox.states import REBUILDABLE, Presence, Row, State

from .courses import ENDS_WITHIN
from .harm import MOST_LOST
from .verdicts import Debt

if TYPE_CHECKING:
    from .world import World

MINUTE = 60.0
EVERY = 5
"""Minutes between two judgements while nobody is needed; otherwise they come every minute."""

TOLD_WITHIN = timedelta(hours=2)
"""The longest time from when the function could notice to the first line."""

PRESENT = timedelta(minutes=15)
"""How long a line counts as the present state."""

SEEN_TWICE = timedelta(minutes=10)
"""How long a bad end must last to count."""

ROWS_RETURN = timedelta(minutes=90)
"""How long after a rebuild a missing row is no need: rows may be missing for an hour after the end
(`hidden_after`), which the function may see later."""

FORBIDDING = frozenset(State) - REBUILDABLE - {State.REBUILDING}
"""States in which AWS accepts no rebuild, apart from REBUILDING."""

FORBIDS_FOR = timedelta(hours=1)
"""How long until such a state may be reported; if a rebuild is owed, it is after 90 minutes."""

FORBIDDEN = "its state allows no rebuild"
OWING = "its state does not allow the rebuild that it owes"
UNENDED = "its state does not allow the rebuild that it owes, nor showed the last one's end"
NOT_OURS = "a rebuild that a person ordered has failed, or does not end"
UNBEGUN = "its rebuild has not begun"

MAY_BE_TOLD = frozenset({FORBIDDEN, NOT_OURS, UNBEGUN})
"""Faults that may be reported, but need not be: that depends on what is owed, and on whether a look
showed what the person had ordered, or could not have missed that a rebuild had begun."""

FAILED = "its rebuild has failed"
REFUSED = "AWS refuses its rebuild"
OVERDUE = "its rebuild is overdue"
HELD = "three of its WorkSpaces are lost"

BLIND = frozenset({Row.MISSING, Row.EMPTY, Row.UNKNOWN, Row.FROZEN})

MOST = 100
"""The most WorkSpaces that the lines name at a time."""


@dataclass
class _Need:
    """A person has been needed since `since`; the function could notice at `noticed_at`."""

    since: datetime
    noticed_at: datetime | None = None


class Needs:
    """The judge of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._needs: dict[tuple[str, str], _Need] = {}
        self._named: dict[str, datetime] = {}
        self._forbidding: dict[str, tuple[State, datetime]] = {}
        self._hindered_at: dict[str, datetime] = {}
        """When something last stood in the way of each WorkSpace's rebuild."""
        self._minutes = 0
        self._since = world.agenda.now
        """Whatever the function noticed before this time, it may have forgotten."""
        scenario = world.scenario
        self._steady = scenario.steady or scenario.weather == "poison"

    def begin(self) -> None:
        """Listen to the log and schedule the judgements; called once, when the world starts."""
        self._world.listeners.append(self.heard)
        if not self._world.scenario.dry_run:
            self._world.agenda.every(MINUTE, self._tick, MINUTE)

    def heard(self, at: datetime, line: Mapping[str, Any]) -> None:
        """Take in a log line."""
        if line["decision"] != "needs_person":
            return
        who = line.get("workspace_id") or line.get("bundle_id") or ""
        self._named[who] = at
        world = self._world
        if not line.get("needs") or not line.get("reason"):
            world.oracles.violated("P6", at, f"{who} needs a person, and no reason is given")
        if world.scenario.calm:
            what = f"{who} needs a person for {line.get('needs')} in calm weather"
            world.oracles.violated("P6", at, f"{what}: {line.get('reason')}")

    def noticed(self) -> dict[tuple[str, str], datetime]:
        """What needs a person (id and reason), and when the function could first notice it."""
        return {key: n.noticed_at for key, n in self._needs.items() if n.noticed_at is not None}

    def _tick(self) -> None:
        """Judge while nothing keeps the function from looking: in steady weather, and in peace."""
        self._minutes += 1
        if self._world.faults.active and not self._steady:
            self._since = self._world.agenda.now
            return
        if self._needs or self._minutes % EVERY == 0:
            self._judge()

    def _judge(self) -> None:
        world, now = self._world, self._world.agenda.now
        world.fleet.tick(now)
        present = dict(self._present(now))
        self._needs = {key: need for key, need in self._needs.items() if key in present}
        for key, since in present.items():
            need = self._needs.setdefault(key, _Need(max(since, self._since)))
            waits = key[1] in (HELD, OVERDUE)  # no look is needed to notice these
            asked_at = now if waits else world.asked_at.get(key[0])
            if need.noticed_at is None and asked_at is not None and asked_at >= need.since:
                need.noticed_at = asked_at
            if need.noticed_at is None or len(present) > MOST:
                continue
            named_at = self._named.get(key[0])
            named = named_at is not None and now - named_at <= PRESENT
            named = named or key[1] in MAY_BE_TOLD
            if now - need.noticed_at > TOLD_WITHIN + PRESENT and not named:
                what = f"{key[0]} needs a person since {need.since:%d %H:%M} ({key[1]})"
                world.broken("P6", f"{what}, and no line names it")

    def _present(self, now: datetime) -> Iterator[tuple[tuple[str, str], datetime]]:
        """What needs a person now, and since when at the earliest.

        If AWS answers about no WorkSpace at all, that is an outage, which the audits report.
        """
        world = self._world
        debts = world.reckoning.debts()
        owed = set(_owing(debts))
        met = world.api.poison.met if world.roster - world.api.poison.met else set()
        for id_ in sorted(world.roster):
            desktop = world.fleet.fleet.get(id_)
            if desktop is None or id_ in met:
                self._hindered_at[id_] = now
            if desktop is None:
                yield (id_, "AWS does not know it"), world.unknown_since[id_]
            elif id_ in met:
                yield (id_, "it is poisoned"), world.poisoned_since[id_]
            else:
                whys = list(self._of(desktop, now))
                sessions = world.fleet.sessions.get(id_) or []
                in_use = bool(sessions) and sessions[-1].end is None
                if whys or in_use or desktop.state in FORBIDDING:
                    self._hindered_at[id_] = now
                for why in whys:
                    if why == FORBIDDEN and id_ in owed:
                        why = OWING if self._saw_the_last_end(desktop) else UNENDED
                    yield (id_, why), now
                last = desktop.rebuilds[-1] if desktop.rebuilds else None
                if last is not None and last.outcome is Outcome.NEVER_BEGINS:
                    yield (id_, UNBEGUN), last.accepted_at  # which hinders no other
        for id_ in world.reckoning.overdue(debts, self._hindered_at):
            yield (id_, OVERDUE), now
        if world.scenario.weather == "cause" and world.scenario.canary_after is not None:
            for bundle_id, number in self._lost().items():
                bundle = world.fleet.bundles[bundle_id]
                lasts = bundle.spoiled is not None or bundle.image_id in bundle.bad_images
                if number >= MOST_LOST and lasts:
                    yield (bundle_id, HELD), now

    def _saw_the_last_end(self, desktop: Desktop) -> bool:
        """Whether a look showed an end of the last rebuild: until then, it is still followed."""
        looks = self._world.oracles.looks
        return not desktop.rebuilds or looks.shown_end(desktop.id, desktop.rebuilds[-1])

    def _lost(self) -> Counter[str]:
        """By bundle: how many of its WorkSpaces the function could notice to be lost."""
        fleet = self._world.fleet.fleet
        noticed = (id_ for id_, why in self.noticed() if why == FAILED)
        return Counter(fleet[id_].bundle_id for id_ in noticed if id_ in fleet)

    def _of(self, desktop: Desktop, now: datetime) -> Iterator[str]:
        away = desktop.presence is not Presence.CONNECTED
        used = bool(self._world.fleet.sessions.get(desktop.id))
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        settles = last is not None and last.finished_at and now - last.finished_at < ROWS_RETURN
        if desktop.state is State.AVAILABLE and away and used and not settles:
            if desktop.faults.row in BLIND or not desktop.faults.check_time:
                yield "its connection cannot be learnt"
            elif desktop.faults.last_known.lies:
                yield "its last connection cannot be true"
        state, since = self._forbidding.get(desktop.id, (desktop.state, now))
        since = since if state is desktop.state else now
        self._forbidding[desktop.id] = desktop.state, since
        if desktop.state in FORBIDDING and now - since >= FORBIDS_FOR:
            yield FORBIDDEN
        if away and self._is_refused(desktop):
            yield REFUSED
        if last is None or last.begun_at is None:
            return
        joined_at = self._world.table.first_written.get(desktop.id, now)
        if last.by_person or last.accepted_at < joined_at:
            if last.outcome in (Outcome.FAILS, Outcome.NEVER_ENDS):
                yield NOT_OURS
            return
        if last.finished_at is None and now - last.accepted_at > ENDS_WITHIN:
            yield "its rebuild does not end"
        failed = last.outcome is Outcome.FAILS and desktop.state in BAD
        if failed and last.finished_at and now - last.finished_at > SEEN_TWICE:
            yield FAILED
        stuck = last.outcome is Outcome.NEVER_ENDS and desktop.state not in REBUILDABLE
        if stuck and last.finished_at and now - last.accepted_at > ENDS_WITHIN:
            yield "it has stopped on its way"

    def _is_refused(self, desktop: Desktop) -> bool:
        """Whether a session is owed a rebuild that AWS has refused and would refuse again."""
        refused_at = self._world.api.refused_since.get(desktop.id)
        sessions = self._world.fleet.sessions.get(desktop.id)
        would_be = desktop.faults.refuse_rebuild is not None or desktop.snapshot is None
        if refused_at is None or not sessions or not would_be:
            return False
        ends = [session.end for session in sessions if session.end is not None]
        if len(ends) < len(sessions) or max(ends) > refused_at or desktop.state not in REBUILDABLE:
            return False
        return all(r.accepted_at < max(ends) for r in desktop.rebuilds)


def _owing(debts: Iterable[Debt]) -> Iterator[str]:
    """WorkSpaces that owe a rebuild, as far as could be known, without one in progress."""
    for debt in debts:
        under_way = any(r.accepted_at > debt.ended_at for r in debt.desktop.rebuilds)
        if debt.knowable_from is not None and not under_way:
            yield debt.desktop.id
