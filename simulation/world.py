"""The whole world of one seed: creates its parts and connects them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nonpersistent import handler
from sandbox.desktop import Happening

from . import log, messages, shortcut, transport
from .administrators import Administrators
from .agenda import Agenda
from .baton import Invocation, current
from .causes import Causes
from .cloudwatch import CloudWatch
from .dynamodb import Table
from .episodes import Episodes
from .events import Bus
from .far_end import FarEnd
from .faults import Fate, Faults
from .fleet import Fleet
from .functions import Delivery, Functions
from .limits import Limits
from .needs import Needs
from .oracles import Oracles, Violation
from .reckoning import Reckoning
from .ringing import Ringing
from .rollouts import RollOuts
from .scenario import Scenario
from .telling import Telling
from .trouble import Trouble
from .users import Users
from .workspaces import Api

LISTEN = frozenset({"pass", "gauges"})
"""Decisions of the log lines that are written whether or not anything happens."""


@dataclass
class Report:
    """How a world ended."""

    scenario: Scenario
    violation: Violation | None
    counts: dict[str, int]
    trace: list[str] = field(repr=False)


class World(FarEnd):
    """A fleet, its users and its AWS; `run` returns how it went."""

    def __init__(self, scenario: Scenario, trace_length: int = 4000) -> None:
        transport.same_jitter(scenario.seed)
        self.scenario = scenario
        self.agenda = Agenda(scenario.begins)
        self.faults = Faults(scenario)
        self.rng = random.Random(f"world {scenario.seed}")
        self.events: deque[tuple[datetime, tuple[object, ...]]] = deque(maxlen=trace_length)
        self.lines: deque[tuple[datetime, dict[str, Any]]] = deque(maxlen=5000)
        self.skew = timedelta(seconds=3 * self.faults.strength("skew"))
        self.fleet = Fleet(self.rng, self.faults)
        self.table = Table(
            "fleet-ledger",
            lambda: self.agenda.now,
            self.faults.page_size,
            self.faults.unprocessed,
        )
        self.oracles = Oracles(scenario, self.fleet, self.skew)
        self.api = Api(self.fleet, self._allowed, self.faults)
        self.functions = Functions(
            self.agenda, scenario.environment, self.rng, self._skew, self.trace, self._settled
        )
        self.roster: set[str] = set()
        self.unknown_since: dict[str, datetime] = {}
        """By id: since when AWS no longer knows the WorkSpace."""
        self.poisoned_since: dict[str, datetime] = {}
        """By id: since when it spoils every batch it is in, or its record cannot be read."""
        self.asked_at: dict[str, datetime] = {}
        """When the function last asked AWS about each WorkSpace."""
        self.during_audit: list[tuple[float, Callable[[], object]]] = []
        """Actions to do during the next audit, each with its delay in seconds from the start."""
        self.listeners: list[Callable[[datetime, dict[str, Any]], None]] = []
        """Called with the time and the fields of every log line."""
        self.causes = Causes(self)
        self.episodes = Episodes(self)
        self.trouble = Trouble(self)
        self.cloudwatch = CloudWatch(self._alarm, self.trouble.is_stuck, self._metric_lag)
        self.telling: Telling | None = None
        """Judges the log lines (P6); None until `run`."""
        self.bus = Bus(self)
        self.limits = Limits(self)
        self.rollouts = RollOuts(self)
        self.administrators = Administrators(self)
        self.reckoning = Reckoning(self)
        self.users = Users(self.agenda, self.fleet, scenario, self.told, self.trace)
        self._sent: dict[Invocation, datetime] = {}
        self._fates: dict[Invocation, Fate] = {}
        self._ticks = 0
        self._furnish()

    # -- running ------------------------------------------------------------------------------

    def run(self) -> Report:
        """Let faults and users act for some hours, then wait without them as long as P2 allows."""
        transport.take_the_place_of_aws(self, self._container)
        shortcut.take(handler._dynamodb(), transport.WIRE)
        self.telling = Telling(self.oracles)
        log.listen(self.heard)
        self.reckoning.begin()
        needs = Needs(self)
        needs.begin()
        ringing = Ringing(self, needs)
        ringing.begin()
        self._schedules()
        for number, desktop_id in enumerate(self.fleet.fleet):
            if number >= self.scenario.absent * len(self.fleet.fleet):
                self.users.employ(desktop_id)
        for weather in (
            self.trouble,
            self.episodes,
            self.causes,
            self.administrators,
            self.rollouts,
            self.bus,
        ):
            weather.begin()
        if self.passes(timedelta(hours=self.scenario.hours)):
            self.faults.active = False
            for weather in (self.causes, self.episodes, self.trouble, self.administrators):
                weather.end()
            self.users.go_home()
            self.reckoning.settle()
        violation = next(iter(self.oracles.violations), None)
        counts = dict(self.oracles.counts) | {"invocations": self.functions.count}
        counts["alarms"] = ringing.judge.rung
        return Report(self.scenario, violation, counts, self.told_events())

    def told_events(self) -> list[str]:
        """The latest events, as text."""
        return [
            f"{at:%d %H:%M:%S}.{at.microsecond // 1000:03d}  " + " ".join(map(str, what))
            for at, what in self.events
        ]

    def trace(self, *what: object) -> None:
        self.events.append((self.agenda.now, what))

    def passes(self, span: timedelta) -> bool:
        """Let time pass; return False as soon as a promise is broken."""
        return self.agenda.run(self.agenda.now + span, lambda: bool(self.oracles.violations))

    def broken(self, promise: str, what: str) -> None:
        """Report that a promise is broken now."""
        self.oracles.violated(promise, self.agenda.now, what)

    # -- the world's parts --------------------------------------------------------------------

    def _furnish(self) -> None:
        now = self.agenda.now
        bundles = [self.fleet.add_bundle(now) for _ in range(self.scenario.bundles)]
        for number in range(self.scenario.desktops + self.scenario.outsiders):
            mode = self.rng.choice(("ALWAYS_ON", "AUTO_STOP"))
            bundle = self.rng.choice(bundles)
            desktop = self.fleet.add(
                now, id=f"ws-{number:09d}", bundle_id=bundle.id, running_mode=mode
            )
            self.fleet.note_view(desktop, now)
            if number < self.scenario.desktops:
                self.roster.add(desktop.id)
                self.cloudwatch.add_alarm(desktop.id)
            else:
                self.oracles.off_roster_since[desktop.id] = now - timedelta(days=1)
        self.write_roster()

    def write_roster(self) -> None:
        """Write the roster to the ledger, as Terraform does."""
        ids = [{"S": id_} for id_ in sorted(self.roster)]
        self.table.write({"id": {"S": "roster"}, "workspace_ids": {"L": ids}}, "roster")
        self.limits.resized()

    def joins(self, id_: str) -> None:
        """Put a WorkSpace on the roster, as Terraform does, with its alarm."""
        self.oracles.off_roster_since.pop(id_, None)
        self.roster.add(id_)
        self.table.first_written.pop(id_, None)
        self.write_roster()
        self.cloudwatch.add_alarm(id_)

    def leaves(self, id_: str) -> None:
        """Take a WorkSpace off the roster, as Terraform does, with its alarm and IAM statement."""
        self.roster.discard(id_)
        self.write_roster()
        self.cloudwatch.remove_alarm(id_)
        self.oracles.off_roster_since[id_] = self.agenda.now

    def _schedules(self) -> None:
        every, rng = self.agenda.every, self.rng
        every(60, lambda: self._tick("reconcile", "tick_missed"), rng.uniform(0, 60))
        audit = 60 * self.scenario.audit_interval
        every(audit, lambda: self._tick("audit", "audit_missed"), rng.uniform(0, audit))
        publish = rng.uniform(0, 300)
        every(300, self._publish, publish)
        every(60, lambda: self.cloudwatch.evaluate(self.agenda.now), rng.uniform(0, 60))

    def _publish(self) -> None:
        """Publish the session metric, including what desktops did by themselves until now."""
        self.fleet.tick(self.agenda.now)
        self.told()
        self.cloudwatch.publish(self.agenda.now, self.agenda.after)

    def _tick(self, task: str, missed: str) -> None:
        if task == "reconcile" and self._is_idle():
            return
        if task in self.episodes.disabled or "no_schedule" in self.episodes.current:
            return
        if self.faults.happens(missed):
            return
        if task == "audit":
            due, self.during_audit = self.during_audit, []
            for seconds, action in due:
                self.agenda.after(seconds, action)
        self._send(Delivery({"task": task}, task))

    def _is_idle(self) -> bool:
        """Whether to skip this tick. Most ticks with nothing due are: they double the run time."""
        self._ticks += 1
        if self._ticks % 3 == 0 or self.scenario.seed % 10 == 0:
            return False
        now = self.agenda.now.isoformat()
        return not any(item["due_at"]["S"] <= now for item in self.table.index.values())

    def told(self) -> None:
        """Pass on what happened to desktops: sign-ins as events, session ends as metrics."""
        for fact in self.fleet.collect():
            match fact.what:
                case Happening.SIGNED_IN:
                    event = messages.sign_in(fact.desktop_id, fact.at)
                    says = [("sign_in", fact.desktop_id, fact.at)]
                    about = f"sign-in on {fact.desktop_id} at {fact.at:%H:%M:%S}"
                    if "sign_in" in self.episodes.disabled:
                        continue
                    for delay in self.faults.copies("sign_in_lost", "sign_in_late", None):
                        self._later(delay, Delivery(event, about, evidence=says))
                case Happening.SESSION_ENDED:
                    self.cloudwatch.count(fact.desktop_id)
                case _:
                    self.trace(fact.desktop_id, fact.what.value.lower(), fact.detail)

    def _alarm(self, workspace_id: str, at: datetime) -> None:
        event = messages.session_end(workspace_id, at, at)
        says = [("session_end", workspace_id, at)]
        about = f"alarm of {workspace_id} at {at:%H:%M:%S}"
        self.trace(about)
        if "alarm" in self.episodes.disabled:
            return
        for delay in self.faults.copies("alarm_lost", "alarm_late", "alarm_repeated"):
            self._later(delay, Delivery(event, about, evidence=says))

    def _later(self, delay: float, delivery: Delivery) -> None:
        self.episodes.remember(delivery)
        self.agenda.after(delay, lambda: self._send(delivery))

    def _send(self, delivery: Delivery) -> None:
        """Put an event into Lambda's queue, which delivers at least once."""
        once = Delivery(delivery.event, delivery.about, 0, delivery.evidence)
        self.functions.deliver(once)
        if self.faults.happens("event_doubled"):
            twin = Delivery(once.event, once.about, 0, once.evidence, once.request_id)
            self.functions.deliver(twin)

    def deliver(self, delivery: Delivery, delay: float = 0.0) -> None:
        self._later(delay, delivery)

    def _settled(self, delivery: Delivery, invocation: Invocation) -> None:
        self.oracles.looks.survived.add(invocation.number)
        self.administrators.settled(delivery, self.agenda.now)
        for kind, id_, at in delivery.evidence:
            self.oracles.received(kind, id_, at, invocation, self.agenda.now)
        if self.telling is not None:
            self.telling.ended(delivery, invocation, self.agenda.now)
            self.bus.ended(invocation)

    def _skew(self) -> timedelta:
        return self.skew * self.rng.uniform(-1, 1)

    def _metric_lag(self) -> float:
        return self.rng.uniform(0, 240)

    def _allowed(self, workspace_id: str) -> bool:
        return workspace_id in self.roster

    def heard(self, line: dict[str, Any]) -> None:
        """Take in a log line of the function; those of idle ticks are not kept."""
        if self.telling is not None:
            self.telling.heard(line, current())
        for listener in self.listeners:
            listener(self.agenda.now, line)
        if line["decision"] not in LISTEN or line.get("due"):
            self.lines.append((self.agenda.now, line))
            self.trace("log:", line)

    def _container(self) -> handler.Container:
        return self.functions.container(current()).open()
