"""The WorkSpaces operations, answered from the model of desktops.

Independent of the transport: a dict goes in, and a dict comes out or ApiError is raised. Every
call, even a throttled one, is kept in the call log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .api_model import ApiError, check_answer, check_request
from .desktop import Desktop
from .desktops import Desktops, Refused
from .states import Row
from .throttle import TokenBucket
from .workspaces_answers import (
    PAGE,
    Answer,
    Parameters,
    bundle,
    connection,
    failed,
    page,
    workspace,
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the WorkSpaces API."""

    at: datetime
    operation: str
    parameters: Parameters
    outcome: str
    """"ok", the code of an error, or the code of the first entry of FailedRequests."""


class Elsewhere(Exception):
    """The call does not concern the model: moto answers it."""


class WorkSpacesApi:
    """`call` is the whole API: throttling, validation, operation, call log."""

    def __init__(self, desktops: Desktops, bucket: TokenBucket | None = None) -> None:
        self.desktops = desktops
        self.bucket = bucket or TokenBucket()
        self.calls: list[Call] = []
        self._operations: dict[str, Callable[[Parameters, datetime], Answer]] = {
            "DescribeWorkspaces": self._describe_workspaces,
            "DescribeWorkspacesConnectionStatus": self._describe_connection_status,
            "DescribeWorkspaceSnapshots": self._describe_snapshots,
            "DescribeWorkspaceBundles": self._describe_bundles,
            "UpdateWorkspaceBundle": self._update_bundle,
            "RebuildWorkspaces": self._rebuild,
            "TerminateWorkspaces": self._terminate,
            "DescribeTags": self._describe_tags,
            "CreateTags": self._create_tags,
        }

    def call(
        self,
        operation: str,
        parameters: Parameters,
        now: datetime,
        elsewhere: Callable[[], Answer] | None = None,
    ) -> Answer:
        """Answer a call, or raise ApiError.

        `elsewhere` answers what does not concern the model; without it such a call raises
        ApiError with the code UnknownOperationException.
        """
        outcome = "ok"
        try:
            if not self.bucket.take(now):
                raise ApiError("ThrottlingException", "Rate exceeded")
            check_request(operation, parameters)
            answer = self._answer(operation, parameters, now, elsewhere)
            failed = answer.get("FailedRequests")
            outcome = failed[0].get("ErrorCode", "failed") if failed else "ok"
            return answer
        except ApiError as error:
            outcome = error.code
            raise
        finally:
            self.calls.append(Call(now, operation, parameters, outcome))

    def _answer(
        self,
        operation: str,
        parameters: Parameters,
        now: datetime,
        elsewhere: Callable[[], Answer] | None,
    ) -> Answer:
        handler = self._operations.get(operation)
        if handler is not None:
            try:
                own = handler(parameters, now)
            except Elsewhere:
                pass
            else:
                check_answer(operation, own)
                return own
        if elsewhere is None:
            raise ApiError("UnknownOperationException", f"{operation} is not imitated here")
        answer = elsewhere()
        if operation == "CreateWorkspaces":
            self._mirror(parameters, answer, now)
        return answer

    # -- reading ------------------------------------------------------------------------------

    def _describe_workspaces(self, parameters: Parameters, now: datetime) -> Answer:
        self.desktops.tick(now)
        given = [key for key in ("WorkspaceIds", "DirectoryId", "BundleId") if parameters.get(key)]
        if len(given) > 1:
            raise ApiError(
                "InvalidParameterValuesException",
                "Only one of WorkspaceIds, DirectoryId and BundleId may be given.",
            )
        if parameters.get("UserName") and "DirectoryId" not in given:
            raise ApiError(
                "InvalidParameterValuesException",
                "The DirectoryId parameter is required when UserName is used.",
            )
        wanted = self._named(parameters)
        for key, attribute in (
            ("DirectoryId", "directory_id"),
            ("UserName", "user"),
            ("BundleId", "bundle_id"),
        ):
            if key in parameters:
                wanted = [d for d in wanted if getattr(d, attribute) == parameters[key]]
        rows, token = page(wanted, parameters, parameters.get("Limit", PAGE))
        return {"Workspaces": [workspace(desktop) for desktop in rows], **token}

    def _describe_connection_status(self, parameters: Parameters, now: datetime) -> Answer:
        self.desktops.tick(now)
        known = [d for d in self._named(parameters) if d.row is not Row.MISSING]
        rows, token = page(known, parameters, PAGE)
        return {"WorkspacesConnectionStatus": [connection(d) for d in rows], **token}

    def _describe_snapshots(self, parameters: Parameters, now: datetime) -> Answer:
        self.desktops.tick(now)
        desktop = self.desktops.fleet.get(parameters["WorkspaceId"])
        if desktop is None:
            raise ApiError(
                "ResourceNotFoundException",
                f"WorkSpace {parameters['WorkspaceId']} could not be found.",
            )
        taken = [{"SnapshotTime": desktop.snapshot.at}] if desktop.snapshot else []
        return {"RebuildSnapshots": taken, "RestoreSnapshots": taken}

    def _describe_bundles(self, parameters: Parameters, _now: datetime) -> Answer:
        bundles = self.desktops.bundles
        if parameters.get("Owner") == "AMAZON":
            raise Elsewhere
        wanted = parameters.get("BundleIds") or list(bundles)
        known = [bundles[id] for id in wanted if id in bundles and not bundles[id].deleted]
        found = [bundle(each) for each in known]
        return {"Bundles": found}

    def _describe_tags(self, parameters: Parameters, _now: datetime) -> Answer:
        tags = self._tagged(parameters).tags
        return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}

    # -- acting -------------------------------------------------------------------------------

    def _update_bundle(self, parameters: Parameters, now: datetime) -> Answer:
        """Accepts any well-formed image id: the model knows only the images of its bundles."""
        bundle_id, image_id = parameters.get("BundleId"), parameters.get("ImageId")
        if bundle_id is None or image_id is None:
            raise ApiError("InvalidParameterValuesException", "BundleId and ImageId are required.")
        if bundle_id not in self.desktops.bundles or self.desktops.bundles[bundle_id].deleted:
            raise ApiError("ResourceNotFoundException", f"{bundle_id} could not be found.")
        self.desktops.set_image(bundle_id, image_id, now)
        return {}

    def _rebuild(self, parameters: Parameters, now: datetime) -> Answer:
        refused = []
        for request in parameters["RebuildWorkspaceRequests"]:
            try:
                self.desktops.rebuild(request["WorkspaceId"], now)
            except Refused as refusal:
                refused.append(failed(request["WorkspaceId"], refusal.code, refusal.message))
        return {"FailedRequests": refused}

    def _terminate(self, parameters: Parameters, _now: datetime) -> Answer:
        ids = [request["WorkspaceId"] for request in parameters["TerminateWorkspaceRequests"]]
        unknown = [
            failed(id, "ResourceNotFound.Workspace", f"WorkSpace {id} could not be found.")
            for id in ids
            if self.desktops.remove(id) is None
        ]
        return {"FailedRequests": unknown}

    def _create_tags(self, parameters: Parameters, _now: datetime) -> Answer:
        self._tagged(parameters).tags.update(
            {tag["Key"]: tag.get("Value", "") for tag in parameters["Tags"]}
        )
        return {}

    def _mirror(self, parameters: Parameters, answer: Answer, now: datetime) -> None:
        """Add the desktops that moto's CreateWorkspaces has made to the model."""
        tags = {
            (request["DirectoryId"], request["UserName"]): request.get("Tags", [])
            for request in parameters["Workspaces"]
        }
        for pending in answer.get("PendingRequests", []):
            properties = pending.get("WorkspaceProperties") or {}
            desktop = self.desktops.add(
                now,
                id=pending["WorkspaceId"],
                user=pending["UserName"],
                bundle_id=pending["BundleId"],
                directory_id=pending["DirectoryId"],
                running_mode=properties.get("RunningMode", "ALWAYS_ON"),
                snapshot=False,
            )
            named = tags[pending["DirectoryId"], pending["UserName"]]
            desktop.tags = {tag["Key"]: tag.get("Value", "") for tag in named}
            own = {"WorkspaceId", "UserName", "BundleId", "DirectoryId", "State", "IpAddress"}
            desktop.properties = {k: v for k, v in pending.items() if k not in own}

    def _named(self, parameters: Parameters) -> list[Desktop]:
        """The desktops asked for, by default all; as on AWS, unknown ids are simply left out."""
        fleet = self.desktops.fleet
        ids = parameters.get("WorkspaceIds")
        return [fleet[id] for id in dict.fromkeys(ids) if id in fleet] if ids else [*fleet.values()]

    def _tagged(self, parameters: Parameters) -> Desktop:
        resource = parameters["ResourceId"]
        if not resource.startswith("ws-"):
            raise Elsewhere
        if resource not in self.desktops.fleet:
            raise ApiError("ResourceNotFoundException", f"{resource} could not be found.")
        return self.desktops.fleet[resource]
