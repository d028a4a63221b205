"""verify: each verdict on its own, and what IAM says of the function's role."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fleetlib import judgements
from fleetlib.aws import Account
from fleetlib.judgements import Question, Row, Verdict
from fleetlib.survey import Fleet, Survey
from fleetlib.verify import text, tried

from nonpersistent.observation import FRESH
from tests.unit.support import NOON, OTHER, WS

ROOT = Path(__file__).parents[2]
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
        (judgements.metrics([WS, OTHER], {WS}, [], NOON), HOLDS),
        (judgements.metrics([WS], {OTHER}, [], NOON), NOT_SEEN),
        (judgements.metrics([], set(), [], NOON), NOT_SEEN),
        (judgements.metrics([WS], {WS}, [connection("DISCONNECTED", -1, -90)], NOON), HOLDS),
        (judgements.metrics([WS], set(), [connection("DISCONNECTED", -1, -90)], NOON), DIFFERS),
        (judgements.metrics([WS], set(), [connection("DISCONNECTED", -1, -50)], NOON), NOT_SEEN),
        (judgements.metrics([WS], set(), [connection("CONNECTED", -1, -90)], NOON), NOT_SEEN),
        (judgements.metrics([WS], set(), [connection("DISCONNECTED", -1)], NOON), NOT_SEEN),
        (
            judgements.metrics([WS], set(), [connection("DISCONNECTED", -1, -20_000)], NOON),
            NOT_SEEN,
        ),
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
        (judgements.quota({"Rebuilds": 2.0}, 0, 0, 2), HOLDS),
        (judgements.quota({"Rebuilds": 3.0}, 0, 0, 2.1), HOLDS),
        (judgements.quota({"Rebuilds": 2.0}, 0, 0, 2.1), DIFFERS),
        (judgements.quota({"Rebuilds": 2.0}, 9, 1, 2), DIFFERS),
        (judgements.quota({}, 9, 0, 2), HOLDS),
        (judgements.quota({}, 9, 0, 2.1), DIFFERS),
        (judgements.quota({}, 0, 0, 2), NOT_SEEN),
        (
            judgements.role({Question("a", "*", True): True, Question("b", "*", False): False}),
            HOLDS,
        ),
        (judgements.role({Question("a", "*", True): False}), DIFFERS),
        (judgements.role({Question("b", "*", False): True}), DIFFERS),
        (judgements.protocol({WS: ["WSP"], OTHER: []}), HOLDS),
        (judgements.protocol({WS: ["WSP"], OTHER: ["PCOIP"]}), DIFFERS),
        (judgements.protocol({WS: []}), NOT_SEEN),
    ],
    ids=lambda value: f"{value.assumption}: {value.seen}" if isinstance(value, Row) else str(value),
)
def test_a_verdict_follows_from_what_was_seen(row: Row, verdict: Verdict) -> None:
    assert row.verdict is verdict
    assert bool(row.then) is (verdict is not HOLDS)


@pytest.mark.parametrize("judgement", [*inspect.getmembers(judgements, inspect.isfunction)])
def test_the_document_says_what_follows_from_each_row(judgement: tuple[str, Any]) -> None:
    name, function = judgement
    gives_a_row = function.__annotations__.get("return") == "Row" and name != "not_told"
    document = (ROOT / "docs" / "assumptions.md").read_text()
    assert (f"| `{name}` |" in document) is gives_a_row


def test_the_reading_of_the_last_connection_is_named() -> None:
    ended = {WS: NOON}
    log_in = judgements.last_connected([connection("DISCONNECTED", -1, -60)], ended)
    last_sight = judgements.last_connected([connection("DISCONNECTED", -1, -2)] * 3, ended)
    assert "the log-in" in log_in.seen
    assert "the last sight" in last_sight.seen


def test_a_table_has_a_line_per_assumption_and_names_workspaces_below() -> None:
    unused = judgements.metrics([WS], set(), [connection("DISCONNECTED", -1, -90)], NOON)
    pcoip = judgements.protocol({WS: ["PCOIP"], OTHER: ["PCOIP", "WSP"], "ws-dcv": ["WSP"]})
    lines = text([Row("role", HOLDS, "seen"), unused, pcoip]).splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["assumption", "verdict"],
        ["role", "holds"],
        ["metrics", "differs"],
        ["protocol", "differs"],
    ]
    assert lines[4:] == ["", f"metrics: {WS}", f"protocol: {WS} {OTHER}"]


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
    monkeypatch.setattr("fleetlib.aws.CALLS_PER_SECOND", 1000.0)
    survey = Survey(Account("f", "us-east-1"))
    prefix = "arn:aws:workspaces:us-east-1:123456789012:workspace/"
    fleet = Fleet("f", "arn:aws:iam::123456789012:role/f", prefix, 2.0, (WS,))
    iam = clients["iam"]
    assert isinstance(iam, Iam)
    return judgements.role(survey.allowed(fleet, [WS])), iam


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


def test_only_a_metric_of_the_workspace_alone_is_one_that_the_alarms_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = [{"Name": "WorkspaceId", "Value": WS}]
    combined = [{"Name": "WorkspaceId", "Value": OTHER}, {"Name": "DirectoryId", "Value": "d-1"}]
    pages = [{"Metrics": [{"Dimensions": alone}, {"Dimensions": combined}]}]
    monkeypatch.setattr(Account, "pages", lambda *_, **__: iter(pages))
    assert Survey(Account("desks", "us-east-1")).measured() == {WS}


def test_a_sample_is_as_old_as_the_function_lets_it_be() -> None:
    assert judgements.FRESH == FRESH


@pytest.mark.parametrize(
    ("code", "then"),
    [
        ("AccessDeniedException", "docs/operations.md has the policy"),
        ("ThrottlingException", "run this again"),
    ],
)
def test_what_aws_did_not_answer_says_what_to_do(code: str, then: str) -> None:
    def check() -> Row:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "DescribeWorkspaces")

    row = tried("sampling", check)
    seen = f"DescribeWorkspaces: {code}"
    assert (row.verdict, row.seen, row.then) == (NOT_SEEN, seen, then)
