"""Markdown tables from variables.tf, outputs.tf and the benchmarks' results. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import hcl2

REQUIRED = "*required*"
HEREDOC = re.compile(r"<<-?(\w+)\n(.*?)\n\s*\1\s*", re.DOTALL)


def inputs(hcl: str) -> str:
    """One row per variable, in the file's order."""
    rows = []
    for name, body in _blocks(hcl, "variable"):
        default = _value(body["default"]) if "default" in body else REQUIRED
        named = _anchored("input", name)
        rows.append((named, f"`{_type(body['type'])}`", default, _text(body["description"])))
    return _table(("input", "type", "default", "what it is"), rows)


def outputs(hcl: str) -> str:
    """One row per output, in the file's order."""
    rows = [
        (_anchored("output", name), _text(body["description"]))
        for name, body in _blocks(hcl, "output")
    ]
    return _table(("output", "what it is"), rows)


def costs(results: dict[str, Any]) -> str:
    """One row per fleet size: dollars a month, calls of the WorkSpaces API, time to rebuild all."""
    audits = {day["desktops"]: day for day in results["idle days"]}
    bursts = {burst["desktops"]: burst for burst in results["bursts"]["ours"]}
    rows = []
    for pair in results["months"]:
        month, desktops = pair["ours"], pair["ours"]["desktops"]
        alarms = month["by item"]["alarm per WorkSpace"]
        day, burst = audits.get(desktops), bursts.get(desktops)
        rows.append(
            (
                f"{desktops:,}",
                f"{month['dollars']:,.2f}",
                f"{alarms:,.2f}",
                f"{day['workspaces calls of audits'] / day['audits']:,.0f}" if day else "",
                f"{burst['calls per rebuild']:.2f}" if burst else "",
                f"{burst['seconds to drain'] / 60:.1f}" if burst else "",
            )
        )
    headings = (
        "WorkSpaces",
        "US dollars a month",
        "of these, their alarms",
        "calls of an audit",
        "if all sessions end at once: calls per rebuild",
        "minutes to rebuild all, once due and the canary has ended",
    )
    return _table(headings, rows)


def session_alarms(results: dict[str, Any]) -> str:
    """A fleet with an alarm for each WorkSpace next to one without: cost, API calls and delay."""
    sides = results["session alarms"]
    size = f"{max(side['alarms'] for side in sides):,} WorkSpaces"
    kinds = ("with session alarms" if side["alarms"] else "without" for side in sides)
    every = (f"audit every {side['audit interval']} minutes" for side in sides)
    rows = (
        ("US dollars a month", "dollars", ",.2f"),
        ("calls of the WorkSpaces API on a working day", "workspaces calls", ",.0f"),
        (
            "minutes from a session's end to its rebuild, median",
            "minutes from session end to rebuild",
            ".0f",
        ),
    )
    headings = (size, *map(", ".join, zip(kinds, every, strict=True)))
    return _table(
        headings,
        [(label, *(format(side[name], form) for side in sides)) for label, name, form in rows],
    )


def sign_ins(results: dict[str, Any]) -> str:
    """A sentence: how many sign-ins of a calm week met a rebuild, with and without a window."""
    weeks = [w for w in results["weeks"] if (w["kind"], w["function"]) == ("calm", "ours")]
    always, at_night = sorted(weeks, key=lambda week: week["window"] is not None)
    met, sign_ins = "sign-ins that met a rebuild", always["sign-ins"]
    return (
        f"In a calm simulated week of {always['desktops']} WorkSpaces, {always[met]} of {sign_ins} "
        f"sign-ins ({always[met] / sign_ins:.0%}) met a rebuild;\nwith `rebuild_window` from "
        f"{' to '.join(at_night['window'])}, {at_night.get(met, 0) or 'none'} did "
        f"([sign-ins that met a rebuild](docs/benchmarks.md))."
    )


def between_markers(document: str, name: str, content: str) -> str:
    """The document with `content` between its two markers. Raises ValueError without them."""
    start, end = f"<!-- {name}: made by `make docs` -->", f"<!-- end of {name} -->"
    before, found, rest = document.partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"there is no {start} ... {end}")
    return f"{before}{start}\n\n{content}\n\n{end}{after}"


@cache
def _blocks(hcl: str, kind: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Labels and bodies of blocks, in the file's order; cached, as parsing takes a second."""
    blocks = hcl2.loads(hcl).get(kind, [])
    return tuple((_unquoted(name), body) for block in blocks for name, body in block.items())


def _anchored(kind: str, name: str) -> str:
    """A name that can be linked to, with the same anchor as terraform-docs gives it."""
    return f'<a name="{kind}_{name}"></a>[`{name}`](#{kind}_{name})'


def _type(value: str) -> str:
    return value.removeprefix("${").removesuffix("}") if value.startswith("${") else value


def _value(default: Any) -> str:
    """A default value as HCL, in backticks; `none` for null."""
    return "none" if default is None else f"`{_hcl(default)}`"


def _hcl(value: Any) -> str:
    """A value as HCL. python-hcl2 keeps the quotes of strings, so text is HCL already."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_hcl(item)}" for name, item in value.items()) + "}"
    return value if isinstance(value, str) else json.dumps(value)


def _text(description: str) -> str:
    """A description as one line, with `|` escaped for a table cell."""
    text = _unquoted(description)
    lines = text.splitlines()
    return " ".join(line.strip() for line in lines if line.strip()).replace("|", "\\|")


def _unquoted(text: str) -> str:
    """The text of a string or heredoc, which python-hcl2 returns as it is written in HCL."""
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    heredoc = HEREDOC.fullmatch(text[1:-1])
    return heredoc[2] if heredoc else str(json.loads(text, strict=False))


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in headings)
    return "\n".join("| " + " | ".join(row) + " |" for row in (headings, rule, *rows))
