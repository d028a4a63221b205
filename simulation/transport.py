"""The function's real boto3 clients, with the world in place of the network.

botocore validates and serialises each request and parses each response by its API model; only the
sending is replaced (through its `before-send` event). Retries inside the client are botocore's
own; their pauses take virtual time.
"""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

import botocore
import botocore.endpoint
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError

from nonpersistent import handler

from .baton import Invocation, current
from .clock import VirtualClock


class World(Protocol):
    """The other end of the wire."""

    def exchange(
        self, invocation: Invocation, service: str, operation: str, given: dict[str, Any], url: str
    ) -> tuple[int, dict[str, Any]]:
        """Return HTTP status and body, or raise the error that the network would cause."""


class _Body:
    """The part of urllib3's response that AWSResponse reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


class _Time:
    """Stands in for the module `time` in botocore's retries."""

    @staticmethod
    def sleep(seconds: float) -> None:
        current().pause(seconds)


class _Os:
    """Stands in for the module `os` in the handler: an invocation's name fixes its random bytes."""

    environ = os.environ

    @staticmethod
    def urandom(size: int) -> bytes:
        return zlib.crc32(current().name.encode()).to_bytes(size, "big")


@dataclass
class Exchange:
    """One call: what was asked, where, and what came back (HTTP status and body, or an error)."""

    given: dict[str, Any]
    url: str
    outcome: tuple[int, dict[str, Any]] | BotoCoreError


class Wire:
    """The one wire of this process; the world at its other end changes from seed to seed."""

    world: World | None = None
    had: tuple[int, dict[str, Any]] | BotoCoreError | None = None
    """The outcome of the next request, if the world has already answered it."""
    last: Exchange | None = None
    """The latest exchange that was answered."""

    def send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        """Answer a request, or raise a network error. Runs in the invocation's greenlet."""
        service, operation = event_name.split(".")[1:]
        given: dict[str, Any] = json.loads(cast(bytes, request.body or b"{}"))
        url = str(request.url)
        outcome, self.had = self.had, None
        if outcome is None:
            outcome = self.exchange(service, operation, given, url)
        if isinstance(outcome, BotoCoreError):
            raise outcome
        self.last = Exchange(given, url, outcome)
        return response(url, *outcome)

    def exchange(
        self, service: str, operation: str, given: dict[str, Any], url: str
    ) -> tuple[int, dict[str, Any]]:
        """Pass a call to the world. Raises Killed if the invocation has been killed."""
        if self.world is None:
            raise RuntimeError("no world answers")
        invocation = current()
        invocation.check_alive()
        return self.world.exchange(invocation, service, operation, given, url)


def response(url: str, status: int, body: dict[str, Any]) -> AWSResponse:
    """An answer as botocore reads it."""
    return AWSResponse(url, status, {}, _Body(json.dumps(body).encode()))  # type: ignore[arg-type]


WIRE = Wire()


def plug_in(client: Any, send: Callable[..., AWSResponse] = WIRE.send) -> Any:
    """Connect a client to the wire, unsigned; what is the same for each call is computed once."""
    client._user_agent_creator.to_string = lambda: "simulated"
    client._ruleset_resolver.construct_endpoint = _once(client._ruleset_resolver.construct_endpoint)
    client.meta.events.register("before-send", send)
    client.meta.events.register("choose-signer", lambda **_: botocore.UNSIGNED)
    return client


def _once(construct: Callable[..., Any]) -> Callable[..., Any]:
    """Construct the endpoint only once: for no service does it depend on the call."""
    endpoint: list[Any] = []

    def constructed(**about: Any) -> Any:
        if not endpoint:
            endpoint.append(construct(**about))
        return endpoint[0]

    return constructed


@cache
def virtual_retries() -> None:
    """Make botocore's pauses between attempts take virtual time."""
    botocore.endpoint.time = _Time  # type: ignore[attr-defined]


@cache
def _makers() -> dict[str, Any]:
    return {name: getattr(handler, name) for name in ("_dynamodb", "_workspaces", "_events")}


def take_the_place_of_aws(world: World, container: Callable[[], handler.Container]) -> None:
    """Move the function into this world: its clients, its clock, its containers."""
    virtual_retries()
    for name, maker in _makers().items():
        client = plug_in(maker.__wrapped__())
        setattr(handler, name, lambda client=client: client)
    handler.CLOCK = VirtualClock(current)
    vars(handler)["os"] = _Os
    handler._container = container  # type: ignore[assignment]
    WIRE.world = world


def same_jitter(seed: int) -> None:
    """Seed the process's random source, from which botocore takes the jitter of its retries."""
    random.seed(seed)
