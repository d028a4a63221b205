"""The judge of log lines (P6): every decision has one, which names its WorkSpace."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from .baton import Invocation
from .functions import Delivery
from .oracles import Oracles

RECEIVED = frozenset({"recorded", "ignored"})


class Telling:
    """Compares what an invocation received and wrote with what it logged."""

    def __init__(self, oracles: Oracles) -> None:
        self._oracles = oracles
        self._said: dict[int, set[tuple[str, str | None]]] = defaultdict(set)
        self._wrote: dict[int, set[str]] = defaultdict(set)

    def heard(self, line: dict[str, Any], by: Invocation) -> None:
        """Take in a log line."""
        self._said[by.number].add((line["decision"], line.get("workspace_id")))

    def wrote(self, operation: str, given: dict[str, Any], by: Invocation) -> None:
        """Take in a write to the ledger; only writes about WorkSpaces are decisions."""
        item = given["Item"] if operation == "PutItem" else given["Key"]
        id_ = item["id"]["S"]
        if id_.startswith("ws-"):
            self._wrote[by.number].add(id_)

    def ended(self, delivery: Delivery, by: Invocation, at: datetime) -> None:
        """Judge an invocation that returned normally: it must have logged what it did."""
        said, wrote = self._said.pop(by.number, set()), self._wrote.pop(by.number, set())
        silent = wrote - {id_ for _, id_ in said if id_}
        received = {id_ for decision, id_ in said if decision in RECEIVED}
        silent |= {id_ for _, id_, _ in delivery.evidence} - received
        for id_ in sorted(silent):
            self._oracles.violated("P6", at, f"{by.name} says nothing of {id_}")
        task = delivery.event.get("task")
        if task in ("reconcile", "audit") and ("pass", None) not in said:
            self._oracles.violated("P6", at, f"{by.name} does not say that it ran")
