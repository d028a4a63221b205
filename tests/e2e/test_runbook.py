"""The runbook's commands, run as they stand in docs/operations.md, by the AWS CLI version 1."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
from functools import partial

import pytest
from fleetlib import judgements

from demo import play
from demo.__main__ import look_around, prepare
from demo.deployment import ROOT

from .commands import lines, run
from .conftest import Theatre


def test_the_state_of_the_fleet_is_told_by_one_command(theatre: Theatre) -> None:
    stage = theatre.stage
    shown = run(theatre, "status").splitlines()
    rows = {line.split()[1]: line for line in shown if line.startswith("ws-")}
    assert {user: row.split()[0] for user, row in rows.items()} == stage.fleet
    assert " in_use " in rows["walter"]
    assert all(" clean " in rows[name.lower()] for name in play.REBUILT)
    assert stage.desktop("Tara").rebuilds[-1].image_id in rows["tara"]


def test_the_history_tells_who_was_rebuilt_and_why(theatre: Theatre) -> None:
    told = run(theatre, "history")
    assert all(name.lower() in told for name in play.REBUILT)
    assert "session end" in told


def test_the_whole_log_can_be_read(theatre: Theatre) -> None:
    found = {line.get("decision") for line in lines(theatre, "log")}
    assert {"recorded", "rebuild_requested", "finished", "gauges"} <= found


ALARMS = ("blocked", "braked", "endless", "held-bundle", "late", "unknown")
"""Their commands; test_alarms.py tries them while they ring, the others with what they tell."""


@pytest.mark.parametrize("name", ["errors", "dry-run", *ALARMS])
def test_the_runbooks_questions_to_the_log_are_answered(theatre: Theatre, name: str) -> None:
    assert "recorded" not in {line.get("decision") for line in lines(theatre, name)}


def test_an_audit_is_seen_in_the_log(theatre: Theatre) -> None:
    run(theatre, "audit")
    theatre.stage.until("an audit in the log", partial(lines, theatre, "audit-missed"))
    assert {line["task"] for line in lines(theatre, "audit-missed")} == {"audit"}


def test_letters_are_read_and_purged(theatre: Theatre) -> None:
    sqs, queue = theatre.client("sqs"), theatre.outputs["dead_letter_queue_url"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"requestPayload": {"task": "audit"}}))
    assert "requestPayload" in run(theatre, "dead-letters")
    run(theatre, "purge")
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"


def test_the_function_is_looked_at(theatre: Theatre) -> None:
    assert run(theatre, "silent").split() == ["ENABLED", "Active", "Successful"]


def test_an_operations_alarm_is_silenced(theatre: Theatre) -> None:
    cloudwatch = theatre.client("cloudwatch")
    [name] = [
        arn.rpartition(":")[2]
        for arn in theatre.outputs["operations_alarm_arns"].values()
        if arn.endswith("-silent")
    ]
    run(theatre, "silence")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert not alarm["ActionsEnabled"]
    cloudwatch.enable_alarm_actions(AlarmNames=[name])


def test_p2_a_session_during_a_pause_is_not_forgotten(theatre: Theatre) -> None:
    stage = theatre.stage
    run(theatre, "pause")
    stage.until("what was on its way is done", lambda: not stage.aws.pending())
    before = len(stage.aws.invocations)
    stage.aws.desktops.sign_out(stage.ids["Walter"])
    stage.aws.desktops.sign_in(stage.ids["Olivia"])
    stage.until("the alarm tells nobody", lambda: _told(theatre, "walter"))
    assert len(stage.aws.invocations) == before
    run(theatre, "resume", "audit")
    stage.until("Walter's rebuild", lambda: stage.said("rebuild_requested", "Walter"))
    stage.until("Olivia is seen in use", lambda: stage.said("in_use", "Olivia"))


def _told(theatre: Theatre, label: str) -> bool:
    name = theatre.outputs["alarm_names"][label]
    rung = [t for t in theatre.stage.aws.transitions if (t.alarm, t.new) == (name, "ALARM")]
    return bool(rung) and not rung[-1].delivered


def plain_shell(theatre: Theatre, *script: str) -> subprocess.CompletedProcess[str]:
    """Another terminal, which knows nothing of this Python and of the local AWS."""
    with theatre.stage.aws.clock.slow():
        return subprocess.run(
            ["sh", "-uc", "\n".join(script)],
            cwd="/",
            env={"PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def test_what_the_demo_offers_to_look_around_works(theatre: Theatre) -> None:
    """`make demo KEEP=1` prints it; a machine without curl can do all but be a user."""
    has_curl = shutil.which("curl", path=os.defpath) is not None
    offered = look_around(theatre.stage.aws, theatre.outputs)
    assert len(offered) == 6
    done = {
        command: plain_shell(theatre, *prepare(theatre.stage.aws), command)
        for command in offered
        if has_curl or not command.startswith("curl ")
    }
    for command, each in done.items():
        assert each.stdout.strip(), command
        assert each.returncode == 0 or command == "scripts/fleet status", each.stderr
        assert not each.stderr or command.startswith("curl "), each.stderr
    assert "olivia" in done["scripts/fleet status"].stdout
    was = [
        json.loads(each.stdout)["presence"]
        for command, each in done.items()
        if command.startswith("curl ")
    ]
    assert was == (["CONNECTED", "AWAY"] if has_curl else [])


def test_what_make_verify_runs_tells_of_every_assumption_and_complains_of_nothing(
    theatre: Theatre,
) -> None:
    """In the terminal that the demo offers. Whether all hold: tests/scripts/test_verify.py."""
    arguments = ["make", "--dry-run", "verify", "VENV=absent", f"NAME={theatre.function}"]
    *_, last = subprocess.run(
        arguments, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    command = last.replace("absent/bin/python", "python", 1)
    done = plain_shell(theatre, *prepare(theatre.stage.aws), f"{command} --json")
    assert done.stderr == ""
    rows = {row["assumption"]: row["verdict"] for row in json.loads(done.stdout)}
    judged = {
        name
        for name, judge in inspect.getmembers(judgements, inspect.isfunction)
        if judge.__annotations__.get("return") == "Row" and name != "not_told"
    }
    assert set(rows) == judged
    # The others depend on how many sessions there were, and for how long some desktop was ill.
    shown = dict.fromkeys(("metrics", "publishing", "role", "sampling"), "holds")
    assert rows | shown == rows, done.stdout
    assert done.returncode == ("differs" in rows.values()), done.stdout
