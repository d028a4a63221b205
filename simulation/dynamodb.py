"""A DynamoDB table with a local secondary index, in memory, with a single item collection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.api_model import ApiError

from .expressions import Given, InvalidExpression, Item, condition, update

KEYS_PER_BATCH = 100
FLEET: Item = {"fleet": {"S": "fleet"}}

PROJECTED = (
    "phase",
    "needs",
    "needs_at",
    "reason",
    "user",
    "bundle_id",
    "owed_since",
    "outdated_at",
)
"""What the index `due` holds of an item besides the keys, see main.tf."""
INDEXED = ("id", "due_at", *PROJECTED)


class TableError(ApiError):
    """An error response of DynamoDB."""

    item: Item | None = None
    """The item that failed the condition, if the request asked for it."""

    @property
    def body(self) -> dict[str, Any]:
        item = {"Item": self.item} if self.item else {}
        return {"__type": self.code, "message": self.message, **item}


class Table:
    """Items by their key `id`; the index holds those with `due_at`."""

    def __init__(
        self,
        name: str,
        now: Callable[[], datetime],
        page_size: Callable[[], int],
        unprocessed: Callable[[int], int],
    ) -> None:
        """`unprocessed` returns how many of so many keys BatchGetItem leaves unprocessed."""
        self.name = name
        self.items: dict[str, Item] = {}
        self.index: dict[str, Item] = {}
        self.first_written: dict[str, datetime] = {}
        self._now = now
        self._page_size = page_size
        self._unprocessed = unprocessed
        self._writes = 0

    def call(self, operation: str, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Return the answer, and whether something was written. Raises TableError."""
        operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GetItem": self._get,
            "BatchGetItem": self._batch_get,
            "Query": self._query,
            "Scan": self._scan,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "DeleteItem": self._delete,
        }
        if operation not in operations:
            raise TableError("UnknownOperationException", operation)
        if operation != "BatchGetItem" and given["TableName"] != self.name:
            raise TableError("ResourceNotFoundException", given["TableName"])
        before = self._writes
        try:
            answer = operations[operation](given)
        except InvalidExpression as invalid:
            raise TableError("ValidationException", str(invalid)) from invalid
        return answer, self._writes != before

    def write(self, item: Item | None, id_: str) -> None:
        """Put or delete an item, unconditionally."""
        self._writes += 1
        if item is None:
            self.items.pop(id_, None)
        else:
            self.items[id_] = item
            self.first_written.setdefault(id_, self._now())
        if item is None or "due_at" not in item:
            self.index.pop(id_, None)
        else:
            self.index[id_] = {name: item[name] for name in INDEXED if name in item} | FLEET

    # -- reading ------------------------------------------------------------------------------

    def _get(self, given: dict[str, Any]) -> dict[str, Any]:
        item = self.items.get(given["Key"]["id"]["S"])
        return {"Item": item} if item is not None else {}

    def _batch_get(self, given: dict[str, Any]) -> dict[str, Any]:
        [(table, request)] = given["RequestItems"].items()
        ids = [key["id"]["S"] for key in request["Keys"]]
        if table != self.name or len(ids) > KEYS_PER_BATCH or len(set(ids)) < len(ids):
            raise TableError("ValidationException", "table, number or uniqueness of keys")
        left_out = self._unprocessed(len(ids))
        ids, rest = ids[: len(ids) - left_out], request["Keys"][len(ids) - left_out :]
        found = [self.items[id_] for id_ in sorted(ids) if id_ in self.items]
        answer: dict[str, Any] = {"Responses": {table: found}, "UnprocessedKeys": {}}
        if rest:
            answer["UnprocessedKeys"] = {table: {**request, "Keys": rest}}
        return answer

    def _query(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("IndexName") != "due":
            raise TableError("ValidationException", "only the index can be queried")
        test = condition(given["KeyConditionExpression"])
        values = _given(given)
        found = [item for item in self.index.values() if test(item, values)]
        found.sort(key=lambda item: (item["due_at"]["S"], item["id"]["S"]))
        start = given.get("ExclusiveStartKey")
        if start:
            after = (start["due_at"]["S"], start["id"]["S"])
            found = [item for item in found if (item["due_at"]["S"], item["id"]["S"]) > after]
        return _page(found, self._page_size())

    def _scan(self, given: dict[str, Any]) -> dict[str, Any]:
        start = given.get("ExclusiveStartKey", {}).get("id", {}).get("S", "")
        found = [item for id_, item in sorted(self.items.items()) if id_ > start]
        page = _page(found, self._page_size())
        if "LastEvaluatedKey" in page:
            page["LastEvaluatedKey"] = FLEET | {"id": page["LastEvaluatedKey"]["id"]}
        return page

    # -- writing ------------------------------------------------------------------------------

    def _put(self, given: dict[str, Any]) -> dict[str, Any]:
        item: Item = given["Item"]
        self._check(item["id"]["S"], given)
        self.write(item, item["id"]["S"])
        return {}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        id_ = given["Key"]["id"]["S"]
        self._check(id_, given)
        old = self.items.get(id_, {})
        new = dict(old) | given["Key"]
        for change in update(given["UpdateExpression"]):
            change(old, new, _given(given))
        self.write(new, id_)
        return {}

    def _delete(self, given: dict[str, Any]) -> dict[str, Any]:
        id_ = given["Key"]["id"]["S"]
        self._check(id_, given)
        self.write(None, id_)
        return {}

    def _check(self, id_: str, given: dict[str, Any]) -> None:
        text = given.get("ConditionExpression")
        if text and not condition(text)(self.items.get(id_, {}), _given(given)):
            refuted = TableError(
                "ConditionalCheckFailedException", "The conditional request failed"
            )
            if given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                refuted.item = self.items.get(id_)
            raise refuted


def _given(request: dict[str, Any]) -> Given:
    return Given(
        request.get("ExpressionAttributeValues", {}), request.get("ExpressionAttributeNames", {})
    )


def _page(found: list[Item], size: int) -> dict[str, Any]:
    page = found[:size]
    answer: dict[str, Any] = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
    if len(found) > size:
        names = ("fleet", "id", "due_at")
        answer["LastEvaluatedKey"] = {k: page[-1][k] for k in names if k in page[-1]}
    return answer
