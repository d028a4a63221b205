"""A world in which nothing is left to chance, so that a case can be told in a sentence.

Minutes count from `ZERO`, 09:00 on the world's first day; as a rule a session ends then. Whatever a
case does not say is the module's default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from nonpersistent import handler
from sandbox.cloudwatch import AlarmState
from sandbox.course import Course
from sandbox.desktop import Desktop
from sandbox.desktops import CannotConnect
from simulation import log, messages, shortcut, transport
from simulation.agenda import BEGIN
from simulation.alarms import AlarmJudge
from simulation.baton import Invocation
from simulation.faults import Fate
from simulation.functions import Delivery
from simulation.scenario import Scenario
from simulation.world import World
from tests.times import minutes

ZERO = BEGIN + timedelta(hours=1)
HOUR, DAY = 60.0, 1440.0

Answer = tuple[int, dict[str, Any]]
Given = dict[str, Any]


class Case(World):
    """One fleet; `plays` until a minute, then ask it what happened."""

    def __init__(
        self,
        desktops: int = 1,
        *,
        zero: datetime = ZERO,
        audit_at: float = 40.0,
        every_tick: bool = True,
        environment: dict[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """The first audit is `audit_at` minutes after the hour.

        `every_tick` false: two of three ticks that would find nothing are left out, for long cases.
        """
        super().__init__(Scenario(0 if every_tick else 1, desktops, **settings))
        self.functions._environment.update(environment or {})
        self.zero, self.agenda.now = zero, zero - timedelta(hours=1)
        self.judge = AlarmJudge(self.agenda.now, strict=False)
        self.ids = sorted(self.fleet.fleet)
        self.said: list[tuple[float, dict[str, Any]]] = []
        self.calls: list[tuple[datetime, str, Given]] = []
        """Of the WorkSpaces API, as they were sent."""
        self.accepted: list[tuple[float, str]] = []
        """Minute and WorkSpace of each rebuild that AWS accepted from the function."""
        self.answers: dict[str, Callable[[Given, Answer], Answer]] = {}
        """By operation: what AWS's answer becomes."""
        self.instead: dict[str, Callable[[Given], Answer | None]] = {}
        """By operation: what AWS answers instead of doing it; None: it does it."""
        self.fates: Callable[[str, str, Given], Fate | None] = lambda *_: None
        """Service, operation, request: what becomes of a call; None: it is answered."""
        self.slow: Callable[[str], float | None] = lambda _: None
        """Seconds that a call to a service takes each way; None: as usual."""
        self.after_acceptance: list[tuple[float, Callable[[], object]]] = []
        """What happens so many minutes after a rebuild was accepted."""
        self.sessions = 0
        self.losing = False
        """Whether every alarm and sign-in is lost."""
        self.fleet.tick(self.agenda.now)
        self._audit_at = audit_at
        self._goes_on = False

    # -- what a case consists of --------------------------------------------------------------

    @property
    def minute(self) -> float:
        return (self.agenda.now - self.zero) / minutes(1)

    def at(self, minute: float, action: Callable[[], object]) -> None:
        self.agenda.at(self.zero + minutes(minute), action)

    def desktop(self, number: int = 0) -> Desktop:
        return self.fleet.fleet[self.ids[number]]

    def session(self, number: int = 0, ends: float = 0.0, lasts: float = 30.0) -> None:
        """The user of a desktop signs in, and out again at `ends`."""
        self.at(ends - lasts, partial(self._sign_in, self.ids[number], ends))
        self.at(ends, partial(self._sign_out, self.ids[number]))

    def everybody_leaves(self, apart: float = 0.0) -> Case:
        """A session of each desktop ends: the first at minute 0, the others so much later each."""
        for number in range(len(self.ids)):
            self.session(number, ends=apart * number)
        return self

    def rebuilds_go(self, course: Course) -> None:
        """On every desktop, from now on."""
        for desktop in self.fleet.fleet.values():
            desktop.faults.rebuild = course

    def applies(self, **environment: str) -> None:
        """Terraform changes the function's environment: Lambda starts new containers."""
        self.functions._environment.update(environment)
        self.functions._idle.clear()

    def audit(self) -> None:
        """An audit besides those of the schedule."""
        self._send(Delivery({"task": "audit"}, "audit"))

    def tell(self, event: dict[str, Any]) -> None:
        """An event for the function."""
        self._send(Delivery(event, "scripted"))

    def tell_session_end(self, workspace_id: str) -> None:
        now = self.agenda.now
        self.tell(messages.session_end(workspace_id, now, now))

    def plays(self, until: float) -> Case:
        """Let time pass; no promise that the world judges may be broken meanwhile."""
        if not self._goes_on:
            self._goes_on = True
            transport.take_the_place_of_aws(self, self._container)
            shortcut.take(handler._dynamodb(), transport.WIRE)
            log.listen(self.heard)
            self.functions.ended.append(lambda failed: self.judge.invoked(failed, self.agenda.now))
            self._schedules()
        self.passes(self.zero + minutes(until) - self.agenda.now)
        assert not self.oracles.violations, self.told_events()[-40:]
        return self

    # -- what happened ------------------------------------------------------------------------

    def rebuilds(self, number: int = 0) -> int:
        return sum(id_ == self.ids[number] for _, id_ in self.accepted)

    def logged(self, decision: str, number: int | None = None) -> list[dict[str, Any]]:
        id_ = None if number is None else self.ids[number]
        return [
            line
            for _, line in self.said
            if line["decision"] == decision and id_ in (None, line.get("workspace_id"))
        ]

    def when(self, decision: str) -> list[float]:
        """The minutes of such lines."""
        return [minute for minute, line in self.said if line["decision"] == decision]

    def named(self) -> dict[str, str]:
        """Who needs a person by the lines of the last ten minutes, and why."""
        return {
            line.get("workspace_id") or line["bundle_id"]: line["reason"]
            for minute, line in self.said
            if line["decision"] == "needs_person" and self.minute - minute <= 10
        }

    def rang(self, *alarms: str) -> list[float]:
        """When alarms went to ALARM, any of all if none is named.

        A new alarm on missing data may do so in its first minutes; that says nothing.
        """
        return self._turns(alarms, AlarmState.ALARM)

    def calmed(self, *alarms: str) -> list[float]:
        """When alarms went back from ALARM to OK."""
        return self._turns(alarms, AlarmState.OK)

    def _turns(self, alarms: Iterable[str], to: AlarmState) -> list[float]:
        turns = [
            ((turn.at - self.zero) / minutes(1), turn.alarm, turn.old)
            for turn in self.judge.transitions
            if turn.new is to and AlarmState.ALARM in (turn.old, turn.new)
        ]
        known = [turn for turn in turns if turn[1] != "silent" or turn[0] > -30]
        return [minute for minute, alarm, _ in known if not alarms or alarm in alarms]

    # -- the world ----------------------------------------------------------------------------

    def _schedules(self) -> None:
        every = self.agenda.every
        every(60, lambda: self._tick("reconcile", "tick_missed"), 1)
        audit = 60.0 * self.scenario.audit_interval
        every(audit, lambda: self._tick("audit", "audit_missed"), 60 * self._audit_at)
        every(300, self._publish, 30)
        every(60, lambda: self.cloudwatch.evaluate(self.agenda.now), 45)
        every(60, self._look, 50)

    def _look(self) -> None:
        self.judge.letters(len(self.functions.dead_letters), self.agenda.now)
        self.judge.look(self.agenda.now)

    def _sign_in(self, id_: str, ends: float) -> None:
        """Now, or as soon as the desktop can be used."""
        try:
            self.fleet.sign_in(id_, self.agenda.now)
        except CannotConnect:
            if self.minute + 5 < ends:
                self.agenda.after(300, partial(self._sign_in, id_, ends))
            return
        self.sessions += 1
        self.told()

    def _sign_out(self, id_: str) -> None:
        self.fleet.sign_out(id_, self.agenda.now)
        self.told()

    def _later(self, delay: float, delivery: Delivery) -> None:
        if not (self.losing and delivery.evidence):
            super()._later(delay, delivery)

    def _metric_lag(self) -> float:
        return 60.0

    def heard(self, line: dict[str, Any]) -> None:
        self.said.append((self.minute, line))
        self.judge.heard(line, self.agenda.now)
        super().heard(line)

    def fate(self, service: str, operation: str, given: Given) -> Fate:
        if service == "workspaces":
            self.calls.append((self.agenda.now, operation, given))
        fate = super().fate(service, operation, given)
        return self.fates(service, operation, given) or fate

    def latency(self, service: str) -> float:
        seconds = self.slow(service)
        return super().latency(service) if seconds is None else seconds

    def answer(self, invocation: Invocation, service: str, operation: str, given: Given) -> Answer:
        refuses = self.instead.get(operation)
        if refuses is not None and (instead := refuses(given)) is not None:
            return instead
        before = [len(desktop.rebuilds) for desktop in self.fleet.fleet.values()]
        answered = super().answer(invocation, service, operation, given)
        if operation == "RebuildWorkspaces":
            self._note_accepted(before)
        becomes = self.answers.get(operation)
        return becomes(given, answered) if becomes else answered

    def _note_accepted(self, before: list[int]) -> None:
        for had, desktop in zip(before, self.fleet.fleet.values(), strict=True):
            if len(desktop.rebuilds) > had:
                self.accepted.append((self.minute, desktop.id))
                for after, action in self.after_acceptance:
                    self.agenda.after(60 * after, action)
