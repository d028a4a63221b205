"""One fleet, in a Region of another partition: so no policy can hold a literal arn:aws."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sandbox import Sandbox
from tests import clients

from .rendered import Fleet, Planned, complete_on, fleet_on

Client = Callable[[str], Any]
PARTITION, REGION = "aws-cn", "cn-north-1"
COMPLETE = ("aws_kms_alias.fleet", "aws_sns_topic.operations")
"""What is made of examples/complete, with its key."""


@pytest.fixture(scope="session")
def aws() -> Iterator[Sandbox]:
    with Sandbox(region=REGION) as aws:
        yield aws


@pytest.fixture(scope="session")
def fleet(aws: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return fleet_on(aws, tmp_path_factory.mktemp("fleet"), PARTITION)


@pytest.fixture(scope="session")
def client(aws: Sandbox) -> Client:
    """A boto3 client of the local AWS."""
    return partial(clients.client, aws)


@pytest.fixture(scope="session")
def complete(aws: Sandbox, client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Key and topic of examples/complete are made; the key's id."""
    complete_on(aws, tmp_path_factory.mktemp("complete")).make(*COMPLETE)
    return str(client("kms").describe_key(KeyId="alias/desks")["KeyMetadata"]["KeyId"])


@pytest.fixture(scope="session")
def key_policy(complete: str, client: Client) -> dict[str, Any]:
    """Of the key in examples/complete."""
    found = client("kms").get_key_policy(KeyId=complete, PolicyName="default")
    return dict(json.loads(found["Policy"]))


@pytest.fixture(scope="session")
def by_id(fleet: Fleet) -> Planned:
    """Permissions by id."""
    return fleet.planned()


@pytest.fixture(scope="session")
def by_tag(fleet: Fleet) -> Planned:
    """Permissions by tag."""
    return fleet.planned(workspace_tag={"key": "fleet", "value": "desks"})


@pytest.fixture(scope="session")
def publishing(fleet: Fleet) -> Planned:
    """With events."""
    return fleet.planned(publish_events=True)


@pytest.fixture(scope="session")
def plain(fleet: Fleet) -> Planned:
    """Neither key nor boundary: the policies of this plan are not known before it is applied."""
    return fleet.planned(kms_key_arn=None, permissions_boundary_arn=None)
