"""A world that is counted instead of judged, with this module's function or the naive recipe."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import boto3

from nonpersistent import gauges, handler, reconciler
from nonpersistent.reconciler import Reconciler
from sandbox.course import Rebuild
from sandbox.desktop import Desktop
from simulation import log, transport
from simulation.baton import Invocation, current
from simulation.dynamodb import TableError
from simulation.faults import Faults
from simulation.oracles import Oracles
from simulation.scenario import Scenario
from simulation.workspaces import Api
from simulation.world import World

from . import naive
from .crowd import Crowd
from .fleet import LongFleet
from .meter import READS, Meter
from .speed import QuickTable, parse_values_directly, remember_large_answers

TELL = gauges.tell

OURS, NAIVE = "ours", "naive"

METRIC_LAG = 300.0
"""Seconds from the end of a five-minute interval to its datapoint: an alarm then rings 5 to 11
minutes after the session's end, as observed on AWS."""

DISTURBANCES = {
    "alarm_lost": 0.10,
    "alarm_late": 0.05,
    "alarm_repeated": 0.20,
    "sign_in_lost": 0.10,
    "event_doubled": 0.02,
    "tick_missed": 0.05,
    "audit_missed": 0.05,
    "throttle": 0.05,
    "server_error": 0.02,
    "connect_error": 0.01,
    "time_out_worked": 0.01,
    "kill": 0.002,
    "slow_call": 0.05,
    "refusal": 0.03,
    "alarm_stuck": 0.01,
    "row_missing": 0.01,
    "row_unknown": 0.01,
    "ends_badly": 0.02,
    "never_begins": 0.02,
}
"""The faults of a rough week, by the simulation's names: probabilities per call, message or
rebuild, or per desktop and half hour."""


