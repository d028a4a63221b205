"""The demo's cases as tests: a session ends on the local AWS, the deployed module rebuilds."""

from __future__ import annotations

import pytest

from demo import picture, play
from demo.administrator import fleet
from demo.stage import Part
from sandbox import Presence

from .conftest import Theatre


@pytest.mark.parametrize("part", play.CAST, ids=lambda part: part.name)
def test_every_user_gets_what_was_promised(theatre: Theatre, part: Part) -> None:
    [verdict] = [v for v in play.verdicts(theatre.stage) if v.part == part]
    assert verdict.as_promised, f"{part.name}: {verdict.outcome}, expected: {part.expectation}"


def test_p1_nobody_was_connected_at_any_rebuild(theatre: Theatre) -> None:
    rebuilds = [r for part in play.CAST for r in theatre.stage.desktop(part.name).rebuilds]
    assert rebuilds
    assert all(rebuild.presence is not Presence.CONNECTED for rebuild in rebuilds)


def test_p3_one_session_end_is_one_accepted_rebuild(theatre: Theatre) -> None:
    for name in play.REBUILT:
        assert len(theatre.stage.desktop(name).rebuilds) == 1, name


def test_p4_no_call_names_a_workspace_off_the_roster(theatre: Theatre) -> None:
    assert theatre.stage.calls_about("Eve") == []
    assert theatre.stage.said("ignored", "Eve")


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


def test_the_demo_ends_with_the_state_of_the_fleet(theatre: Theatre) -> None:
    lines = fleet(theatre.stage.aws, "status").splitlines()
    rows = {line.split()[1]: line for line in lines if line.startswith("ws-")}
    assert {part.name.lower() for part in play.CAST if part.in_fleet} <= set(rows)
    assert "eve" not in rows
    assert " in_use " in rows["walter"]
    assert all(" clean " in rows[name.lower()] for name in play.REBUILT)


def test_a_second_plan_changes_nothing(theatre: Theatre) -> None:
    assert theatre.deployment.is_settled()
