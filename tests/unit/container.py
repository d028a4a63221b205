"""A container of the function on a stage: its handler with the stage's ledger, API and clock."""

from __future__ import annotations

import pytest

from nonpersistent import handler
from simulation.scenario import Scenario
from tests.unit.stage import Stage

ENVIRONMENT = Scenario(seed=0, desktops=1).environment | {
    "FLEET": "desks",
    "LEDGER_TABLE": "ledger",
    "CANARY_AFTER_HOURS": "",
}


class Invocation:
    """The runtime's context."""

    aws_request_id = "5c3b7c1e-1f7d-4c55-9b6a-6d6a2e0f7c11"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:desks"
    milliseconds = 900_000

    def get_remaining_time_in_millis(self) -> int:
        """Enough, unless told otherwise."""
        return self.milliseconds


def container(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> handler.Container:
    """Put the handler on the stage, freshly started."""
    monkeypatch.setattr(handler, "CLOCK", stage.clock)
    monkeypatch.setattr(handler, "_dynamodb", lambda: stage.client)
    monkeypatch.setattr(handler, "_workspaces", stage.desktops.client)
    container_ = handler.Container(ENVIRONMENT)
    monkeypatch.setattr(handler, "_container", lambda: container_)
    return container_
