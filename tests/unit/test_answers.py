"""What AWS's answers mean."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker

from nonpersistent.answers import (
    SERVER_ERRORS,
    THROTTLING,
    Accepted,
    Outcome,
    Refused,
    Throttled,
    Unanswered,
    code_of,
    is_server_error,
    is_throttling,
    outcome,
    outcome_of_error,
)


def error(status: int, code: str, **details: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, **details},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "RebuildWorkspaces")


def test_p5_throttling_is_what_botocore_takes_for_throttling() -> None:
    botocores: Any = ThrottledRetryableChecker
    assert set(botocores._THROTTLED_ERROR_CODES) == THROTTLING


@pytest.mark.parametrize(
    ("row", "means"),
    [
        ({}, Refused("no_code", "")),
        ({"ErrorCode": "", "ErrorMessage": "sorry"}, Refused("no_code", "sorry")),
        ({"ErrorCode": "NoSnapshot"}, Refused("NoSnapshot", "")),
        ({"ErrorCode": "NoSnapshot", "ErrorMessage": None}, Refused("NoSnapshot", "")),
        ({"ErrorCode": "TooManyRequestsException"}, Throttled()),
        ({"ErrorCode": "RequestThrottled"}, Throttled()),
        *(({"ErrorCode": code}, Unanswered(code)) for code in sorted(SERVER_ERRORS)),
    ],
    ids=str,
)
def test_p3_what_a_failed_request_in_an_answer_of_200_means(
    row: dict[str, Any], means: Outcome
) -> None:
    assert outcome({"FailedRequests": [row]}) == means


def test_an_answer_without_failures_accepts() -> None:
    assert outcome({}) == outcome({"FailedRequests": []}) == Accepted()


@pytest.mark.parametrize(
    ("status", "code", "means"),
    [
        (400, "Odd", Refused("Odd", "sorry")),
        (499, "Odd", Refused("Odd", "sorry")),
        (500, "Odd", Unanswered("Odd")),
        (503, "Odd", Unanswered("Odd")),
        (400, "InternalServerError", Unanswered("InternalServerError")),
        (400, "InternalServerException", Unanswered("InternalServerException")),
        (400, "InternalServiceException", Unanswered("InternalServiceException")),
        (400, "ServiceUnavailableException", Unanswered("ServiceUnavailableException")),
        (400, "ThrottlingException", Throttled()),
        (503, "SlowDown", Throttled()),
    ],
)
def test_p3_what_an_error_means(status: int, code: str, means: Outcome) -> None:
    raised = error(status, code, Message="sorry")
    assert outcome_of_error(raised) == means
    assert is_throttling(raised) == (means == Throttled())
    assert is_server_error(raised) == (status >= 500 or isinstance(means, Unanswered))
    assert code_of(raised) == code


def test_p6_an_error_without_a_message_is_a_refusal() -> None:
    assert outcome_of_error(error(400, "Odd")) == Refused("Odd", "")
