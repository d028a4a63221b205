"""What Python repeats of main.tf, so that simulation and unit tests need no Terraform, is the same.

It is compared with Terraform's plan of the module with its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from nonpersistent.settings import Settings
from simulation import dynamodb
from simulation.deployed import plan
from simulation.scenario import Scenario
from tests import ledger_table
from tests.unit import test_settings

ROOT = Path(__file__).parents[2]
SIMULATED = Scenario(seed=0, desktops=1).environment
COPIES = {
    "simulation/scenario.py": SIMULATED,
    "tests/unit/test_settings.py": test_settings.ENVIRONMENT,
}


@pytest.fixture(scope="module")
def planned() -> dict[str, Mapping[str, Any]]:
    """The attributes of the module's resources by address."""
    resources = plan([*ROOT.glob("*.tf"), *ROOT.glob("*.json")])
    return {
        each["address"].removeprefix("module.fleet."): each.get("values", {}) for each in resources
    }


@pytest.fixture(scope="module")
def environment(planned: dict[str, Mapping[str, Any]]) -> dict[str, str]:
    """The function's."""
    [found] = planned["aws_lambda_function.nonpersistent"]["environment"]
    return dict(found["variables"])


@pytest.fixture(scope="module")
def table(planned: dict[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The ledger's."""
    return planned["aws_dynamodb_table.ledger"]


@pytest.mark.parametrize("place", COPIES)
def test_the_functions_environment_has_the_variables_of_main_tf(
    environment: dict[str, str], place: str
) -> None:
    assert set(COPIES[place]) == set(environment)


def test_where_a_copy_stands_for_the_defaults_it_has_their_values(
    environment: dict[str, str],
) -> None:
    """As the function reads them: "20.0" is as good as "20"."""
    defaults = Settings.from_environment(environment)
    assert Settings.from_environment(SIMULATED) == defaults
    assert defaults.canary_after == timedelta(hours=12)


def test_the_ledger_of_tests_without_terraform_is_that_of_main_tf(
    table: Mapping[str, Any],
) -> None:
    with mock_aws():
        client = boto3.client(
            "dynamodb", "us-east-1", aws_access_key_id="local", aws_secret_access_key="local"
        )
        ledger_table.create(client, "ledger")
        made = client.describe_table(TableName="ledger")["Table"]
    [index], [planned_index] = made["LocalSecondaryIndexes"], table["local_secondary_index"]
    assert made["BillingModeSummary"]["BillingMode"] == table["billing_mode"]
    assert keys(made["KeySchema"]) == [table["hash_key"], table["range_key"]]
    assert {
        each["AttributeName"]: each["AttributeType"] for each in made["AttributeDefinitions"]
    } == {each["name"]: each["type"] for each in table["attribute"]}
    assert index["IndexName"] == planned_index["name"]
    assert keys(index["KeySchema"]) == [table["hash_key"], planned_index["range_key"]]
    assert index["Projection"]["ProjectionType"] == planned_index["projection_type"]
    assert sorted(index["Projection"]["NonKeyAttributes"]) == sorted(
        planned_index["non_key_attributes"]
    )


def keys(schema: list[Any]) -> list[str]:
    """The names of the hash and the range key."""
    return [key["AttributeName"] for key in schema]


def test_the_index_of_the_simulated_ledger_shows_what_main_tf_projects(
    table: Mapping[str, Any],
) -> None:
    [index] = table["local_secondary_index"]
    shown = {table["range_key"], index["range_key"], *index["non_key_attributes"]}
    assert set(dynamodb.INDEXED) == shown
