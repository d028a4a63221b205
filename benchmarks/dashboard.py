"""docs/dashboard.svg: the dashboard that Terraform deploys, over a simulated week.

`python -m benchmarks.dashboard` draws it, in two minutes. The definition is that of the dashboard
that Terraform creates on the local AWS; the figures come from the function's own log lines.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.deployment import Deployment
from sandbox import Sandbox
from sandbox.cloudwatch import CloudWatch, Metric
from simulation import running  # noqa: F401  (finds the function's sources)
from simulation.deployed import FLEET
from simulation.scenario import Scenario

from .alarms import watch
from .insights import Line, Row, ask
from .people import CALM, employ
from .weeks import DESKTOPS
from .world import OURS, CountedWorld

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "dashboard.svg"
NAME = "workspaces-nonpersistent"
"""The module's default name for a fleet."""

SEED = 7
WEEK = timedelta(days=7)
BAD_AFTER, DRAWN_AFTER = timedelta(days=8, hours=2), timedelta(days=8, hours=12)
"""Counted from a Monday 08:00: when the bundle gets a bad image, and when the picture is drawn."""

Widget = dict[str, Any]
Points = list[tuple[datetime, float]]

STATISTICS: dict[str, Callable[[list[float]], float]] = {"Maximum": max, "Sum": sum}


class Recorder(CloudWatch):
    """Keeps every datapoint, including those of metrics that no alarm watches."""

    def __init__(self) -> None:
        super().__init__()
        self.points: dict[Metric, Points] = defaultdict(list)

    def put(self, metric: Metric, value: float, at: datetime) -> None:
        self.points[metric].append((at, value))
        super().put(metric, value, at)


@dataclass(frozen=True)
class Week:
    """What CloudWatch knows at `now`."""

    now: datetime
    cloudwatch: Recorder
    lines: list[tuple[datetime, Line]]

    def chart(self, metric: list[str], statistic: str, period: int) -> Points:
        """A widget's metric: time and value of each period of the week that has a datapoint."""
        namespace, name, *dimensions = metric
        named = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        found: dict[float, list[float]] = defaultdict(list)
        for at, value in self.cloudwatch.points[Metric.of(namespace, name, named)]:
            if self.now - at <= WEEK:
                found[at.timestamp() // period * period].append(value)
        return [
            (datetime.fromtimestamp(at, UTC), STATISTICS[statistic](found[at]))
            for at in sorted(found)
        ]

    def rows(self, query: str) -> list[Row]:
        """What a query of a widget finds in the week's log."""
        lines = [(at, line) for at, line in self.lines if self.now - at <= WEEK]
        return ask(query, lines, self.now)


def live(desktops: int, after: timedelta = DRAWN_AFTER) -> Week:
    """Let people work on calm days, the last of which brings a bad image."""
    world = CountedWorld(Scenario(SEED, desktops), OURS)
    recorder, lines = Recorder(), list[tuple[datetime, Line]]()
    judge = watch(world)
    for alarm in judge.what.operations:
        recorder.add(alarm)
    judge.cloudwatch = recorder
    judged = world.on_line

    def hear(line: dict[str, Any]) -> None:
        lines.append((world.now, line))
        judged(line)

    world.on_line = hear
    world.begin()
    employ(world, DRAWN_AFTER.days + 1, CALM)
    [bundle] = world.fleet.bundles
    world.agenda.after(
        BAD_AFTER.total_seconds(),
        lambda: world.fleet.set_image(bundle, "wsi-000000bad", world.now, bad=True),
    )
    world.let(after)
    return Week(world.now, recorder, lines)


def deployed() -> list[Widget]:
    """The widgets, as `terraform apply` to the local AWS leaves them in the state."""
    with tempfile.TemporaryDirectory(prefix="dashboard-") as name, Sandbox() as aws:
        folder, ids = Path(name), {"workspace_ids": {"first": aws.desktops.add(user="first")}}
        deployment = Deployment(ROOT / "examples" / "local", folder, aws.environment(), ids)
        deployment.init()
        deployment.apply()
        resources = json.loads((folder / "terraform.tfstate").read_text())["resources"]
    [dashboard] = [found for found in resources if found["type"] == "aws_cloudwatch_dashboard"]
    body = dashboard["instances"][0]["attributes"]["dashboard_body"]
    widgets: list[Widget] = json.loads(body)["widgets"]
    return widgets


def of_the_simulation(widgets: list[Widget]) -> list[Widget]:
    """The same widgets for the simulation's fleet, which has another name."""
    renamed: list[Widget] = json.loads(json.dumps(widgets).replace(NAME, FLEET))
    return renamed


def fingerprint(widgets: list[Widget]) -> str:
    """A hash of the definition; the picture carries it, so that a stale one is noticed."""
    text = json.dumps(widgets, sort_keys=True)
    return f"Widgets, SHA-256 {hashlib.sha256(text.encode()).hexdigest()}"


if __name__ == "__main__":
    from . import panels  # here, since only `make pictures` and `make bench` install matplotlib

    definition = deployed()
    drawn = panels.draw(of_the_simulation(definition), live(DESKTOPS), fingerprint(definition))
    PICTURE.write_text(drawn, "utf-8")
