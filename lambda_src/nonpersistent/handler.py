"""Where an event enters: record what it says, then do what is due."""

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

from . import signals
from .clock import Clock
from .examiner import Examiner
from .gallery import Gallery
from .journal import Entry, Journal
from .ledger import Ledger
from .pacing import Pacer
from .rebuilder import Rebuilder
from .reconciler import Reconciler
from .settings import Settings
from .signals import Home, Ignored, Signal, Task
from .turn import Turn
from .workspaces import WorkSpaces

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_workspaces import WorkSpacesClient

CLOCK = Clock()

# What is imported stays: looking through it for garbage would be a tenth of a cold start.
gc.freeze()

ROSTER_HOLDS = timedelta(minutes=1)
"""How long a container trusts the roster it has read, when recording. Acting reads it anew."""


class Context(Protocol):
    """What the handler uses of the Lambda runtime's context object."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""


class House:
    """What lives as long as the container: settings, clients, the roster as last read."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.settings = Settings.from_environment(environment)
        self.journal = Journal(self.settings.fleet)
        self.ledger = Ledger(_dynamodb(), self.settings.ledger_table, CLOCK)
        self._roster: frozenset[str] = frozenset()
        self._roster_read_at: datetime | None = None

    def knows(self, workspace_id: str) -> bool:
        """Whether a WorkSpace is on the roster; one that is not is looked up once more."""
        now = CLOCK.now()
        held = self._roster_read_at is not None and now - self._roster_read_at < ROSTER_HOLDS
        if held and workspace_id in self._roster:
            return True
        self._roster, self._roster_read_at = self.ledger.roster(), now
        return workspace_id in self._roster

    def reconciler(self, context: Context) -> Reconciler:
        """The actor of one invocation."""
        pacer = Pacer(self.settings.api_rate, CLOCK)
        workspaces = WorkSpaces(_workspaces, pacer, CLOCK)
        turn = Turn(
            self.ledger,
            pacer,
            CLOCK,
            owner=context.aws_request_id,
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        )
        gallery = Gallery(self.ledger, workspaces, self.journal, CLOCK)
        rebuilder = Rebuilder(
            self.settings, self.ledger, workspaces, gallery, pacer, self.journal, CLOCK
        )
        examiner = Examiner(
            self.settings, self.ledger, workspaces, rebuilder, gallery, turn, self.journal, CLOCK
        )
        return Reconciler(self.settings, self.ledger, examiner, turn, self.journal, CLOCK)


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Handle one event: SNS records, a sign-in, `{"task": "reconcile"}` or `{"task": "audit"}`.

    Returns what the pass did. Raises SettingsError, NoRoster, and botocore's errors that are not
    known to pass by themselves: Lambda then retries, and the dead-letter queue keeps what never
    worked.
    """
    house = _house()
    home = Home.of(context.invoked_function_arn)
    read = signals.read(event, CLOCK.now(), home)
    for entry in read:
        _record(house, entry)
    tally = house.reconciler(context).run()
    task = next((entry for entry in read if isinstance(entry, Task)), None)
    if task or tally.due:
        house.journal.write(Entry.PASS, task=task and task.value, **asdict(tally))
    return asdict(tally)


def _record(house: House, entry: Signal | Ignored | Task) -> None:
    match entry:
        case Task.AUDIT:
            house.ledger.ask_audit(CLOCK.now())
        case Signal() if house.knows(entry.workspace_id):
            look_at = house.settings.next_look(CLOCK.now())
            news = house.ledger.record(entry, look_at)
            house.journal.write(
                Entry.RECORDED if news else Entry.IGNORED,
                entry.workspace_id,
                signal=entry.kind.value,
                at=entry.at,
                reason=None if news else "nothing_new",
            )
        case Signal():
            house.journal.write(
                Entry.IGNORED,
                entry.workspace_id,
                signal=entry.kind.value,
                reason="not_in_workspace_ids",
            )
        case Ignored(reason=reason):
            house.journal.write(Entry.IGNORED, reason=reason)


@cache
def _house() -> House:
    return House(os.environ)


@cache
def _dynamodb() -> DynamoDBClient:
    """Short time-outs; five tries, as every write may be repeated."""
    return boto3.client(
        "dynamodb",
        config=Config(
            connect_timeout=2,
            read_timeout=3,
            retries={"mode": "standard", "total_max_attempts": 5},
        ),
    )


@cache
def _workspaces() -> WorkSpacesClient:
    """One try: each call is paced and decided by the function, see workspaces.py."""
    return boto3.client(
        "workspaces",
        config=Config(
            connect_timeout=3,
            read_timeout=6,
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
    )
