"""Clients of a local AWS, each made once: making one takes longer than most of its calls, and a
wait makes ten calls a second."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3


@cache
def client(service: str, endpoint: str, region: str) -> Any:
    """A boto3 client."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
