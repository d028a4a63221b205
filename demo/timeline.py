"""What happens, line by line, for people to read."""

from __future__ import annotations

import threading
import time
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .play import Verdict
from .stage import Stage

REASONS = {
    "grace": "the grace period runs",
    "evidence": "no connection check since then",
    "state": "its state allows none",
    "not_in_workspace_ids": "not in workspace_ids",
    "nothing_new": "known already",
}

SENTENCES = {
    "baseline": ("is seen for the first time: nothing is owed", "dim"),
    "recorded": ("", "cyan"),
    "in_use": ("is in use: left alone", "green"),
    "vacant": ("is vacant", "yellow"),
    "deferred": ("has to wait", "yellow"),
    "refused": ("AWS refuses the rebuild", "red"),
    "blocked": ("needs a person, an alarm says so", "red"),
    "failed": ("the rebuild failed", "red"),
    "rebuild_requested": ("AWS accepts the rebuild", "bold magenta"),
    "finished": ("is as its image has it", "bold green"),
}

SIGNALS = {"session_end": "alarm: a session has ended", "sign_in": "event: a user has signed in"}


class Timeline:
    """Prints what users do and what the function says; safe from any thread."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self._stage = stage
        self._console = console
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}
        stage.aws.on_log(self.function_said)

    def announce(self, who: str, what: str) -> None:
        """A user did something."""
        self._line(who, "user", what, "bold")

    def step(self, what: str) -> None:
        """The demo itself goes on."""
        self._line("", "", what, "bold blue")

    def function_said(self, line: dict[str, Any]) -> None:
        """One line of the function's log: what is decided about a desktop, unless repeated."""
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
        """The closing table: expectation against outcome."""
        table = Table(title="Expectation and outcome", title_justify="left")
        for heading in ("User", "What happened", "Expected", "Outcome", ""):
            table.add_column(heading)
        for verdict in verdicts:
            mark = Text("as promised", "green") if verdict.as_promised else Text("BROKEN", "red")
            part = verdict.part
            table.add_row(part.name, part.plot, part.expectation, verdict.outcome, mark)
        self._console.print(table)

    def _line(self, who: str, source: str, what: str, style: str) -> None:
        elapsed = time.monotonic() - self._started
        with self._lock:
            self._console.print(
                Text.assemble(
                    (f"{elapsed:6.1f} s  ", "dim"),
                    (f"{who:<8}", "bold"),
                    (f"{source:<10}", "dim"),
                    (what, style),
                )
            )
