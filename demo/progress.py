"""A progress line for Terraform, shown only on a terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

_PLANNED = re.compile(r"Plan: (\d+) to add, \d+ to change, (\d+) to destroy")
_DONE = re.compile(r": (?:Creation|Destruction) complete after ")


class Count:
    """Counts planned and completed resources in Terraform's output."""

    def __init__(self) -> None:
        self.planned = 0
        self.done = 0

    def hear(self, line: str) -> None:
        """Read a line of Terraform's output."""
        if found := _PLANNED.search(line):
            self.planned = int(found[1]) + int(found[2])
        self.done += bool(_DONE.search(line))

    def __str__(self) -> str:
        return f"{self.done} of {self.planned} resources" if self.planned else "planning"


@contextmanager
def progress(console: Console, what: str) -> Iterator[Callable[[str], None]]:
    """Show `what` while the block lasts; yields a callback that takes Terraform's lines."""
    count, began = Count(), time.monotonic()
    with console.status(f"{what} ...") as status:

        def told(line: str) -> None:
            count.hear(line)
            status.update(f"{what}: {count}, {time.monotonic() - began:.0f} s")

        yield told
