"""Clients of a local AWS, each made once: making one takes longer than most of its calls, and a
wait makes ten calls a second."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from sandbox import Sandbox


def client(aws: Sandbox, service: str) -> Any:
    """A boto3 client of a local AWS in this process."""
    return connected(service, aws.endpoint, aws.region)


@cache
def connected(service: str, endpoint: str, region: str, attempts: int | None = None) -> Any:
    """The same of any local AWS. A call is tried so often, or as often as boto3 does by itself."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": attempts} if attempts else None),
    )
