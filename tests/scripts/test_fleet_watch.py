"""fleet status --watch: when it goes on, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSOTokenLoadError,
    TokenRetrievalError,
)
from fleetlib import ledger
from fleetlib.aws import Account, Problem

from tests.scripts.fleet_world import World
from tests.unit.support import at


def test_watch_shows_it_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.knows(baseline_at=at(-9))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if slept.count(7.0) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    assert world.runs("status", "--watch", "7", exits=130).out.count("1 WorkSpace: 1 clean.") == 2


def answer(code: str, status: int = 400) -> ClientError:
    told: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "Scan")


def failing(error: Exception) -> Callable[[Account], NoReturn]:
    """A look that ends with this error."""

    def fail(_: Account) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
        answer("InternalServerError", 500),
        answer("ThrottlingException"),
    ],
)
def test_watch_outlasts_what_the_next_look_may_mend(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.knows(baseline_at=at(-9))
    pauses = iter((True, False))

    def sleep(seconds: float) -> None:
        if seconds == 7:
            fails = next(pauses, None)
            if fails is None:
                raise KeyboardInterrupt
            monkeypatch.setattr("fleetlib.main.read", failing(error) if fails else ledger.read)

    monkeypatch.setattr("time.sleep", sleep)
    told = world.runs("status", "--watch=7", exits=130)
    assert told.out.count("1 WorkSpace: 1 clean.") == 2
    assert told.err.count("fleet: ") == 1


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        SSOTokenLoadError(error_msg="expired"),
        TokenRetrievalError(provider="sso", error_msg="expired"),
        answer("ExpiredTokenException"),
        answer("AccessDeniedException"),
        ClientError({"Error": {"Code": "Unheard"}}, "Scan"),
        Problem("the table has no roster"),
    ],
)
def test_watch_ends_if_a_person_has_to_act_first(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.knows(baseline_at=at(-9))
    pauses = iter((None,))

    def sleep(seconds: float) -> None:
        if seconds == 7:
            next(pauses)
            monkeypatch.setattr("fleetlib.main.read", failing(error))

    monkeypatch.setattr("time.sleep", sleep)
    told = world.runs("status", "--watch=7", exits=2)
    assert told.err.count("fleet: ") == 1
