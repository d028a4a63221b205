"""The ledger's table as main.tf makes it, for tests without Terraform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import boto3

from nonpersistent.table import FLEET
from simulation.dynamodb import PROJECTED, Table, TableError
from simulation.transport import plug_in, response

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from mypy_boto3_dynamodb import DynamoDBClient

    from simulation.clock import VirtualClock


ITEMS_PER_PAGE = 7
"""Few, so that pages are followed everywhere."""


class InMemory:
    """The simulation's table at the far end of a real client, without faults."""

    def __init__(self) -> None:
        self._client = self.serve(boto3.client("dynamodb", region_name="us-east-1"))

    def empty(self, clock: VirtualClock) -> DynamoDBClient:
        """The client of a new table."""
        self._table = Table("ledger", clock.now, lambda: ITEMS_PER_PAGE, lambda _: 0)
        return self._client

    def serve(self, client: DynamoDBClient) -> DynamoDBClient:
        """Answer the calls of another client, too."""
        plugged_in: DynamoDBClient = plug_in(client, self._send)
        return plugged_in

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        operation, given = event_name.rsplit(".", 1)[1], json.loads(cast(bytes, request.body))
        url = str(request.url)
        try:
            answer, _written = self._table.call(operation, given)
        except TableError as error:
            return response(url, error.status, error.body)
        return response(url, 200, answer)


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
