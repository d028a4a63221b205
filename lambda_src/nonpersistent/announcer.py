"""Events about rebuilds, for chat and ticket systems, on the default event bus of EventBridge.

An event carries the fields of its log line. A lost event delays nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from .answers import code_of

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "workspaces-nonpersistent"

DETAIL_TYPES = {
    "rebuild_requested": "WorkSpace Rebuild Requested",
    "finished": "WorkSpace Rebuild Ended",
    "believed": "WorkSpace Rebuild Ended",
    "failed": "WorkSpace Rebuild Failed",
    "blocked": "WorkSpace Rebuild Blocked",
    "held_bundle": "WorkSpaces Bundle Held",
}
"""The detail type of an event, by the `decision` of its log line."""

ENTRIES_PER_CALL = 10
"""The most entries that one PutEvents call takes (its API reference)."""


class Announcer:
    """Publishes the events of one invocation, ten at a time."""

    def __init__(self, client: Callable[[], EventBridgeClient]) -> None:
        self._client = client
        self._lines: list[Mapping[str, Any]] = []
        self._lost: Counter[str] = Counter()

    def hear(self, line: Mapping[str, Any]) -> None:
        """Keep a log line if it is to be published; publish once ten have gathered."""
        if line["decision"] in DETAIL_TYPES:
            self._lines.append(line)
        if len(self._lines) >= ENTRIES_PER_CALL:
            self._publish()

    def end(self) -> Counter[str]:
        """Publish the rest; return how many events were lost, by AWS's code or error name."""
        if self._lines:
            self._publish()
        lost, self._lost = self._lost, Counter()
        return lost

    def _publish(self) -> None:
        """Make one call, or none after a failure: a pass must not wait for events."""
        lines, self._lines = self._lines, []
        if self._lost:
            self._lost["not_sent"] += len(lines)
            return
        try:
            answer = self._client().put_events(Entries=[_entry(line) for line in lines])
        except ClientError as error:
            self._lost[code_of(error)] += len(lines)
        except BotoCoreError as error:
            self._lost[type(error).__name__] += len(lines)
        else:
            self._lost.update(row["ErrorCode"] for row in answer["Entries"] if "ErrorCode" in row)


def _entry(line: Mapping[str, Any]) -> Any:
    kind = DETAIL_TYPES[line["decision"]]
    return {"Source": SOURCE, "DetailType": kind, "Detail": json.dumps(line)}
