"""What an apply does to what is there already, and what it does first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo.deployment import TerraformError
from sandbox import Sandbox

from .conftest import PARTITION, REGION
from .rendered import IDS, Fleet, Planned, complete_on, listed

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


MANY = [f"ws-{number:010}" for number in range(100)]
"""They need three policies: in the first one are as many as always fit, 44."""


def test_rebuilds_of_the_first_policy_stay_allowed_while_ids_become_a_tag(
    fleet: Fleet, client: Callable[[str], Any]
) -> None:
    """The first policy is changed in place; the others go, maybe before that."""
    attachment = "module.nonpersistent.aws_iam_role_policy_attachment.rebuild"
    iam, role = client("iam"), f"desks-{REGION}"

    def allowed() -> set[str]:
        """The WorkSpaces that the role may rebuild; by the tag, all of them."""
        found: set[str] = set()
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            with suppress(iam.exceptions.NoSuchEntityException):  # it goes at this moment
                policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
                version = iam.get_policy_version(
                    PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
                )
                [statement] = version["PolicyVersion"]["Document"]["Statement"]
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
