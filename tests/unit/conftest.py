"""Fixtures: an account of its own for each test, in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from nonpersistent.ledger import Ledger
from nonpersistent.pacing import Pacer
from simulation.clock import VirtualClock
from tests import ledger_table
from tests.ledger_table import InMemory
from tests.unit.desktops import Desktops
from tests.unit.stage import CANARIES, Lines, Stage
from tests.unit.support import Timeline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing, whatever the developer's shell has."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_RETRY_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def time() -> Timeline:
    """Noon."""
    return Timeline()


@pytest.fixture
def clock(time: Timeline) -> VirtualClock:
    """Of that time."""
    return VirtualClock(lambda: time)


@pytest.fixture
def pacer(clock: VirtualClock) -> Pacer:
    """Of two calls a second."""
    return Pacer(2, clock)


@pytest.fixture(scope="session")
def in_memory() -> InMemory:
    """The ledger's table of this process: making a client takes longer than most tests."""
    return InMemory()


@pytest.fixture
def dynamodb(
    in_memory: InMemory, clock: VirtualClock, request: pytest.FixtureRequest
) -> Iterator[DynamoDBClient]:
    """An empty ledger table: the simulation's, which is fast, unless a module asks for moto's."""
    if getattr(request, "param", "simulation") == "simulation":
        yield in_memory.empty(clock)
        return
    with mock_aws(config={"core": {"reset_boto3_session": False}}):  # it has the API's models
        client = boto3.client("dynamodb", region_name="us-east-1")
        ledger_table.create(client, "ledger")
        yield client


@pytest.fixture
def ledger(dynamodb: DynamoDBClient, clock: VirtualClock) -> Ledger:
    """Of an empty table."""
    return Ledger(dynamodb, "ledger", clock)


@pytest.fixture
def desktops(clock: VirtualClock) -> Desktops:
    """The WorkSpaces API, without WorkSpaces."""
    return Desktops(clock)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the function logs."""
    lines, logger = Lines(), logging.getLogger("nonpersistent")
    logger.addHandler(lines)
    yield lines
    logger.removeHandler(lines)


@pytest.fixture
def stage(dynamodb: DynamoDBClient, desktops: Desktops, time: Timeline, lines: Lines) -> Stage:
    """The acting half, with the defaults of the module and without canaries."""
    return Stage(dynamodb, desktops, time, lines)


@pytest.fixture
def canaries(stage: Stage) -> Stage:
    """The same with canaries."""
    stage.settings = CANARIES
    return stage
