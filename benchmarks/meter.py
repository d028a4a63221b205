"""What AWS would count and bill: requests, request units, invocations, seconds, log lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

Item = dict[str, Any]

READ_UNIT, WRITE_UNIT = 4096, 1024
"""Bytes that one DynamoDB request unit covers."""

A_SECOND = 0.995
"""The function's clock counts whole milliseconds: calls half a second apart may be 1 ms closer."""

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})


@dataclass
class Meter:
    """Counts since the last `reset`."""

    calls: Counter[str] = field(default_factory=Counter)
    """Requests by service and operation."""
    purposes: Counter[str] = field(default_factory=Counter)
    """WorkSpaces calls by what they are for."""
    of_audits: Counter[str] = field(default_factory=Counter)
    """Requests that audits made, by service; every hour, whether anybody comes or not."""
    invocations: Counter[str] = field(default_factory=Counter)
    requests_of: Counter[int] = field(default_factory=Counter)
    """DynamoDB requests of the invocations that are under way."""
    ticks: Counter[int] = field(default_factory=Counter)
    """How many reconcile ticks made so many DynamoDB requests."""
    seconds: float = 0.0
    """Of running invocations, start-up included."""
    read_units: float = 0.0
    write_units: float = 0.0
    gauge_read_units: float = 0.0
    """Those of the read units that the gauges take, about."""
    log_lines: int = 0
    messages: int = 0
    """Notifications that alarms published."""
    sent_at: list[float] = field(default_factory=list)
    """When WorkSpaces calls left, as POSIX times."""

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
        """A request reaches AWS; `audit`: it is an audit's."""
        self.calls[f"{service}.{operation}"] += 1
        if audit:
            self.of_audits[service] += 1

    def asked(self, number: int) -> None:
        """An invocation makes a DynamoDB request."""
        self.requests_of[number] += 1

    def note_end(self, task: str, number: int) -> None:
        """An invocation is over; a reconcile tick that made one request had nothing to do."""
        requests = self.requests_of.pop(number, 0)
        if task == "reconcile":
            self.ticks[requests] += 1

    def sent(self, at: datetime) -> None:
        """A WorkSpaces call leaves."""
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
        """The units of a read. An eventually consistent one costs half; the function makes none."""
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
        """The units of a write, refused or not; a change of an index key writes twice there."""
        self.write_units += max(_units(before or {}, WRITE_UNIT), _units(after or {}, WRITE_UNIT))
        old, new = _index_keys(before), _index_keys(after)
        if old != new:
            self.write_units += (old is not None) + (new is not None)


def size(value: object) -> int:
    """Bytes of an item as DynamoDB counts them, about: names, and values without their types."""
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


def _index_keys(item: Item | None) -> object:
    if item is None or "due_at" not in item:
        return None
    return item["due_at"]["S"]
