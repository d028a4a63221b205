"""A cache around botocore, for worlds in which the same calls are repeated by the thousand.

A request that botocore has validated and serialised before goes straight to the world, and an
answer of HTTP 200 that it has parsed before is not parsed again. botocore handles everything else,
including errors and retries. What is cached is shared and must not be changed.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError

from nonpersistent import handler

from . import transport
from .transport import Exchange, Wire


def remember() -> None:
    """Let the function's clients use the cache from now on."""
    for client in (handler._dynamodb(), handler._workspaces()):
        _remember(client, transport.WIRE)


def _remember(client: Any, wire: Wire) -> None:
    service = str(client.meta.service_model.service_name)
    call = client._make_api_call
    requests: dict[tuple[str, str], Exchange] = {}
    answers: dict[tuple[str, str], dict[str, Any]] = {}

    def remembered(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        asked = (operation, repr(parameters))
        if before := requests.get(asked):
            try:
                wire.had = wire.exchange(service, operation, before.given, before.url)
            except BotoCoreError as error:
                wire.had = error
            if known := answers.get((operation, repr(wire.had))):
                wire.had = None
                return known
        answer: dict[str, Any] = call(operation, parameters)
        assert wire.last is not None
        requests[asked] = wire.last
        answers[operation, repr(wire.last.outcome)] = answer
        return answer

    client._make_api_call = remembered
