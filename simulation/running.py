"""Runs a seed, and describes how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from .oracles import Violation
from .scenario import Scenario, draw
from .world import World


@dataclass(frozen=True)
class Result:
    """The result of one seed. `command` runs it again."""

    scenario: Scenario
    violation: Violation | None
    counts: dict[str, int]
    events: list[str]
    command: str


def run_seed(seed: int, desktops: int | None = None, days: float | None = None) -> Result:
    """Run the world of a seed; the same arguments give the same result."""
    command = f"python -m simulation --seed {seed}"
    command += f" --desktops {desktops}" if desktops else ""
    command += f" --days {days}" if days else ""
    return run(draw(seed, desktops, days), command)


def run(scenario: Scenario, command: str) -> Result:
    """Run a scenario; `command` is the command line that runs it again."""
    report = World(scenario).run()
    return Result(scenario, report.violation, report.counts, report.trace, command)


def describe(result: Result, events: int = 20) -> str:
    """The result as text; for a failure: seed, promise, last events, and how to replay it."""
    violation = result.violation
    if violation is None:
        return f"seed {result.scenario.seed}: every promise kept"
    return "\n".join(
        [
            f"seed {result.scenario.seed}: {violation.promise} broken at "
            f"{violation.at:%d %H:%M:%S}: {violation.what}",
            *(f"  {event}" for event in result.events[len(result.events) - events :]),
            f"  again: {result.command}",
        ]
    )
