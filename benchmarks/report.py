"""The one table: rows of text, for the terminal and for the document."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from .limits import Limit

Row = tuple[str, str, str, str, str]
"""What, ours, ours with a rebuild window, the naive recipe, limit."""

HEAD: Row = ("", "this module", "with a window 19:00-06:00", "naive recipe", "limit")

OF_A_WEEK = (
    "session ends",
    "rebuilt",
    "came back first",
    "forgotten",
    "held back by a bad image",
    "spoilt by a bad image",
    "rebuilt while in use",
    "rebuilt twice",
    "met a bad image",
    "sign-ins",
    "sign-ins that met a rebuild",
    "sign-ins that met a broken desktop",
    "minutes locked out",
    "reconnections lost",
    "workspaces calls",
)

OF_A_BURST = (
    ("share rebuilt", "share rebuilt", "{:.1%}", "100 %"),
    ("time to drain over N/2 s", "drain over limit", "{:.3f}", "1.15"),
    ("WorkSpaces calls per rebuild", "calls per rebuild", "{:.3f}", "1.15"),
    (
        "the same with the hourly audits' calls",
        "calls per rebuild with the hourly audits",
        "{:.3f}",
        "",
    ),
    ("most calls in any second", "peak rate", "{:d}", "2"),
)


def sections(results: dict[str, Any]) -> list[tuple[str, list[Row]]]:
    """Titles and their rows."""
    found: list[tuple[str, list[Row]]] = []
    for kind in ("calm", "rough"):
        if weeks := [week for week in results.get("weeks", []) if week["kind"] == kind]:
            first = weeks[0]
            title = f"{kind} week: {first['desktops']} desktops, {first['days']} days"
            found.append((title, _week(weeks)))
    bursts = results.get("bursts", {})
    for ours, naive in zip(bursts.get("ours", []), bursts.get("naive", []), strict=True):
        found.append((f"{ours['desktops']} sessions end at once", _burst(ours, naive)))
    if idle := results.get("idle days"):
        found.append(("an idle day", [row for day in idle for row in _idle(day)]))
    if "starts" in results:
        found.append(("the function", _function(results)))
    if months := results.get("months"):
        found.append(("a month, US dollars", [row for pair in months for row in _month(pair)]))
    return found


def _week(weeks: list[dict[str, Any]]) -> list[Row]:
    def of(function: str, window: bool) -> dict[str, Any]:
        chosen = (w for w in weeks if (w["function"], bool(w["window"])) == (function, window))
        return next(chosen, {})

    ours, windowed, naive = of("ours", False), of("ours", True), of("naive", False)
    most = {"forgotten": "0", "rebuilt twice": "0", "met a bad image": "3"}
    return [
        (
            name,
            str(ours.get(name, 0)),
            str(windowed.get(name, 0)) if windowed else "",
            str(naive.get(name, 0)),
            most.get(name, ""),
        )
        for name in OF_A_WEEK
        if any(name in week for week in weeks)
    ]


def _burst(ours: dict[str, Any], naive: dict[str, Any]) -> list[Row]:
    def told(found: dict[str, Any], name: str, form: str) -> str:
        never = name == "drain over limit" and found["rebuilt"] < found["desktops"]
        return "never" if never else form.format(found[name])

    return [
        (label, told(ours, name, form), "", told(naive, name, form), limit)
        for label, name, form, limit in OF_A_BURST
    ]


def _idle(day: dict[str, Any]) -> list[Row]:
    n = day["desktops"]
    return [
        (f"{n} WorkSpaces: invocations", str(day["invocations"]), "", "0", ""),
        (f"{n} WorkSpaces: DynamoDB requests", str(day["dynamodb requests"]), "", "0", ""),
        (
            f"{n} WorkSpaces: DynamoDB requests of an idle minute",
            str(day["dynamodb requests of an idle tick"]),
            "",
            "0",
            "1",
        ),
        (
            f"{n} WorkSpaces: WorkSpaces calls outside audits",
            str(day["workspaces calls"] - day["workspaces calls of audits"]),
            "",
            "0",
            "0",
        ),
        (
            f"{n} WorkSpaces: WorkSpaces calls of an audit",
            f"{day['workspaces calls of audits'] / max(1, day['audits']):.1f}",
            "",
            "0",
            "2 per 25",
        ),
    ]


def _function(results: dict[str, Any]) -> list[Row]:
    starts, ratios = results["starts"], results["starts"]["ratios to the baseline"]
    peaks = starts["peak bytes"]
    over = (peaks["pass"] - peaks["baseline"]) / 1e6
    return [
        (
            "cold start to the first decision, over boto3 and one client",
            f"{ratios['signal']:.2f}",
            "",
            "",
            "1.25",
        ),
        (
            "the same, to the end of an idle minute",
            f"{ratios['tick']:.2f}",
            "",
            "",
            "",
        ),
        (
            "the same, to the decision on a WorkSpace that is due",
            f"{ratios['look']:.2f}",
            "",
            "",
            "",
        ),
        ("package, kB of 1,024 bytes", f"{results['package']['bytes'] / 1024:.1f}", "", "", "64"),
        ("peak memory of boto3 and one client, MB", f"{peaks['baseline'] / 1e6:.0f}", "", "", ""),
        ("on top of it: a pass over 5,000 due WorkSpaces, MB", f"{over:.0f}", "", "", ""),
    ]


def _month(pair: dict[str, Any]) -> list[Row]:
    ours, naive = pair["ours"], pair["naive"]
    n = ours["desktops"]
    return [
        (f"{n} WorkSpaces", f"{ours['dollars']:.2f}", "", f"{naive['dollars']:.2f}", ""),
        (
            f"{n} WorkSpaces, without the alarm for each",
            f"{ours['without the alarm per WorkSpace']:.2f}",
            "",
            f"{naive['without the alarm per WorkSpace']:.2f}",
            "",
        ),
    ]


def show(results: dict[str, Any], limits: list[Limit]) -> None:
    """Print the table, and the limits that are broken."""
    console = Console()
    console.width = max(console.width, 120)
    table = Table(title="This module beside the naive recipe, in the same world")
    for number, heading in enumerate(HEAD):
        table.add_column(heading, justify="left" if number == 0 else "right")
    for title, rows in sections(results):
        table.add_section()
        table.add_row(f"[bold]{title}[/bold]")
        for row in rows:
            table.add_row(*row)
    console.print(table)
    broken = [limit for limit in limits if not limit.holds]
    for limit in broken:
        console.print(f"[red]broken:[/red] {limit.name}: {limit.value:.3f}, limit {limit.most:g}")
    console.print(f"{len(limits) - len(broken)} of {len(limits)} limits hold")
