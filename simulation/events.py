"""EventBridge, and the judge of its events: each is sent once, and a lost one delays nothing."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .baton import Invocation, current
from .expressions import Item
from .faults import Fate
from .limits import is_under_way

if TYPE_CHECKING:
    from .world import World

SERVICE = "eventbridge"
"""The service's name in botocore's own events."""

SOURCE = "workspaces-nonpersistent"

ENTRIES_PER_CALL = 10
"""The most entries that one PutEvents call takes (its API reference)."""

REQUESTED = "WorkSpace Rebuild Requested"
ENDED = "WorkSpace Rebuild Ended"
FAILED = "WorkSpace Rebuild Failed"
BLOCKED = "WorkSpace Rebuild Blocked"
HELD = "WorkSpaces Bundle Held"

OF_LINES = {"finished": ENDED, "believed": ENDED, "failed": FAILED, "held_bundle": HELD}
"""The detail type that a log line implies. Requests and blocks are known without the log."""

LOSSES = (Fate.THROTTLED, Fate.AILING, Fate.AILING_WORKED, Fate.UNREACHED, Fate.LOST)
LATER_LOSSES = (Fate.LOST_WORKED, Fate.LOST_WORKS_LATER)

Told = tuple[str, str]
"""A detail type, and the WorkSpace or bundle that it is about."""


class Bus:
    """The event bus of one world. Its losses have their own random stream, and never end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = random.Random(f"events {world.scenario.seed}")
        self._loss = self._rng.choice((0.0, 0.1, 0.5, 1.0))
        self._entry_loss = self._rng.choice((0.0, 0.0, 0.3))
        self._due: dict[int, Counter[Told]] = defaultdict(Counter)
        self._sent: dict[int, Counter[Told]] = defaultdict(Counter)
        self._losses: Counter[int] = Counter()
        self._admitted: set[int] = set()
        self._ends: set[tuple[str, str, str]] = set()
        self._blocked: set[str] = set()

    def begin(self) -> None:
        """Listen to log and failures, if events are published; called once, at the start."""
        if self._world.scenario.publish_events:
            self._world.listeners.append(self.heard)
            self._world.functions.failed.append(self.crashed)

    # -- the service --------------------------------------------------------------------------

    def fate(self) -> Fate:
        """The fate of a call that is being sent now."""
        invocation, rng = current(), self._rng
        if not self._world.scenario.publish_events:
            self._world.broken("P8", "an event is sent though none are published")
        if self._losses[invocation.number]:
            self._world.broken("P8", f"{invocation.name} sends events after some were lost")
        if rng.random() < self._world.faults.strength("kill"):
            return rng.choice((Fate.KILLED_BEFORE, Fate.KILLED_AFTER))
        if rng.random() >= self._loss:
            return Fate.ANSWERED
        self._losses[invocation.number] += 1
        self._world.oracles.counts["calls for events lost"] += 1
        return rng.choice((*LOSSES, *LATER_LOSSES))

    def latency(self) -> float:
        """One-way latency of a call, in seconds."""
        return self._rng.uniform(0.01, 0.1)

    def answer(self, given: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of PutEvents, which may accept some entries and refuse others."""
        answers: list[dict[str, str]] = []
        for number, _ in enumerate(given["Entries"]):
            if self._rng.random() < self._entry_loss:
                code = self._rng.choice(("InternalFailure", "ThrottlingException"))
                answers.append({"ErrorCode": code, "ErrorMessage": "lost"})
            else:
                answers.append({"EventId": f"event-{number}"})
        lost = sum("ErrorCode" in each for each in answers)
        return 200, {"FailedEntryCount": lost, "Entries": answers}

    def note_lost(self, body: Mapping[str, Any], by: Invocation) -> None:
        """Note whether an answer that arrived reports lost entries: they need not be resent."""
        self._losses[by.number] += bool(body.get("FailedEntryCount"))

    # -- what should be told ------------------------------------------------------------------

    def sending(self, given: Mapping[str, Any], by: Invocation) -> None:
        """Judge entries as they are sent; what becomes of them is not the function's fault."""
        entries = given["Entries"]
        if not 0 < len(entries) <= ENTRIES_PER_CALL:
            self._world.broken("P6", f"{len(entries)} events in one call")
        for entry in entries:
            self._judge(entry, by)

    def _judge(self, entry: Mapping[str, Any], by: Invocation) -> None:
        what, detail = entry["DetailType"], json.loads(entry["Detail"])
        id_ = detail.get("bundle_id") if what == HELD else detail.get("workspace_id")
        self._world.oracles.counts[f"events: {what}"] += 1
        if entry["Source"] != SOURCE or detail.get("fleet") != "fleet" or not id_:
            self._world.broken("P6", f"an event that nobody understands: {entry}")
        self._sent[by.number][what, str(id_)] += 1
        if what not in (ENDED, FAILED):
            return
        end = (what, str(id_), str(detail.get("asked_at")))
        if "asked_at" not in detail or end in self._ends:
            self._world.broken("P6", f"an end told before, or whose beginning is not: {entry}")
        self._ends.add(end)

    def accepted(self, id_: str, by: Invocation) -> None:
        """Expect an event: AWS has accepted a rebuild, and its answer has arrived."""
        self._due[by.number][REQUESTED, id_] += 1

    def wrote(self, before: Item | None, after: Item | None, id_: str, by: Invocation) -> None:
        """Take in a write of an item. While a rebuild is in progress, nothing is blocked."""
        if after is None or not id_.startswith("ws-"):
            self._blocked.discard(id_)
            return
        try:
            under_way = is_under_way(after)
            trouble = after.get("trouble", {}).get("M", {})
            blocked = trouble.get("need", {}).get("S") == "blocked"
        except AttributeError:
            return  # a corrupted item
        if under_way or before == after:
            return
        if blocked and id_ not in self._blocked:
            self._due[by.number][BLOCKED, id_] += 1
        (self._blocked.add if blocked else self._blocked.discard)(id_)

    def heard(self, _: datetime, line: Mapping[str, Any]) -> None:
        """Take in a log line."""
        number = current().number
        if (what := OF_LINES.get(line["decision"])) is not None:
            id_ = line["bundle_id"] if what == HELD else line["workspace_id"]
            self._due[number][what, id_] += 1
        if line["decision"] == "events_lost":
            self._admitted.add(number)

    # -- the judgement ------------------------------------------------------------------------

    def ended(self, by: Invocation) -> None:
        """Judge an invocation that returned normally: it must have sent all its events."""
        due, sent = self._due.pop(by.number, Counter()), self._sent.pop(by.number, Counter())
        if not self._world.scenario.publish_events:
            return
        for id_ in [id_ for what, id_ in due if what == FAILED]:
            due.pop((BLOCKED, id_), None)  # the event of the failure implies it
        loses = self._losses.pop(by.number, 0)
        if loses and by.number not in self._admitted:
            self._world.broken("P6", f"{by.name} loses events and does not say so")
        for told in due.keys() | sent.keys():
            missing = sent[told] < due[told] and not loses
            if missing or sent[told] > due[told]:
                what = f"{told[0]} of {told[1]}: {sent[told]} events, not {due[told]}"
                self._world.broken("P6", f"{by.name}: {what}")

    def crashed(self, by: Invocation, error: BaseException) -> None:
        """Judge an invocation that failed: a lost event must not be the reason."""
        self._due.pop(by.number, None)
        self._sent.pop(by.number, None)
        if "PutEvents" in str(error) or "//events." in str(error):
            self._world.broken("P8", f"{by.name} fails for an event that is lost: {error!r}")
