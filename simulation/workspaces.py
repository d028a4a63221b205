"""The WorkSpaces API of the world: the sandbox's, IAM's limits on what may be rebuilt, and what AWS
may do to an answer: short pages, missing rows, ids that spoil a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.api_model import ApiError, plain
from sandbox.throttle import TokenBucket
from sandbox.workspaces_api import WorkSpacesApi

from .faults import Faults
from .fleet import Fleet

BY_ARN = frozenset({"RebuildWorkspaces", "DescribeWorkspaceSnapshots"})
"""Operations that IAM allows only for listed WorkSpaces."""

ROWS = {
    "DescribeWorkspaces": "Workspaces",
    "DescribeWorkspacesConnectionStatus": "WorkspacesConnectionStatus",
    "DescribeWorkspaceBundles": "Bundles",
}
"""The member that holds the rows, in the answers that come in pages."""


@dataclass
class Poison:
    """Ids that spoil each batch they are in, by operation; the error is always the same."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    status: int = 400
    met: set[str] = field(default_factory=set)
    """The ids for which the function has got an error."""

    def spoils(self, operation: str, asked: list[str]) -> bool:
        """Whether a call is answered with the error; remembers the ids that caused it."""
        spoiled = self.ids.get(operation, set()).intersection(asked)
        self.met |= spoiled
        return bool(spoiled)

    def end(self) -> None:
        """Stop spoiling batches."""
        self.ids.clear()
        self.met.clear()


class Api:
    """Answers calls within AWS's limit, 2 per second with a burst of 5, or the scenario's rate."""

    def __init__(
        self,
        fleet: Fleet,
        allowed: Callable[[str], bool],
        faults: Faults,
        bucket: TokenBucket | None = None,
    ) -> None:
        rate = faults.scenario.rate
        self.bucket = bucket or TokenBucket(rate=max(2.0, rate), burst=max(5.0, rate))
        self.poison = Poison()
        self.is_away = False
        """Whether every call fails for now."""
        self.refused_since: dict[str, datetime] = {}
        """By WorkSpace: since when AWS has refused its rebuilds, for a reason that lasts."""
        self._api = WorkSpacesApi(fleet, self.bucket)
        self._allowed = allowed
        self._faults = faults

    def answer(
        self, operation: str, given: dict[str, Any], now: datetime
    ) -> tuple[int, dict[str, Any]]:
        """Answer a call: HTTP status and body."""
        if self.is_away:
            return 503, _error("ServiceUnavailable", "away")
        for id_ in _by_arn(operation, given):
            if not self._allowed(id_):
                return 400, _error("AccessDeniedException", "is not authorized to perform")
        if self.poison.spoils(operation, _asked(given)):
            code = "InternalServerError" if self.poison.status >= 500 else "ValidationException"
            return self.poison.status, _error(code, "one of the ids")
        try:
            if operation == "RebuildWorkspaces":
                return 200, self._rebuild(given, now)
            return 200, self._describe(operation, given, now)
        except ApiError as error:
            return error.status, _error(error.code, error.message)
        finally:
            self._api.calls.clear()

    def _rebuild(self, given: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Request a rebuild. It may be refused once, or begin although AWS reports a failure."""
        [id_] = _by_arn("RebuildWorkspaces", given)
        if self._faults.happens("refusal"):
            codes = ("InvalidUserConfiguration.Workspace", "InternalServerError", "InternalFailure")
            return _failed(id_, self._faults.rng.choice((*codes, "ThrottlingException", "")))
        answer = plain(self._api.call("RebuildWorkspaces", given, now))
        if answer["FailedRequests"]:
            self.refused_since.setdefault(id_, now)
        else:
            self.refused_since.pop(id_, None)
        if not answer["FailedRequests"] and self._faults.happens("failed_but_begun"):
            return _failed(id_, "InternalServerError")
        return dict(answer)

    def _describe(self, operation: str, given: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Answer in pages of any size; rows may be missing or empty."""
        name = ROWS.get(operation)
        asked = {key: value for key, value in given.items() if key != "NextToken"}
        answer: dict[str, Any] = plain(self._api.call(operation, asked, now))
        if name is None:
            return answer
        faults, rows = self._faults, answer[name]
        start = int(given.get("NextToken") or 0)
        more = len(rows)
        if start < len(rows) and faults.happens("short_pages"):
            more = faults.rng.randint(start, len(rows))
        page = rows[start:more]
        if faults.strength("row_left_out"):
            page = [row for row in page if not faults.happens("row_left_out")]
        if faults.strength("empty_row"):
            page = [{} if faults.happens("empty_row") else row for row in page]
        token = {"NextToken": str(more)} if more < len(rows) else {}
        return {name: page, **token}


def _asked(given: dict[str, Any]) -> list[str]:
    return [*given.get("WorkspaceIds", ()), *given.get("BundleIds", ())]


def _by_arn(operation: str, given: dict[str, Any]) -> list[str]:
    if operation not in BY_ARN:
        return []
    if operation == "RebuildWorkspaces":
        return [entry["WorkspaceId"] for entry in given["RebuildWorkspaceRequests"]]
    return [given["WorkspaceId"]]


def _failed(id_: str, code: str) -> dict[str, Any]:
    entry = {"WorkspaceId": id_, "ErrorCode": code, "ErrorMessage": "refused for once"}
    return {"FailedRequests": [entry]}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"__type": code, "message": message}
