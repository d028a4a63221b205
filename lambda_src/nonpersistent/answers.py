"""What AWS's answers mean: a rebuild was accepted, refused, throttled, or nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore import exceptions
from botocore.exceptions import ClientError

NO_ANSWER = (exceptions.HTTPClientError, exceptions.ConnectionError)
"""botocore's errors for a call that may or may not have reached AWS."""

NOT_SENT = (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError)
"""Those of them for a call that did not: there was no connection to send it through."""

_THROTTLING = """
    BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete
    ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled
    RequestThrottledException SlowDown ThrottledException Throttling ThrottlingException
    TooManyRequestsException TransactionInProgressException
"""
THROTTLING = frozenset(_THROTTLING.split())
"""The codes that botocore's retries take for throttling (botocore/retries/standard.py)."""

_DENIALS = """
    AccessDenied AccessDeniedException ExpiredTokenException InvalidClientTokenId
    UnrecognizedClientException
"""
DENIALS = frozenset(_DENIALS.split())
"""Codes that mean the function itself, and no WorkSpace that it asked about (IAM's and STS's)."""

SERVER_ERRORS = frozenset(
    {"InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable"}
)
"""Codes that leave open whether a request took effect, also where they come with HTTP 200."""


class Unavailable(Exception):
    """The WorkSpaces API does not answer for now: everything stays due."""


class NobodyAnswered(Unavailable):
    """AWS answered for no WorkSpace yet: an outage, or errors that only these WorkSpaces cause."""


@dataclass(frozen=True)
class Accepted:
    """AWS will rebuild the WorkSpace."""


@dataclass(frozen=True)
class Refused:
    """AWS will not; nothing has happened."""

    code: str
    message: str


@dataclass(frozen=True)
class Throttled:
    """AWS did not process the request; nothing has happened."""


@dataclass(frozen=True)
class Unanswered:
    """Nobody knows whether AWS will: the state of the WorkSpace has to tell."""

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
    """What an error instead of an answer means: after a server error the rebuild may have begun."""
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
    """AWS's code of an error, such as ThrottlingException."""
    return error.response["Error"]["Code"]
