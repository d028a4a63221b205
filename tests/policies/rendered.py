"""The module's policies as real Terraform plans them, on the local AWS.

What the policies name (topic, ledger, log group, rules) is applied first: then all of them are
known in a plan, and nothing else has to be made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.deployment import ROOT, Deployment
from sandbox import Sandbox

NAMED = (
    "aws_cloudwatch_event_rule.audit",
    "aws_cloudwatch_event_rule.reconcile",
    "aws_cloudwatch_event_rule.sign_in",
    "aws_cloudwatch_log_group.function",
    "aws_dynamodb_table.ledger",
    "aws_sns_topic.sessions",
)
IDS = ["ws-0123456789", "ws-9876543210"]
KEY = "arn:{partition}:kms:{region}:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
BOUNDARY = "arn:{partition}:iam::123456789012:policy/boundary"

Statement = dict[str, Any]


@dataclass(frozen=True)
class Planned:
    """The module's resources as planned: the attributes by type and address."""

    resources: tuple[Mapping[str, Any], ...]
    configuration: tuple[Mapping[str, Any], ...]
    """The same resources as they are written: what they depend on."""

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """The attributes of every resource of a type, by its address within the module."""
        return {
            str(each["address"]).removeprefix("module.nonpersistent."): dict(each["values"])
            for each in self.resources
            if each["type"] == kind and each["mode"] == "managed"
        }

    def one(self, address: str) -> dict[str, Any]:
        """The attributes of one resource."""
        return self.all(address.split(".")[0])[address]

    @property
    def policies(self) -> dict[str, dict[str, Any]]:
        """Every policy document, by the address of the resource that carries it."""
        found = {
            "aws_iam_role.function": self.one("aws_iam_role.function")["assume_role_policy"],
            "aws_sns_topic_policy.sessions": self.one("aws_sns_topic_policy.sessions")["policy"],
            "aws_sqs_queue.dead_letters": self.one("aws_sqs_queue.dead_letters")["policy"],
        }
        for kind in ("aws_iam_role_policy", "aws_iam_policy"):
            found |= {name: values["policy"] for name, values in self.all(kind).items()}
        return {name: json.loads(text) for name, text in found.items()}

    @property
    def granted(self) -> list[Statement]:
        """What the function's role may do: the statements of all its policies."""
        kinds = ("aws_iam_role_policy.", "aws_iam_policy.")
        return [
            statement
            for name, policy in self.policies.items()
            if name.startswith(kinds)
            for statement in policy["Statement"]
        ]

    def statements(self, address: str) -> dict[str, Statement]:
        """The statements of a policy by their sid."""
        return {each["Sid"]: each for each in self.policies[address]["Statement"]}


class Partly(Deployment):
    """A configuration of which only a part is made: the rest would take its time."""

    def make(self, *addresses: str) -> None:
        """Apply these resources, with what they need."""
        targets = [f"-target={address}" for address in addresses]
        self._run("apply", "-auto-approve", *self._options(), "-parallelism=30", *targets)


class Fleet(Partly):
    """A configuration with the module `nonpersistent`, of which policies are planned."""

    def prepare(self) -> None:
        """Make what the policies name."""
        self.make(*(f"module.nonpersistent.{name}" for name in NAMED))

    def planned(self, **variables: Any) -> Planned:
        """The module's resources with these variables, for this plan alone.

        Policies are known as long as the variables change nothing that they name: not the key.
        """
        given = self._variables.read_text()
        self.set(**variables)
        try:
            plan = self.plan()
        finally:
            self._variables.write_text(given)
        [module] = plan["planned_values"]["root_module"]["child_modules"]
        [call] = plan["configuration"]["root_module"]["module_calls"].values()
        return Planned(tuple(module["resources"]), tuple(call["module"]["resources"]))


def fleet_on(aws: Sandbox, folder: Path, partition: str) -> Fleet:
    """A fleet of two WorkSpaces with key and boundary; state and plugins are in `folder`."""
    given = {
        "region": aws.region,
        "workspace_ids": IDS,
        "kms_key_arn": KEY.format(partition=partition, region=aws.region),
        "permissions_boundary_arn": BOUNDARY.format(partition=partition),
    }
    configuration = ROOT / "tests" / "fixtures" / "policies"
    fleet = Fleet(configuration, folder, aws.environment(), given)
    fleet.init()
    fleet.prepare()
    return fleet


def complete_on(aws: Sandbox, folder: Path) -> Partly:
    """The configuration examples/complete, of which nothing is made yet."""
    given = {"region": aws.region, "name": "desks", "workspace_ids": {"anna": "ws-0123456789"}}
    example = Partly(ROOT / "examples" / "complete", folder, aws.environment(), given)
    example.init()
    return example


def listed(value: str | list[str]) -> list[str]:
    """IAM writes a list of one as the one."""
    return [value] if isinstance(value, str) else sorted(value)
