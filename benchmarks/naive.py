"""The recipe that circulates, written anew from its description.

An alarm per WorkSpace on SessionDisconnect, an SNS topic, a function that takes the first
dimension of the first record and asks for a rebuild. It checks nothing and remembers nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

TIME_OUT = 60.0
"""Seconds; the recipe leaves Lambda's 3 seconds, which would end it amid botocore's retries."""


def recipe(client: Any) -> Callable[[dict[str, Any], object], object]:
    """The recipe's handler, over a WorkSpaces client with boto3's own settings."""

    def lambda_handler(event: dict[str, Any], _context: object) -> object:
        message = json.loads(event["Records"][0]["Sns"]["Message"])
        workspace_id = message["Trigger"]["Dimensions"][0]["value"]
        return client.rebuild_workspaces(RebuildWorkspaceRequests=[{"WorkspaceId": workspace_id}])

    return lambda_handler
