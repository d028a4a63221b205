"""Shell commands as a person types them: with the local AWS's variables, and AWS CLI version 1."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import Sandbox
from tests.runbook import ROOT, TEXT, commands

if TYPE_CHECKING:
    from .conftest import Theatre

COMMANDS = commands()

[SQS] = re.findall(r'`(aws --endpoint-url "\$AWS_ENDPOINT_URL" sqs)`', TEXT)
"""What the runbook says that version 1 of the AWS CLI needs for an endpoint of one's own."""


def run(on: Theatre | Sandbox, *names: str, exits: int = 0, **variables: str) -> str:
    """What commands of the runbook print, one after the other in one shell with `variables`."""
    given = [f"{name}={value}" for name, value in variables.items()]
    script = "\n".join([*given, *(COMMANDS[name] for name in ("names", *names))])
    return shell(on, script.replace("aws sqs", SQS), exits=exits)


def lines(on: Theatre | Sandbox, name: str) -> list[dict[str, Any]]:
    """The lines of the log that a command of the runbook prints."""
    return [json.loads(line) for line in run(on, name).splitlines() if line.startswith("{")]


def shell(on: Theatre | Sandbox, script: str, *, exits: int = 0) -> str:
    """What a shell prints in an empty folder that holds the scripts and stays clean. On its PATH is
    what the tests need, and its environment points to the local AWS."""
    aws = on if isinstance(on, Sandbox) else on.stage.aws
    with aws.clock.slow(), tempfile.TemporaryDirectory(prefix="shell-") as name:
        folder = Path(name)
        (folder / "scripts").symlink_to(ROOT / "scripts")
        done = subprocess.run(
            ["sh", "-euc", script],
            cwd=folder,
            env=aws.environment()
            | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": name},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == exits, f"{script}\n{done.stdout}{done.stderr}"
        assert not list(folder.glob("*.json")), "a command left its files behind"
    return done.stdout


def status(theatre: Theatre) -> dict[str, dict[str, Any]]:
    """The rows of `scripts/fleet status`, by WorkSpace."""
    shown = shell(theatre, f"scripts/fleet --name {theatre.function} status --json || true")
    return {row["workspace_id"]: row for row in json.loads(shown)}
