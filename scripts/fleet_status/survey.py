"""What AWS says of a fleet: the whole ledger, its WorkSpaces, and their bundles' images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from nonpersistent.images import Proof
from nonpersistent.pacing import Pacer
from nonpersistent.records import Item, Record, from_item, proof_from_item
from nonpersistent.workspaces import IDS_PER_CALL, in_batches

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_workspaces import WorkSpacesClient


class NotALedger(Exception):
    """The table has no roster: it is not the ledger of this module."""


@dataclass(frozen=True)
class Ledger:
    """The ledger, read once: records by WorkSpace, proofs by bundle."""

    roster: tuple[str, ...]
    records: Mapping[str, Record]
    proofs: Mapping[str, Proof]


@dataclass(frozen=True)
class Fleet:
    """What the WorkSpaces API says: WorkSpaces by id (gone ones are absent), images by bundle."""

    workspaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)


def read_ledger(client: DynamoDBClient, table: str) -> Ledger:
    """One scan. Raises NotALedger, and botocore's errors."""
    items: dict[str, Item] = {}
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        items |= {item["id"]["S"]: item for item in page["Items"] if "id" in item}
    if "roster" not in items:
        raise NotALedger(table)
    return Ledger(
        roster=tuple(entry["S"] for entry in items["roster"]["workspace_ids"]["L"]),
        records={id_: from_item(item) for id_, item in items.items() if id_.startswith("ws-")},
        proofs={
            id_: proof_from_item(id_, item) for id_, item in items.items() if id_.startswith("wsb-")
        },
    )


def calls_needed(workspaces: int) -> int:
    """Calls of the WorkSpaces API for a fleet of one bundle."""
    return ceil(workspaces / IDS_PER_CALL) + 1


def read_fleet(client: WorkSpacesClient, ids: Collection[str], pacer: Pacer) -> Fleet:
    """25 WorkSpaces or bundles a call, at the pacer's rate. Raises botocore's errors."""
    workspaces = _describe(
        ids, pacer, lambda some: client.describe_workspaces(WorkspaceIds=some)["Workspaces"]
    )
    bundles = _describe(
        sorted({row["BundleId"] for row in workspaces if "BundleId" in row}),
        pacer,
        lambda some: client.describe_workspace_bundles(BundleIds=some)["Bundles"],
    )
    return Fleet(
        {row["WorkspaceId"]: row for row in workspaces},
        {row["BundleId"]: row["ImageId"] for row in bundles if "ImageId" in row},
    )


def _describe(
    ids: Collection[str], pacer: Pacer, call: Callable[[list[str]], Any]
) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for batch in in_batches(ids, IDS_PER_CALL):
        pacer.wait()
        rows += call(batch)
    return rows
