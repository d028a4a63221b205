"""botocore's way, once for each kind of request to DynamoDB; then the short one.

DynamoDB's JSON is what the client is given and what it returns, so a kind of request (operation,
members, expressions) that botocore has validated before goes to the world at once. Whatever is not
answered with HTTP 200 takes botocore's way, errors and retries too. Items are shared between the
table and the function: neither changes one that it has given away.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError

from .transport import Wire

Kind = tuple[object, ...]
URL = "https://dynamodb.us-east-1.amazonaws.com/"


def take(client: Any, wire: Wire) -> Any:
    """From now on `client`, a DynamoDB client, takes the short way."""
    call = client._make_api_call
    known: set[Kind] = set()

    def short(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        kind = _kind(operation, parameters)
        if kind not in known:
            answer: dict[str, Any] = call(operation, parameters)
            known.add(kind)
            return answer
        try:
            outcome: Any = wire.exchange("dynamodb", operation, parameters, URL)
        except BotoCoreError as error:
            outcome = error
        if isinstance(outcome, tuple) and outcome[0] == 200:
            return dict(outcome[1])
        wire.had = outcome
        return dict(call(operation, parameters))

    client._make_api_call = short
    return client


def _kind(operation: str, parameters: dict[str, Any]) -> Kind:
    words = [value for value in parameters.values() if isinstance(value, str)]
    return (operation, *parameters, *words)
