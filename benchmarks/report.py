"""The table of all results, as rows of text, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from . import limits
from .limits import CAUSES, Limit

Row = tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A part of the table; `columns` are the headings after the column of row names."""

    title: str
    columns: Row
    rows: list[Row]


OURS, NAIVE, LIMIT = "this module", "naive recipe", "limit"

CALLS = "WorkSpaces calls per rebuild"

LONGEST_USE = "the longest use that such a rebuild ended, minutes"

OF_A_WEEK = {
    "session ends": "session ends",
    "rebuilt": "rebuilt",
    "came back first": "came back first",
    "forgotten": "forgotten",
    "asked for in vain": "asked for in vain",
    "held back by the cause": "held back by the cause",
    "ruined by the cause": "ruined by the cause",
    "rebuilt while in use": "rebuilt while in use",
    LONGEST_USE: "minutes of use that a rebuild ended",
    "rebuilt twice": "rebuilt twice",
    "desktops that the cause reached": "reached by the cause",
    "sign-ins": "sign-ins",
    "sign-ins that met a rebuild": "sign-ins that met a rebuild",
    "sign-ins that met a broken desktop": "sign-ins that met a broken desktop",
    "desktops restored by hand": "desktops restored by hand",
    "minutes locked out": "minutes locked out",
    "reconnections lost": "reconnections lost",
    "WorkSpaces calls": "workspaces calls",
    CALLS: "calls per rebuild",
}

ONLY_IN_TROUBLE = {
    name for name in OF_A_WEEK if any(word in name for word in ("cause", "desktop", "vain"))
}
"""The rows that a calm week cannot have."""

OF_A_CAUSE = tuple(name for name in OF_A_WEEK if name not in ("rebuilt twice", "sign-ins"))


def sections(results: dict[str, Any]) -> list[Section]:
    """The sections of the table for which there are results."""
    weeks = results.get("weeks", [])
    found = [_week(kind, chosen) for kind in ("calm", "rough") if (chosen := _kind(weeks, kind))]
    found += [_cause(kind, chosen) for kind in CAUSES if (chosen := _kind(weeks, kind))]
    bursts = results.get("bursts", {})
    for ours, naive in zip(bursts.get("ours", []), bursts.get("naive", []), strict=True):
        found.append(_burst(ours, naive))
    if "alarms" in results:
        found.append(_alarms(results["alarms"]))
    if idle := results.get("idle days"):
        found.append(_idle(idle))
    if "starts" in results:
        found.append(_function(results))
    if months := results.get("months"):
        found.append(_months(months))
        found.append(_session_alarms(results["session alarms"]))
    if "plans" in results:
        found.append(_plans(results["plans"]))
    return found


