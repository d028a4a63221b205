"""The WorkSpaces API of the world: the sandbox's, with IAM's word on who may be rebuilt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.api_model import ApiError, plain
from sandbox.throttle import TokenBucket
from sandbox.workspaces_api import WorkSpacesApi

from .fleet import Fleet

BY_ARN = frozenset({"RebuildWorkspaces", "DescribeWorkspaceSnapshots"})
"""Operations that IAM allows for exact WorkSpaces only."""


class Api:
    """One call after the other; the limit is AWS's, 2 calls a second with a burst of 5."""

    def __init__(
        self,
        fleet: Fleet,
        allowed: Callable[[str], bool],
        refusal: Callable[[str], tuple[str, str] | None],
        rate: float,
    ) -> None:
        """`refusal` gives ErrorCode and ErrorMessage of a rebuild that is refused for once."""
        self.bucket = TokenBucket(rate=max(2.0, rate), burst=max(5.0, rate))
        self._api = WorkSpacesApi(fleet, self.bucket)
        self._fleet = fleet
        self._allowed = allowed
        self._refusal = refusal

    def answer(
        self, operation: str, given: dict[str, Any], now: datetime
    ) -> tuple[int, dict[str, Any]]:
        """HTTP status and body."""
        for id_ in _ids(operation, given):
            if not self._allowed(id_):
                return 400, _error("AccessDeniedException", "is not authorized to perform")
        if operation == "RebuildWorkspaces":
            [id_] = _ids(operation, given)
            refused = self._refusal(id_)
            if refused is not None:
                code, message = refused
                entry = {"WorkspaceId": id_, "ErrorCode": code, "ErrorMessage": message}
                return 200, {"FailedRequests": [entry]}
        try:
            answer = plain(self._api.call(operation, given, now))
        except ApiError as error:
            return error.status, _error(error.code, error.message)
        finally:
            self._api.calls.clear()
        for row in answer.get("WorkspacesConnectionStatus", []):
            if row["WorkspaceId"] in self._fleet.no_last_known:
                row.pop("LastKnownUserConnectionTimestamp", None)
            if row["WorkspaceId"] in self._fleet.no_check_time:
                row.pop("ConnectionStateCheckTimestamp", None)
        return 200, answer


def _ids(operation: str, given: dict[str, Any]) -> list[str]:
    if operation not in BY_ARN:
        return []
    if operation == "RebuildWorkspaces":
        return [entry["WorkspaceId"] for entry in given["RebuildWorkspaceRequests"]]
    return [given["WorkspaceId"]]


def _error(code: str, message: str) -> dict[str, Any]:
    return {"__type": code, "message": message}
