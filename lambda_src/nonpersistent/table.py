"""One DynamoDB table of items by `id`: consistent reads, and writes that say if they took place.

All items share the first half of their key, so the index is local and can be read consistently.
Raises botocore's errors, except if a condition does not hold: that is an answer. If botocore
repeated a write whose answer was lost, the item shows it: it is as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .clock import Clock
from .records import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_PER_READ = 100
"""The most keys that one BatchGetItem call takes (API reference)."""

FLEET: Item = {"fleet": {"S": "fleet"}}
"""The first half of each item's key, see main.tf."""

LONGEST_PAUSE = 2.0
"""The longest wait, in seconds, before asking again for keys that DynamoDB left out."""


class Table:
    def __init__(self, client: DynamoDBClient, name: str, clock: Clock) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def get(self, id_: str) -> Item:
        answer = self._client.get_item(TableName=self._name, Key=_key(id_), ConsistentRead=True)
        return answer.get("Item", {})

    def get_all(self, ids: Sequence[str]) -> Iterator[Item]:
        """The items that exist for `ids`, in no order, with as few requests as possible."""
        for start in range(0, len(ids), KEYS_PER_READ):
            keys: Any = [_key(id_) for id_ in ids[start : start + KEYS_PER_READ]]
            wanted: Any = {self._name: {"Keys": keys, "ConsistentRead": True}}
            pause = 0.05
            while True:
                answer = self._client.batch_get_item(RequestItems=wanted)
                yield from answer["Responses"].get(self._name, [])
                wanted = answer.get("UnprocessedKeys")
                if not wanted:  # what is left unprocessed is asked for again: absent means unknown
                    break
                self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def query(self, index: str, values: Item, *conditions: str) -> Iterator[Item]:
        """What an index shows of the items whose key meets the conditions, in its order."""
        question: Any = {
            "TableName": self._name,
            "IndexName": index,
            "KeyConditionExpression": " AND ".join(["fleet = :fleet", *conditions]),
            "ExpressionAttributeValues": {":fleet": FLEET["fleet"], **values},
            "ConsistentRead": True,
        }
        # No paginator: botocore would search its data folders for one at each cold start.
        while True:
            page = self._client.query(**question)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            question["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def scan(self) -> Iterator[Item]:
        """Every item: for rare questions only."""
        pages = self._client.get_paginator("scan")
        for page in pages.paginate(TableName=self._name, ConsistentRead=True):
            yield from page["Items"]

    def put(self, item: Item, condition: str | None = None, values: Item | None = None) -> bool:
        """Write an item if the condition holds; False if not, unless it is already there."""
        written = {**FLEET, **item}
        put = self._takes_place(self._client.put_item, condition, values, Item=written)
        return put or self.get(item["id"]["S"]) == written

    def update(self, id_: str, update: str, values: Item, condition: str | None = None) -> bool:
        """Change or create an item if the condition holds; False if not."""
        change = {"Key": _key(id_), "UpdateExpression": update}
        return self._takes_place(self._client.update_item, condition, values, **change)

    def delete(self, id_: str, condition: str | None = None, values: Item | None = None) -> bool:
        """Delete an item if the condition holds; False if not, unless it is already gone."""
        dropped = self._takes_place(self._client.delete_item, condition, values, Key=_key(id_))
        return dropped or not self.get(id_)

    def _takes_place(
        self, write: Callable[..., Any], condition: str | None, values: Item | None, **request: Any
    ) -> bool:
        """Write, and return whether the condition held; other errors are raised."""
        if condition:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            write(TableName=self._name, **request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _key(id_: str) -> Item:
    return {**FLEET, "id": {"S": id_}}
