"""The model's desktops and bundles in the shapes of the WorkSpaces API. Pure."""

from __future__ import annotations

from typing import Any

from .api_model import ApiError
from .desktop import Bundle, Desktop
from .states import Row

Parameters = dict[str, Any]
Answer = dict[str, Any]
PAGE = 25
"""The number of rows on a page of an answer."""


def workspace(desktop: Desktop) -> Answer:
    """A row of DescribeWorkspaces."""
    extra: Answer = dict(desktop.properties)
    properties = extra.pop("WorkspaceProperties", None) or {
        "RunningMode": desktop.running_mode,
        "RootVolumeSizeGib": 80,
        "UserVolumeSizeGib": 50,
        "ComputeTypeName": desktop.compute_type,
    }
    address = desktop.shown_address
    return {
        "WorkspaceId": desktop.id,
        "DirectoryId": desktop.directory_id,
        "UserName": desktop.user,
        **({"IpAddress": address} if address else {}),
        "State": desktop.state.value,
        "BundleId": desktop.bundle_id,
        "SubnetId": "subnet-0123456789abcdef0",
        "ComputerName": desktop.computer_name,
        "WorkspaceProperties": {"Protocols": _protocols(desktop), **properties},
        "ModificationStates": [],
        **{key: value for key, value in extra.items() if value},
    }


def _protocols(desktop: Desktop) -> list[str]:
    """The protocols as the API names them: it still calls DCV WSP."""
    return ["WSP" if desktop.protocol == "DCV" else "PCOIP"]


def connection(desktop: Desktop) -> Answer:
    """A row of DescribeWorkspacesConnectionStatus, with nothing in it for `Row.EMPTY`."""
    sample = desktop.sample
    if desktop.row is Row.EMPTY:
        return {}
    row: Answer = {"WorkspaceId": desktop.id}
    if sample is None:
        return row | {"ConnectionState": "UNKNOWN"}
    row["ConnectionState"] = sample.state
    if desktop.faults.check_time:
        row["ConnectionStateCheckTimestamp"] = sample.checked_at
    if sample.last_user_connection is not None:
        row["LastKnownUserConnectionTimestamp"] = sample.last_user_connection
    return row


def bundle(bundle: Bundle) -> Answer:
    """A row of DescribeWorkspaceBundles."""
    image = {"ImageId": bundle.image_id} if bundle.shows_image else {}
    return {
        "BundleId": bundle.id,
        "Name": bundle.name,
        "Owner": "123456789012",
        "Description": bundle.name,
        **image,
        "RootStorage": {"Capacity": "80"},
        "UserStorage": {"Capacity": "50"},
        "ComputeType": {"Name": bundle.compute_type},
        "LastUpdatedTime": bundle.updated_at,
        "State": "AVAILABLE",
        "BundleType": "REGULAR",
    }


def failed(workspace_id: str, code: str, message: str) -> Answer:
    """An entry of FailedRequests."""
    return {"WorkspaceId": workspace_id, "ErrorCode": code, "ErrorMessage": message}


def page(items: list[Desktop], parameters: Parameters, size: int) -> tuple[list[Desktop], Answer]:
    """The rows that `NextToken` asks for, and the next token if there are more. Raises ApiError for
    a token that is not a number."""
    token = parameters.get("NextToken") or "0"
    if not token.isdigit():
        raise ApiError("InvalidParameterValuesException", "The NextToken is not valid.")
    start = int(token)
    more = start + size < len(items)
    return items[start : start + size], {"NextToken": str(start + size)} if more else {}
