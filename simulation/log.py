"""The function's log lines, to whoever listens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

Line = dict[str, Any]

_FIELDS = (
    "decision",
    "workspace_id",
    "reason",
    "phase",
    "signal",
    "due_at",
    "detail",
    "bundle_id",
    "image_id",
)
_OF_A_PASS = ("task", "due", "looked", "rebuilt", "left", "oldest_due_seconds")


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.listener: Callable[[Line], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.listener is not None:
            fields = record.__dict__
            names = _OF_A_PASS if fields["decision"] == "pass" else ()
            line = {name: fields[name] for name in (*_FIELDS, *names) if name in fields}
            self.listener(line)


@cache
def _ear() -> _Ear:
    ear = _Ear()
    logger = logging.getLogger("nonpersistent")
    logger.addHandler(ear)
    logger.propagate = False
    return ear


def listen(listener: Callable[[Line], None]) -> None:
    """Hear every line from now on."""
    _ear().listener = listener
