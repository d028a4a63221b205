"""The naive recipe that circulates, rewritten from its description.

An alarm on SessionDisconnect for each WorkSpace, an SNS topic, and a function that takes the first
dimension of the first record and requests a rebuild. It checks nothing and remembers nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

TIME_OUT = 60.0
"""In seconds. The recipe keeps Lambda's default of 3, which would cut off botocore's retries."""


def recipe(client: Any) -> Callable[[dict[str, Any], object], object]:
    """The recipe's handler, with a WorkSpaces client that has boto3's default settings."""

    def lambda_handler(event: dict[str, Any], _context: object) -> object:
        message = json.loads(event["Records"][0]["Sns"]["Message"])
        workspace_id = message["Trigger"]["Dimensions"][0]["value"]
        return client.rebuild_workspaces(RebuildWorkspaceRequests=[{"WorkspaceId": workspace_id}])

    return lambda_handler
