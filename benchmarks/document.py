"""Writes docs/benchmarks.md from results.json: no figure is typed by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from simulation import running  # noqa: F401  (finds the function's sources)

from . import alarms, crowd, months, naive, people, weeks, world
from .prices import PRICES, READ_ON
from .report import sections

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "burst-drain.svg"
RESULTS = ROOT / "benchmarks" / "results.json"
ASSUMPTIONS = ROOT / "benchmarks" / "assumptions.md"


WHY_MISSED = """\
Calls per rebuild are above their limit. A rebuild is one call and a 25th of six looks: two that see
nobody connected, one each at the state before it, at its start and at its end, and one for sign-ins
since. That makes 1.24, and the canary's looks, the images and the audits come on top. Without
one of these looks a promise would be broken in the simulation, so the limit is left as an aim.
"""

ALT = "Share of the WorkSpaces rebuilt over time, for each size of a burst, beside the API's rate"


def write(results: dict[str, Any]) -> None:
    """Write docs/benchmarks.md."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(results))


def fingerprint(results: dict[str, Any]) -> str:
    """A hash of what the picture shows; the picture carries it, so that a stale one is noticed."""
    shown = json.dumps(results["bursts"], sort_keys=True)
    return f"Bursts of results.json, SHA-256 {hashlib.sha256(shown.encode()).hexdigest()}"


def render(results: dict[str, Any]) -> str:
    """The whole page, as Markdown."""
    about = results["about"]
    parts = [
        "# Benchmarks",
        "",
        "Every figure here was measured, and this page written, by one command; do not edit it:",
        "",
        "```sh",
        f"make bench     # took {about['seconds']} s; writes benchmarks/results.json, too",
        "```",
        "",
        f"Run on {about['date']}, {about['machine']}, seed {about['seed']}. All figures except "
        "cold start, memory,",
        "package size and `terraform plan` come from a simulation with a virtual clock, and are "
        "the same on any machine.",
        "`python -m benchmarks.document` and `python -m benchmarks.plot` write page and picture "
        "anew.",
        "",
    ]
    for section in sections(results):
        title = f"{section.title[0].upper()}{section.title[1:]}"
        parts += [f"## {title}", "", *_table([("", *section.columns), *section.rows]), ""]
    parts += ["## How a burst drains", "", f"![{ALT}]({PICTURE.name})", ""]
    parts += ["## Limits", "", *_limits(results["limits"]), "", *_assumptions(), "", *_prices()]
    return "\n".join(parts)


def _table(rows: list[Any]) -> list[str]:
    head, *body = rows
    return [_line(head), "|---|" + "---:|" * (len(head) - 1), *map(_line, body)]


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _limits(limits: list[dict[str, Any]]) -> list[str]:
    rows: list[Any] = [("limit", "measured", "at most", "")]
    rows += [
        (
            x["name"],
            f"{x['value']:.3f}".rstrip("0").rstrip("."),
            f"{x['limit']:g}",
            "holds" if x["holds"] else "**broken**",
        )
        for x in limits
    ]
    missed = [] if all(x["holds"] for x in limits) else ["", *WHY_MISSED.splitlines()]
    return [*_table(rows), *missed]


def _assumptions() -> list[str]:
    return (
        ASSUMPTIONS.read_text()
        .format(
            naive_seconds=naive.TIME_OUT,
            concurrency=crowd.CONCURRENCY,
            away=people.ROUGH.away[1],
            help_hours=people.HELP.seconds // 3600,
            faults=", ".join(f"{name} {chance:g}" for name, chance in world.DISTURBANCES.items()),
            runs=len(alarms.PHASES),
            lasts_hours=alarms.LASTS.seconds // 3600,
            prompt_minutes=int(weeks.PROMPT.total_seconds() // 60),
            working_days=months.WORKING_DAYS,
            idle_days=months.IDLE_DAYS,
            cpu_seconds=months.CPU_SECONDS,
            line_bytes=months.BYTES_PER_LINE,
            runtime_bytes=months.BYTES_PER_INVOCATION,
        )
        .splitlines()
    )


def _prices() -> list[str]:
    rows: list[Any] = [("price", "US dollars", "source", "as of", "")]
    rows += [
        (
            price.unit,
            f"{price.dollars:.3g}",
            price.source,
            price.as_of,
            "" if price.confirmed else "unconfirmed",
        )
        for price in PRICES.values()
    ]
    lines = _table(rows)
    lines[1] = "|---|---:|---|---|---|"
    return ["## Prices", "", f"List prices in us-east-1, read on {READ_ON}.", "", *lines, ""]


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
