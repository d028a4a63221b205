"""P2: what could not be recorded is not acknowledged, so that Lambda delivers it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nonpersistent import handler
from nonpersistent.ledger import Ledger
from tests.unit.container import Invocation, container
from tests.unit.stage import Stage

EVENTS = Path(__file__).parents[1] / "fixtures" / "events"


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


class LedgerDown(ClientError):
    """DynamoDB did not take a write after five tries."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "InternalServerError"}}, "UpdateItem")


@pytest.mark.parametrize("name", ["alarm", "sign_in"])
def test_p2_a_signal_that_cannot_be_recorded_is_delivered_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    acting = container(stage, monkeypatch)
    monkeypatch.setattr(acting, "knows", lambda _: True)

    def down(*_: object) -> bool:
        raise LedgerDown

    monkeypatch.setattr(Ledger, "record", down)
    with pytest.raises(LedgerDown):
        handler.lambda_handler(event(name), Invocation())


def test_p2_an_audit_that_cannot_be_asked_for_is_delivered_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    container(stage, monkeypatch)

    def down(*_: object) -> None:
        raise LedgerDown

    monkeypatch.setattr(Ledger, "ask_audit", down)
    with pytest.raises(LedgerDown):
        handler.lambda_handler({"task": "audit"}, Invocation())