def _kind(weeks: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [week for week in weeks if week["kind"] == kind]


def _week(kind: str, weeks: list[dict[str, Any]]) -> Section:
    def of(function: str, window: bool) -> dict[str, Any]:
        return next(w for w in weeks if (w["function"], bool(w["window"])) == (function, window))

    beside = [of("ours", False), of("ours", True), of("naive", False)]
    start, end = beside[1]["window"]
    most = _most(kind)
    names = [name for name in OF_A_WEEK if kind != "calm" or name not in ONLY_IN_TROUBLE]
    return Section(
        f"{kind} week: {beside[0]['desktops']} desktops, {beside[0]['days']} days",
        (OURS, f"the same, rebuilds only {start}-{end}", NAIVE, LIMIT),
        [(*_counts(name, beside), most.get(name, "")) for name in names],
    )


def _cause(kind: str, weeks: list[dict[str, Any]]) -> Section:
    def of(function: str, canary: bool) -> dict[str, Any]:
        return next(w for w in weeks if (w["function"], w["canary"]) == (function, canary))

    beside = [of("ours", True), of("ours", False), of("naive", True)]
    first, most = beside[0], _most(kind)
    return Section(
        f"calm week with {CAUSES[kind]}: {first['desktops']} desktops, {first['days']} days",
        (OURS, "the same, canary_after_hours = null", NAIVE, LIMIT),
        [(*_counts(name, beside), most.get(name, "")) for name in OF_A_CAUSE],
    )


def _most(kind: str) -> dict[str, str]:
    most = {
        "forgotten": "0",
        "rebuilt twice": "0",
        "desktops that the cause reached": f"{limits.MOST_LOST}",
    }
    if kind == "calm":
        most[CALLS] = f"{limits.TRICKLE} (without a window)"
    if kind != "rough":
        most[LONGEST_USE] = f"{limits.LOOK_MINUTES}"
    return most


def _counts(name: str, beside: list[dict[str, Any]]) -> Row:
    """A row of a week. Only what happened is in the counts; the rest is zero."""
    key = OF_A_WEEK[name]
    if name == LONGEST_USE:
        return (name, *(f"{found[key]:.1f}" for found in beside))
    if name == CALLS:
        return (name, *(f"{found.get(key, 0):.2f}" for found in beside))
    return (name, *(f"{found.get(key, 0):,}" for found in beside))


def _burst(ours: dict[str, Any], naive: dict[str, Any]) -> Section:
    def row(label: str, form: str, name: str, most: str = "", times: float = 1) -> Row:
        return (label, *(form.format(found[name] * times) for found in (ours, naive)), most)

    def drained(label: str, form: str, name: str, most: str = "", times: float = 1) -> Row:
        cells = row(label, form, name, most, times)
        return cells if naive["rebuilt"] == naive["desktops"] else (*cells[:2], "never", most)

    return Section(
        f"{ours['desktops']:,} sessions end at once",
        (OURS, NAIVE, LIMIT),
        [
            row("share rebuilt", "{:.1%}", "share rebuilt", "100%"),
            row(
                "minutes from the sessions' end to the first rebuild",
                "{:.1f}",
                "seconds from session end to first rebuild",
                times=1 / 60,
            ),
            row("minutes of the canary", "{:.1f}", "seconds of the canary", times=1 / 60),
            drained(
                "minutes to drain, once the canary has ended",
                "{:.1f}",
                "seconds to drain",
                times=1 / 60,
            ),
            drained("time to drain over N/2 s", "{:.3f}", "drain over limit", f"{limits.DRAIN:g}"),
            row(
                CALLS,
                "{:.3f}",
                "calls per rebuild",
                f"{limits.CALLS_PER_REBUILD:g}",
            ),
            row("most calls in any second", "{:,}", "peak rate", f"{limits.RATE}"),
        ],
    )


def _alarms(alarms: dict[str, Any]) -> Section:
    def minutes(number: float | None) -> str:
        return "never" if number is None else f"{number:.0f}"

    calm = alarms["calm"]
    days = f"{calm['days']} calm days of {calm['desktops']} desktops"
    rows: list[Row] = [(days, "any", "", f"{calm['rang']}", "", "0 times")]
    for each in alarms["causes"]:
        to_alarm, to_ok = minutes(each["minutes to ALARM"]), minutes(each["minutes to OK"])
        label, most = f"{each['cause']}, from {each['since']}", f"{limits.RINGS} min, once"
        rows.append((label, each["alarm"], to_alarm, f"{each['rang']}", to_ok, most))
    columns = ("alarm", "minutes to ALARM", "times it rang", "minutes from remedy to OK", LIMIT)
    return Section("alarms", columns, rows)


def _idle(days: list[dict[str, Any]]) -> Section:
    def of_an_audit(day: dict[str, Any]) -> float:
        return float(day["workspaces calls of audits"] / max(1, day["audits"]))

    return Section(
        "an idle day",
        (*(_fleet(day["desktops"]) for day in days), LIMIT),
        [
            ("invocations", *(f"{day['invocations']:,}" for day in days), ""),
            ("DynamoDB requests", *(f"{day['dynamodb requests']:,}" for day in days), ""),
            (
                "DynamoDB requests of an idle minute",
                *(f"{day['dynamodb requests of an idle tick']}" for day in days),
                "1",
            ),
            (
                "WorkSpaces calls outside audits",
                *(f"{day['workspaces calls'] - day['workspaces calls of audits']}" for day in days),
                "0",
            ),
            (
                "WorkSpaces calls of an audit",
                *(f"{of_an_audit(day):g}" for day in days),
                "2 per 25",
            ),
        ],
    )


def _function(results: dict[str, Any]) -> Section:
    starts, ratios = results["starts"], results["starts"]["ratios to the baseline"]
    peaks = {mode: f"{peak / 1e6:.0f}" for mode, peak in starts["peak bytes"].items()}
    size = f"{results['package']['bytes'] / 1024:.1f}"
    return Section(
        "the function",
        (OURS, LIMIT),
        [
            (
                "cold start to the first decision, over boto3 and one client",
                f"{ratios['signal']:.2f}",
                f"{limits.COLD_START:g}",
            ),
            ("the same, to the end of an idle minute", f"{ratios['tick']:.2f}", ""),
            ("the same, to the decision on a WorkSpace that is due", f"{ratios['look']:.2f}", ""),
            ("package, kB of 1,024 bytes", size, ""),
            ("peak memory of a pass over 5,000 due WorkSpaces, MB", peaks["pass"], ""),
            ("peak memory of boto3 and one client alone, MB", peaks["baseline"], ""),
        ],
    )


def _months(months: list[dict[str, Any]]) -> Section:
    rows: list[Row] = []
    for pair in months:
        fleet, beside = _fleet(pair["ours"]["desktops"]), (pair["ours"], pair["naive"])
        rest = "without the alarm per WorkSpace"
        rows += [
            (fleet, *(f"{found['dollars']:,.2f}" for found in beside)),
            (f"{fleet}, without the alarm for each", *(f"{found[rest]:,.2f}" for found in beside)),
        ]
    fixed, gauges = months[-1]["ours"]["fixed"], months[-1]["ours"]["of the gauges"]
    rows += [
        ("of it: alarms, metrics and dashboard of a fleet", f"{fixed:,.2f}", ""),
        ("of it: the gauges of the largest fleet", f"{gauges:,.3f}", ""),
    ]
    return Section("a month, US dollars", (OURS, NAIVE), rows)


PUT_METRIC_ALARM, DESCRIBE_ALARMS = 3, 9
"""Calls per second that CloudWatch allows an account (its service quotas)."""


def _session_alarms(sides: list[dict[str, Any]]) -> Section:
    def row(label: str, form: str, name: str, divisor: float = 1) -> Row:
        return (label, *(form.format(side[name] / divisor) for side in sides))

    return Section(
        "1,000 WorkSpaces with session alarms and without",
        tuple(f"{s['alarms']:,} alarms, audit every {s['audit interval']} min" for s in sides),
        [
            row("a month, US dollars", "{:,.2f}", "dollars"),
            row(
                "minutes from a session's end to its rebuild, median",
                "{:.0f}",
                "minutes from session end to rebuild",
            ),
            row("WorkSpaces calls of a working day", "{:,.0f}", "workspaces calls"),
            row("rebuilds of a working day", "{:,.0f}", "rebuilds"),
            row(
                "minutes that CloudWatch's quota makes the first apply wait",
                "{:.1f}",
                "alarms",
                60 * PUT_METRIC_ALARM,
            ),
            row("seconds that it makes each refresh wait", "{:.0f}", "alarms", DESCRIBE_ALARMS),
        ],
    )


def _plans(plans: dict[str, Any]) -> Section:
    rows = []
    for size in plans["sizes"]:
        taken, planned = size["medians in seconds"], size["resources"]
        cells = (f"{taken[name]:.1f} s, {planned[name]:,}" for name in ("module", "alarms"))
        rows.append((_fleet(size["desktops"]), *cells, f"{size['ratio']:.2f}"))
    return Section(
        f"terraform plan: CPU time, resources (Terraform {plans['terraform']}, "
        f"provider {plans['provider']})",
        (OURS, "its alarms alone", "ratio of times"),
        rows,
    )


def _fleet(desktops: int) -> str:
    return "1 WorkSpace" if desktops == 1 else f"{desktops:,} WorkSpaces"


def show(results: dict[str, Any], checked: list[Limit]) -> None:
    """Print the table, and the limits that are broken."""
    console = Console()
    console.width = max(console.width, 120)
    table = Table(title="This module beside the naive recipe, in the same world", show_header=False)
    found = sections(results)
    for number in range(1 + max(len(section.columns) for section in found)):
        table.add_column(justify="right" if number else "left")
    for section in found:
        table.add_section()
        table.add_row(section.title, *section.columns, style="bold")
        for row in section.rows:
            table.add_row(*row)
    console.print(table)
    broken = [limit for limit in checked if not limit.holds]
    for limit in broken:
        console.print(f"[red]broken:[/red] {limit.name}: {limit.value:.3f}, limit {limit.most:g}")
    console.print(f"{len(checked) - len(broken)} of {len(checked)} limits hold")
