"""The WorkSpaces operations: AWS's rules, shapes and limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox import Desktops, Row
from sandbox.api_model import ApiError, plain
from sandbox.throttle import TokenBucket
from sandbox.workspaces_api import WorkSpacesApi

from .conftest import At


@pytest.fixture
def api(model: Desktops) -> WorkSpacesApi:
    return WorkSpacesApi(model, TokenBucket(rate=1000, burst=1000))


def test_two_calls_a_second_with_a_burst_of_five(at: At) -> None:
    bucket = TokenBucket()
    assert [bucket.take(at(0)) for _ in range(6)] == [True] * 5 + [False]
    assert not bucket.take(at(0.4))
    assert bucket.take(at(0.5))
    assert not bucket.take(at(0.6))
    assert [bucket.take(at(100)) for _ in range(6)] == [True] * 5 + [False]


def test_all_operations_share_one_limit(model: Desktops, at: At) -> None:
    api = WorkSpacesApi(model)
    for operation in ("DescribeWorkspaces", "DescribeWorkspaceBundles", "DescribeWorkspaces"):
        api.call(operation, {}, at(0))
    api.call("DescribeWorkspacesConnectionStatus", {}, at(0))
    api.call("DescribeWorkspaces", {}, at(0))
    with pytest.raises(ApiError) as error:
        api.call("RebuildWorkspaces", {}, at(0))
    assert (error.value.code, error.value.status) == ("ThrottlingException", 400)
    assert [call.outcome for call in api.calls] == ["ok"] * 5 + ["ThrottlingException"]


def test_a_describe_takes_at_most_25_ids(api: WorkSpacesApi, model: Desktops, at: At) -> None:
    ids = [model.add(at(0)).id for _ in range(26)]
    for operation in ("DescribeWorkspaces", "DescribeWorkspacesConnectionStatus"):
        with pytest.raises(ApiError, match="less than or equal to 25") as error:
            api.call(operation, {"WorkspaceIds": ids}, at(1))
        assert error.value.code == "ValidationException"
        (rows,) = api.call(operation, {"WorkspaceIds": ids[:25]}, at(1)).values()
        assert len(rows) == 25


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("DescribeWorkspaces", {"WorkspaceIds": ["nonsense"]}),
        ("DescribeWorkspaces", {"Ids": []}),
        ("DescribeWorkspaces", {"Limit": 26}),
        ("RebuildWorkspaces", {}),
        ("RebuildWorkspaces", {"RebuildWorkspaceRequests": []}),
        ("RebuildWorkspaces", {"RebuildWorkspaceRequests": [{"WorkspaceId": "ws-12345678"}] * 2}),
        ("DescribeWorkspaceSnapshots", {"WorkspaceId": 7}),
    ],
)
def test_what_awss_model_forbids_is_refused(
    api: WorkSpacesApi, at: At, operation: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(ApiError) as error:
        api.call(operation, parameters, at(0))
    assert error.value.code == "ValidationException"


def test_unknown_ids_are_missing_from_the_answers(
    api: WorkSpacesApi, model: Desktops, at: At
) -> None:
    known = model.add(at(0)).id
    ids = {"WorkspaceIds": [known, "ws-000000000"]}
    found = api.call("DescribeWorkspaces", ids, at(1))["Workspaces"]
    assert [row["WorkspaceId"] for row in found] == [known]
    rows = api.call("DescribeWorkspacesConnectionStatus", ids, at(1))["WorkspacesConnectionStatus"]
    assert [row["WorkspaceId"] for row in rows] == [known]


def test_more_rows_come_page_by_page(api: WorkSpacesApi, model: Desktops, at: At) -> None:
    for _ in range(30):
        model.add(at(0))
    first = api.call("DescribeWorkspaces", {}, at(1))
    second = api.call("DescribeWorkspaces", {"NextToken": first["NextToken"]}, at(1))
    assert [len(first["Workspaces"]), len(second["Workspaces"])] == [25, 5]
    assert "NextToken" not in second


def test_a_row_may_be_missing_and_a_never_used_desktop_has_no_last_connection(
    api: WorkSpacesApi, model: Desktops, at: At
) -> None:
    first, second = model.add(at(0)), model.add(at(0))
    second.faults.row = Row.MISSING
    answer = api.call("DescribeWorkspacesConnectionStatus", {}, at(301))
    (row,) = answer["WorkspacesConnectionStatus"]
    assert row["WorkspaceId"] == first.id
    assert row["ConnectionState"] == "DISCONNECTED"
    assert "LastKnownUserConnectionTimestamp" not in row


def test_a_refused_rebuild_is_a_failed_request_of_a_good_answer(
    api: WorkSpacesApi, model: Desktops, at: At
) -> None:
    desktop = model.add(at(0), snapshot=False)
    desktop.faults.refuse_rebuild = ("InvalidUserConfiguration.Workspace", "no user")
    for workspace_id, code in (
        (desktop.id, "InvalidUserConfiguration.Workspace"),
        ("ws-000000000", "ResourceNotFound.Workspace"),
    ):
        (refused,) = _rebuild(api, workspace_id, at(1))["FailedRequests"]
        assert (refused["WorkspaceId"], refused["ErrorCode"]) == (workspace_id, code)
        assert api.calls[-1].outcome == code


def test_snapshots_of_an_unknown_desktop_are_not_found(
    api: WorkSpacesApi, model: Desktops, at: At
) -> None:
    desktop = model.add(at(0))
    answer = api.call("DescribeWorkspaceSnapshots", {"WorkspaceId": desktop.id}, at(1))
    assert answer["RebuildSnapshots"] == [{"SnapshotTime": at(0)}]
    with pytest.raises(ApiError) as error:
        api.call("DescribeWorkspaceSnapshots", {"WorkspaceId": "ws-000000000"}, at(1))
    assert error.value.code == "ResourceNotFoundException"


def test_a_bundle_names_its_image_and_when_it_changed(
    api: WorkSpacesApi, model: Desktops, at: At
) -> None:
    bundle_id = model.add(at(0)).bundle_id
    model.set_image(bundle_id, "wsi-new000001", at(5))
    (bundle,) = api.call("DescribeWorkspaceBundles", {"BundleIds": [bundle_id]}, at(6))["Bundles"]
    assert (bundle["ImageId"], bundle["LastUpdatedTime"]) == ("wsi-new000001", at(5))


def test_a_bundle_is_updated_with_an_image(api: WorkSpacesApi, model: Desktops, at: At) -> None:
    bundle_id, image_id = model.add(at(0)).bundle_id, "wsi-new000001"
    request = {"BundleId": bundle_id, "ImageId": image_id}
    assert api.call("UpdateWorkspaceBundle", request, at(5)) == {}
    assert model.bundles[bundle_id].image_id == image_id
    for wrong, code in (
        ({"BundleId": bundle_id}, "InvalidParameterValuesException"),
        (request | {"BundleId": "wsb-unknown00"}, "ResourceNotFoundException"),
    ):
        with pytest.raises(ApiError) as error:
            api.call("UpdateWorkspaceBundle", wrong, at(6))
        assert error.value.code == code


def test_a_terminated_desktop_is_gone(api: WorkSpacesApi, model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    request = {"TerminateWorkspaceRequests": [{"WorkspaceId": desktop.id}]}
    assert api.call("TerminateWorkspaces", request, at(1)) == {"FailedRequests": []}
    assert api.call("DescribeWorkspaces", {}, at(1)) == {"Workspaces": []}
    assert len(api.call("TerminateWorkspaces", request, at(1))["FailedRequests"]) == 1


def test_a_desktop_created_through_moto_joins_the_model(
    api: WorkSpacesApi, model: Desktops, at: At
) -> None:
    pending = {
        "WorkspaceId": "ws-abcdefghi",
        "DirectoryId": "d-9067012345",
        "UserName": "ada",
        "BundleId": "wsb-abcdefghi",
        "State": "AVAILABLE",
        "WorkspaceProperties": {"RunningMode": "AUTO_STOP"},
    }
    wanted: dict[str, Any] = {k: pending[k] for k in ("DirectoryId", "UserName", "BundleId")}
    wanted["Tags"] = [{"Key": "team", "Value": "one"}]
    request = {"Workspaces": [wanted]}
    api.call("CreateWorkspaces", request, at(0), lambda: {"PendingRequests": [pending]})
    assert model.fleet["ws-abcdefghi"].tags == {"team": "one"}
    assert model.fleet["ws-abcdefghi"].running_mode == "AUTO_STOP"
    assert model.fleet["ws-abcdefghi"].snapshot is None


def test_tags_belong_to_a_desktop(api: WorkSpacesApi, model: Desktops, at: At) -> None:
    resource = {"ResourceId": model.add(at(0)).id}
    api.call("CreateTags", resource | {"Tags": [{"Key": "a", "Value": "1"}]}, at(1))
    assert api.call("DescribeTags", resource, at(1)) == {"TagList": [{"Key": "a", "Value": "1"}]}


def test_times_travel_as_seconds(at: At) -> None:
    moment = at(0) + timedelta(milliseconds=123)
    assert plain({"a": [moment], "b": None}) == {"a": [moment.timestamp()]}


def _rebuild(api: WorkSpacesApi, workspace_id: str, now: datetime) -> dict[str, Any]:
    request = {"RebuildWorkspaceRequests": [{"WorkspaceId": workspace_id}]}
    return api.call("RebuildWorkspaces", request, now)
