"""A customer-managed key is added to a fleet that works: what the role may do at each moment, and
whether rebuilds go on.

The local AWS runs in a process of its own; Terraform waits half a minute for the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

import pytest

from .adopting import LocalAws, everybody_works, local_aws, root_module, watched_apply

NAME = "desks"
HERE = "us-east-1:123456789012"
TABLE = f"arn:aws:dynamodb:{HERE}:table/{NAME}-ledger"
QUEUE = f"arn:aws:sqs:{HERE}:{NAME}-dead-letters"
FUNCTION = f"arn:aws:lambda:{HERE}:function:{NAME}"
LOG = f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{NAME}"
WORKSPACE = f"arn:aws:workspaces:{HERE}:workspace/"
ROLE = f"arn:aws:iam::123456789012:role/{NAME}-us-east-1"

CONFIGURATION = """
variable "workspace_ids" { type = any }

variable "kms_key_arn" {
  type    = string
  default = null
}

module "fleet" {
  source = "MODULE"

  name                    = "NAME"
  workspace_ids           = var.workspace_ids
  kms_key_arn             = var.kms_key_arn
  reconnect_grace_minutes = 5
  canary_after_hours      = null
}
"""

KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": [f"{name}.amazonaws.com" for name in principals.split()]},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        }
        for principals in ("cloudwatch events sns", "logs.us-east-1")
    ],
}
"""What the description of `kms_key_arn` asks for."""

STEP = re.compile(r"module\.fleet\.(\S+): (Modifying|Modifications complete)")
RIGHTS = 'aws_iam_role_policy.function["remember"]'
UNDER_THE_KEY = {
    "table": "aws_dynamodb_table.ledger",
    "queue": "aws_sqs_queue.dead_letters",
    "function": "aws_lambda_function.nonpersistent",
}
"""What the role needs the key for, and the resource."""


class Need(NamedTuple):
    """The role has to be allowed an action on a resource, in a context."""

    action: str
    resource: str
    key: str = ""
    value: str = ""


@dataclass
class Adding:
    """What is heard and seen while the apply runs."""

    aws: LocalAws
    owing: str
    """Its session ended before the apply."""
    leaver: str
    """Whose session ends as soon as the table is being put under the key."""
    at_work: str
    steps: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[frozenset[str]] = field(default_factory=list)
    """What was under the key, one look after the other."""
    lacking: list[Need] = field(default_factory=list)
    """What the role needed and was not allowed."""
    began: datetime = datetime.max
    ended: datetime = datetime.max

    def __post_init__(self) -> None:
        services = ("dynamodb", "sqs", "lambda", "iam", "logs", "kms")
        self.clients = {name: self.aws.client(name) for name in services}

    def hear(self, line: str) -> None:
        """A line of Terraform's."""
        if found := STEP.match(line):
            self.steps.append((found[1], found[2]))
            if found.groups() == (UNDER_THE_KEY["table"], "Modifying"):
                self.aws.act(self.leaver, "sign-out")

    def watch(self) -> None:
        """See what is under the key, and then whether the role may do what that asks for: in this
        order, rights that come in between hide nothing and invent nothing."""
        keys = self._keys()
        self.encrypted.append(frozenset(keys))
        self.lacking += [need for need in self._needs(keys) if not self._may(need)]

    def rebuilds(self, desktop: str) -> list[datetime]:
        """When its rebuilds were accepted."""
        made = self.aws.desktop(desktop)["rebuilds"]
        return [datetime.fromisoformat(rebuild["accepted_at"]) for rebuild in made]

    def _keys(self) -> dict[str, str]:
        """The key of each that has one."""
        table = self.clients["dynamodb"].describe_table(TableName=f"{NAME}-ledger")["Table"]
        queues = self.clients["sqs"]
        url = queues.get_queue_url(QueueName=f"{NAME}-dead-letters")["QueueUrl"]
        queue = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        function = self.clients["lambda"].get_function_configuration(FunctionName=NAME)
        found = {
            "table": table.get("SSEDescription", {}).get("KMSMasterKeyArn"),
            "queue": queue.get("KmsMasterKeyId"),
            "function": function.get("KMSKeyArn"),
        }
        return {name: key for name, key in found.items() if key}

    def _needs(self, keys: dict[str, str]) -> Iterator[Need]:
        for name in ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Scan", "UpdateItem"):
            yield Need(f"dynamodb:{name}", TABLE)
        yield Need("dynamodb:Query", f"{TABLE}/index/due")
        yield Need("sqs:SendMessage", QUEUE)
        yield Need("logs:PutLogEvents", f"{LOG}:log-stream:any")
        yield Need("workspaces:DescribeWorkspaces", "*")
        for desktop in self.aws.desktops:
            yield Need("workspaces:RebuildWorkspaces", f"{WORKSPACE}{desktop}")
        via = "kms:ViaService"
        if key := keys.get("table"):
            yield Need("kms:Decrypt", key, via, "dynamodb.us-east-1.amazonaws.com")
        if key := keys.get("queue"):
            for action in ("kms:Decrypt", "kms:GenerateDataKey"):
                yield Need(action, key, via, "sqs.us-east-1.amazonaws.com")
        if key := keys.get("function"):
            context = "kms:EncryptionContext:aws:lambda:FunctionArn"
            yield Need("kms:Decrypt", key, context, FUNCTION)

    def _may(self, need: Need) -> bool:
        context = {
            "ContextKeyName": need.key,
            "ContextKeyValues": [need.value],
            "ContextKeyType": "string",
        }
        [answer] = self.clients["iam"].simulate_principal_policy(
            PolicySourceArn=ROLE,
            ActionNames=[need.action],
            ResourceArns=[need.resource],
            ContextEntries=[context] if need.key else [],
        )["EvaluationResults"]
        return bool(answer["EvalDecision"] == "allowed")


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adding]:
    folder = tmp_path_factory.mktemp("adding")
    with local_aws(desktops=3) as aws:
        given = {"workspace_ids": aws.desktops}
        configuration = CONFIGURATION.replace("NAME", NAME)
        deployment = root_module(folder, configuration, aws.environment, given)
        deployment.init()
        deployment.apply()
        owing, leaver, at_work = aws.desktops
        found = Adding(aws, owing, leaver, at_work)
        _work(found)
        key = found.clients["kms"].create_key(Policy=json.dumps(KEY_POLICY))["KeyMetadata"]["Arn"]
        deployment.set(kms_key_arn=key)
        found.watch()
        found.began = aws.now()
        watched_apply(deployment, found.hear, found.watch)
        found.ended = aws.now()
        found.watch()
        yield found


