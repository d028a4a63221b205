"""Made-up histories for the judges: a world in which nothing runs but what a test does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sandbox.course import Course, Rebuild
from sandbox.states import State
from simulation.agenda import BEGIN
from simulation.scenario import Scenario
from simulation.world import World
from tests.times import minutes

CALM = Scenario(seed=0, desktops=6)
GOOD = Course(takes=timedelta(minutes=30))
BAD = Course(takes=timedelta(minutes=30), ends=State.ERROR)


@dataclass
class History:
    """Time is in minutes since the world's beginning, and never goes back."""

    scenario: Scenario = CALM
    invocation: Any = field(default_factory=lambda: SimpleNamespace(number=1, knew=None))

    def __post_init__(self) -> None:
        self.world = World(self.scenario)
        self.ids = sorted(self.world.roster)
        self.id = self.ids[0]
        self.world.oracles.looks.survived.add(self.invocation.number)
        for id_ in self.ids:
            self.world.table.first_written[id_] = BEGIN

    @property
    def broken(self) -> list[str]:
        """The promises that were seen broken."""
        return [violation.promise for violation in self.world.oracles.violations]

    @property
    def what(self) -> str:
        return "; ".join(violation.what for violation in self.world.oracles.violations)

    def at(self, minute: float) -> datetime:
        now = self.world.agenda.now = BEGIN + minutes(minute)
        self.world.fleet.tick(now)
        return now

    def session(self, start: float, end: float | None, id_: str | None = None) -> None:
        """Somebody is connected; with `end` None for as long as nothing throws them out."""
        fleet, id_ = self.world.fleet, id_ or self.id
        fleet.sign_in(id_, self.at(start))
        if end is not None:
            fleet.sign_out(id_, self.at(end))

    def look(self, minute: float, id_: str | None = None) -> None:
        """The function is shown the connection and the state of a WorkSpace."""
        now = self.at(minute)
        for operation in ("DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"):
            self.world.asked_at[id_ or self.id] = now
            self.world.oracles.looked(operation, id_ or self.id, now, self.invocation)

    def told(
        self, minute: float, kind: str, id_: str | None = None, received: float | None = None
    ) -> None:
        """A true signal of that moment is received, at once or later."""
        at = self.at(minute)
        now = at if received is None else self.at(received)
        self.world.oracles.received(kind, id_ or self.id, at, self.invocation, now)

    def rebuild(
        self, minute: float, course: Course = GOOD, id_: str | None = None, look: bool = True
    ) -> Rebuild:
        """The function asks for a rebuild, right after a look, and AWS accepts it."""
        id_ = id_ or self.id
        if look:
            self.look(minute, id_)
        now = self.at(minute)
        desktop = self.world.fleet.fleet[id_]
        desktop.faults.rebuild = course
        self.world.oracles.sent(now)
        self.world.oracles.asked(id_, now)
        rebuild = self.world.fleet.rebuild(id_, now)
        self.world.oracles.accepted(desktop, rebuild, now, self.invocation)
        return rebuild

    def says(self, minute: float, decision: str, **fields: Any) -> None:
        """The function writes a line."""
        now = self.at(minute)
        for listener in self.world.listeners:
            listener(now, {"decision": decision, **fields})
        self.world.lines.append((now, {"decision": decision, **fields}))
