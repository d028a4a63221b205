"""One fleet, in a Region of another partition: so no policy can hold a literal arn:aws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Sandbox

from .rendered import Fleet, Planned, fleet_on, key_policy_on

PARTITION, REGION = "aws-cn", "cn-north-1"


@pytest.fixture(scope="session")
def aws() -> Iterator[Sandbox]:
    with Sandbox(region=REGION) as aws:
        yield aws


@pytest.fixture(scope="session")
def fleet(aws: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return fleet_on(aws, tmp_path_factory.mktemp("fleet"), PARTITION)


@pytest.fixture(scope="session")
def key_policy(aws: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of examples/complete."""
    return key_policy_on(aws, tmp_path_factory.mktemp("complete"))


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
