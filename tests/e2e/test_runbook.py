"""The runbook's commands, run as they stand in docs/operations.md, by the AWS CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demo.__main__ import look_around
from tests.runbook import ROOT, commands

from .conftest import Theatre

COMMANDS = commands()


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with this Python and its AWS CLI.

    Version 1 of the CLI knows no AWS_ENDPOINT_URL for SQS, but does know the option.
    """
    folder = tmp_path_factory.mktemp("bin")
    real = Path(sys.executable).parent / "aws"
    assert real.exists(), "tests/requirements.txt installs the AWS CLI"
    wrapper = folder / "aws"
    wrapper.write_text(f'#!/bin/sh\nexec "{real}" --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
    wrapper.chmod(0o755)
    return f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def run(theatre: Theatre, tools: str, name: str, folder: Path) -> str:
    """What a command of the runbook prints; fails if the command does."""
    return shell(theatre, tools, f"{COMMANDS['names']}\n{COMMANDS[name]}", folder)


def shell(theatre: Theatre, tools: str, script: str, folder: Path) -> str:
    """What a shell prints in a folder that holds the scripts; fails if a command does."""
    scripts = folder / "scripts"
    if not scripts.exists():
        scripts.symlink_to(ROOT / "scripts")
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=folder,
        env=theatre.stage.aws.environment() | {"PATH": tools, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert not done.returncode, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_state_of_the_fleet_is_told_by_one_command(
    theatre: Theatre, tools: str, tmp_path: Path
) -> None:
    stage = theatre.stage
    lines = run(theatre, tools, "status", tmp_path).splitlines()
    rows = {line.split()[0]: line for line in lines if line.startswith("ws-")}
    assert set(rows) == set(stage.fleet.values())
    assert "walter" in rows[stage.ids["Walter"]]
    assert " in_use " in rows[stage.ids["Walter"]]
    assert " clean " in rows[stage.ids["Olivia"]]
    assert stage.desktop("Olivia").rebuilds[-1].image_id in rows[stage.ids["Olivia"]]


@pytest.mark.parametrize("name", ["log", "dry-run", "errors"])
def test_the_runbooks_questions_to_the_log_are_answered(
    theatre: Theatre, tools: str, tmp_path: Path, name: str
) -> None:
    """The local AWS does not filter, so every question has the whole log for its answer."""
    lines = run(theatre, tools, name, tmp_path).splitlines()
    assert any(json.loads(line).get("decision") == "recorded" for line in lines)


def test_p2_letters_are_read_and_redriven_and_nothing_is_rebuilt_twice(
    theatre: Theatre, tools: str, tmp_path: Path
) -> None:
    stage, sqs = theatre.stage, theatre.client("sqs")
    queue, walter = theatre.outputs["dead_letter_queue_url"], stage.ids["Walter"]
    sqs.purge_queue(QueueUrl=queue)
    message = json.dumps({"Trigger": {"Dimensions": [{"name": "WorkspaceId", "value": walter}]}})
    old = {"Type": "Notification", "Message": message, "Timestamp": "2026-01-01T00:00:00.000Z"}
    record = {"EventSource": "aws:sns", "Sns": old}
    kept = [{"requestPayload": {"Records": [record]}}, old, {"task": "audit"}]
    for letter in kept:
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(letter))
    before = len(stage.said("ignored", "Walter"))
    rebuilds = {name: len(stage.desktop(name).rebuilds) for name in stage.ids}

    assert "requestPayload" in run(theatre, tools, "letter", tmp_path)
    run(theatre, tools, "redrive", tmp_path)

    stage.until("both are ignored", lambda: len(stage.said("ignored", "Walter")) == before + 2)
    assert {line["reason"] for line in stage.said("ignored", "Walter")} == {"nothing_new"}
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert {name: len(stage.desktop(name).rebuilds) for name in stage.ids} == rebuilds
    assert not list(tmp_path.glob("*.json"))


def test_the_function_is_looked_at(theatre: Theatre, tools: str, tmp_path: Path) -> None:
    assert run(theatre, tools, "silent", tmp_path).split() == ["ENABLED", "Active", "Successful"]


def test_p2_a_session_during_a_pause_is_not_forgotten(
    theatre: Theatre, tools: str, tmp_path: Path
) -> None:
    stage = theatre.stage
    run(theatre, tools, "pause", tmp_path)
    stage.until("what was on its way is done", lambda: not stage.aws.pending())
    before = len(stage.aws.invocations)
    stage.aws.desktops.sign_out(stage.ids["Walter"])
    stage.aws.desktops.sign_in(stage.ids["Olivia"])
    stage.until("the alarm tells nobody", lambda: _told(theatre, "walter"))
    assert len(stage.aws.invocations) == before
    run(theatre, tools, "resume", tmp_path)
    run(theatre, tools, "audit", tmp_path)
    stage.until("Walter's rebuild", lambda: stage.said("finished", "Walter"))
    stage.until("Olivia is seen in use", lambda: stage.said("in_use", "Olivia"))


def _told(theatre: Theatre, label: str) -> bool:
    name = theatre.outputs["alarm_names"][label]
    rung = [t for t in theatre.stage.aws.transitions if (t.alarm, t.new) == (name, "ALARM")]
    return bool(rung) and not rung[-1].delivered


def test_what_the_demo_offers_to_look_around_works(
    theatre: Theatre, tools: str, tmp_path: Path
) -> None:
    """`make demo KEEP=1` prints it; a machine without curl can do all but be a user."""
    has_curl = shutil.which("curl") is not None
    offered = look_around(theatre.stage.aws, theatre.outputs)
    assert len(offered) == 6
    shown = {
        command: shell(theatre, tools, command, tmp_path)
        for command in offered
        if has_curl or not command.startswith("curl ")
    }
    assert all(text.strip() for text in shown.values())
    assert "olivia" in shown["scripts/fleet-status"]
    was = [json.loads(text)["presence"] for did, text in shown.items() if did.startswith("curl ")]
    assert was == (["CONNECTED", "AWAY"] if has_curl else [])
