"""A small WorkSpaces API behind a real boto3 client: botocore checks and parses every call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto.core.models import botocore_stubber

from nonpersistent.clock import Clock
from simulation.transport import response
from tests.unit.support import BUNDLE, IMAGE

if TYPE_CHECKING:
    from mypy_boto3_workspaces import WorkSpacesClient

Answer = dict[str, Any]
Fault = Exception | tuple[int, str] | Answer
"""What a call gets instead of the answer that the desktops would give: an error, or another one."""


@dataclass
class Desktop:
    """One WorkSpace, as tests move it about. `row` False: it has no connection row."""

    state: str = "AVAILABLE"
    connection: str = "DISCONNECTED"
    checked_at: datetime | None = None
    last_at: datetime | None = None
    address: str | None = "10.0.0.1"
    bundle: str | None = BUNDLE
    snapshot_at: datetime | None = None
    refusal: str | None = None
    row: bool = True
    user: str | None = "ada"


@dataclass
class Desktops:
    """The API. Samples are as old as the call unless `checked_at` is set; calls are kept.

    A call that names an id of `poison` gets its error.
    """

    clock: Clock
    desks: dict[str, Desktop] = field(default_factory=dict)
    images: dict[str, str | None] = field(default_factory=lambda: {BUNDLE: IMAGE})
    calls: list[tuple[str, Answer]] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    poison: dict[str, tuple[int, str]] = field(default_factory=dict)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)

    def client(self) -> WorkSpacesClient:
        """A client that these desktops answer."""
        return self.serve(_client())

    def serve(self, client: WorkSpacesClient) -> WorkSpacesClient:
        """Answer the calls of `client` from now on, in the place of moto and of other desktops."""
        events: Any = client.meta.events
        events.unregister("before-send", botocore_stubber)
        events.unregister("before-send.workspaces", unique_id="desktops")
        events.register("before-send.workspaces", self._answer, unique_id="desktops")
        return client

    def names(self) -> list[str]:
        """The operations called, in their order."""
        return [name for name, _ in self.calls]

    def rebuilds(self) -> list[str]:
        """The WorkSpaces that a rebuild was asked for, in their order."""
        return [
            str(request["RebuildWorkspaceRequests"][0]["WorkspaceId"])
            for name, request in self.calls
            if name == "RebuildWorkspaces"
        ]

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else target).split(".")[1]
        assert isinstance(request.body, bytes)
        asked, url = json.loads(request.body), str(request.url)
        self.calls.append((name, asked))
        self.times.append(self.clock.now())
        self.before.get(name, lambda: None)()
        fault = self.faults[name].pop(0) if self.faults.get(name) else None
        if isinstance(fault, Exception):
            raise fault
        if isinstance(fault, dict):
            return response(url, 200, fault)
        named = [*asked.get("WorkspaceIds", ()), *asked.get("BundleIds", ())]
        fault = fault or next((self.poison[id_] for id_ in named if id_ in self.poison), None)
        if fault is not None:
            status, code = fault
            return response(url, status, {"__type": code, "message": "said the test"})
        operations: dict[str, Callable[[Answer], Answer]] = {
            "DescribeWorkspaces": self._describe,
            "DescribeWorkspacesConnectionStatus": self._connections,
            "DescribeWorkspaceSnapshots": self._snapshots,
            "DescribeWorkspaceBundles": self._bundles,
            "RebuildWorkspaces": self._rebuild,
        }
        return response(url, 200, operations[name](asked))

    def _asked(self, asked: Answer) -> list[tuple[str, Desktop]]:
        return [(id_, self.desks[id_]) for id_ in asked["WorkspaceIds"] if id_ in self.desks]

    def _describe(self, asked: Answer) -> Answer:
        rows = [
            {
                "WorkspaceId": id_,
                "State": desk.state,
                "IpAddress": desk.address,
                "BundleId": desk.bundle,
                "UserName": desk.user,
            }
            for id_, desk in self._asked(asked)
        ]
        return {"Workspaces": [_given(row) for row in rows]}

    def _connections(self, asked: Answer) -> Answer:
        rows = [
            {
                "WorkspaceId": id_,
                "ConnectionState": desk.connection,
                "ConnectionStateCheckTimestamp": _epoch(desk.checked_at or self.clock.now()),
                "LastKnownUserConnectionTimestamp": _epoch(desk.last_at),
            }
            for id_, desk in self._asked(asked)
            if desk.row
        ]
        return {"WorkspacesConnectionStatus": [_given(row) for row in rows]}

    def _snapshots(self, asked: Answer) -> Answer:
        moment = _epoch(self.desks[asked["WorkspaceId"]].snapshot_at)
        return {"RebuildSnapshots": [{"SnapshotTime": moment}] if moment else []}

    def _bundles(self, asked: Answer) -> Answer:
        found = [id_ for id_ in asked["BundleIds"] if id_ in self.images]
        return {"Bundles": [_given({"BundleId": i, "ImageId": self.images[i]}) for i in found]}

    def _rebuild(self, asked: Answer) -> Answer:
        [request] = asked["RebuildWorkspaceRequests"]
        desk = self.desks[request["WorkspaceId"]]
        if desk.refusal:
            failed = {"WorkspaceId": request["WorkspaceId"], "ErrorCode": desk.refusal}
            return {"FailedRequests": [failed]}
        desk.state = "REBUILDING"
        return {"FailedRequests": []}


@cache
def _client() -> WorkSpacesClient:
    """The one client of all tests: a new one would take each of them longer than its test."""
    return boto3.client(
        "workspaces",
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )


def _given(row: Answer) -> Answer:
    return {name: value for name, value in row.items() if value is not None}


def _epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
