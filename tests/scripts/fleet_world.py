"""A fleet as scripts/fleet meets it: a ledger, and a function that records requests itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from fleetlib.aws import Account
from fleetlib.main import main
from moto import mock_aws

from nonpersistent import signals
from nonpersistent.canary import Bundle
from nonpersistent.clock import Clock
from nonpersistent.facts import Facts
from nonpersistent.ledger import Ledger
from nonpersistent.records import Record, to_item
from tests import ledger_table
from tests.unit.support import BUNDLE, IMAGE, ORIGIN, WS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def dynamodb() -> DynamoDBClient:
    """Made once, since that takes longer than most tests."""
    return boto3.client("dynamodb", region_name="us-east-1")


class Told(NamedTuple):
    """What a command has printed."""

    out: str
    err: str


class World:
    """The clients that an Account is given, and what they were asked."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.dynamodb = dynamodb()
        ledger_table.create(self.dynamodb, "desks-ledger")
        self.ledger = Ledger(self.dynamodb, "desks-ledger", Clock())
        self.invoked: list[Any] = []
        self.lines: list[dict[str, Any]] = []
        self.log_asked: dict[str, Any] = {}
        self.records = True
        self.audits = True
        self.environment: dict[str, str] = {}

    def runs(self, *arguments: str, exits: int = 0) -> Told:
        """A command of `fleet` for this fleet ends with a status."""
        status = main([*arguments, "--name=desks"])
        told = Told(*self._capsys.readouterr())
        assert status == exits, told
        return told

    def client(self, service: str) -> Any:
        return self.dynamodb if service == "dynamodb" else self

    def roster(self, *ids: str) -> None:
        entries = {"L": [{"S": id_} for id_ in ids]}
        self._put({"id": {"S": "roster"}, "workspace_ids": entries})

    def knows(
        self,
        id_: str = WS,
        *,
        look_at: datetime | None = None,
        reason: str | None = None,
        **facts: Any,
    ) -> None:
        given = {"user": "anna", "bundle_id": BUNDLE} | facts
        self._put(to_item(Record(id_, Facts(**given), 1, look_at, reason)))

    def knows_bundle(self, **known: Any) -> None:
        self._put(to_item(Bundle(BUNDLE, **known)))

    def _put(self, item: dict[str, Any]) -> None:
        ledger_table.put(self.dynamodb, "desks-ledger", item)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:
        """Record as the function does, unless it is to be dead."""
        assert (FunctionName, InvocationType) == ("desks", "Event")
        event = json.loads(Payload)
        self.invoked.append(event)
        now = datetime.now(UTC)
        for entry in signals.read(event, now, ORIGIN) if self.records else ():
            if isinstance(entry, signals.Signal):
                assert self.ledger.record(entry, now)
            elif entry is signals.Task.AUDIT:
                self.ledger.ask_audit(now)
                if self.audits:
                    self.ledger.end_audit(now)
            else:
                raise AssertionError(entry)

    def get_function_configuration(self, *, FunctionName: str) -> Any:
        assert FunctionName == "desks"
        return {"FunctionName": FunctionName, "Environment": {"Variables": self.environment}}

    def get_paginator(self, operation: str) -> Any:
        self.operation = operation
        return self

    def paginate(self, **asked: Any) -> Iterator[Any]:
        if self.operation == "filter_log_events":
            self.log_asked = asked
            yield {"events": []}
            events = [
                {"timestamp": int(line["at"].timestamp() * 1000), "message": _written(line)}
                for line in self.lines
            ]
            first, last = asked["startTime"], asked["endTime"]
            yield {"events": [each for each in events if first <= each["timestamp"] <= last]}
        else:
            assert self.operation == "describe_workspace_bundles"
            yield {"Bundles": []}
            yield {"Bundles": [{"BundleId": id_, "ImageId": IMAGE} for id_ in asked["BundleIds"]]}


def _written(line: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in line.items() if name != "at"})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    """A fleet `desks` with one WorkSpace on its roster."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("fleetlib.requests.POLL_SECONDS", 0.01)
    monkeypatch.setattr("fleetlib.aws.CALLS_PER_SECOND", 1000.0)
    with mock_aws():
        made = World(capsys)
        made.roster(WS)
        monkeypatch.setattr(Account, "_client", lambda _, service: made.client(service))
        yield made
