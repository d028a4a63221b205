"""What was in the way of a rebuild before AWS was asked for it, and AWS's answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nonpersistent.facts import USUAL_DELAY, Claim, Facts, Need, Trouble
from nonpersistent.records import Record
from tests.unit.looks import empty, failed
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NOON, WS, at, session_end

LATE_AT = at(-40) + timedelta(minutes=20) + USUAL_DELAY
REFUSED = Trouble(at(-60), Need.BLOCKED, "NoSnapshot", at(-30), refused=True)
DOUBTED = Trouble(at(-60), Need.UNKNOWN, "no_row", at(30))
STUCK = replace(DUE, trouble=DOUBTED, late_at=LATE_AT)
FAILED = failed(
    replace(DUE, used_at=at(-400), told_at=None, vacant_since=at(-390)),
    Claim(asked_at=at(-300)),
    at(-200),
    retry_at=at(-9),
    late_at=at(-46) + timedelta(minutes=20) + USUAL_DELAY,
)


def ask(stage: Stage, facts: Facts, refusal: str | None = None) -> None:
    """Ask for the rebuild of a WorkSpace that nobody uses."""
    stage.rebuild(stage.has(facts, NOON, refusal=refusal), empty(NOON, bundle_id=BUNDLE))


def test_p6_a_refusal_is_kept_and_told(stage: Stage) -> None:
    ask(stage, DUE, "NoSnapshot")
    trouble = Trouble(NOON, Need.BLOCKED, "NoSnapshot", at(30), refused=True)
    known = replace(DUE, trouble=trouble, late_at=LATE_AT)
    assert stage.record() == Record(WS, known, 3, at(5), "NoSnapshot")
    assert stage.lines.decisions == [("refused", "NoSnapshot"), ("blocked", "NoSnapshot")]
    assert stage.lines.all[0]["detail"] == ""


@pytest.mark.parametrize(
    ("before", "told"),
    [(REFUSED, []), (DOUBTED, [("blocked", "NoSnapshot")])],
    ids=["refused before", "a doubt that this look has ended"],
)
def test_p6_a_refusal_of_what_was_stuck_before_makes_its_trouble_older(
    stage: Stage, before: Trouble, told: list[tuple[str, str]]
) -> None:
    ask(stage, replace(DUE, trouble=before), "NoSnapshot")
    assert stage.facts().trouble == REFUSED
    assert stage.record().look_at == at(30)
    assert stage.lines.decisions == [("refused", "NoSnapshot"), *told]


@pytest.mark.parametrize("facts", [FAILED, STUCK], ids=["failed", "stuck"])
def test_p5_a_throttled_rebuild_is_due_again_at_once_and_counts_as_nothing(
    stage: Stage, facts: Facts
) -> None:
    stage.desktops.faults["RebuildWorkspaces"] = [(400, "ThrottlingException")]
    ask(stage, facts)
    assert stage.record() == Record(WS, facts, 3, NOON, "throttled")
    assert stage.lines.decisions == [("deferred", "throttled")]


@pytest.mark.parametrize(
    ("facts", "kept"),
    [(replace(DUE, trouble=REFUSED), None), (FAILED, FAILED.trouble)],
    ids=["refused before", "failed before"],
)
def test_p6_acceptance_ends_all_trouble_but_that_of_a_rebuild_that_failed(
    stage: Stage, facts: Facts, kept: Trouble | None
) -> None:
    ask(stage, facts)
    assert stage.facts().trouble == kept
    assert stage.facts().claim == Claim(
        asked_at=NOON,
        accepted_at=NOON,
        claimed_by="an-invocation",
        state="AVAILABLE",
        image_id=IMAGE,
    )


def test_p3_a_claim_whose_answer_was_lost_before_a_signal_came_is_taken_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore repeats the write, DynamoDB refuses it: AWS is not asked for the rebuild yet."""
    stage.has(DUE, NOON)
    put_item = stage.client.put_item

    def refused(**request: Any) -> Any:
        answer = put_item(**request)
        if "claim" not in request["Item"]:
            return answer
        monkeypatch.setattr(stage.client, "put_item", put_item)
        stage.ledger.record(session_end(at(-1)), at(5))
        code = "ConditionalCheckFailedException"
        raise ClientError({"Error": {"Code": code, "Message": "it is newer"}}, "PutItem")

    monkeypatch.setattr(stage.client, "put_item", refused)
    stage.run()
    assert stage.lines.decisions == [("deferred", "superseded")]
    assert stage.facts().claim is None
    stage.passes(at(40))
    assert stage.desktops.rebuilds() == [WS]
    assert "failed" not in [decision for decision, _ in stage.lines.decisions]