class Streams(Faults):
    """Draws each fault from its own random stream, so that both functions meet the same ones."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._streams: dict[str, random.Random] = {}

    def happens(self, name: str) -> bool:
        """Whether a fault happens now, as its own stream decides."""
        chance = self.strength(name)
        if chance <= 0.0:
            return False
        if name not in self._streams:
            self._streams[name] = random.Random(f"{name} {self.scenario.seed}")
        return self._streams[name].random() < chance


class MarkedReconciler(Reconciler):
    """Our reconciler, which marks the invocations that are auditing."""

    auditing: ClassVar[set[Invocation]] = set()

    def _audit_batch(self, ids: Sequence[str]) -> bool:
        invocation = current()
        self.auditing.add(invocation)
        try:
            return super()._audit_batch(ids)
        finally:
            self.auditing.discard(invocation)


class Silence(Oracles):
    """Judges nothing."""

    meter: Meter
    world: CountedWorld

    def sent(self, at: datetime) -> None:
        self.meter.sent(at)

    def asked(self, workspace_id: str, at: datetime) -> None:
        self.world.asked[workspace_id].append(at)

    def accepted(
        self, desktop: Desktop, rebuild: Rebuild, sent_at: datetime, by: Invocation
    ) -> None:
        pass

    def looked(self, operation: str, desktop_id: str, at: datetime, by: Invocation) -> None:
        pass


class CountedWorld(World):
    """A world that is counted: `begin` starts the schedules, `let` lets time pass."""

    functions: Crowd

    def __init__(self, scenario: Scenario, function: str, *, session_alarms: bool = True) -> None:
        self.meter = Meter()
        self._session_alarms = session_alarms
        self.function = function
        self.rebuilt: list[tuple[datetime, Desktop, Rebuild]] = []
        self.first_rebuilt: dict[str, datetime] = {}
        self.asked: defaultdict[str, list[datetime]] = defaultdict(list)
        """When AWS was asked to rebuild a desktop, whatever became of it."""
        self.on_rebuild: Callable[[Desktop], None] = lambda _: None
        self.on_line: Callable[[dict[str, Any]], None] = lambda _: None
        super().__init__(scenario, trace_length=1)

    @property
    def now(self) -> datetime:
        return self.agenda.now

    def begin(self) -> None:
        """Deploy the function, and start the schedules."""
        if self.function == OURS:
            transport.take_the_place_of_aws(self, self._container)
            log.listen(self.heard)
            vars(reconciler)["Reconciler"] = MarkedReconciler
            vars(gauges)["tell"] = self._gauged
        self._schedules()

    def _gauged(self, *given: Any) -> None:
        """Write the gauges, and count the read units that this takes."""
        before = self.meter.read_units
        TELL(*given)
        self.meter.gauge_read_units += self.meter.read_units - before

    def let(self, span: timedelta) -> None:
        self.agenda.run(self.now + span, lambda: False)

    def trace(self, *what: object) -> None:
        """Keep nothing: nobody reads it."""

    def heard(self, line: dict[str, Any]) -> None:
        self.meter.log_lines += 1
        self.on_line(line)

    def _furnish(self) -> None:
        """Replace some of the simulation's parts, before anything is in them."""
        remember_large_answers()
        parse_values_directly()
        self.faults = Streams(self.scenario)
        self.table = QuickTable(
            self.table.name,
            lambda: self.now,
            self.faults.page_size,
            self.faults.unprocessed,
        )
        self.fleet = LongFleet(self.rng, self.faults)
        silence = Silence(self.scenario, self.fleet, timedelta())
        silence.meter, silence.world = self.meter, self
        self.oracles = silence
        self.api = Api(self.fleet, self._allowed, self.faults)
        handle, time_out = handler.lambda_handler, 900.0
        if self.function == NAIVE:
            transport.virtual_retries()
            transport.WIRE.world = self
            client = transport.plug_in(boto3.client("workspaces"))
            handle, time_out = naive.recipe(client), naive.TIME_OUT  # type: ignore[assignment]
        self.functions = Crowd(
            self.agenda, self.scenario.environment, self.rng, self.meter, handle, time_out
        )
        super()._furnish()

    def _schedules(self) -> None:
        every = self.agenda.every
        if self.function == OURS:
            every(60, lambda: self._tick("reconcile", "tick_missed"), 10)
            between = 60 * self.scenario.audit_interval
            every(between, lambda: self._tick("audit", "audit_missed"), between / 2 + 5)
        every(300, lambda: self.cloudwatch.publish(self.now, self.agenda.after), 200)
        every(60, lambda: self.cloudwatch.evaluate(self.now), 30)

    def _alarm(self, workspace_id: str, at: datetime) -> None:
        if not self._session_alarms:
            return
        self.meter.messages += 1
        super()._alarm(workspace_id, at)

    def told(self) -> None:
        """Pass on what happened to desktops; the naive recipe has no rule for sign-ins."""
        if self.function == NAIVE:
            self._tell_metrics_only()
        else:
            super().told()

    def _metric_lag(self) -> float:
        return METRIC_LAG

    def _is_idle(self) -> bool:
        """Skip no tick: each of them counts."""
        return False

    def _tell_metrics_only(self) -> None:
        for fact in self.fleet.collect():
            if fact.what.value == "SESSION_ENDED":
                self.cloudwatch.count(fact.desktop_id)

    def answer(
        self, invocation: Invocation, service: str, operation: str, given: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        audit = invocation in MarkedReconciler.auditing
        self.meter.request(service, operation, audit)
        if service == "dynamodb":
            self.meter.asked(invocation.number)
            return self._metered(operation, given)
        self.meter.purposes[self._purpose(operation, given, audit)] += 1
        status, body = self.api.answer(operation, given, self.now)
        if operation == "RebuildWorkspaces" and status == 200 and not body.get("FailedRequests"):
            self._rebuilt(given["RebuildWorkspaceRequests"][0]["WorkspaceId"])
        return status, body

    def _purpose(self, operation: str, given: dict[str, Any], audit: bool) -> str:
        """What a WorkSpaces call is for; an audit's rebuilds count as rebuilds."""
        if operation == "RebuildWorkspaces":
            return "rebuilds"
        if audit:
            return "audits"
        if operation == "DescribeWorkspaceBundles":
            return "images"
        asked = given.get("WorkspaceIds") or [given.get("WorkspaceId")]
        claims = [self.table.items.get(id_, {}).get("phase", {}).get("S") for id_ in asked]
        return "follow-up looks" if set(claims) == {"rebuilding"} else "looks before rebuilds"

    def _metered(self, operation: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        writes = operation not in READS
        id_ = given["Item"]["id"]["S"] if "Item" in given else ""
        if writes and not id_:
            id_ = given["Key"]["id"]["S"]
        before = self.table.items.get(id_)
        body: dict[str, Any] = {}
        status = 200
        try:
            body, _ = self.table.call(operation, given)
        except TableError as error:
            status, body = error.status, error.body
        if writes:
            self.meter.write(before, self.table.items.get(id_))
        else:
            self.meter.read(operation, given, body)
        return status, body

    def _rebuilt(self, desktop_id: str) -> None:
        desktop = self.fleet.fleet[desktop_id]
        rebuild = desktop.rebuilds[-1]
        self.rebuilt.append((self.now, desktop, rebuild))
        self.first_rebuilt.setdefault(desktop_id, self.now)
        self.told()
        self.on_rebuild(desktop)
