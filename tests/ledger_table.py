"""The ledger's table as main.tf makes it, for tests without Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nonpersistent.table import FLEET

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHOWN = [
    "phase",
    "needs",
    "needs_at",
    "reason",
    "user",
    "bundle_id",
    "owed_since",
    "outdated_at",
]
"""What the index shows besides the keys."""


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
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": SHOWN},
            }
        ],
    )


def put(client: DynamoDBClient, name: str, item: dict[str, Any]) -> None:
    """Write an item, whatever was there."""
    client.put_item(TableName=name, Item={**FLEET, **item})
