"""What an apply does to what is there already, and what it does first."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from demo.deployment import TerraformError
from sandbox import Sandbox

from .conftest import COMPLETE, PARTITION, REGION, Client
from .rendered import IDS, Fleet, Planned, complete_on, listed

RULES = ("desks-audit", "desks-reconcile", "desks-sign-in")


def test_pause_and_apply_an_apply_undoes_a_pause(fleet: Fleet, client: Client) -> None:
    events = client("events")
    for rule in RULES:
        events.disable_rule(Name=rule)
    fleet.prepare()
    assert [events.describe_rule(Name=rule)["State"] for rule in RULES] == ["ENABLED"] * 3


MANY = [f"ws-{number:010}" for number in range(100)]
"""They need three policies: in the first one are as many as always fit, 44."""


def test_rebuilds_of_the_first_policy_stay_allowed_while_ids_become_a_tag(
    fleet: Fleet, client: Client
) -> None:
    """The first policy is changed in place; the others go, maybe before that."""
    attachment = "module.nonpersistent.aws_iam_role_policy_attachment.rebuild"
    iam, role = client("iam"), f"desks-{REGION}"

    def allowed() -> set[str]:
        """The WorkSpaces that the role may rebuild; by the tag, all of them."""
        account = iam.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
        [attached] = [
            {each["PolicyArn"] for each in found["AttachedManagedPolicies"]}
            for found in account["RoleDetailList"]
            if found["RoleName"] == role
        ]
        found: set[str] = set()
        for policy in account["Policies"]:
            if policy["Arn"] in attached:
                [document] = [
                    version["Document"]
                    for version in policy["PolicyVersionList"]
                    if version["IsDefaultVersion"]
                ]
                [statement] = document["Statement"]
                assert "workspaces:RebuildWorkspaces" in statement["Action"]
                arns = listed(statement["Resource"])
                found |= {*MANY} if "Condition" in statement else {a.split("/")[1] for a in arns}
        return found

    fleet.set(workspace_ids=MANY)
    fleet.make(attachment)
    assert allowed() == {*MANY}
    fleet.set(workspace_tag={"key": "fleet", "value": "desks"})
    seen = []
    with ThreadPoolExecutor() as pool:
        applied = pool.submit(fleet.make, attachment)
        while not applied.done():
            seen.append(allowed())
            time.sleep(0.02)
        applied.result()
    assert allowed() == {*MANY}
    fleet.set(workspace_tag=None, workspace_ids=IDS)
    assert len(seen) > 10
    assert all(found >= {*MANY[:44]} for found in seen)


@pytest.mark.parametrize(
    ("address", "after"),
    [
        (
            "aws_cloudwatch_metric_alarm.operations",
            ["aws_cloudwatch_event_target.function", "aws_cloudwatch_log_metric_filter.gauge"],
        ),
        ("aws_dynamodb_table.ledger", ["aws_iam_role_policy.function"]),
        ("aws_sqs_queue.dead_letters", ["aws_iam_role_policy.function"]),
    ],
    ids=[
        "alarms after what they watch",
        "a key for the role before the ledger is under it",
        "a key for the role before the queue is under it",
    ],
)
def test_what_is_applied_first(by_id: Planned, address: str, after: list[str]) -> None:
    waits_for = {each["address"]: each.get("depends_on") for each in by_id.configuration}
    assert waits_for[address] == after


@pytest.mark.usefixtures("complete")
def test_a_second_complete_of_the_same_name_is_refused_before_it_touches_the_first(
    aws: Sandbox, client: Client, tmp_path: Path
) -> None:
    topic = f"arn:{PARTITION}:sns:{aws.region}:123456789012:desks-operations"

    def owned() -> tuple[Any, Any]:
        """The first one's topic, and whether its key is as it was."""
        attributes = client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        key = client("kms").describe_key(KeyId=attributes["KmsMasterKeyId"])["KeyMetadata"]
        return attributes, (key["Arn"], key["KeyState"])

    before = owned()
    second = complete_on(aws, tmp_path)
    with pytest.raises(TerraformError, match="AlreadyExistsException"):
        second.make(*COMPLETE)
    assert owned() == before
    second.destroy()
    assert owned() == before
