"""What an apply does to what is there already, and what it does first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo.deployment import TerraformError
from sandbox import Sandbox

from .conftest import PARTITION, REGION
from .rendered import Fleet, complete_on

RULES = ("desks-audit", "desks-reconcile", "desks-sign-in")


@pytest.fixture
def client(aws: Sandbox) -> Callable[[str], Any]:
    """A boto3 client of the local AWS."""
    session = boto3.session.Session("local", "local", region_name=aws.region)
    return partial(session.client, endpoint_url=aws.endpoint)


def test_pause_and_apply_an_apply_undoes_a_pause(
    fleet: Fleet, client: Callable[[str], Any]
) -> None:
    events = client("events")
    for rule in RULES:
        events.disable_rule(Name=rule)
    fleet.prepare()
    assert [events.describe_rule(Name=rule)["State"] for rule in RULES] == ["ENABLED"] * 3


def test_rebuilds_stay_allowed_while_permissions_by_id_become_permissions_by_tag(
    fleet: Fleet, client: Callable[[str], Any]
) -> None:
    attachment = "module.nonpersistent.aws_iam_role_policy_attachment.rebuild"
    iam, role = client("iam"), f"desks-{REGION}"

    def rights() -> list[str]:
        """Ids or tag by which the role may rebuild."""
        found = []
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
            version = iam.get_policy_version(
                PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
            )
            [statement] = version["PolicyVersion"]["Document"]["Statement"]
            assert "workspaces:RebuildWorkspaces" in statement["Action"]
            found.append("tag" if "Condition" in statement else "id")
        return found

    fleet.make(attachment)
    seen = [rights()]
    fleet.set(workspace_tag={"key": "fleet", "value": "desks"})
    with ThreadPoolExecutor() as pool:
        applied = pool.submit(fleet.make, attachment)
        while not applied.done():
            seen.append(rights())
        applied.result()
    seen.append(rights())
    fleet.set(workspace_tag=None)
    assert [found for found, _ in groupby(seen)] == [["id"], ["tag"]]


@pytest.mark.parametrize(
    ("address", "after"),
    [
        (
            "aws_cloudwatch_metric_alarm.operations",
            ["aws_cloudwatch_event_target.function", "aws_cloudwatch_log_metric_filter.gauge"],
        ),
        ("aws_dynamodb_table.ledger", ["aws_iam_role_policy.function"]),
    ],
    ids=["alarms after what they watch", "a key for the role before the ledger is under it"],
)
def test_what_is_applied_first(fleet: Fleet, address: str, after: list[str]) -> None:
    [call] = fleet.plan()["configuration"]["root_module"]["module_calls"].values()
    waits_for = {each["address"]: each.get("depends_on") for each in call["module"]["resources"]}
    assert waits_for[address] == after


def test_a_second_complete_of_the_same_name_is_refused_before_it_touches_the_first(
    aws: Sandbox, client: Callable[[str], Any], tmp_path: Path
) -> None:
    topic = f"arn:{PARTITION}:sns:{aws.region}:123456789012:company-operations"

    def owned() -> tuple[Any, Any]:
        """The first one's topic, and whether its key is as it was."""
        attributes = client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        key = client("kms").describe_key(KeyId=attributes["KmsMasterKeyId"])["KeyMetadata"]
        return attributes, (key["Arn"], key["KeyState"])

    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = complete_on(aws, tmp_path / "first", "company")
    first.make("aws_kms_alias.fleet", "aws_sns_topic.operations")
    before = owned()
    second = complete_on(aws, tmp_path / "second", "company")
    with pytest.raises(TerraformError, match="AlreadyExistsException"):
        second.make("aws_kms_alias.fleet", "aws_sns_topic.operations")
    assert owned() == before
    second.destroy()
    assert owned() == before
