"""What moto does not answer about an account, and `verify` asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.moto.account_answers import may
from tests.clients import client
from tests.times import until

REBUILD, OURS = "workspaces:RebuildWorkspaces", "arn:aws:workspaces:us-east-1:1:workspace/ws-ours"


def policy(effect: str, action: str, resource: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


TAGGED = {"Condition": {"StringEquals": {"aws:ResourceTag/fleet": "kiosks"}}}


@pytest.mark.parametrize(
    ("documents", "allowed"),
    [
        ([], False),
        ([policy("Allow", REBUILD, OURS)], True),
        ([policy("Allow", REBUILD, f"{OURS}2")], False),
        ([policy("Allow", "workspaces:*", "*"), policy("Deny", REBUILD, OURS)], False),
        ([policy("Allow", REBUILD, "*", **TAGGED)], True),
        ([policy("Allow", REBUILD, "*", Condition={"Unknown": {"a": "b"}})], False),
    ],
    ids=["nothing", "ours", "another", "denied", "tagged", "unknown condition"],
)
def test_a_role_may_what_is_allowed_and_not_denied(
    documents: list[dict[str, Any]], allowed: bool
) -> None:
    assert may(documents, REBUILD, OURS, **{"aws:ResourceTag/fleet": "kiosks"}) is allowed
    tagged_otherwise = may(documents, REBUILD, OURS, **{"aws:ResourceTag/fleet": "desks"})
    assert tagged_otherwise is (allowed and "Condition" not in json.dumps(documents))


def test_a_simulation_needs_both_the_roles_policies_and_its_boundary(aws: Sandbox) -> None:
    iam = client(aws, "iam")
    boundary = iam.create_policy(
        PolicyName="boundary", PolicyDocument=json.dumps(policy("Allow", REBUILD, "*"))
    )["Policy"]["Arn"]
    role = iam.create_role(
        RoleName="f", AssumeRolePolicyDocument="{}", PermissionsBoundary=boundary
    )["Role"]["Arn"]
    everything = json.dumps(policy("Allow", "workspaces:*", "*"))
    attached = iam.create_policy(PolicyName="own", PolicyDocument=everything)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="f", PolicyArn=attached)
    terminate = "workspaces:TerminateWorkspaces"
    results = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=[REBUILD, terminate], ResourceArns=[OURS]
    )["EvaluationResults"]
    assert [(row["EvalActionName"], row["EvalDecision"]) for row in results] == [
        (REBUILD, "allowed"),
        (terminate, "implicitDeny"),
    ]


def test_no_quota_of_workspaces_is_a_rate(aws: Sandbox) -> None:
    quotas = client(aws, "service-quotas")
    assert quotas.list_service_quotas(ServiceCode="workspaces")["Quotas"] == []


def test_a_workspace_tells_its_protocol_in_the_apis_words(aws: Sandbox) -> None:
    id_ = aws.desktops.add()
    [row] = client(aws, "workspaces").describe_workspaces(WorkspaceIds=[id_])["Workspaces"]
    assert row["WorkspaceProperties"]["Protocols"] == ["WSP"]


def test_a_healthy_workspace_publishes_that_it_is_available(aws: Sandbox) -> None:
    id_ = aws.desktops.add()

    def published() -> bool:
        listed = client(aws, "cloudwatch").list_metrics(MetricName="Available")["Metrics"]
        return [{"Name": "WorkspaceId", "Value": id_}] in [m["Dimensions"] for m in listed]

    until(published, "Available is published")
