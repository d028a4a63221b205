"""The timeline of the demo: what happens, line by line, in words."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .play import Verdict
from .stage import Stage

REASONS = {
    "grace": "the grace period runs",
    "hold": "an administrator holds it",
    "canary": "another WorkSpace of its bundle goes first",
    "unconfirmed_use": "a sign of use that no connection check confirms",
    "older_sample": "no connection check since then",
    "stale_sample": "its connection check is too old",
    "superseded": "something new was recorded: looks again",
    "not_in_workspace_ids": "not in workspace_ids",
    "nothing_new": "known already",
    "session_end": "its session has ended",
    "by_hand": "an administrator asked for it",
}

SENTENCES = {
    "baseline": ("is seen for the first time: nothing is owed", "dim"),
    "recorded": ("", "cyan"),
    "in_use": ("is in use: left alone", "green"),
    "vacant": ("is vacant", "yellow"),
    "deferred": ("has to wait", "yellow"),
    "refused": ("AWS refuses the rebuild", "red"),
    "blocked": ("is blocked", "red"),
    "failed": ("the rebuild failed", "red"),
    "rebuild_requested": ("AWS accepts the rebuild", "bold magenta"),
    "finished": ("is reset to its image", "bold green"),
}

SIGNALS = {
    "session_end": "alarm: a session has ended",
    "sign_in": "event: a user has signed in",
    "rebuild": "request: rebuild",
    "hold": "request: hold",
    "release": "request: release",
}


@dataclass(frozen=True)
class Line:
    """`seconds` since the demo began; `who` and `source` are empty for a step of the demo."""

    seconds: float
    who: str
    source: str
    what: str
    style: str


class Timeline:
    """Prints what users do and what the function says; safe from any thread."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.lines: list[Line] = []
        """Everything printed so far."""
        self._stage = stage
        self._console = console
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}
        stage.aws.on_log(self.function_said)

    def announce(self, who: str, source: str, what: str) -> None:
        """Print what somebody (`source`) did to the desktop of a user (`who`)."""
        self._line(who, source, what, "bold")

    def step(self, what: str) -> None:
        """Print a step of the demo itself."""
        self._line("", "", what, "bold blue")

    def function_said(self, line: dict[str, Any]) -> None:
        """Read a line of the function's log: print an error, or a decision about a desktop unless
        it repeats the last one."""
        decision, who = line.get("decision"), self._stage.name_of(line.get("workspace_id"))
        if line.get("level") == "ERROR":
            self._line(who or "", "function", str(line.get("errorMessage", line)), "bold red")
        if who is None or decision not in {*SENTENCES, "ignored"}:
            return
        sentence, style = SENTENCES.get(decision, ("message ignored", "dim"))
        what = SIGNALS.get(str(line.get("signal")), "") if decision == "recorded" else sentence
        reason = line.get("reason")
        why = REASONS.get(str(reason), str(reason)) if reason else ""
        sentence = f"{what}: {why}" if why else what
        if self._said.get(who) != sentence:
            self._said[who] = sentence
            self._line(who, "function", sentence, style)

    def verdicts(self, verdicts: list[Verdict]) -> None:
        """Print the closing table: what was expected, and the outcome."""
        self._console.print(table_of(verdicts, self._console.width))

    def _line(self, who: str, source: str, what: str, style: str) -> None:
        elapsed = time.monotonic() - self._started
        with self._lock:
            self.lines.append(Line(elapsed, who, source, what, style))
            self._console.print(
                Text.assemble(
                    (f"{elapsed:6.1f} s  ", "dim"),
                    (f"{who:<8}", "bold"),
                    (f"{source:<10}", "dim"),
                    (what, style),
                )
            )


def table_of(verdicts: list[Verdict], width: int) -> Table:
    """The closing table, `width` characters wide; no word is cut."""
    headings = ("User", "What happened", "Expected", "Outcome", "")
    rows = [
        (v.part.name, v.part.plot, v.part.expectation, v.outcome, _mark(v.as_promised))
        for v in verdicts
    ]
    table = Table(title="Expectation and outcome", title_justify="left")
    texts = [
        [heading, *map(str, cells)]
        for heading, cells in zip(headings, zip(*rows, strict=True), strict=True)
    ]
    room = width - 3 * len(headings) - 1  # padding and lines
    for heading, column in zip(headings, _widths(texts, room), strict=True):
        table.add_column(heading, width=column)
    for row in rows:
        table.add_row(*row, end_section=True)
    return table


def _widths(texts: list[list[str]], room: int) -> list[int]:
    """Column widths: the longest word each, and a share of what is left for those that need it."""
    least = [max(len(word) for text in column for word in text.split()) for column in texts]
    wanted = [max(map(len, column)) - words for column, words in zip(texts, least, strict=True)]
    spare = max(0, min(sum(wanted), room - sum(least)))
    shares = [want * spare // max(1, sum(wanted)) for want in wanted]
    return [words + share for words, share in zip(least, shares, strict=True)]


def _mark(as_promised: bool) -> Text:
    return Text("as promised", "green") if as_promised else Text("BROKEN", "red")
