"""The entry point for events: record what an event says, then do what is due.

Modules that act load only if something is due: most invocations record a signal or find nothing.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from . import gauges, signals
from .announcer import Announcer
from .clock import Clock
from .journal import Journal, Line, Tally
from .ledger import Ledger
from .settings import Settings
from .signals import Ignored, Kind, Origin, Signal, Task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_workspaces import WorkSpacesClient

CLOCK = Clock()

# What is imported stays: searching it for garbage would take a tenth of a cold start.
gc.freeze()

ROSTER_HOLDS = timedelta(minutes=1)
"""How long a container trusts the roster it has read, for recording. Acting reads it again."""


class Context(Protocol):
    """What the handler uses of the Lambda runtime's context object."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""


class Container:
    """What is kept between invocations: settings, clients, the roster as last read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.settings = Settings.from_environment(environment)
        self.announcer = Announcer(_events)
        hear = self.announcer.hear if self.settings.publish_events else None
        self.journal = Journal(self.settings.fleet, hear)
        self.ledger = Ledger(_dynamodb(), self.settings.ledger_table, CLOCK)
        self._roster: frozenset[str] = frozenset()
        self._roster_read_at: datetime | None = None
        self._gauged_at: datetime | None = None

    def knows(self, workspace_id: str) -> bool:
        """Whether a WorkSpace is on the roster, which is read again if it seems not to be."""
        now = CLOCK.now()
        held = self._roster_read_at is not None and now - self._roster_read_at < ROSTER_HOLDS
        if held and workspace_id in self._roster:
            return True
        self._roster, self._roster_read_at = self.ledger.roster(), now
        return workspace_id in self._roster

    def tell_gauges(self) -> None:
        """Write the fleet's state to the log, every few minutes."""
        now = CLOCK.now()
        if self._gauged_at is None or now - self._gauged_at >= gauges.INTERVAL:
            self._gauged_at = now
            gauges.tell(self.ledger, self.journal, self.settings)

    def act(self, context: Context, tally: Tally) -> None:
        """Do what is due. An idle minute costs one empty query."""
        due = self.ledger.due(CLOCK.now())
        if not due:
            return
        from .lease import Lease
        from .pacing import Pacer
        from .reconciler import Reconciler
        from .tools import Tools
        from .workspaces import WorkSpaces

        # The request's id is not enough: Lambda may deliver the same request twice at once.
        owner = f"{context.aws_request_id} {os.urandom(8).hex()}"
        pacer = Pacer(self.settings.api_rate, CLOCK)
        lease = Lease(
            self.ledger, pacer, owner, lambda: context.get_remaining_time_in_millis() / 1000
        )
        workspaces = WorkSpaces(_workspaces, pacer, lease)
        tools = Tools(self.settings, self.ledger, self.journal, workspaces)
        tools.tally = tally
        Reconciler(tools).run(due)


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Handle one event: SNS records, a sign-in, or a task such as `{"task": "reconcile"}`.

    Returns what the pass did. Raises SettingsError, NoRoster, and those of botocore's errors that
    are not known to go away by themselves: Lambda then retries, and the dead-letter queue keeps
    events that never succeeded.
    """
    container = _container()
    read = signals.read(event, CLOCK.now(), Origin.of(context.invoked_function_arn))
    refused: ClientError | None = None
    for entry in read:
        try:
            _record(container, entry)
        except ClientError as error:  # an item that somebody has changed holds up no others
            refused = error
    if refused is not None:
        raise refused
    task = next((entry for entry in read if isinstance(entry, Task)), None)
    if task is Task.RECONCILE:
        container.tell_gauges()
    tally = Tally()
    try:
        container.act(context, tally)
    finally:
        if task or tally.due:
            container.journal.write(Line.PASS, task=task and task.value, **asdict(tally))
        for reason, events in container.announcer.end().items():
            container.journal.write(Line.EVENTS_LOST, reason=reason, events=events)
    return asdict(tally)


def _record(container: Container, entry: Signal | Ignored | Task) -> None:
    match entry:
        case Task.AUDIT:
            container.ledger.ask_audit(CLOCK.now())
        case Signal(kind, id_) if container.knows(id_):
            now, told = CLOCK.now(), kind is Kind.SESSION_END
            look_at = container.settings.next_look(now) if told else now
            news = container.ledger.record(entry, look_at)
            line, reason = (Line.RECORDED, None) if news else (Line.IGNORED, "nothing_new")
            container.journal.write(line, id_, signal=kind.value, at=entry.at, reason=reason)
        case Signal(kind, id_):
            reason = "not_in_workspace_ids"
            container.journal.write(Line.IGNORED, id_, signal=kind.value, reason=reason)
        case Ignored(reason=reason):
            container.journal.write(Line.IGNORED, reason=reason)


@cache
def _container() -> Container:
    return Container(os.environ)


@cache
def _dynamodb() -> DynamoDBClient:
    """Five tries, as every write can safely be repeated."""
    return boto3.client("dynamodb", config=_config(2, 3, tries=5))


@cache
def _workspaces() -> WorkSpacesClient:
    """One try: the function itself paces and decides on each call, see workspaces.py."""
    return boto3.client("workspaces", config=_config(3, 6, tries=1))


@cache
def _events() -> EventBridgeClient:
    """One try: nothing waits for an event."""
    return boto3.client("events", config=_config(1, 2, tries=1))


def _config(connect_timeout: float, read_timeout: float, tries: int) -> Config:
    """Time-outs are in seconds, far below botocore's default of a minute."""
    retries: Any = {"mode": "standard", "total_max_attempts": tries}
    return Config(connect_timeout=connect_timeout, read_timeout=read_timeout, retries=retries)
