"""What answers mean that are odd; those of each day: test_workspaces.py."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nonpersistent.answers import (
    Accepted,
    Refused,
    Throttled,
    Unanswered,
    outcome,
    outcome_of_error,
    passes,
)


def error(status: int, code: str, **details: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, **details},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "RebuildWorkspaces")


@pytest.mark.parametrize(
    ("row", "refused"),
    [
        ({}, Refused("no_code", "")),
        ({"ErrorCode": "", "ErrorMessage": "sorry"}, Refused("no_code", "sorry")),
        ({"ErrorCode": "NoSnapshot"}, Refused("NoSnapshot", "")),
        ({"ErrorCode": "NoSnapshot", "ErrorMessage": None}, Refused("NoSnapshot", "")),
    ],
)
def test_p6_a_refusal_that_says_little_is_a_refusal(row: dict[str, Any], refused: Refused) -> None:
    assert outcome({"FailedRequests": [row]}) == refused


def test_an_answer_without_failures_accepts() -> None:
    assert outcome({}) == outcome({"FailedRequests": []}) == Accepted()


def test_p6_an_error_without_a_message_is_a_refusal() -> None:
    assert outcome_of_error(error(400, "Odd")) == Refused("Odd", "")


@pytest.mark.parametrize("status", [500, 503])
def test_p3_after_a_servers_error_nobody_knows(status: int) -> None:
    assert outcome_of_error(error(status, "Odd", Message="sorry")) == Unanswered("Odd")
    assert passes(error(status, "Odd"))


def test_p3_an_error_just_below_a_servers_is_a_refusal() -> None:
    assert outcome_of_error(error(499, "Odd", Message="sorry")) == Refused("Odd", "sorry")
    assert not passes(error(499, "Odd"))


@pytest.mark.parametrize("status", [400, 503])
def test_p3_throttling_is_no_servers_error_whatever_its_status(status: int) -> None:
    assert outcome_of_error(error(status, "ThrottlingException")) == Throttled()
    assert passes(error(status, "ThrottlingException"))
