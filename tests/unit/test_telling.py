"""P6: each kind of decision is one line, and names its WorkSpace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from nonpersistent import handler
from nonpersistent.announcer import Announcer
from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Facts, Verdict
from nonpersistent.journal import Line
from nonpersistent.signals import Ignored, Kind, Signal
from tests.unit.container import Invocation, container
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at, session_end, settings

TOLD = Facts(baseline_at=at(-300), used_at=at(-60), told_at=at(-6))
CLAIM = Claim(asked_at=at(-10), accepted_at=at(-10), state="AVAILABLE", address="10.0.0.1")
ASKED = replace(DUE, claim=CLAIM)
FAILING = replace(DUE, claim=replace(CLAIM, begun_at=at(-60), bad_since=at(-10)))


@pytest.fixture(autouse=True)
def function(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler, on the stage's ledger, API and clock."""
    container(stage, monkeypatch)


def looked_at(facts: Facts, **desk: Any) -> Callable[[Stage], None]:
    """A pass that meets a WorkSpace of which so much is known, and which is so."""

    def act(stage: Stage) -> None:
        stage.meets(facts, NOON, **desk)

    return act


def baseline(stage: Stage) -> None:
    stage.has(None, None)
    stage.ledger.ask_audit(NOON)
    stage.run()


def dry_run(stage: Stage) -> None:
    stage.settings = settings(dry_run=True)
    looked_at(DUE)(stage)


def unanswered(stage: Stage) -> None:
    stage.desktops.faults["RebuildWorkspaces"] = [ReadTimeoutError(endpoint_url="https://aws")]
    looked_at(DUE)(stage)


def forgotten(stage: Stage) -> None:
    stage.has(DUE, NOON)
    stage.roster(OTHER)
    stage.run()


def recorded(stage: Stage) -> None:
    stage.has(None, None)
    handler._record(handler._container(), session_end(at(-6)))


def repeated(stage: Stage) -> None:
    stage.has(TOLD, NOON)
    handler._record(handler._container(), session_end(at(-6)))


def unknown(stage: Stage) -> None:
    stage.roster(OTHER)
    handler._record(handler._container(), Signal(Kind.SIGN_IN, WS, NOON))


def unusable(_: Stage) -> None:
    handler._record(handler._container(), Ignored("not_json"))


def idle(stage: Stage) -> None:
    stage.roster()
    handler.lambda_handler({"task": "reconcile"}, Invocation())


def needy(stage: Stage) -> None:
    stage.has(replace(DUE, late_at=NOON), at(5))
    handler.lambda_handler({"task": "reconcile"}, Invocation())


def trusted(stage: Stage) -> None:
    stage.settings = CANARIES
    claim = replace(CLAIM, goes_first=True, begun_at=at(-5), image_id=IMAGE)
    looked_at(replace(DUE, claim=claim))(stage)


def held_bundle(stage: Stage) -> None:
    stage.settings = CANARIES
    lost = (OTHER, "ws-000000003")
    stage.has_lost(*lost)
    stage.ledger.write(Bundle(BUNDLE, lost=lost))
    looked_at(FAILING, state="ERROR")(stage)


def events_lost(stage: Stage) -> None:
    stage.roster()
    function = handler._container()
    no_bus = EndpointConnectionError(endpoint_url="https://events")
    function.announcer = Announcer(Mock(side_effect=no_bus))
    function.announcer.hear({"decision": "finished"})
    handler.lambda_handler({"task": "reconcile"}, Invocation())


SCENES: list[tuple[Line | Verdict, Callable[[Stage], None]]] = [
    (Line.RECORDED, recorded),
    (Line.IGNORED, repeated),
    (Line.IGNORED, unknown),
    (Line.IGNORED, unusable),
    (Line.PASS, idle),
    (Line.GAUGES, idle),
    (Line.NEEDS_PERSON, needy),
    (Line.FORGOTTEN, forgotten),
    (Line.TRUSTED, trusted),
    (Line.HELD_BUNDLE, held_bundle),
    (Line.BLOCKED, looked_at(DUE, state="MAINTENANCE")),
    (Line.EVENTS_LOST, events_lost),
    (Verdict.REQUESTED, looked_at(DUE)),
    (Verdict.UNANSWERED, unanswered),
    (Verdict.BASELINE, baseline),
    (Verdict.CLEAN, looked_at(Facts(baseline_at=at(-300)))),
    (Verdict.IN_USE, looked_at(TOLD, connection="CONNECTED")),
    (Verdict.VACANT, looked_at(TOLD)),
    (Verdict.DEFERRED, looked_at(DUE, state="MAINTENANCE")),
    (Verdict.DRY_RUN, dry_run),
    (Verdict.REBUILDING, looked_at(ASKED, state="REBUILDING")),
    (Verdict.FINISHED, looked_at(ASKED, address="10.0.0.9")),
    (Verdict.BELIEVED, looked_at(replace(ASKED, claim=replace(CLAIM, asked_at=at(-50))))),
    (Verdict.FAILED, looked_at(FAILING, state="ERROR")),
    (Verdict.REFUSED, looked_at(DUE, refusal="InvalidResourceState")),
    (Verdict.NOT_LEARNT, looked_at(Facts(rebuilt_at=at(-300), used_at=at(-400)), row=False)),
]


@pytest.mark.parametrize(
    ("decision", "scene"), SCENES, ids=[f"{n}-{kind.value}" for n, (kind, _) in enumerate(SCENES)]
)
def test_p6_each_kind_of_decision_has_its_line(
    stage: Stage, decision: Line | Verdict, scene: Callable[[Stage], None]
) -> None:
    scene(stage)
    assert decision in [line["decision"] for line in stage.lines.all]
    line, *_ = stage.lines.of(decision)
    unnamed = decision in (Line.PASS, Line.GAUGES, Line.EVENTS_LOST) or scene is unusable
    assert line.get("workspace_id") == (None if unnamed else WS)


def test_p6_no_kind_of_decision_is_left_out() -> None:
    kinds = {*Line, *Verdict} - {Verdict.REBUILD}
    assert {kind for kind, _ in SCENES} == kinds
