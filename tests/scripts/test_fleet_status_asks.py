"""fleet-status asks AWS, and says it when AWS or the user is wrong."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from fleet_status.main import main
from fleet_status.survey import calls_needed, read_fleet
from moto import mock_aws

from nonpersistent.clock import Clock
from nonpersistent.pacing import Pacer
from nonpersistent.records import proof_to_item, to_item
from tests import ledger_table
from tests.scripts.one_workspace import BUNDLE, IMAGE, NOON, PROOF, VACANT, WS, at, record

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "fleet-status"


class Recorder:
    """A WorkSpaces API with everything in one bundle."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def describe_workspaces(self, *, WorkspaceIds: list[str]) -> dict[str, Any]:
        self.asked.append(len(WorkspaceIds))
        return {"Workspaces": [{"WorkspaceId": i, "BundleId": BUNDLE} for i in WorkspaceIds]}

    def describe_workspace_bundles(self, *, BundleIds: list[str]) -> dict[str, Any]:
        self.asked.append(len(BundleIds))
        return {"Bundles": [{"BundleId": i, "ImageId": IMAGE} for i in BundleIds]}


class Still(Clock):
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        vars(self)["moment"] = NOON

    def now(self) -> datetime:
        moment: datetime = vars(self)["moment"]
        return moment

    def sleep(self, seconds: float) -> None:
        vars(self)["moment"] += timedelta(seconds=max(0.0, seconds))


def test_p5_five_thousand_workspaces_take_25_a_call_and_two_calls_a_second() -> None:
    clock, client = Still(), Recorder()
    ids = [f"ws-{number:09}" for number in range(5000)]
    fleet = read_fleet(client, ids, Pacer(2.0, clock))  # type: ignore[arg-type]
    assert len(fleet.workspaces) == 5000
    assert fleet.images == {BUNDLE: IMAGE}
    assert client.asked == [25] * 200 + [1]
    assert clock.now() - NOON == timedelta(seconds=100)
    assert calls_needed(5000) == len(client.asked)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A ledger of one WorkSpace that AWS does not know."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        for name in ("desks-ledger", "another"):
            ledger_table.create(client, name)
        items: tuple[dict[str, Any], ...] = (
            {"id": {"S": "roster"}, "workspace_ids": {"L": [{"S": WS}]}},
            {"id": {"S": "audit"}},
            {"id": {"S": "lease"}, "held_by": {"S": "x"}},
            to_item(record(at(5), "grace", **VACANT)),
            proof_to_item(PROOF),
        )
        for item in items:
            ledger_table.put(client, "desks-ledger", item)
        yield client


def test_the_table_is_read_from_aws(aws: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert aws
    assert main(["--name", "desks"]) == 0
    assert main(["--table", "desks-ledger", "--json"]) == 0
    out = capsys.readouterr().out
    assert "1 WorkSpace: 1 vacant." in out
    assert f'"workspace_id": "{WS}"' in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--name", "nobody"], "there is no table nobody-ledger in this Region"),
        (["--table", "another"], "the table another is no ledger"),
    ],
)
def test_a_wrong_table_is_explained(
    aws: object, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert aws
    assert main(arguments) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("rate", ["0", "-1", "51", "nan", "fast"])
def test_a_rate_that_cannot_be_is_refused(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--rate={rate}"])
    assert "invalid number of calls per second" in capsys.readouterr().err


def script(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as an administrator has it: no configuration but what is given."""
    given = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"}
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=given | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_credentials_or_region_it_says_so() -> None:
    for arguments, says in ((["--region", "us-east-1"], "no AWS credentials"), ([], "no AWS Reg")):
        done = script(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"fleet-status: {says}" in done.stderr
        assert "Traceback" not in done.stderr


def test_an_address_that_does_not_answer_is_named() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    url = "http://127.0.0.1:9"
    done = script("--region", "us-east-1", AWS_ENDPOINT_URL=url, **keys)
    assert done.returncode == 1
    assert url in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_needs_no_aws_and_says_how_long_it_takes() -> None:
    done = script("--help")
    assert done.returncode == 0
    assert "5,000 WorkSpaces take about 100 seconds" in done.stdout


def test_it_needs_nothing_but_boto3_and_the_module() -> None:
    """With boto3 imported, the rest is the standard library's or shipped with the module."""
    code = (
        "import sys; sys.path[:0] = ['scripts', 'lambda_src'];"
        "import boto3; boto3.client('dynamodb', region_name='x'); known = set(sys.modules);"
        "import fleet_status.main;"
        "print(*{m.split('.')[0] for m in set(sys.modules) - known} - sys.stdlib_module_names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    others = {name for name in done.stdout.split() if not name.startswith("_sysconfigdata")}
    assert others <= {"fleet_status", "columns", "nonpersistent", "boto3", "botocore"}


def test_a_python_that_is_too_old_understands_the_line_that_says_so() -> None:
    assert "needs python3.11" in SCRIPT.read_text()
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))
