"""The ledger's table as main.tf makes it, for tests without Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nonpersistent.table import FLEET
from simulation.dynamodb import PROJECTED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create(client: DynamoDBClient, name: str) -> None:
    """An empty table with its index."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "fleet", "KeyType": "HASH"},
            {"AttributeName": "id", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "fleet", "AttributeType": "S"},
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "due_at", "AttributeType": "S"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "fleet", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": PROJECTED},
            }
        ],
    )


def put(client: DynamoDBClient, name: str, item: dict[str, Any]) -> None:
    """Write an item, whatever was there."""
    client.put_item(TableName=name, Item={**FLEET, **item})
