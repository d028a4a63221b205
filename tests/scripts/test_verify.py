"""verify: each verdict on its own, the whole command on the local AWS, and what IAM says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from verify_fleet import judgements
from verify_fleet.asked import Account, Fleet
from verify_fleet.judgements import Question, Row, Verdict
from verify_fleet.main import main, table

from nonpersistent.clock import Clock
from nonpersistent.pacing import Pacer
from sandbox import Sandbox, Tempo
from tests import ledger_table

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WS, OTHER = "ws-0a1b2c3d4", "ws-9z8y7x6w5"
HOLDS, DIFFERS, NOT_SEEN = Verdict


def at(*minutes: float) -> list[datetime]:
    return [NOON + timedelta(minutes=minute) for minute in minutes]


def connection(state: str, checked: float, last: float | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"WorkspaceId": WS, "ConnectionState": state}
    [row["ConnectionStateCheckTimestamp"]] = at(checked)
    if last is not None:
        [row["LastKnownUserConnectionTimestamp"]] = at(last)
    return row


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (judgements.metrics([WS, OTHER], {WS}), HOLDS),
        (judgements.metrics([WS], {OTHER}), NOT_SEEN),
        (judgements.metrics([], set()), NOT_SEEN),
        (judgements.publishing([at(0, 5, 10, 15)], []), HOLDS),
        (judgements.publishing([at(0, 1, 2, 3)], []), HOLDS),
        (judgements.publishing([at(0, 15, 30, 45)], [at(0, 5)]), DIFFERS),
        (judgements.publishing([at(0, 15)], [at(0, 5, 60)]), HOLDS),
        (judgements.publishing([], [at(0, 60)]), NOT_SEEN),
        (judgements.publishing([], []), NOT_SEEN),
        (judgements.sampling([connection("CONNECTED", -9)], 1, NOON), HOLDS),
        (judgements.sampling([connection("DISCONNECTED", -11)], 1, NOON), DIFFERS),
        (judgements.sampling([connection("UNKNOWN", -11)], 1, NOON), NOT_SEEN),
        (judgements.sampling([], 1, NOON), NOT_SEEN),
        (judgements.last_connected([connection("CONNECTED", -1, -60)], {}), HOLDS),
        (judgements.last_connected([connection("CONNECTED", -1, -5)], {}), NOT_SEEN),
        (judgements.last_connected([connection("CONNECTED", -1, -5)] * 3, {}), HOLDS),
        (judgements.last_connected([connection("DISCONNECTED", -1, -60)], {}), NOT_SEEN),
        (judgements.snapshots({WS: at(-700)[0]}, NOON), HOLDS),
        (judgements.snapshots({WS: at(-800)[0]}, NOON), DIFFERS),
        (judgements.snapshots({WS: at(-1)[0], OTHER: None}, NOON), DIFFERS),
        (judgements.snapshots({WS: None}, NOON), NOT_SEEN),
        (judgements.quota({"Rebuilds": 2.0}, 0, 2), HOLDS),
        (judgements.quota({"Rebuilds": 2.0}, 0, 2.1), DIFFERS),
        (judgements.quota({"Rebuilds": 2.0}, 1, 2), DIFFERS),
        (judgements.quota({}, 0, 2), NOT_SEEN),
        (
            judgements.role({Question("a", "*", True): True, Question("b", "*", False): False}),
            HOLDS,
        ),
        (judgements.role({Question("a", "*", True): False}), DIFFERS),
        (judgements.role({Question("b", "*", False): True}), DIFFERS),
    ],
    ids=lambda value: f"{value.assumption}: {value.seen}" if isinstance(value, Row) else str(value),
)
def test_a_verdict_follows_from_what_was_seen(row: Row, verdict: Verdict) -> None:
    assert row.verdict is verdict
    assert bool(row.then) is (verdict is not HOLDS)


def test_the_reading_of_the_last_connection_is_named() -> None:
    ended = {WS: NOON}
    log_in = judgements.last_connected([connection("DISCONNECTED", -1, -60)], ended)
    last_sight = judgements.last_connected([connection("DISCONNECTED", -1, -2)] * 3, ended)
    assert "the log-in" in log_in.seen
    assert "the last sight" in last_sight.seen


def test_a_table_has_a_line_per_assumption() -> None:
    lines = table([Row("role", HOLDS, "seen"), Row("quota", DIFFERS, "much", "less")]).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["assumption", "verdict"],
        ["role", "holds"],
        ["quota", "differs"],
    ]


class Iam:
    """IAM's simulation, which the local AWS lacks: everything is allowed but what is `denied`."""

    def __init__(self, denied: set[tuple[str, str]]) -> None:
        self.denied = denied
        self.contexts: list[Any] = []

    def simulate_principal_policy(
        self,
        *,
        PolicySourceArn: str,
        ActionNames: list[str],
        ResourceArns: list[str],
        ContextEntries: list[Any],
    ) -> Any:
        assert PolicySourceArn == "arn:aws:iam::123456789012:role/f"
        self.contexts.append(ContextEntries)
        denied = (ActionNames[0], ResourceArns[0]) in self.denied
        return {"EvaluationResults": [{"EvalDecision": "implicitDeny" if denied else "allowed"}]}


