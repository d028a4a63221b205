"""A made-up history for the judge of alarms: ticks and gauges, minute by minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.cloudwatch import Alarm, Metric, MetricFilter, Rule
from simulation.agenda import BEGIN
from simulation.alarms import ERRORS, LETTERS, AlarmJudge
from simulation.deployed import FLEET, Deployed

GAUGES = ("late", "blocked", "unknown", "held_bundles")
AT_LEAST_ONE = "GreaterThanOrEqualToThreshold"


def gauge(name: str) -> Metric:
    return Metric.of("N", name, {"Fleet": FLEET})


def made_up() -> Deployed:
    rule = Rule(300, 1, AT_LEAST_ONE, "Maximum", missing="ignore")
    silent = Rule(300, 1, "LessThanThreshold", "SampleCount", 3, 3, missing="breaching")
    errors = Rule(300, 1, AT_LEAST_ONE, "Sum", missing="notBreaching")
    return Deployed(
        rule,
        (
            *(Alarm(name.replace("_", "-"), gauge(name), rule) for name in GAUGES),
            Alarm("silent", gauge("late"), silent),
            Alarm("errors", ERRORS, errors),
            Alarm("dead-letters", LETTERS, rule),
        ),
        tuple(
            MetricFilter('{ $.decision = "gauges" }', "N", name, f"$.{name}", {"Fleet": "$.fleet"})
            for name in GAUGES
        ),
    )


@dataclass
class History:
    """Minute by minute: ticks that succeed, and gauges, as a rule every five minutes."""

    judge: AlarmJudge = field(default_factory=lambda: AlarmJudge(BEGIN, what=made_up()))
    gauges: dict[str, float] = field(default_factory=lambda: dict.fromkeys(GAUGES, 0.0))
    named: set[str] = field(default_factory=set)
    runs: bool = True
    gauged: Callable[[int], bool] = lambda minute: minute % 5 == 0
    minute: int = 0

    @property
    def now(self) -> Any:
        return BEGIN + timedelta(minutes=self.minute)

    def passes(self, minutes: int, fails: Callable[[int], bool] = lambda _: False) -> History:
        for _ in range(minutes):
            self.minute += 1
            if self.runs:
                self.judge.invoked(fails(self.minute), self.now)
            if self.runs and self.gauged(self.minute):
                self._tell()
            self.judge.look(self.now)
        return self

    def _tell(self) -> None:
        line = {"fleet": FLEET, "decision": "gauges", **self.gauges}
        self.judge.heard(line, self.now)
        for name in self.named:
            about = {"needs": "late", "workspace_id": name}
            if name.startswith("wsb-"):
                about = {"needs": "held_bundle", "bundle_id": name}
            self.judge.heard({"fleet": FLEET, "decision": "needs_person", **about}, self.now)

    def needs(self, subject: str, *alarms: str, **about: Any) -> None:
        self.judge.needs(subject, alarms, self.now, **about)

    def mended(self, subject: str) -> None:
        self.judge.mended(subject, self.now)

    def shows(self, *names: str, **gauges: float) -> History:
        """From now on the function says so."""
        self.gauges.update(gauges)
        self.named = set(names)
        return self

    @property
    def broken(self) -> list[str]:
        return [broken.what for broken in self.judge.broken]
