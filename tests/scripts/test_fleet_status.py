"""fleet-status: each phase, each reason, each image, and what it says when AWS does not answer."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from fleet_status.main import main
from fleet_status.rows import MEANING, ORDER, UNSEEN, Row, rows
from fleet_status.shown import as_json, span, table
from fleet_status.survey import Fleet, Ledger, calls_needed, read_fleet
from moto import mock_aws

from nonpersistent.clock import Clock
from nonpersistent.decisions import Deferral
from nonpersistent.facts import Facts, Phase
from nonpersistent.images import Proof
from nonpersistent.pacing import Pacer
from nonpersistent.records import Record, proof_to_item, to_item

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "fleet-status"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WS, OTHER, BUNDLE, IMAGE = "ws-0a1b2c3d4", "ws-9z8y7x6w5", "wsb-0a1b2c3d4", "wsi-0a1b2c3d4"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def row(record: Record | None, proof: Proof | None = None, **described: Any) -> Row:
    """The row of one WorkSpace."""
    found = {"WorkspaceId": WS, "UserName": "anna", "BundleId": BUNDLE, "State": "AVAILABLE"}
    [made] = rows(
        Ledger((WS,), {WS: record} if record else {}, {BUNDLE: proof} if proof else {}),
        Fleet({WS: found | described}, {BUNDLE: IMAGE}),
    )
    return made


def record(look_at: datetime | None = None, waits_for: str | None = None, **facts: Any) -> Record:
    return Record(WS, Facts(**facts), 1, look_at, waits_for)


VACANT: dict[str, Any] = {"used_at": at(-40), "vacant_since": at(-30)}


@pytest.mark.parametrize(
    ("given", "phase", "since", "reason"),
    [
        (None, "unseen", None, "not_seen_yet"),
        (record(baseline_at=at(-9)), "clean", at(-9), "baseline"),
        (record(baseline_at=at(-9), rebuilt_at=at(-5)), "clean", at(-5), "rebuilt"),
        (record(used_at=at(-3)), "in_use", at(-3), "used"),
        (record(used_at=at(-3), told_at=at(-1)), "in_use", at(-1), "evidence"),
        (record(told_at=at(-1)), "in_use", at(-1), "evidence"),
        (record(at(5), "grace", **VACANT), "vacant", at(-30), "grace"),
        (record(at(5), "window", attempts=1, reason="E", **VACANT), "vacant", at(-30), "window"),
        (record(at(5), "E", attempts=1, reason="E", **VACANT), "vacant", at(-30), "E (1 of 3)"),
        (record(**VACANT), "vacant", at(-30), "dry_run"),
        (record(attempts=3, reason="E", **VACANT), "blocked", at(-30), "E (3 of 3)"),
        (record(asked_at=at(-2), **VACANT), "rebuilding", at(-2), "unanswered"),
        (record(asked_at=at(-2), accepted_at=at(-1), **VACANT), "rebuilding", at(-2), "accepted"),
        (
            record(asked_at=at(-2), accepted_at=at(-1), proving=True, **VACANT),
            "rebuilding",
            at(-2),
            "accepted, proves the image",
        ),
    ],
)
def test_a_row_says_phase_since_and_why(
    given: Record | None, phase: str, since: datetime | None, reason: str
) -> None:
    made = row(given)
    assert (made.phase, made.since, made.reason) == (phase, since, reason)
    assert (made.workspace_id, made.user) == (WS, "anna")
    assert made.due_at == (given.look_at if given else None)


@pytest.mark.parametrize("state", ["TERMINATED", "TERMINATING"])
def test_a_workspace_that_goes_says_so(state: str) -> None:
    assert row(record(**VACANT), State=state).reason == state


def test_a_workspace_that_aws_does_not_know_says_so() -> None:
    [made] = rows(Ledger((WS,), {WS: record(**VACANT)}, {}), Fleet())
    assert (made.reason, made.user, made.image) == ("not_found", None, "-")


PROOF = Proof(BUNDLE, proven="wsi-old")


@pytest.mark.parametrize(
    ("proof", "image"),
    [
        (None, IMAGE),
        (replace(PROOF, proven=IMAGE), f"{IMAGE} proven"),
        (PROOF, f"{IMAGE} new, not tried"),
        (replace(PROOF, earlier=(IMAGE,)), f"{IMAGE} proven"),
        (replace(PROOF, trials={IMAGE: OTHER}), f"{IMAGE} on trial: {OTHER}"),
        (replace(PROOF, trials={"wsi-x": OTHER}, failed=("wsi-x",)), f"{IMAGE} new, not tried"),
        (replace(PROOF, failed=("wsi-x", IMAGE)), f"{IMAGE} new, not tried, 1 failed"),
        (replace(PROOF, failed=(IMAGE,) * 3), f"{IMAGE} bad"),
    ],
)
def test_the_image_says_what_is_known_of_its_proof(proof: Proof | None, image: str) -> None:
    assert row(record(**VACANT), proof).image == image


def test_what_needs_a_look_comes_first_and_workspaces_off_the_roster_not_at_all() -> None:
    facts = {
        "ws-clean000": record(rebuilt_at=at(0)),
        "ws-later000": record(at(9), "grace", **VACANT),
        "ws-sooner00": record(at(1), "grace", **VACANT),
        "ws-blocked0": record(attempts=3, reason="E", **VACANT),
        "ws-using000": record(used_at=at(0)),
        "ws-building": record(asked_at=at(0)),
        "ws-offlist0": record(**VACANT),
    }
    roster = (*sorted(set(facts) - {"ws-offlist0"}), "ws-unseen00")
    shown = [made.workspace_id for made in rows(Ledger(roster, facts, {}), Fleet())]
    assert shown == [
        "ws-blocked0",
        "ws-sooner00",
        "ws-later000",
        "ws-building",
        "ws-using000",
        "ws-unseen00",
        "ws-clean000",
    ]


def test_each_deferral_reason_is_explained() -> None:
    assert set(Deferral) <= set(MEANING)


def test_the_table_explains_the_reasons_it_shows() -> None:
    made = [row(record(at(5), "grace", **VACANT)), row(record(rebuilt_at=at(-300)))]
    text = table(made, NOON).splitlines()
    assert text[0].split() == ["WorkSpace", "user", "phase", "since", "due", "reason", "image"]
    assert text[1].split("  ")[0] == WS
    assert "30 min ago  in 5 min  grace" in text[1]
    assert "5 h ago     -         rebuilt" in text[2]
    assert text[4] == "2 WorkSpaces: 1 vacant, 1 clean."
    assert text[5] == f"  grace  {MEANING[Deferral.GRACE]}"
    assert len(text) == 6


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (record(at(-1), "state", **VACANT), "now"),
        (record(at(0), "state", **VACANT), "now"),
        (record(at(3), "state", **VACANT), "in 3 min"),
        (record(attempts=3, reason="E", **VACANT), "next audit"),
        (record(asked_at=at(-1), accepted_at=at(-1), **VACANT), "next audit"),
        (record(used_at=at(-1)), "-"),
        (record(rebuilt_at=at(-1)), "-"),
    ],
)
def test_due_says_when_the_function_looks_next(given: Record, due: str) -> None:
    heading, line, *_ = table([row(given)], NOON).splitlines()
    start, end = heading.index("due"), heading.index("reason")
    assert line[start:end].strip() == due


def test_json_has_exact_times() -> None:
    [made] = json.loads(as_json([row(record(at(5), "grace", **VACANT))]))
    assert made["due_at"] == "2026-11-22T12:05:00+00:00"
    assert made["since"] == "2026-11-22T11:30:00+00:00"
    assert made["image_id"] == IMAGE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_a_span_has_its_largest_sensible_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text


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
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            )
        items: tuple[dict[str, Any], ...] = (
            {"id": {"S": "roster"}, "workspace_ids": {"L": [{"S": WS}]}},
            {"id": {"S": "audit"}},
            {"id": {"S": "lease"}, "held_by": {"S": "x"}},
            to_item(record(at(5), "grace", **VACANT)),
            proof_to_item(PROOF),
        )
        for item in items:
            client.put_item(TableName="desks-ledger", Item=item)
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
    assert others <= {"fleet_status", "nonpersistent", "boto3", "botocore"}


def test_a_python_that_is_too_old_understands_the_line_that_says_so() -> None:
    assert "needs python3.11" in SCRIPT.read_text()
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_phases_are_all_ranked() -> None:
    assert {*ORDER} == {*Phase, UNSEEN}
