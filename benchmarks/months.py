"""What a month costs, from counted requests and list prices."""

from __future__ import annotations

from typing import Any

from simulation.deployed import deployed

from .prices import PRICES

WORKING_DAYS, IDLE_DAYS = 22, 8

MEMORY_GB = 0.25
CPU_SECONDS = 0.1
"""CPU time of an invocation at 256 MB: assumed. Waiting for AWS comes on top, and is counted."""

BYTES_PER_LINE, BYTES_PER_INVOCATION = 450, 700
"""Bytes of a log line, and of the runtime's own lines for each invocation: assumed."""


def month(
    function: str,
    working: dict[str, Any],
    idle: dict[str, Any] | None,
    session_alarms: bool = True,
) -> dict[str, Any]:
    """A month's cost in US dollars, by item. `idle`: None if nothing happens on an idle day."""
    desktops = working["desktops"]

    def total(name: str) -> float:
        rest = idle[name] if idle else 0.0
        return float(WORKING_DAYS * working[name] + IDLE_DAYS * rest)

    invocations = total("invocations")
    seconds = total("seconds") + CPU_SECONDS * invocations
    ours = function == "ours"
    log_bytes = BYTES_PER_LINE * total("log lines") + BYTES_PER_INVOCATION * invocations
    amounts = {
        "alarm per WorkSpace": ("alarm", desktops if session_alarms else 0),
        "operations alarms": ("alarm", len(deployed().operations) if ours else 0),
        "metrics": ("metric", len(deployed().filters) if ours else 0),
        "dashboard": ("dashboard", 1 if ours else 0),
        "invocations": ("invocation", invocations),
        "function time": ("GB-second", MEMORY_GB * seconds),
        "ledger reads": ("read unit", total("read units")),
        "ledger writes": ("write unit", total("write units")),
        "logs": ("log byte", log_bytes),
        "notifications": ("publication", total("alarm messages")),
    }
    dollars = {name: PRICES[kind].dollars * amount for name, (kind, amount) in amounts.items()}
    whole = sum(dollars.values())
    return {
        "desktops": desktops,
        "dollars": whole,
        "dollars per WorkSpace": whole / desktops,
        "without the alarm per WorkSpace": whole - dollars["alarm per WorkSpace"],
        "fixed": sum(dollars[name] for name in ("operations alarms", "metrics", "dashboard")),
        "of the gauges": PRICES["read unit"].dollars * total("gauge read units"),
        "by item": dollars,
    }
