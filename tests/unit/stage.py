"""The acting half of the function, put together on a ledger, an API and a clock of the test's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from nonpersistent.bundles import Bundles
from nonpersistent.facts import Claim, Facts
from nonpersistent.journal import Journal, Tally
from nonpersistent.lease import Lease
from nonpersistent.ledger import Ledger
from nonpersistent.observation import Observation
from nonpersistent.pacing import Pacer
from nonpersistent.rebuilder import Rebuilder
from nonpersistent.reconciler import Reconciler
from nonpersistent.records import Record, to_item
from nonpersistent.settings import Settings
from nonpersistent.table import FLEET
from nonpersistent.tools import Tools
from nonpersistent.workspaces import WorkSpaces
from tests import ledger_table
from tests.unit.desktops import Desktop, Desktops
from tests.unit.support import BUNDLE, NOON, WS, Timeline, at, fleet, only, settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE = Facts(
    baseline_at=at(-300),
    used_at=at(-60),
    told_at=at(-40),
    vacant_since=at(-46),
    owed_since=at(-46),
    bundle_id=BUNDLE,
    user="ada",
)
"""Vacant, and due since 11:40."""

TOLD = Facts(baseline_at=at(-300), told_at=at(-1))
CLAIM = Claim(asked_at=at(-50), accepted_at=at(-50), state="AVAILABLE", address="10.0.0.1")
ASKED = replace(DUE, claim=CLAIM)

CANARIES = settings(canary_after=timedelta(hours=12))
"""The defaults of the module."""


class Lines(logging.Handler):
    """The lines of the log, as dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.all.append({"message": record.getMessage(), **vars(record)})

    @property
    def decisions(self) -> list[tuple[str, object]]:
        """What was decided, and why."""
        return [(line["decision"], line.get("reason")) for line in self.all]

    def of(self, decision: str) -> list[dict[str, Any]]:
        """The lines of one kind."""
        return [line for line in self.all if line["decision"] == decision]


@dataclass
class Stage:
    """One invocation after the other; what they say is in `lines`."""

    client: DynamoDBClient
    desktops: Desktops
    time: Timeline
    lines: Lines
    settings: Settings = field(default_factory=settings)
    seconds_left: Callable[[], float] = lambda: 900.0

    def __post_init__(self) -> None:
        self.clock = self.desktops.clock
        self.ledger = Ledger(self.client, "ledger", self.clock)
        self._on_roster: tuple[str, ...] = ()
        self.roster()

    def has(
        self,
        facts: Facts | None,
        look_at: datetime | None,
        id_: str = WS,
        reason: str | None = None,
        **desk: Any,
    ) -> Record:
        """A WorkSpace on the roster, what is known of it, and how it is."""
        self.desktops.desks[id_] = Desktop(**desk)
        if id_ not in self._on_roster:
            self.roster(*self._on_roster, id_)
        if facts is None:
            return Record(id_)
        record = self.ledger.write(Record(id_, facts, look_at=look_at, reason=reason))
        assert record
        return record

    def has_lost(self, *ids: str) -> None:
        """WorkSpaces that a rebuild has broken."""
        for id_ in ids:
            self.has(replace(DUE, failures=1), None, id_)

    def put(self, record: Record, **attributes: Any) -> None:
        """Write the item of a record as somebody has changed it."""
        item: Any = to_item(record)
        ledger_table.put(self.client, "ledger", item | attributes)

    def roster(self, *ids: str) -> None:
        """What Terraform would write."""
        self._on_roster = ids
        item: Any = {"id": {"S": "roster"}, "workspace_ids": {"L": [{"S": id_} for id_ in ids]}}
        ledger_table.put(self.client, "ledger", item)

    def lose_roster(self) -> None:
        """Somebody deletes it."""
        self.client.delete_item(TableName="ledger", Key={**FLEET, "id": {"S": "roster"}})

    def record(self, id_: str = WS) -> Record:
        """What the ledger says."""
        return only(self.ledger, id_)

    def facts(self, id_: str = WS) -> Facts:
        """What is known."""
        return self.record(id_).facts

    def tools(self, owner: str = "an-invocation") -> Tools:
        """Of one pass."""
        pacer = Pacer(self.settings.api_rate, self.clock)
        lease = Lease(self.ledger, pacer, owner, lambda: self.seconds_left())
        api = WorkSpaces(self.desktops.client, pacer, lease)
        return Tools(self.settings, self.ledger, Journal("desks"), api)

    def bundles(self) -> Bundles:
        """Of one pass."""
        return Bundles(self.tools())

    def rebuilder(self, tools: Tools | None = None) -> Rebuilder:
        """Of one pass."""
        tools = tools or self.tools()
        return Rebuilder(tools, Bundles(tools))

    def rebuild(self, record: Record, seen: Observation) -> Rebuilder:
        """Ask for a rebuild at noon. The bundle's image is known, so that it is the only call."""
        tools = self.tools()
        rebuilder = self.rebuilder(tools)
        rebuilder._bundles.image(BUNDLE)
        self.time.now = NOON
        tools.pacer.next_call_at = NOON
        rebuilder.rebuild(record, seen, record.facts)
        return rebuilder

    def run(self, owner: str = "an-invocation") -> Tally:
        """One pass."""
        return Reconciler(self.tools(owner)).run(self.ledger.due(self.clock.now()))

    def meets(
        self,
        facts: Facts | None,
        look_at: datetime | None,
        id_: str = WS,
        reason: str | None = None,
        **desk: Any,
    ) -> Tally:
        """One pass, with such a WorkSpace on the roster."""
        self.has(facts, look_at, id_, reason, **desk)
        return self.run()

    def passes(self, until: datetime, every: float = 60) -> None:
        """A pass every so many seconds, the last by that time."""
        while self.time.now <= until:
            begun = self.time.now
            self.run()
            self.time.now = max(self.time.now, begun + timedelta(seconds=every))


def many(stage: Stage, count: int, facts: Facts = DUE) -> list[str]:
    """So many WorkSpaces, the first due first."""
    ids = fleet(count)
    for number, id_ in enumerate(ids):
        stage.has(facts, at(-1, 0.01 * number), id_)
    return ids
