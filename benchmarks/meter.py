"""What AWS would count and bill: requests, request units, invocations, seconds, log lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from simulation.dynamodb import INDEXED

Item = dict[str, Any]

READ_UNIT, WRITE_UNIT = 4096, 1024
"""Bytes that one DynamoDB request unit covers."""

A_SECOND = 0.995
"""A second with slack: the function's clock is exact to 1 ms, so calls may be a little closer."""

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})


@dataclass
class Meter:
    """Counts since the last `reset`."""

    calls: Counter[str] = field(default_factory=Counter)
    """Requests by service and operation."""
    purposes: Counter[str] = field(default_factory=Counter)
    """WorkSpaces calls by what they are for."""
    of_audits: Counter[str] = field(default_factory=Counter)
    """Requests that audits made, by service: every hour, even if nobody uses the fleet."""
    invocations: Counter[str] = field(default_factory=Counter)
    requests_of: Counter[int] = field(default_factory=Counter)
    """DynamoDB requests of each invocation in progress, by its number."""
    ticks: Counter[int] = field(default_factory=Counter)
    """Reconcile ticks, by the number of DynamoDB requests that they made."""
    seconds: float = 0.0
    """The duration of all invocations, including start-up."""
    read_units: float = 0.0
    write_units: float = 0.0
    gauge_read_units: float = 0.0
    """About how many of the read units the gauges use."""
    log_lines: int = 0
    messages: int = 0
    """Notifications that alarms published."""
    sent_at: list[float] = field(default_factory=list)
    """When WorkSpaces calls were sent, as POSIX times."""

    def reset(self) -> None:
        """Count from zero again."""
        self.__init__()  # type: ignore[misc]

    @property
    def workspaces_calls(self) -> int:
        return sum(number for name, number in self.calls.items() if name.startswith("workspaces."))

    @property
    def dynamodb_requests(self) -> int:
        return sum(number for name, number in self.calls.items() if name.startswith("dynamodb."))

    def request(self, service: str, operation: str, audit: bool) -> None:
        """Count a request that reaches AWS; `audit`: it is an audit's."""
        self.calls[f"{service}.{operation}"] += 1
        if audit:
            self.of_audits[service] += 1

    def asked(self, number: int) -> None:
        """Count a DynamoDB request of the invocation `number`."""
        self.requests_of[number] += 1

    def note_end(self, task: str, number: int) -> None:
        """Note an invocation's end; a reconcile tick that made one request had nothing to do."""
        requests = self.requests_of.pop(number, 0)
        if task == "reconcile":
            self.ticks[requests] += 1

    def sent(self, at: datetime) -> None:
        """Note a WorkSpaces call as it is sent."""
        self.sent_at.append(at.timestamp())

    def peak(self) -> int:
        """The most WorkSpaces calls in any second."""
        most = first = 0
        for last, at in enumerate(self.sent_at):
            while self.sent_at[first] <= at - A_SECOND:
                first += 1
            most = max(most, last - first + 1)
        return most

    def read(self, operation: str, given: Item, answer: Item) -> None:
        """Count the units of a read; an eventually consistent query or scan costs half."""
        match operation:
            case "GetItem":
                self.read_units += _units(answer.get("Item", {}), READ_UNIT)
            case "BatchGetItem":
                [(table, request)] = given["RequestItems"].items()
                found = answer["Responses"][table]
                missing = len(request["Keys"]) - len(found)
                self.read_units += missing + sum(_units(item, READ_UNIT) for item in found)
            case _:
                total = sum(size(item) for item in answer["Items"])
                units = max(1, ceil(total / READ_UNIT))
                self.read_units += units if given.get("ConsistentRead") else units / 2

    def write(self, before: Item | None, after: Item | None) -> None:
        """Count the units of a write, refused or not.

        The index takes one more if what it holds changes, and two if the item moves in it.
        """
        self.write_units += max(_units(before or {}, WRITE_UNIT), _units(after or {}, WRITE_UNIT))
        held = [_in_index(item) for item in (before, after)]
        if held[0] != held[1]:
            self.write_units += len({item["due_at"]["S"] for item in held if item is not None})


def size(value: object) -> int:
    """About the bytes of an item as DynamoDB counts them: names, and values without their types."""
    match value:
        case dict():
            return sum(
                (0 if name in ("S", "N", "L", "BOOL") else len(name)) + size(inner)
                for name, inner in value.items()
            )
        case list():
            return 3 + sum(1 + size(entry) for entry in value)
        case str():
            return len(value)
    return 1


def _units(item: Item, unit: int) -> int:
    if "workspace_ids" in item:
        entries = item["workspace_ids"]["L"]
        bytes_ = 30 + len(entries) * (1 + size(entries[0]) if entries else 0)
    else:
        bytes_ = size(item)
    return max(1, ceil(bytes_ / unit))


def _in_index(item: Item | None) -> Item | None:
    """What the index `due` holds of an item; None if it is not in the index."""
    if item is None or "due_at" not in item:
        return None
    return {name: item[name] for name in INDEXED if name in item}
