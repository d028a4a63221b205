"""The timeline and the closing table of a run as an SVG picture, for the README."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from rich import box
from rich.console import Console
from rich.table import Table
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from .play import Verdict
from .timeline import Line, table_of

WIDTH = 100
"""The width of the picture in columns."""

AT_ONCE_SECONDS = 1.0
"""The same event for several users within this time becomes one line."""

LIGHT = TerminalTheme(
    (255, 255, 255),
    (31, 35, 40),
    [
        (31, 35, 40),  # black
        (207, 34, 46),  # red
        (17, 99, 41),  # green
        (138, 90, 0),  # yellow
        (9, 105, 218),  # blue
        (130, 80, 223),  # magenta
        (27, 124, 131),  # cyan
        (89, 99, 110),  # white
    ],
)

FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
}}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<rect x="1" y="1" width="{width}" height="{height}" rx="8" fill="none" stroke="#d1d9e0"/>
<g transform="translate({terminal_x}, {terminal_y})" class="{unique_id}-matrix">
{backgrounds}
{matrix}
</g>
</svg>
"""
"""Like rich's own format, but without a font from the network."""


def draw(lines: Iterable[Line], verdicts: list[Verdict], day: date) -> str:
    """Draw a run on this day; return the SVG text."""
    console = Console(
        record=True, file=io.StringIO(), width=WIDTH, highlight=False, markup=False, emoji=False
    )
    told = together(lines)
    width = max((len(line.who) for line in told), default=0)
    for line in told:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=len("1000.0 s"), justify="right")
        if line.who:
            row.add_column(width=width)
            row.add_column(width=len("function"))
        cells = ((line.who, "bold"), (line.source, "dim")) if line.who else ()
        cells = ((f"{line.seconds:.1f} s", "dim"), *cells, (line.what, line.style))
        row.add_row(*(Text(what, style) for what, style in cells))
        console.print(row)
    table = table_of(verdicts, WIDTH)
    table.box = box.HORIZONTALS  # vertical lines would have gaps
    console.print("", table, sep="\n")
    return console.export_svg(
        title=f"make demo, {day}", theme=LIGHT, code_format=FORMAT, unique_id="demo"
    )


def together(lines: Iterable[Line]) -> list[Line]:
    """Merge the lines about what happens to several users at once.

    The lines of each user stay in order.
    """
    found: list[Line] = []
    for line in lines:
        at = _place(line, found)
        if at is None:
            found.append(line)
        else:
            found[at] = replace(found[at], who=f"{found[at].who} {line.who}")
    return found


def _place(line: Line, found: list[Line]) -> int | None:
    """The index of a line to merge with: the same about others, and none about this user since."""
    for at in reversed(range(len(found))):
        earlier = found[at]
        if line.seconds - earlier.seconds > AT_ONCE_SECONDS or line.who in earlier.who.split():
            return None
        if (earlier.source, earlier.what) == (line.source, line.what) and line.who:
            return at
    return None
