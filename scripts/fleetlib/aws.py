"""The AWS account of a fleet, and what AWS's errors mean for whoever runs the command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

IDS_PER_CALL = 25
"""The most ids that DescribeWorkspaces, ...ConnectionStatus, ...Bundles take (API reference)."""

CALLS_PER_SECOND = 1.0
"""Half of what AWS allows per account and Region, as the function makes calls, too."""

WHERE = {
    "Scan": "table {0}-ledger",
    "BatchGetItem": "table {0}-ledger",
    "Invoke": "function {0}",
    "GetFunctionConfiguration": "function {0}",
    "FilterLogEvents": "log group /aws/lambda/{0}",
}
"""The resource that each operation needs; {0} is the module's `name`."""


ANSWERS = {
    "describe_workspaces": "Workspaces",
    "describe_workspaces_connection_status": "WorkspacesConnectionStatus",
    "describe_workspace_bundles": "Bundles",
}
"""The name of the rows in the answer of each operation."""


class Problem(Exception):
    """Something that whoever runs the command has to fix; the message says how."""


class Account:
    """A fleet in an AWS account and Region."""

    def __init__(self, name: str, region: str | None = None) -> None:
        """`region` defaults to AWS_REGION, as boto3 itself reads only AWS_DEFAULT_REGION."""
        self.name = name
        self.table = f"{name}-ledger"
        self._session = boto3.session.Session(region_name=region or os.environ.get("AWS_REGION"))
        self.client = cache(self._client)
        self._next_call_at = 0.0

    def wait_for_workspaces(self) -> None:
        """Wait until the next call of the WorkSpaces API may be made."""
        time.sleep(max(0.0, self._next_call_at - time.monotonic()))
        self._next_call_at = time.monotonic() + 1 / CALLS_PER_SECOND

    def pages(self, service: str, operation: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        """Yield every page of an operation's answer."""
        yield from self.client(service).get_paginator(operation).paginate(**arguments)

    def described(self, kind: str, operation: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """WorkSpaces or their bundles by id, 25 a call: the rows of a Describe operation.

        `kind` is the operation's parameter for the ids: WorkspaceIds or BundleIds.
        """
        rows: list[dict[str, Any]] = []
        for start in range(0, len(ids), IDS_PER_CALL):
            self.wait_for_workspaces()
            batch = {kind: list(ids[start : start + IDS_PER_CALL])}
            for page in self.pages("workspaces", operation, **batch):
                rows += page[ANSWERS[operation]]
        return rows

    def invoke(self, event: Mapping[str, Any]) -> None:
        """Invoke the function with an event, asynchronously: a pass may take 15 minutes."""
        self.client("lambda").invoke(
            FunctionName=self.name, InvocationType="Event", Payload=json.dumps(event).encode()
        )

    def _client(self, service: str) -> Any:
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 5},
        )
        try:
            return self._session.client(service, config=config)  # type: ignore[call-overload]
        except BotoCoreError:
            raise
        except ValueError as error:
            raise Problem(
                f"{error}; AWS_ENDPOINT_URL must begin with http:// or https://"
            ) from error


DENIALS = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
"""The codes of a call that the caller's policy does not allow."""

SIGNED_OUT = frozenset({"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"})
"""The codes of a call whose credentials are no longer valid."""

THROTTLES = frozenset(
    {"ThrottlingException", "ProvisionedThroughputExceededException", "TooManyRequestsException"}
)
"""The codes of a call that AWS answers later."""


def may_pass(error: BotoCoreError | ClientError) -> bool:
    """Whether the next attempt may succeed: the network failed, or AWS. Nothing else, such as
    credentials that have expired, mends itself."""
    if isinstance(error, ClientError):
        failed = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        return failed or error.response["Error"]["Code"] in THROTTLES
    return isinstance(error, ConnectionError | HTTPClientError)


def explained(error: BotoCoreError | ClientError, name: str) -> str:
    """Explain an error of AWS or botocore, with what to do about it."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return f"no AWS credentials ({error}); set AWS_PROFILE, or run `aws configure`"
        case NoRegionError():
            return "no AWS Region: give --region, or set AWS_REGION"
        case ClientError():
            return _explained_answer(error, name)
    return str(error)


def _explained_answer(error: ClientError, name: str) -> str:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    match code:
        case "ResourceNotFoundException" if error.operation_name in WHERE:
            where = WHERE[error.operation_name].format(name)
            return f"there is no {where} in this account and Region: give the module's `name` " + (
                "with --name, and its Region with --region"
            )
        case _ if code in DENIALS:
            return f"{message or code}\nThe policy that fleet needs is in docs/operations.md"
        case _ if code in SIGNED_OUT:
            return f"AWS does not accept the credentials, sign in again: {message or code}"
    return f"{error.operation_name}: {code}: {message}"
