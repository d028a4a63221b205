"""fleet as a stranger has it: copied elsewhere, without credentials, with the wrong name."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError
from fleetlib.aws import explained

from tests.scripts.fleet_world import World

ROOT = Path(__file__).parents[2]
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


def copied(folder: Path) -> Path:
    """The command and its folder, nothing else of the repository."""
    shutil.copy(ROOT / "scripts" / "fleet", folder / "fleet")
    shutil.copytree(ROOT / "scripts" / "fleetlib", folder / "fleetlib")
    return folder / "fleet"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that the tests leave as it is."""
    return copied(tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def overview(copy: Path) -> str:
    """What it says of all its commands."""
    return run(copy, "--help").stdout


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"}
    return subprocess.run(
        [sys.executable, script, *arguments],
        env=given | environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=script.parent,
    )


@pytest.mark.parametrize(
    "command", ["status", "history", "rebuild", "hold", "release", "audit", "verify"]
)
def test_a_copy_knows_every_command(copy: Path, overview: str, command: str) -> None:
    done = run(copy, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--name NAME" in done.stdout
    assert f"  fleet {command}" in overview


def test_without_region_credentials_or_an_answer_it_says_what_to_do(copy: Path) -> None:
    assert run(copy, "status").stderr == "fleet: no AWS Region: give --region, or set AWS_REGION\n"
    assert "no AWS credentials" in run(copy, "status", AWS_REGION="us-east-1").stderr
    url = "http://127.0.0.1:9"
    done = run(copy, "audit", "--region=us-east-1", AWS_ENDPOINT_URL=url, **KEYS)
    assert done.returncode == 2
    assert url in done.stderr
    assert "Traceback" not in done.stderr


def test_an_endpoint_without_a_scheme_is_told_in_one_line(copy: Path) -> None:
    url = "localhost:4566"
    done = run(copy, "status", "--region=us-east-1", AWS_ENDPOINT_URL=url, **KEYS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"fleet: Invalid endpoint: {url}; AWS_ENDPOINT_URL must begin with http:// or https://\n"
    )


def test_help_says_what_exit_status_and_dates_mean(copy: Path, overview: str) -> None:
    assert "status: a WorkSpace among those shown needs a person, or its bundle is held" in overview
    assert "late audits" in overview
    about_dates = " ".join(run(copy, "history", "--help").stdout.split())
    assert "a date without an offset means UTC" in about_dates


def test_a_missing_boto3_is_told_in_one_line(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    (tmp_path / "boto3.py").write_text("raise ImportError\n")
    done = run(copy, "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "fleet needs boto3: python3 -m pip install boto3\n"


def test_a_missing_folder_is_told_in_one_line(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    shutil.rmtree(tmp_path / "fleetlib")
    done = run(copy, "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"fleet needs the folder fleetlib beside it: copy scripts/fleetlib to {tmp_path}\n"
    )


@pytest.mark.parametrize(
    ("operation", "code", "says"),
    [
        ("Scan", "ResourceNotFoundException", "there is no table desks-ledger in this account"),
        ("Invoke", "ResourceNotFoundException", "there is no function desks in this account"),
        ("FilterLogEvents", "ResourceNotFoundException", "no log group /aws/lambda/desks"),
        ("Scan", "AccessDeniedException", "The policy that fleet needs is in docs/operations.md"),
        ("Scan", "ExpiredTokenException", "sign in again: why"),
        ("Scan", "InternalServerError", "Scan: InternalServerError: why"),
    ],
)
def test_errors_say_what_to_do(operation: str, code: str, says: str) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "why"}}
    assert says in explained(ClientError(answer, operation), "desks")


def test_a_table_without_a_roster_is_no_ledger(world: World) -> None:
    world._put({"id": {"S": "roster"}})
    for command in (["status"], ["audit"]):
        assert "the table desks-ledger has no roster" in world.runs(*command, exits=2).err


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_what_is_refreshed_is_no_document(
    world: World, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: sys.exit("it waits"))
    told = world.runs("status", "--watch", form, exits=2)
    assert told.out == ""
    assert "--watch repeats a table; --json and --csv print one document" in told.err
    assert world.invoked == []


@pytest.mark.parametrize(
    ("form", "shown"), [(["--csv"], "jos\N{LATIN SMALL LETTER E WITH ACUTE}"), ([], "jos?")]
)
def test_any_terminal_shows_any_name(
    world: World, monkeypatch: pytest.MonkeyPatch, form: list[str], shown: str
) -> None:
    world.knows(user="jos\N{LATIN SMALL LETTER E WITH ACUTE}")
    screen = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(screen, "ascii"))
    world.runs("status", *form)
    assert shown in screen.getvalue().decode()


def test_who_cannot_write_says_so_and_needs_no_person(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> NoReturn:
            raise OSError(28, "No space left on device")

        def fileno(self) -> int:
            return file.fileno()

    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr("sys.stdout", Full())
        assert "fleet: [Errno 28] No space left on device" in world.runs("status", exits=2).err
    monkeypatch.setattr("sys.stdout", None)
    assert world.runs("status", exits=2).err == "fleet: standard output is closed\n"