def _work(fleet: Adding) -> None:
    """Everybody signs in; one signs out, and that WorkSpace owes a rebuild."""
    aws = fleet.aws
    everybody_works(aws, NAME)
    aws.act(fleet.owing, "sign-out")
    aws.until("a rebuild is owed", lambda: fleet.owing in aws.told(NAME, "vacant"))


def test_the_role_may_use_the_key_before_anything_is_under_it(added: Adding) -> None:
    for name, address in UNDER_THE_KEY.items():
        given = added.steps.index((RIGHTS, "Modifications complete"))
        assert given < added.steps.index((address, "Modifying")), name


def test_the_role_lacks_no_right_at_any_moment(added: Adding) -> None:
    assert added.lacking == []
    first, *between, last = added.encrypted
    assert (first, last) == (frozenset(), frozenset(UNDER_THE_KEY))
    assert len(between) > 20
    assert {first, last} < {*between}, "looks came before, during and after the change"


def test_p2_rebuilds_go_on_while_the_key_is_added_and_each_comes_once(added: Adding) -> None:
    aws = added.aws
    [accepted] = added.rebuilds(added.owing)
    assert added.began < accepted < added.ended
    aws.until("who left meanwhile is rebuilt", partial(added.rebuilds, added.leaver))
    assert added.rebuilds(added.at_work) == []
    aws.act(added.at_work, "sign-out")
    aws.until("who leaves after it is rebuilt", partial(added.rebuilds, added.at_work))
    assert [len(added.rebuilds(desktop)) for desktop in aws.desktops] == [1, 1, 1]


def test_p2_session_ends_come_through_the_topic_under_the_key_and_nothing_fails(
    added: Adding,
) -> None:
    aws = added.aws
    ends = [line for line in aws.lines(NAME, "recorded") if line["signal"] == "session_end"]
    assert {line["workspace_id"] for line in ends} == {*aws.desktops}
    logs = added.clients["logs"]
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{NAME}")["events"]
    assert not [each for each in events if "ERROR" in each["message"]]
    queues = added.clients["sqs"]
    url = queues.get_queue_url(QueueName=f"{NAME}-dead-letters")["QueueUrl"]
    assert "Messages" not in queues.receive_message(QueueUrl=url)
