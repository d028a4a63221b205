"""The stated limits, and whether they hold."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

CALLS_PER_REBUILD = 1.15
DRAIN = 1.15
COLD_START = 1.25
PACKAGE_BYTES = 64 * 1024
RATE = 2


@dataclass(frozen=True)
class Limit:
    """`value` must not be above `most`."""

    name: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        return self.value <= self.most + 1e-9


def check(results: dict[str, Any]) -> list[Limit]:
    """Every limit that these results speak of."""
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
        # A tick that takes an audit over from another invocation does the audit's requests.
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
    if "package" in results:
        limits.append(Limit("package, bytes", results["package"]["bytes"], PACKAGE_BYTES))
    for week in results.get("weeks", []):
        if week["function"] == "ours":
            name = f"{week['kind']} week" + (", with a window" if week["window"] else "")
            limits += [
                Limit(f"{name}: forgotten", week.get("forgotten", 0), 0),
                Limit(f"{name}: rebuilt twice", week.get("rebuilt twice", 0), 0),
                Limit(f"{name}: desktops that met a bad image", week.get("met a bad image", 0), 3),
                Limit(f"{name}: calls in any second", week["peak rate"], RATE),
            ]
    return limits
