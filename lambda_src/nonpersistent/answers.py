"""What AWS's answers mean: a rebuild was accepted, refused, throttled, or is in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore import exceptions
from botocore.exceptions import ClientError

NO_ANSWER = (exceptions.HTTPClientError, exceptions.ConnectionError)
"""botocore's errors for a call that may or may not have reached AWS."""

NOT_SENT = (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError)
"""The subset for a call that did not reach AWS: there was no connection to send it over."""

_THROTTLING = """
    BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete
    ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled
    RequestThrottledException SlowDown ThrottledException Throttling ThrottlingException
    TooManyRequestsException TransactionInProgressException
"""
THROTTLING = frozenset(_THROTTLING.split())
"""The codes that botocore's retries treat as throttling (botocore/retries/standard.py)."""

_DENIALS = """
    AccessDenied AccessDeniedException ExpiredTokenException InvalidClientTokenId
    UnrecognizedClientException
"""
DENIALS = frozenset(_DENIALS.split())
"""Codes of IAM and STS that concern the function itself, not a WorkSpace that it asked about."""

_SERVER_ERRORS = """
    InternalError InternalFailure InternalServerError InternalServerException
    InternalServiceException ServiceUnavailable ServiceUnavailableException
"""
SERVER_ERRORS = frozenset(_SERVER_ERRORS.split())
"""Codes that leave open whether a request took effect, even if they come with HTTP 200 or 400."""


class Unavailable(Exception):
    """The WorkSpaces API is not available for now: everything stays due."""


class NobodyAnswered(Unavailable):
    """AWS has not answered about any WorkSpace yet: an outage, or errors that only these cause."""


@dataclass(frozen=True)
class Accepted:
    """AWS will rebuild the WorkSpace."""


@dataclass(frozen=True)
class Refused:
    """AWS will not rebuild the WorkSpace; nothing has happened."""

    code: str
    message: str


@dataclass(frozen=True)
class Throttled:
    """AWS did not process the request; nothing has happened."""


@dataclass(frozen=True)
class Unanswered:
    """It is unknown whether AWS will rebuild the WorkSpace: only its state can show that."""

    detail: str


Outcome = Accepted | Refused | Throttled | Unanswered


def outcome(answer: Mapping[str, Any]) -> Outcome:
    """What RebuildWorkspaces' answer for one WorkSpace means: HTTP 200 may still be a refusal."""
    failed = answer.get("FailedRequests")
    if not failed:
        return Accepted()
    code = failed[0].get("ErrorCode") or "no_code"
    if code in THROTTLING:
        return Throttled()
    if code in SERVER_ERRORS:
        return Unanswered(code)
    return Refused(code, failed[0].get("ErrorMessage") or "")


def outcome_of_error(error: ClientError) -> Outcome:
    """What an error in place of an answer means: after a server error a rebuild may have begun."""
    if is_throttling(error):
        return Throttled()
    if is_server_error(error):
        return Unanswered(code_of(error))
    return Refused(code_of(error), error.response["Error"].get("Message", ""))


def is_throttling(error: ClientError) -> bool:
    return code_of(error) in THROTTLING


def is_server_error(error: ClientError) -> bool:
    status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return code_of(error) in SERVER_ERRORS or status >= 500


def code_of(error: ClientError) -> str:
    """AWS's error code, such as ThrottlingException."""
    return error.response["Error"]["Code"]
