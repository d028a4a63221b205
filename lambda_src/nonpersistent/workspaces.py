"""The WorkSpaces API as the function needs it: look at 25 WorkSpaces, rebuild one.

Every call is paced and made once: a retry inside the client would be a call that the pacer does
not know about, and a second rebuild that was not decided. What is not in an answer is unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from . import answers
from .answers import (
    NO_ANSWER,
    NOT_SENT,
    NobodyAnswered,
    Outcome,
    Refused,
    Throttled,
    Unanswered,
    Unavailable,
)
from .clock import to_millisecond
from .lease import REBUILD_RESERVE, Lease
from .observation import FRESH, Observation
from .pacing import Pacer

if TYPE_CHECKING:
    from mypy_boto3_workspaces import WorkSpacesClient

Row = Mapping[str, Any]

IDS_PER_CALL = 25
"""The most ids for DescribeWorkspaces and DescribeWorkspacesConnectionStatus (API reference)."""

TRIES = 3
"""How many times a question is tried while AWS throttles or fails: half a minute at most."""

FAILURES_OF_AN_OUTAGE = 20
"""Failures in a row that may be an outage. Seven WorkSpaces of a batch cannot cause so many: after
three tries come halves, quarters and eighths, one of which is answered."""

MOST_PAGES = 50
"""The most pages of one answer: twice as many as it can have rows, as pages may be empty."""


class Failed(Exception):
    """A question failed, perhaps because of one of the ids that it names."""


class WorkSpaces:
    """Looks and rebuilds, at the pacer's rate, while the lease lasts."""

    def __init__(self, client: Callable[[], WorkSpacesClient], pacer: Pacer, lease: Lease) -> None:
        """`client` is called at the first question: most invocations have none."""
        self._client = client
        self.pacer = pacer
        self.lease = lease
        self._clock = lease.clock
        self._failures = 0
        self._has_answered = False
        self._others_answer = False
        self._first_answer_at: datetime | None = None
        """When the first of the calls about the present look was answered."""

    def look(
        self,
        connections: Collection[str],
        states: Collection[str],
        *,
        others_answer: bool = False,
    ) -> dict[str, Observation]:
        """Who is connected to `connections`, and the state of `states`.

        If the connection status is not clear (UNKNOWN, no row, an old sample), the state is asked
        for too: a stopped WorkSpace has no status. 25 WorkSpaces take two calls, and a look is as
        old as the answer to the first. If AWS answers about a WorkSpace with an error, its
        observation contains that. Raises Unavailable; but if `others_answer`, not because of how
        many it does not answer about.
        """
        self._others_answer = others_answer
        errors: dict[str, str] = {}
        operation = "describe_workspaces_connection_status"
        self._first_answer_at = None
        rows = self._describe(connections, operation, "WorkspacesConnectionStatus", errors)
        now = self._first_answer_at or self._clock.now()
        unclear = [id_ for id_ in connections if not _is_clear(rows.get(id_, {}), now)]
        asked = [id_ for id_ in dict.fromkeys([*states, *unclear]) if id_ not in errors]
        descriptions = self._describe(asked, "describe_workspaces", "Workspaces", errors)
        if errors and not self._has_answered:
            raise NobodyAnswered(next(iter(errors.values())))
        looked_at = self._first_answer_at or self._clock.now()
        return {
            id_: Observation(looked_at, error=errors[id_])
            if id_ in errors
            else _observation(looked_at, rows.get(id_, {}), descriptions.get(id_, {}), id_ in asked)
            for id_ in dict.fromkeys([*connections, *states])
        }

    def probe(self, ids: Collection[str]) -> None:
        """Raises Unavailable unless AWS answers about some of `ids`."""
        self._failures, self._has_answered = 0, False
        try:
            self.look(ids, ids)
        except NobodyAnswered:
            if not self._has_answered:
                raise
        self._failures = 0

    def newest_snapshot(self, workspace_id: str) -> datetime | Refused | None:
        """When the user volume was last saved for a rebuild, or AWS's error about this WorkSpace.

        One call; raises Unavailable.
        """
        try:
            answer = self._ask("describe_workspace_snapshots", TRIES, WorkspaceId=workspace_id)
        except Failed as failed:
            return Refused(str(failed), "")
        times = [_time(snapshot, "SnapshotTime") for snapshot in answer.get("RebuildSnapshots", [])]
        return max(filter(None, times), default=None)

    def images(self, bundle_ids: Collection[str]) -> dict[str, str]:
        """The image that a rebuild would use, by bundle. One call for 25.

        A bundle that AWS leaves out of an answer, or does not answer about, has an unknown image:
        that holds up only its own rebuilds.
        """
        with suppress(Unavailable):
            operation = "describe_workspace_bundles"
            bundles = self._describe(bundle_ids, operation, "Bundles", {}, key="BundleId")
            return {id_: row["ImageId"] for id_, row in bundles.items() if row.get("ImageId")}
        return {}

    def rebuild(self, workspace_id: str) -> Outcome:
        """Ask AWS to rebuild one WorkSpace, once. The caller has claimed it.

        Errors that say that the request was rejected are refusals; without an answer, or with a
        server error, the outcome is unknown.
        """
        requests: Any = [{"WorkspaceId": workspace_id}]
        self.pacer.wait()
        self.pacer.sent()
        try:
            answer = self._client().rebuild_workspaces(RebuildWorkspaceRequests=requests)
        except ClientError as error:
            outcome = answers.outcome_of_error(error)
        except NOT_SENT:
            outcome = Throttled()
        except NO_ANSWER as error:
            return Unanswered(type(error).__name__)
        else:
            outcome = answers.outcome(answer)
        if isinstance(outcome, Throttled):
            self.pacer.throttled()
        else:
            self.pacer.succeeded()
        return outcome

    def _describe(
        self,
        ids: Collection[str],
        operation: str,
        rows: str,
        errors: dict[str, str],
        key: str = "WorkspaceId",
    ) -> dict[str, Row]:
        """The rows about `ids`, by id. Ids that cannot be asked about go to `errors`, with why."""
        found: dict[str, Row] = {}
        batches = deque((batch, TRIES) for batch in in_batches(ids, IDS_PER_CALL))
        while batches:
            batch, tries = batches.popleft()
            try:
                for row in self._rows(operation, rows, tries, **{f"{key}s": batch}):
                    if row.get(key) in batch:
                        found[row[key]] = row
            except Failed as failed:
                if str(failed) in answers.DENIALS:
                    raise Unavailable(str(failed)) from failed
                if len(batch) == 1:
                    errors[batch[0]] = str(failed)
                    continue
                middle = len(batch) // 2  # all parts of a size before smaller ones: some are fine
                batches += [(batch[:middle], 1), (batch[middle:], 1)]
        return found

    def _rows(self, operation: str, rows: str, tries: int, **question: Any) -> Iterator[Row]:
        """The rows of all pages: a page may be short, or empty, with more to come."""
        for _ in range(MOST_PAGES):
            answer = self._ask(operation, tries, **question)
            self._first_answer_at = self._first_answer_at or self._clock.now()
            yield from answer.get(rows, [])
            if not answer.get("NextToken"):
                return
            question["NextToken"] = answer["NextToken"]

    def _ask(self, operation: str, tries: int, **question: Any) -> Any:
        """Ask one question, and again while AWS throttles or fails, at the pacer's rate.

        Raises Failed for an error that may be this question's own, and Unavailable if AWS answers
        none at all, or if the lease or the time runs out.
        """
        throttled = 0
        while True:
            if not self.lease.goes_on(REBUILD_RESERVE):
                raise Unavailable("no_time_left")
            self.pacer.wait()
            self.pacer.sent()
            try:
                answer = getattr(self._client(), operation)(**question)
            except ClientError as error:
                why = answers.code_of(error)
                if answers.is_throttling(error):
                    throttled += 1
                    self.pacer.throttled()
                    if throttled < TRIES:
                        continue
                    raise Unavailable(why) from error
                if not answers.is_server_error(error):
                    self._answered()
                    raise Failed(why) from error
            except NO_ANSWER as error:
                why = type(error).__name__
            else:
                self._answered()
                return answer
            self._failures += not self._others_answer
            tries -= 1
            self.pacer.failed()
            if self._failures >= FAILURES_OF_AN_OUTAGE:
                raise NobodyAnswered(why)
            if not tries:
                raise Failed(why)

    def _answered(self) -> None:
        self._failures, self._has_answered = 0, True
        self.pacer.succeeded()


def in_batches(ids: Collection[str], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def _is_clear(row: Row, now: datetime) -> bool:
    """Whether a row of the connection status shows if somebody is connected."""
    checked_at = _time(row, "ConnectionStateCheckTimestamp")
    known = row.get("ConnectionState") in ("CONNECTED", "DISCONNECTED")
    return known and checked_at is not None and now - checked_at <= FRESH


def _observation(looked_at: datetime, row: Row, description: Row, asked: bool) -> Observation:
    return Observation(
        looked_at=looked_at,
        state=description.get("State"),
        state_asked=asked,
        connection=row.get("ConnectionState"),
        checked_at=_time(row, "ConnectionStateCheckTimestamp"),
        last_connected_at=_time(row, "LastKnownUserConnectionTimestamp"),
        address=description.get("IpAddress"),
        user=description.get("UserName"),
        bundle_id=description.get("BundleId"),
    )


def _time(row: Row, name: str) -> datetime | None:
    value = row.get(name)
    return to_millisecond(value) if isinstance(value, datetime) else None
