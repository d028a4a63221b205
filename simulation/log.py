"""Passes the function's log lines to a listener."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

Line = dict[str, Any]

_OF_PYTHON = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""The attributes that the standard library gives a record; all others are the function's."""


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.listener: Callable[[Line], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.listener is not None:
            fields = record.__dict__
            line = {name: fields[name] for name in fields.keys() - _OF_PYTHON}
            self.listener(line)


@cache
def _ear() -> _Ear:
    ear = _Ear()
    logger = logging.getLogger("nonpersistent")
    logger.addHandler(ear)
    logger.propagate = False
    return ear


def listen(listener: Callable[[Line], None]) -> None:
    """Call `listener` with every line from now on; it replaces the one before."""
    _ear().listener = listener
