"""P2: what could not be recorded is not acknowledged, so that Lambda delivers it again."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from nonpersistent import handler
from nonpersistent.ledger import Ledger
from tests.unit.container import Invocation, container
from tests.unit.stage import Stage
from tests.unit.support import event

DOWN = ClientError({"Error": {"Code": "InternalServerError"}}, "UpdateItem")
"""DynamoDB did not take a write after five tries."""


@pytest.mark.parametrize(
    ("write", "given"),
    [("record", event("alarm")), ("record", event("sign_in")), ("ask_audit", {"task": "audit"})],
    ids=["alarm", "sign_in", "audit"],
)
def test_p2_what_cannot_be_recorded_is_delivered_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, write: str, given: Any
) -> None:
    acting = container(stage, monkeypatch)
    monkeypatch.setattr(acting, "knows", lambda _: True)
    monkeypatch.setattr(Ledger, write, Mock(side_effect=DOWN))
    with pytest.raises(ClientError, match="InternalServerError"):
        handler.lambda_handler(given, Invocation())