class Tags:
    """Of every WorkSpace."""

    def describe_tags(self, *, ResourceId: str) -> Any:
        assert ResourceId == WS
        return {"TagList": [{"Key": "fleet", "Value": "kiosks"}]}


def simulated(monkeypatch: pytest.MonkeyPatch, *denied: tuple[str, str]) -> tuple[Row, Iam]:
    clients = {"iam": Iam(set(denied)), "workspaces": Tags()}
    monkeypatch.setattr(Account, "_client", lambda _, service: clients[service])
    account = Account(boto3.session.Session(), Pacer(1000.0, Clock()))
    prefix = "arn:aws:workspaces:us-east-1:123456789012:workspace/"
    fleet = Fleet("f", "arn:aws:iam::123456789012:role/f", prefix, 2.0, (WS,))
    iam = clients["iam"]
    assert isinstance(iam, Iam)
    return judgements.role(account.allowed(fleet, [WS])), iam


def test_p4_a_role_that_may_do_more_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "arn:aws:workspaces:us-east-1:123456789012:workspace/"
    stranger = ("workspaces:RebuildWorkspaces", f"{prefix}ws-00000000")
    terminate = ("workspaces:TerminateWorkspaces", f"{prefix}{WS}")
    row, iam = simulated(monkeypatch, stranger, terminate)
    assert row.verdict is HOLDS
    tag = {"ContextKeyName": "aws:ResourceTag/fleet", "ContextKeyValues": ["kiosks"]}
    assert [tag | {"ContextKeyType": "string"}] in iam.contexts
    assert simulated(monkeypatch, stranger)[0].seen.startswith("workspaces:TerminateWorkspaces")
    assert simulated(monkeypatch, terminate)[0].verdict is DIFFERS
    own = ("workspaces:RebuildWorkspaces", f"{prefix}{WS}")
    row, _ = simulated(monkeypatch, stranger, terminate, own)
    assert row.seen.endswith("is denied")


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """A fleet of three as far as `verify` reads it, one of them with an ended session."""
    with Sandbox(Tempo.quick(), seed=1) as sandbox:
        ids = [sandbox.desktops.add() for _ in range(3)]
        client = boto3.session.Session(
            aws_access_key_id="local", aws_secret_access_key="local", region_name=sandbox.region
        ).client
        role = client("iam", endpoint_url=sandbox.endpoint).create_role(
            RoleName="f", AssumeRolePolicyDocument="{}"
        )["Role"]["Arn"]
        tables = client("dynamodb", endpoint_url=sandbox.endpoint)
        ledger_table.create(tables, "f-ledger")
        roster = {"id": {"S": "roster"}, "workspace_ids": {"L": [{"S": id_} for id_ in ids]}}
        ledger_table.put(tables, "f-ledger", roster)
        client("lambda", endpoint_url=sandbox.endpoint).create_function(
            FunctionName="f",
            Runtime="python3.13",
            Role=role,
            Handler="nonpersistent.handler.lambda_handler",
            Code={"ZipFile": (ROOT / "package" / "nonpersistent.zip").read_bytes()},
            Environment={"Variables": {"LEDGER_TABLE": "f-ledger", "WORKSPACES_API_RATE": "2"}},
        )
        sandbox.desktops.sign_in(ids[0])
        sandbox.desktops.sign_out(ids[0])
        metrics = client("cloudwatch", endpoint_url=sandbox.endpoint)
        deadline = time.monotonic() + 20
        while not metrics.list_metrics(Namespace="AWS/WorkSpaces")["Metrics"]:
            assert time.monotonic() < deadline, "no metric of the session's end"
            time.sleep(0.1)
        yield sandbox


def verify(aws: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "verify", *arguments],
        env={"PATH": os.environ["PATH"]} | aws.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_local_aws_gets_a_verdict_per_assumption_and_nothing_is_changed(aws: Sandbox) -> None:
    before = [(desktop.id, desktop.state, desktop.rebuilds) for desktop in aws.desktops.all()]
    done = verify(aws, "--name", "f")
    assert done.returncode == 0, done.stderr + done.stdout
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    shown = {
        name: next((v for v in Verdict if f"  {v}  " in line), "") for name, line in lines.items()
    }
    assert list(lines)[1:] == [
        "metrics",
        "publishing",
        "sampling",
        "last_connected",
        "snapshots",
        "quota",
        "role",
    ]
    assert shown["metrics"] == shown["sampling"] == shown["snapshots"] == HOLDS
    assert "1 of 3 WorkSpaces" in lines["metrics"]
    # What moto has not is not seen, and no fault of the fleet.
    assert shown["role"] == shown["quota"] == NOT_SEEN
    assert {call.operation for call in aws.calls} <= {
        "DescribeWorkspacesConnectionStatus",
        "DescribeWorkspaceSnapshots",
        "DescribeTags",
    }
    assert before == [
        (desktop.id, desktop.state, desktop.rebuilds) for desktop in aws.desktops.all()
    ]


def test_what_is_no_fleet_is_one_clear_line(aws: Sandbox) -> None:
    done = verify(aws, "--name", "nobody")
    assert done.returncode == 1
    assert done.stderr.startswith("verify: cannot read the fleet nobody: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("sample", ["0", "-1", "many"])
def test_a_sample_of_nothing_is_refused(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["--sample", sample])
    assert refusal.value.code == 2
    assert json.dumps(sample).strip('"') in capsys.readouterr().err
