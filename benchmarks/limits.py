"""The stated limits, and whether they hold."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import Any

CALLS_PER_REBUILD = 1.25
"""In a burst: counts every call until each rebuild was seen to end."""

TRICKLE = 5
"""The same on calm days of 50 desktops, whose rebuilds hardly ever share a look."""

DRAIN = 1.15
COLD_START = 1.25
RATE = 2
MOST_LOST = 3
"""The most desktops of a bundle that one cause of bad ends may reach."""

FIXED_COST = 8
GAUGES_COST = 0.05
"""US dollars per month: for what every fleet has, and for the gauges of the largest."""

LOOK_MINUTES = 1
"""How old a look may be that a rebuild rests on: who signs in later is not seen."""

CAUSES = {"image": "a bad image", "key": "a disabled KMS key"}
"""By kind of week: what makes rebuilds fail for a day."""

RINGS = 120
"""Minutes from when a person is needed to the alarm."""


@dataclass(frozen=True)
class Limit:
    """A stated limit: `value` must not exceed `most`."""

    name: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        return self.value <= self.most + 1e-9


def check(results: dict[str, Any]) -> list[Limit]:
    """Every limit for which there are results."""
    limits: list[Limit] = []
    for burst in results.get("bursts", {}).get("ours", []):
        n = burst["desktops"]
        limits += [
            Limit(f"burst of {n}: not rebuilt", n - burst["rebuilt"], 0),
            Limit(
                f"burst of {n}: calls per rebuild", burst["calls per rebuild"], CALLS_PER_REBUILD
            ),
            Limit(f"burst of {n}: drain over N/2 s", burst["drain over limit"], DRAIN),
            Limit(f"burst of {n}: calls in any second", burst["peak rate"], RATE),
        ]
    idle = results.get("idle days", [])
    for day in idle:
        n = day["desktops"]
        other = day["workspaces calls"] - day["workspaces calls of audits"]
        audits = max(1, day["audits"])
        of_an_audit = day["workspaces calls of audits"] / audits
        limits += [
            Limit(f"idle day of {n}: WorkSpaces calls outside audits", other, 0),
            Limit(f"idle day of {n}: calls of an audit", of_an_audit, 2 * ceil(n / 25)),
        ]
    if idle:
        # A tick that takes over another invocation's audit makes the audit's requests.
        limits.append(
            Limit(
                "idle minute: DynamoDB requests, the largest fleet",
                idle[-1]["dynamodb requests of an idle tick"],
                1,
            )
        )
    if "starts" in results:
        ratio = results["starts"]["ratios to the baseline"]["signal"]
        limits.append(Limit("cold start over boto3 and one client", ratio, COLD_START))
    if months := results.get("months"):
        largest = months[-1]["ours"]
        limits += [
            Limit("fixed cost of a fleet, USD a month", largest["fixed"], FIXED_COST),
            Limit(
                "gauges of the largest fleet, USD a month", largest["of the gauges"], GAUGES_COST
            ),
        ]
    for week in results.get("weeks", []):
        if week["function"] == "ours":
            limits += _of_a_week(week)
    return limits + (_of_alarms(results["alarms"]) if "alarms" in results else [])


def _of_alarms(alarms: dict[str, Any]) -> list[Limit]:
    found, calm = alarms["causes"], alarms["calm"]
    name = f"{calm['days']} calm days of {calm['desktops']} desktops: alarms that rang"
    limits = [Limit(name, calm["rang"], 0)]
    for each in found:
        minutes = each["minutes to ALARM"]
        name = f"{each['cause']}: minutes to the alarm {each['alarm']}"
        limits.append(Limit(name, inf if minutes is None else minutes, RINGS))
    not_once = sum(each["rang"] != 1 for each in found)
    no_ok = sum(each["minutes to OK"] is None for each in found)
    return [
        *limits,
        Limit("causes whose alarm did not ring exactly once", not_once, 0),
        Limit("causes whose alarm did not go on until the remedy, and then to OK", no_ok, 0),
    ]


def _of_a_week(week: dict[str, Any]) -> list[Limit]:
    kind = week["kind"]
    name = f"calm week with {CAUSES[kind]}" if kind in CAUSES else f"{kind} week"
    canary = week.get("canary", True)
    name += "" if canary else ", canary_after_hours = null"
    name += ", with a window" if week["window"] else ""
    found = [
        Limit(f"{name}: forgotten", week.get("forgotten", 0), 0),
        Limit(f"{name}: rebuilt twice", week.get("rebuilt twice", 0), 0),
        Limit(f"{name}: calls in any second", week["peak rate"], RATE),
    ]
    if kind == "calm" and not week["window"]:
        found.append(Limit(f"{name}: calls per rebuild", week["calls per rebuild"], TRICKLE))
    if canary:
        reached = week.get("reached by the cause", 0)
        found.append(Limit(f"{name}: desktops that the cause reached", reached, MOST_LOST))
    if kind != "rough":
        # No sign-in event is lost there, so only a sign-in at that very moment can be missed.
        ended = week.get("minutes of use that a rebuild ended", 0.0)
        found.append(Limit(f"{name}: minutes of use that a rebuild ended", ended, LOOK_MINUTES))
    return found
