"""The demo's cases as tests: a session ends on the local AWS, the deployed module rebuilds."""

from __future__ import annotations

import pytest

from demo import picture, play
from demo.stage import Part

from .conftest import Theatre

PROMISES = {"Olivia": "p1_p3", "Walter": "p1", "Tara": "p1_p3", "Nina": "p1_p3", "Eve": "p4"}
"""Nobody was connected at a rebuild, one session end is one accepted rebuild, no call names a
WorkSpace off the roster."""


@pytest.mark.parametrize("part", play.CAST, ids=lambda part: f"{PROMISES[part.name]}_{part.name}")
def test_p1_p3_p4_every_user_gets_what_was_promised(theatre: Theatre, part: Part) -> None:
    [verdict] = [v for v in play.verdicts(theatre.stage) if v.part == part]
    assert verdict.as_promised, f"{part.name}: {verdict.outcome}, expected: {part.expectation}"


def test_p5_no_call_was_throttled(theatre: Theatre) -> None:
    throttled = [c for c in theatre.stage.aws.calls if c.outcome == "ThrottlingException"]
    assert not throttled


def test_p6_the_refusal_is_reported_with_its_reason(theatre: Theatre) -> None:
    refused = theatre.stage.said("refused", "Nina")
    assert {line["reason"] for line in refused} == {"ResourceUnavailable.Snapshot"}
    assert {(line["level"], line["user"]) for line in refused} == {("WARNING", "nina")}


def test_the_timeline_has_words_for_everything_and_its_picture_is_shorter(theatre: Theatre) -> None:
    lines = [line for line in list(theatre.timeline.lines) if line.who in theatre.stage.ids]
    assert {line.who for line in lines} == {part.name for part in theatre.stage.parts}
    assert [line for line in lines if not line.what] == []
    told = picture.together(lines)
    assert {"user", "admin", "AWS", "function"} <= {line.source for line in told}
    assert len(told) < len(lines), "what happens to several at once is one line"


def test_every_line_of_the_function_is_structured(theatre: Theatre) -> None:
    lines = [line for line in theatre.stage.log if "decision" in line]
    assert lines
    assert {line["fleet"] for line in lines} == {theatre.outputs["function_name"]}
    assert all("requestId" in line for line in lines)


def test_a_second_plan_changes_nothing(theatre: Theatre) -> None:
    assert theatre.deployment.is_settled()
