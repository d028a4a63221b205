"""docs/benchmarks.md, made from results.json: no figure is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import crowd, months, naive, people, weeks, world
from .prices import PRICES, READ_ON
from .report import HEAD, sections

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results.json"


def write(results: dict[str, Any]) -> None:
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(results))


def render(results: dict[str, Any]) -> str:
    """The whole document."""
    about = results["about"]
    parts = [
        "# Benchmarks",
        "",
        "Every figure here was printed, and this page written, by one command; do not edit it:",
        "",
        "```sh",
        f"{about['command']}     # took {about['seconds']} s; writes benchmarks/results.json, too",
        "```",
        "",
        f"Run on {about['date']}, {about['machine']}, seed {about['seed']}. All but cold start, "
        "memory and package size are",
        "counted in a simulated world with a virtual clock: another machine counts the same.",
        "",
    ]
    for title, rows in sections(results):
        parts += [f"## {title[0].upper()}{title[1:]}", "", *_table([HEAD, *rows]), ""]
    parts += ["## Limits", "", *_limits(results["limits"]), "", *_assumptions(), *_prices()]
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
    return _table(rows)


def _assumptions() -> list[str]:
    minutes = int(weeks.PROMPT.total_seconds() // 60)
    faults = ", ".join(f"{name} {chance:g}" for name, chance in world.DISTURBANCES.items())
    return [
        "## What the figures rest on",
        "",
        "- Nobody measured AWS here. Desktops, samples, alarms, rebuilds (10 to 50 minutes) and the limit of 2 calls a "
        "second with a burst of 5 behave as AWS documents them; an alarm speaks 5 to 11 minutes after the session's end.",
        f"- The naive recipe takes the first dimension of the first record and calls `RebuildWorkspaces`, with boto3's own "
        f"retries, {naive.TIME_OUT:g} s of time, Lambda's two further tries and no dead-letter queue. Its world has the same "
        "people, the same faults and the same seed.",
        f"- Both functions run at most {crowd.CONCURRENCY} at a time, Lambda's default quota.",
        "- People work from about 9 to 5 on five days; half of them sign out for lunch. In the rough week each loses the "
        f"connection twice a day for up to {people.ROUGH.away[1]:g} minutes, and the bundle has a bad image from Wednesday "
        f"noon to Thursday morning. A person restores a broken desktop {people.HELP.seconds // 3600} hours after its user "
        "met it.",
        f"- Faults of the rough week (chances for each call, message, rebuild, or desktop and half hour): {faults}.",
        f"- *forgotten*: no rebuild within {minutes} minutes of a session's end (of the window's opening), though nobody "
        "came back. *came back first*: somebody did. *reconnections lost*: the client came back within 20 minutes and the "
        "session was gone.",
        "- *time to drain*: from the first rebuild to the last, less what passes without anything due. *calls per rebuild*: "
        "every call from the sessions' end to the last rebuild but those of the hourly audits, which happen whoever leaves; "
        "the row below counts these, too.",
        "- Cold start is CPU time in fresh processes, by turns, from sources without byte code, which is what Lambda unpacks.",
        f"- A month is {months.WORKING_DAYS} working and {months.IDLE_DAYS} idle days, without free tiers. Assumed: "
        f"{months.CPU_SECONDS:g} s of computing for each invocation besides waiting, {months.BYTES_PER_LINE} bytes for each "
        f"log line, {months.BYTES_PER_INVOCATION} for the runtime's own lines. All custom metrics are counted as if they were sent in "
        "every hour, which they are not; storage, backups and a customer key are left out.",
        "",
    ]


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
