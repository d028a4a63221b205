"""Short forms of requests and answers, for the events that a report shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_KNOWN = "LastKnownUserConnectionTimestamp"


def request(operation: str, given: dict[str, Any]) -> object:
    """A request to the table, without what is always the same."""
    match operation:
        case "PutItem":
            return {name: next(iter(value.values())) for name, value in given["Item"].items()}
        case "UpdateItem":
            return given["Key"]["id"]["S"], given["UpdateExpression"]
    return given


def answer(body: dict[str, Any]) -> object:
    """The relevant part of an answer of the WorkSpaces API."""
    kept = ("State", "IpAddress", "BundleId", "ImageId")
    for name in ("Workspaces", "WorkspacesConnectionStatus", "Bundles"):
        if name in body:
            return [_row(row, kept) for row in body[name]]
    return body


def _row(row: dict[str, Any], kept: tuple[str, ...]) -> str:
    words = [row.get("WorkspaceId", "")]
    words += [str(row[name]) for name in kept if name in row]
    if "ConnectionState" in row:
        words.append(row["ConnectionState"])
        for name, key in (("checked", "ConnectionStateCheckTimestamp"), ("known", _KNOWN)):
            if key in row:
                words.append(f"{name} {datetime.fromtimestamp(row[key], UTC):%H:%M:%S}")
    return " ".join(words)
