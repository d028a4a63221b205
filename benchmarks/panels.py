"""Draws a dashboard's widgets on CloudWatch's grid, 24 units wide. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from .dashboard import WEEK, Week, Widget
from .insights import Row

COLUMNS, WIDTH, UNIT = 24, 10.0, 0.3
"""Columns of the grid; the picture's width and the height of a grid unit, in inches."""

ROWS = 11
"""The most rows that a table has room for."""

DAY = timedelta(days=1)

STATES = {"OK": "#1a7f37", "ALARM": "#cf222e", "INSUFFICIENT_DATA": "#6e7781"}
LINES = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#9a6700")
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "dashboard",
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#d1d9e0",
}


def draw(widgets: list[Widget], week: Week, about: str) -> str:
    """The picture as SVG; `about` goes into its description."""
    placed = list(_place(widgets))
    height = max(top + widget["height"] for widget, _, top in placed)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, UNIT * height))
        for widget, left, top in placed:
            bottom = 1 - (top + widget["height"] - 0.8) / height
            box = left / COLUMNS + 0.03, bottom
            size = widget["width"] / COLUMNS - 0.045, (widget["height"] - 2) / height
            axes = figure.add_axes((*box, *size))
            axes.set_title(widget["properties"]["title"], loc="left", weight="bold", size=9)
            {"alarm": _alarms, "metric": _chart, "log": _log}[widget["type"]](axes, widget, week)
        svg = StringIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Description": about})
    return "\n".join(line.rstrip() for line in svg.getvalue().splitlines()) + "\n"


def _place(widgets: Iterable[Widget]) -> Iterator[tuple[Widget, int, int]]:
    """Place widgets, which have no coordinates, side by side as long as there is room."""
    left = top = below = 0
    for widget in widgets:
        if left + widget["width"] > COLUMNS:
            left, top = 0, below
        yield widget, left, top
        left, below = left + widget["width"], top + widget["height"]


def _alarms(axes: Any, widget: Widget, week: Week) -> None:
    axes.axis("off")
    names = [arn.rpartition(":alarm:")[2] for arn in widget["properties"]["alarms"]]
    for number, name in enumerate(names):
        state = week.cloudwatch.states[name.partition("-")[2]]
        text = f"{name.partition('-')[2]}\n{state.replace('_', ' ')}"
        style = {"boxstyle": "round,pad=0.6", "facecolor": STATES[state], "edgecolor": "none"}
        axes.text(
            (number + 0.5) / len(names),
            0.5,
            text,
            color="white",
            ha="center",
            va="center",
            size=6.5,
            bbox=style,
        )


def _chart(axes: Any, widget: Widget, week: Week) -> None:
    given = widget["properties"]
    lines = {
        metric[1]: week.chart(metric, given["stat"], given["period"]) for metric in given["metrics"]
    }
    _plot(axes, lines, week.now)


def _log(axes: Any, widget: Widget, week: Week) -> None:
    given = widget["properties"]
    try:
        rows = week.rows(given["query"])
    except ValueError:
        axes.axis("off")
        axes.text(0, 0.9, "(lines of Lambda's runtime, which the simulation does not have)")
        return
    if given["view"] == "timeSeries":
        names = [name for name in rows[0] if name != "bin(1h)"]
        lines = {
            name: [(row["bin(1h)"], row[name]) for row in rows if row[name] is not None]
            for name in names
        }
        _plot(axes, lines, week.now)
    else:
        _table(axes, rows)


def _plot(axes: Any, lines: dict[str, list[tuple[datetime, float]]], now: datetime) -> None:
    for (name, points), colour in zip(lines.items(), LINES, strict=False):
        moments = [(at - now) / DAY for at, _ in points]
        axes.plot(moments, [value for _, value in points], label=name, color=colour, linewidth=1)
    most = max((value for points in lines.values() for _, value in points), default=0.0)
    axes.set_ylim(0, 1.4 * max(most, 1.0))  # room for the legend
    days = WEEK // DAY
    midnights = [now.replace(hour=0, minute=0) - number * DAY for number in range(days)]
    axes.set_xlim(-days, 0)
    axes.set_xticks([(at - now) / DAY for at in midnights], [f"{at:%a}" for at in midnights])
    axes.legend(loc="upper left", ncols=3, frameon=False, fontsize=7)
    axes.grid(axis="y", color="#eaeef2")


def _table(axes: Any, rows: list[Row]) -> None:
    axes.axis("off")
    if not rows:
        axes.text(0, 0.9, "No data found.")
        return
    cells = [[*rows[0]], *([_cell(value) for value in row.values()] for row in rows[:ROWS])]
    widths = [max(map(len, column)) + 2 for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        text = "".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        axes.text(
            0,
            1 - (number + 0.5) / (ROWS + 2),
            text.rstrip().replace(" ", "\N{NO-BREAK SPACE}"),
            family="monospace",
            size=6.5,
            va="center",
            weight="bold" if number == 0 else "normal",
        )
    if len(rows) > ROWS:
        axes.text(0, 0, f"and {len(rows) - ROWS} more", size=6, color="#59636e")


def _cell(value: Any) -> str:
    """A value as text; a time with its weekday, as it is no more than a week ago."""
    if value is None:
        return ""
    with suppress(ValueError):
        value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{value:%a %H:%M}" if isinstance(value, datetime) else str(value)
