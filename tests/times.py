"""Time as tests measure it, and wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

SECONDS = 20


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for what another thread or process does; fails if it takes too long."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS} seconds: {what}"
        time.sleep(0.02)
