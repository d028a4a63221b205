"""Who may do what, in words, on the plan's JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from demo.deployment import ROOT, TerraformError
from sandbox.delivery.policies import Request, allows

from .conftest import PARTITION, REGION
from .rendered import BOUNDARY, KEY, Fleet, Planned, listed

HERE = f"{REGION}:123456789012"
TOPIC = f"arn:{PARTITION}:sns:{HERE}:desks-sessions"
QUEUE = f"arn:{PARTITION}:sqs:{HERE}:desks-dead-letters"
TABLE = f"arn:{PARTITION}:dynamodb:{HERE}:table/desks-ledger"
LOG = f"arn:{PARTITION}:logs:{HERE}:log-group:/aws/lambda/desks"
WORKSPACE = f"arn:{PARTITION}:workspaces:{HERE}:workspace/"
RULES = [f"arn:{PARTITION}:events:{HERE}:rule/desks-{n}" for n in ("audit", "reconcile", "sign-in")]
KEY_ARN = KEY.format(partition=PARTITION, region=REGION)
ALARM = f"arn:{PARTITION}:cloudwatch:{HERE}:alarm:desks-session-disconnect-ws-0123456789"
PUBLISHED = {
    "aws:SourceAccount": "123456789012",
    "aws:SourceArn": ALARM,
    "aws:SecureTransport": "true",
}

FUNCTION = f"arn:{PARTITION}:lambda:{HERE}:function:desks"
LOG_OF = "kms:EncryptionContext:aws:logs:arn"
BUS = f"arn:{PARTITION}:events:{HERE}:event-bus/default"
ENVIRONMENT_OF = "kms:EncryptionContext:aws:lambda:FunctionArn"
VIA = "kms:ViaService"

LEDGER_ACTIONS = "BatchGetItem DeleteItem GetItem PutItem Scan UpdateItem"
SEEING = "DescribeWorkspaceBundles DescribeWorkspaces DescribeWorkspacesConnectionStatus"


def actions(service: str, names: str) -> list[str]:
    return [f"{service}:{name}" for name in names.split()]


def may(planned: Planned) -> dict[str, tuple[list[str], list[str]]]:
    """What the role may do: actions and resources by sid; it has no Deny and no other elements."""
    assert {each["Effect"] for each in planned.granted} == {"Allow"}
    assert not any("NotAction" in each or "NotResource" in each for each in planned.granted)
    return {
        each["Sid"]: (listed(each["Action"]), listed(each["Resource"])) for each in planned.granted
    }


def test_p4_the_function_may_rebuild_exactly_the_workspaces_of_the_roster(by_id: Planned) -> None:
    assert may(by_id) == {
        "ReadAndWriteTheLedger": (actions("dynamodb", LEDGER_ACTIONS), [TABLE]),
        "AskWhatIsDue": (["dynamodb:Query"], [f"{TABLE}/index/due"]),
        "SeeStatesConnectionsAndBundles": (actions("workspaces", SEEING), ["*"]),
        "WriteTheLog": (actions("logs", "CreateLogStream PutLogEvents"), [f"{LOG}:*"]),
        "KeepFailedInvocations": (["sqs:SendMessage"], [QUEUE]),
        "UseTheKeyThroughLedgerAndQueue": (actions("kms", "Decrypt GenerateDataKey"), [KEY_ARN]),
        "DecryptTheEnvironmentOfTheFunction": (["kms:Decrypt"], [KEY_ARN]),
        "RebuildTheseWorkSpaces": (
            actions("workspaces", "DescribeWorkspaceSnapshots RebuildWorkspaces"),
            [f"{WORKSPACE}ws-0123456789", f"{WORKSPACE}ws-9876543210"],
        ),
    }


def test_p4_with_a_tag_it_may_rebuild_what_has_the_tag_and_nothing_else(by_tag: Planned) -> None:
    [statement] = [each for each in by_tag.granted if "RebuildWorkspaces" in str(each["Action"])]
    assert listed(statement["Resource"]) == [f"{WORKSPACE}*"]
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/fleet": "desks"}}


FOREIGN = KEY.format(partition=PARTITION, region="cn-northwest-1")


@pytest.fixture(scope="module")
def refused(fleet: Fleet) -> str:
    """What is said of too many ids and a key of another Region, in one plan; without the ids'
    alarms, which would say nothing more and take their time."""
    ids = [f"ws-{number:09d}" for number in range(741)]
    with pytest.raises(TerraformError) as refusal:
        fleet.planned(workspace_ids=ids, session_alarms=False, kms_key_arn=FOREIGN)
    return " ".join(str(refusal.value).replace("│", " ").split())


def test_p4_ids_that_do_not_fit_are_refused_with_their_number_and_the_way_out(refused: str) -> None:
    assert "workspace_ids has 741 ids" in refused
    assert "set workspace_tag = {key, value}" in refused


def test_a_key_of_another_region_is_refused_with_both_regions(refused: str) -> None:
    assert f"kms_key_arn must be a key of the module's own Region, {REGION}: " in refused
    assert f'got "{FOREIGN}".' in refused


def test_no_action_is_a_pattern_and_one_resource_is_everything(
    by_id: Planned, by_tag: Planned
) -> None:
    for planned in (by_id, by_tag):
        for statement in planned.granted:
            assert not [name for name in listed(statement["Action"]) if "*" in name or "?" in name]
        wide = [each["Sid"] for each in planned.granted if "*" in listed(each["Resource"])]
        assert wide == ["SeeStatesConnectionsAndBundles"]
    lines = (ROOT / "iam.tf").read_text().splitlines()
    everything = [number for number, line in enumerate(lines) if '["*"]' in line]
    assert everything
    assert all(lines[number - 1].strip().startswith("# ") for number in everything)


@pytest.mark.parametrize(
    ("bus", "context", "may_publish"),
    [
        (BUS, {"events:source": "workspaces-nonpersistent"}, True),
        (BUS, {"events:source": "aws.workspaces"}, False),
        (BUS, {"events:source": "workspaces-nonpersistent-2"}, False),
        (BUS, {}, False),
        (f"{BUS}-2", {"events:source": "workspaces-nonpersistent"}, False),
        (
            BUS.replace(REGION, "cn-northwest-1"),
            {"events:source": "workspaces-nonpersistent"},
            False,
        ),
    ],
)
def test_p4_with_events_the_role_publishes_as_itself_on_the_default_bus_of_its_region(
    publishing: Planned, bus: str, context: dict[str, str], may_publish: bool
) -> None:
    policy = {"Statement": [{**each, "Principal": "*"} for each in publishing.granted]}
    assert allows(policy, Request("the role", "events:PutEvents", bus, context)) is may_publish


def test_p4_the_only_right_that_events_need_is_to_put_them(
    by_id: Planned, publishing: Planned
) -> None:
    without, with_events = may(by_id), may(publishing)
    assert with_events.keys() - without.keys() == {"PublishEventsUnderTheModulesSource"}
    assert with_events["PublishEventsUnderTheModulesSource"] == (["events:PutEvents"], [BUS])
    assert without.items() <= with_events.items()


def test_only_lambda_takes_the_role_and_the_role_is_the_only_one(by_id: Planned) -> None:
    assert list(by_id.all("aws_iam_role")) == ["aws_iam_role.function"]
    statement = by_id.statements("aws_iam_role.function")["LambdaMayTakeThisRole"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert len(by_id.policies["aws_iam_role.function"]["Statement"]) == 1


@pytest.mark.parametrize(
    ("who", "context", "may_publish"),
    [
        ("cloudwatch.amazonaws.com", {}, True),
        ("cloudwatch.amazonaws.com", {"aws:SourceAccount": "210987654321"}, False),
        ("cloudwatch.amazonaws.com", {"aws:SourceArn": ALARM.replace("desks", "other")}, False),
        (
            "cloudwatch.amazonaws.com",
            {"aws:SourceArn": ALARM.replace("session-disconnect-ws-0123456789", "late")},
            False,
        ),
        ("cloudwatch.amazonaws.com", {"aws:SecureTransport": "false"}, False),
        ("s3.amazonaws.com", {}, False),
        ("events.amazonaws.com", {}, False),
        ("123456789012", {}, False),
    ],
)
def test_p4_only_session_alarms_of_this_fleet_publish_and_over_tls(
    by_id: Planned, who: str, context: dict[str, str], may_publish: bool
) -> None:
    policy = by_id.policies["aws_sns_topic_policy.sessions"]
    request = Request(who, "sns:Publish", TOPIC, PUBLISHED | context)
    assert allows(policy, request) is may_publish


def test_p4_nobody_but_the_topic_and_three_rules_may_invoke_the_function(by_id: Planned) -> None:
    permitted = sorted(
        (each["principal"], each["action"], each["source_arn"])
        for each in by_id.all("aws_lambda_permission").values()
    )
    invoke = "lambda:InvokeFunction"
    rules = [("events.amazonaws.com", invoke, rule) for rule in RULES]
    assert permitted == [*rules, ("sns.amazonaws.com", invoke, TOPIC)]
    assert not by_id.all("aws_lambda_function_url")


@pytest.mark.parametrize(
    ("who", "source", "tls", "may_send"),
    [
        ("sns.amazonaws.com", TOPIC, "true", True),
        ("events.amazonaws.com", RULES[0], "true", True),
        ("events.amazonaws.com", RULES[2], "true", True),
        ("sns.amazonaws.com", f"{TOPIC}-of-others", "true", False),
        ("events.amazonaws.com", f"arn:{PARTITION}:events:{HERE}:rule/other", "true", False),
        ("s3.amazonaws.com", TOPIC, "true", False),
        ("sns.amazonaws.com", TOPIC, "false", False),
    ],
)
def test_p6_only_the_topic_and_the_rules_keep_dead_letters(
    by_id: Planned, who: str, source: str, tls: str, may_send: bool
) -> None:
    policy = by_id.policies["aws_sqs_queue.dead_letters"]
    context = {"aws:SourceArn": source, "aws:SecureTransport": tls}
    assert allows(policy, Request(who, "sqs:SendMessage", QUEUE, context)) is may_send


@pytest.mark.parametrize(
    ("context", "allowed"),
    [
        ({VIA: f"dynamodb.{REGION}.amazonaws.com"}, "Decrypt GenerateDataKey"),
        ({VIA: f"sqs.{REGION}.amazonaws.com.cn"}, "Decrypt GenerateDataKey"),
        ({VIA: f"s3.{REGION}.amazonaws.com"}, ""),
        ({ENVIRONMENT_OF: FUNCTION}, "Decrypt"),
        ({ENVIRONMENT_OF: f"{FUNCTION}-of-others"}, ""),
        ({}, ""),
    ],
)
def test_the_role_uses_the_key_for_ledger_queue_and_environment_alone(
    by_id: Planned, context: dict[str, str], allowed: str
) -> None:
    statements = [{**each, "Principal": "*"} for each in by_id.granted]
    found = [
        action
        for action in actions("kms", "Decrypt Encrypt GenerateDataKey")
        if allows({"Statement": statements}, Request("the role", action, KEY_ARN, context))
    ]
    assert found == actions("kms", allowed)


def test_everything_is_under_the_key_that_is_given(by_id: Planned) -> None:
    assert by_id.one("aws_sns_topic.sessions")["kms_master_key_id"] == KEY_ARN
    assert by_id.one("aws_sqs_queue.dead_letters")["kms_master_key_id"] == KEY_ARN
    assert by_id.one("aws_cloudwatch_log_group.function")["kms_key_id"] == KEY_ARN
    assert by_id.one("aws_lambda_function.nonpersistent")["kms_key_arn"] == KEY_ARN
    [encryption] = by_id.one("aws_dynamodb_table.ledger")["server_side_encryption"]
    assert encryption == {"enabled": True, "kms_key_arn": KEY_ARN}


def test_without_a_key_aws_encrypts_with_its_own_where_it_offers_that(plain: Planned) -> None:
    assert plain.one("aws_sqs_queue.dead_letters")["sqs_managed_sse_enabled"] is True
    # Not enabled means AWS's own key; enabled without one would mean alias/aws/dynamodb.
    [encryption] = plain.one("aws_dynamodb_table.ledger")["server_side_encryption"]
    assert encryption["enabled"] is False
    assert not plain.one("aws_sns_topic.sessions")["kms_master_key_id"]


def test_the_boundary_reaches_every_role(by_id: Planned, plain: Planned) -> None:
    boundary = BOUNDARY.format(partition=PARTITION)
    roles = by_id.all("aws_iam_role").values()
    assert {role["permissions_boundary"] for role in roles} == {boundary}
    assert {role["permissions_boundary"] for role in plain.all("aws_iam_role").values()} == {None}


def test_no_policy_names_another_partition_than_its_own(by_id: Planned, by_tag: Planned) -> None:
    for planned in (by_id, by_tag):
        arns: set[str] = set()
        for values in (planned.policies, [dict(each["values"]) for each in planned.resources]):
            arns |= set(re.findall(r"arn:[a-z-]*:", json.dumps(values)))
        assert arns == {f"arn:{PARTITION}:"}


def test_no_partition_is_written_down_in_the_code() -> None:
    """Descriptions and messages may show an ARN; everything else takes it from what exists."""
    for path in sorted(ROOT.glob("*.tf")):
        for line in path.read_text().splitlines():
            code = line.split("#")[0].strip()
            if not code.startswith(("description", "error_message")):
                assert "arn:aws" not in code, f"{path.name}: {line.strip()}"


@pytest.mark.parametrize(
    ("who", "action", "context", "may_use"),
    [
        ("cloudwatch.amazonaws.com", "kms:Decrypt", {}, True),
        ("cloudwatch.amazonaws.com", "kms:GenerateDataKey", {}, True),
        ("sns.amazonaws.com", "kms:Decrypt", {}, True),
        ("sns.amazonaws.com", "kms:GenerateDataKey", {}, True),
        ("events.amazonaws.com", "kms:Decrypt", {}, True),
        ("events.amazonaws.com", "kms:GenerateDataKey", {}, True),
        (f"logs.{REGION}.amazonaws.com.cn", "kms:Encrypt", {LOG_OF: LOG}, True),
        (f"logs.{REGION}.amazonaws.com.cn", "kms:Decrypt", {LOG_OF: LOG}, True),
        (f"logs.{REGION}.amazonaws.com.cn", "kms:Decrypt", {LOG_OF: f"{LOG}-of-others"}, False),
        ("cloudwatch.amazonaws.com", "kms:ScheduleKeyDeletion", {}, False),
        ("s3.amazonaws.com", "kms:Decrypt", {}, False),
    ],
)
def test_the_key_of_the_example_serves_whom_the_module_needs_and_nobody_else(
    key_policy: dict[str, Any], who: str, action: str, context: dict[str, str], may_use: bool
) -> None:
    assert allows(key_policy, Request(who, action, KEY_ARN, context)) is may_use
