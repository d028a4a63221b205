"""Each operations alarm is raised by its cause, says for whom, and is ended by its remedy.

The causes begin together, beside the play (`trouble.begin`). The tests here go on from one to the
next: first everything rings, then everything is mended, then each alarm has rung once.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from sandbox import Faults, State

from . import trouble
from .commands import lines, run, status
from .conftest import Theatre

NAMED = {
    "blocked": ("Hank", trouble.REFUSAL[0]),
    "late": ("Lena", "image_unknown"),
    "endless": ("Iris", "REBUILDING"),
}
"""Whom an alarm speaks of, and the reason that is shown."""

OVERDUE = {"audit-missed", "held-bundle", "unknown"}
APART = {"errors", "dead-letters", "silent", "braked"}
LONG, SOON = 200.0, 120.0
"""Minutes of the local AWS."""

IN_VIEW = 25.0
"""Minutes. Without lines of the gauges CloudWatch judges by older ones, as far back as it looks: an
alarm that has ended within its last periods would ring once more."""


def changes(theatre: Theatre, name: str) -> list[str]:
    """The states that an operations alarm has changed to since the module was deployed."""
    alarm, later = theatre.alarm(name), theatre.stage.aws.transitions[theatre.applied :]
    return [change.new for change in later if change.alarm == alarm]


def is_calm(theatre: Theatre, minutes: float) -> bool:
    """Whether no operations alarm has changed for so long."""
    names = {theatre.alarm(name) for name in theatre.outputs["operations_alarm_arns"]}
    aws = theatre.stage.aws
    last = max(change.at for change in aws.transitions if change.alarm in names)
    return aws.clock.now() - last >= timedelta(minutes=minutes)


def rings(theatre: Theatre, name: str, minutes: float = LONG) -> None:
    theatre.stage.until(f"the alarm {name}", partial(theatre.rings, name), minutes)


def ends(theatre: Theatre, name: str, minutes: float = SOON) -> None:
    theatre.stage.until(f"the end of {name}", lambda: not theatre.rings(name), minutes)


def test_no_operations_alarm_is_without_a_test_that_raises_it(theatre: Theatre) -> None:
    assert set(theatre.outputs["operations_alarm_arns"]) == {*NAMED, *OVERDUE, *APART}


def test_p6_a_setting_that_cannot_be_used_raises_errors_and_dead_letters(theatre: Theatre) -> None:
    """Nothing is rebuilt at a guessed hour, and what was told meanwhile is known all the same."""
    stage = theatre.stage
    window = {"start": "19:00", "end": "06:00", "timezone": "Mars/Olympus"}
    with theatre.environment(REBUILD_WINDOW=json.dumps(window)):
        theatre.ask("rebuild", "Ned")
        rings(theatre, "errors")
        rings(theatre, "dead-letters")
        assert stage.said("recorded", "Ned")
        assert not stage.desktop("Ned").rebuilds
    said = "REBUILD_WINDOW: the Lambda runtime knows no time zone 'Mars/Olympus'"
    assert {line["errorType"] for line in lines(theatre, "errors")} == {"SettingsError"}
    assert said in run(theatre, "errors")
    assert said in run(theatre, "dead-letters")
    run(theatre, "purge")
    ends(theatre, "dead-letters")
    stage.until("Ned's rebuild after all", lambda: stage.desktop("Ned").rebuilds)


@pytest.mark.parametrize("name", [*NAMED, *sorted(OVERDUE)])
def test_p6_trouble_raises_its_alarm(theatre: Theatre, name: str) -> None:
    rings(theatre, name)


@pytest.mark.parametrize("need", NAMED)
def test_p6_the_runbooks_command_names_whom_an_alarm_speaks_of(theatre: Theatre, need: str) -> None:
    name, reason = NAMED[need]
    found = {(line["workspace_id"], line["user"], line["reason"]) for line in lines(theatre, need)}
    assert (theatre.stage.ids[name], name.lower(), reason) in found


def test_p6_the_runbooks_command_names_what_is_nobodys(theatre: Theatre) -> None:
    held = {(line["bundle_id"], line["reason"]) for line in lines(theatre, "held-bundle")}
    assert held == {(trouble.KIOSKS, "three_lost")}
    unknown = {(line["workspace_id"], line["reason"]) for line in lines(theatre, "unknown")}
    assert unknown == {(trouble.GHOST, "not_found")}
    assert lines(theatre, "audit-missed") == []


def test_p6_whoever_needs_a_person_is_named_with_the_reason(theatre: Theatre) -> None:
    rows, ids = status(theatre), theatre.stage.ids
    for need, (name, reason) in NAMED.items():
        row = rows[ids[name]]
        assert (row["needs"], row["reason"], row["user"]) == (need, reason, name.lower())
    ghost = rows[trouble.GHOST]
    assert (ghost["needs"], ghost["reason"]) == ("unknown", "not_found")
    for part in trouble.LOST:
        assert rows[ids[part.name]]["needs"] == "blocked"
    assert rows[ids["Walter"]]["needs"] is None
    assert "held, rebuilds failed on" in run(theatre, "status", exits=1)


def test_p6_each_remedy_ends_its_alarm(theatre: Theatre) -> None:
    stage, desktops = theatre.stage, theatre.stage.aws.desktops
    desktops.break_(stage.ids["Hank"], Faults())
    trouble.show_image(theatre, shows=True)
    desktops.set_state(stage.ids["Iris"], State.AVAILABLE)
    run(theatre, "push-image", BUNDLE=trouble.KIOSKS, IMAGE=trouble.MENDED)
    run(theatre, "enable-audit")
    theatre.deployment.set(workspace_ids=stage.fleet)
    theatre.deployment.apply()
    run(theatre, "audit")
    theatre.stage.until("an audit in the log", partial(lines, theatre, "audit-missed"))
    for name in ("audit-missed", "held-bundle", "late", "unknown", "blocked"):
        ends(theatre, name)
    for part in trouble.LOST:
        images = [rebuild.image_id for rebuild in stage.desktop(part.name).rebuilds]
        assert images.count(trouble.MENDED) == 1
        assert images[-1] == trouble.MENDED


def test_p6_a_rebuild_that_ends_at_last_and_errors_that_are_over_end_their_alarms(
    theatre: Theatre,
) -> None:
    ends(theatre, "endless")
    ends(theatre, "errors")


def test_p6_a_heart_that_stops_raises_its_alarm(theatre: Theatre) -> None:
    """As the runbook has it, the schedule is what is asked for first."""
    theatre.stage.until("what rang is out of view", partial(is_calm, theatre, IN_VIEW))
    assert not theatre.rings("silent")
    theatre.client("events").disable_rule(Name=f"{theatre.function}-reconcile")
    rings(theatre, "silent")
    assert run(theatre, "silent").split() == ["DISABLED", "Active", "Successful"]
    run(theatre, "enable-reconcile")
    ends(theatre, "silent")
    run(theatre, "status")


def test_p6_whoever_has_waited_for_days_for_the_brake_is_named_until_the_limit_is_raised(
    theatre: Theatre,
) -> None:
    """One rebuild an hour: Ned's has the place, and Mona has waited for one for four days."""
    stage = theatre.stage
    with theatre.environment(MAXIMUM_REBUILDS_PER_HOUR="1"):
        before = len(stage.desktop("Ned").rebuilds)
        theatre.ask("rebuild", "Ned")
        stage.until("Ned's rebuild", lambda: len(stage.desktop("Ned").rebuilds) > before)
        theatre.ask("release", "Mona")
        trouble.has_waited(theatre, "Mona", days=4)
        rings(theatre, "braked")
        found = {(line["workspace_id"], line["reason"]) for line in lines(theatre, "braked")}
        assert found == {(stage.ids["Mona"], "brake")}
        assert not stage.desktop("Mona").rebuilds
    ends(theatre, "braked")
    stage.until("Mona's rebuild", lambda: stage.desktop("Mona").rebuilds)


@pytest.mark.parametrize("name", [*NAMED, *sorted(OVERDUE | APART)])
def test_p6_one_fault_was_one_alarm_and_one_ok(theatre: Theatre, name: str) -> None:
    states = changes(theatre, name)
    assert states.count("ALARM") == 1, states
    assert states[-1] == "OK"
