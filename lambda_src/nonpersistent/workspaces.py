"""The WorkSpaces API as the function needs it: look at 25 WorkSpaces, rebuild one.

Every call is paced and made once: a retry inside the client would be a call that the pacer does
not know of, and a second rebuild that nobody decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from . import answers
from .answers import NO_ANSWER, Outcome, Refused, Throttled, Unanswered, Unavailable
from .clock import Clock, to_millisecond
from .facts import Observation
from .pacing import Pacer

if TYPE_CHECKING:
    from mypy_boto3_workspaces import WorkSpacesClient

IDS_PER_CALL = 25
"""Ids that DescribeWorkspaces and DescribeWorkspacesConnectionStatus take (API reference)."""

TRIES = 3
"""How often a question is tried while AWS is throttling or ailing: half a minute at the most."""


class WorkSpaces:
    """Looks and rebuilds, at the pacer's rate."""

    def __init__(self, client: Callable[[], WorkSpacesClient], pacer: Pacer, clock: Clock) -> None:
        """`client` is asked for at the first question: most invocations have none."""
        self._client = client
        self._pacer = pacer
        self._clock = clock

    def look(self, connections: Collection[str], states: Collection[str]) -> dict[str, Observation]:
        """Who is connected to `connections`, and the state of `states`.

        Where the connection status is not known (UNKNOWN, no row), the state is asked for too:
        a stopped WorkSpace has no status. Two calls for 25 WorkSpaces; raises Unavailable.
        """
        rows = self._describe(
            connections,
            lambda ids: self._client().describe_workspaces_connection_status(WorkspaceIds=ids),
            "WorkspacesConnectionStatus",
        )
        known = ("CONNECTED", "DISCONNECTED")
        unknown = [i for i in connections if rows.get(i, {}).get("ConnectionState") not in known]
        asked = list(dict.fromkeys([*states, *unknown]))
        descriptions = self._describe(
            asked,
            lambda ids: self._client().describe_workspaces(WorkspaceIds=ids),
            "Workspaces",
        )
        looked_at = self._clock.now()
        return {
            id_: _observation(looked_at, rows.get(id_, {}), descriptions.get(id_), id_ in asked)
            for id_ in dict.fromkeys([*connections, *asked])
        }

    def newest_snapshot(self, workspace_id: str) -> datetime | Refused | None:
        """When the user volume was last saved for a rebuild, or why AWS does not tell of this one.

        One call; raises Unavailable.
        """
        try:
            answer = self._ask(
                lambda: self._client().describe_workspace_snapshots(WorkspaceId=workspace_id)
            )
        except ClientError as error:
            return answers.refusal(error)
        times = [_time(snapshot, "SnapshotTime") for snapshot in answer.get("RebuildSnapshots", [])]
        return max(filter(None, times), default=None)

    def images(self, bundle_ids: Iterable[str]) -> dict[str, str]:
        """The image that a rebuild would take, by bundle. One call for 25; raises Unavailable."""
        bundles = self._describe(
            list(bundle_ids),
            lambda ids: self._client().describe_workspace_bundles(BundleIds=ids),
            "Bundles",
            "BundleId",
        )
        return {id_: bundle["ImageId"] for id_, bundle in bundles.items() if "ImageId" in bundle}

    def rebuild(self, workspace_id: str) -> Outcome:
        """Ask AWS to rebuild one WorkSpace, once. The caller has waited for the pacer and claimed.

        Errors that say the request was turned down are refusals; without an answer, or with a
        server's error, nobody knows.
        """
        self._pacer.sent()
        try:
            answer = self._client().rebuild_workspaces(
                RebuildWorkspaceRequests=[{"WorkspaceId": workspace_id}]
            )
        except ClientError as error:
            outcome = answers.outcome_of_error(error)
        except NO_ANSWER as error:
            return Unanswered(type(error).__name__)
        else:
            outcome = answers.outcome(answer)
        if isinstance(outcome, Throttled):
            self._pacer.throttled()
        else:
            self._pacer.succeeded()
        return outcome

    def _describe(
        self,
        ids: Collection[str],
        call: Callable[[list[str]], Mapping[str, Any]],
        rows: str,
        key: str = "WorkspaceId",
    ) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for batch in in_batches(ids, IDS_PER_CALL):
            answer = self._ask(partial(call, batch))
            found |= {row[key]: row for row in answer.get(rows, []) if key in row}
        return found

    def _ask(self, call: Callable[[], Any]) -> Any:
        """One question, asked again while AWS is throttling or ailing, at the pacer's rate."""
        for _ in range(TRIES):
            self._pacer.wait()
            try:
                answer = call()
            except ClientError as error:
                if not answers.passes(error):
                    raise
                why = answers.code_of(error)
            except NO_ANSWER as error:
                why = type(error).__name__
            else:
                self._pacer.succeeded()
                return answer
            self._pacer.throttled()
        raise Unavailable(why)


def in_batches(ids: Collection[str], size: int) -> Iterator[list[str]]:
    """`ids` in their order, `size` at a time."""
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def _observation(
    looked_at: datetime, row: Mapping[str, Any], description: Mapping[str, Any] | None, asked: bool
) -> Observation:
    described = description or {}
    return Observation(
        looked_at=looked_at,
        state=described.get("State"),
        missing=asked and description is None,
        connection=row.get("ConnectionState"),
        checked_at=_time(row, "ConnectionStateCheckTimestamp"),
        last_connected_at=_time(row, "LastKnownUserConnectionTimestamp"),
        address=described.get("IpAddress"),
        bundle_id=described.get("BundleId"),
    )


def _time(row: Mapping[str, Any], name: str) -> datetime | None:
    value = row.get(name)
    return to_millisecond(value) if isinstance(value, datetime) else None
