"""A fleet gets another name: what Terraform does in which order, what is lost, what is found.

The local AWS runs in a process of its own; most of the time goes into Terraform's waits for queues.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import pytest

from demo.deployment import ROOT

from .adopting import LocalAws, everybody_works, local_aws, root_module, watched_apply

OLD, NEW = "winter", "spring"

CONFIGURATION = """
variable "name" { type = string }
variable "workspace_ids" { type = any }

module "fleet" {
  source = "MODULE"

  name                    = var.name
  workspace_ids           = var.workspace_ids
  reconnect_grace_minutes = 5
  canary_after_hours      = null
}
"""

STEP = re.compile(
    r"module\.fleet\.(\S+): (Destroying|Destruction complete|Creating|Creation complete)"
)
RESOURCES = re.compile(r"Resources: (\d+) added, (\d+) changed, (\d+) destroyed")

FUNCTION = "aws_lambda_function.nonpersistent"
NEEDED = (
    "aws_cloudwatch_log_group.function",
    "aws_dynamodb_table.ledger",
    "aws_iam_role.function",
    'aws_iam_role_policy.function["remember"]',
    'aws_iam_role_policy_attachment.rebuild["01"]',
)
"""Of what the function needs: without one of these it would fail, or be refused."""


@dataclass
class Renaming:
    """What is heard and seen while the apply runs."""

    aws: LocalAws
    held: str
    """Its session has ended, and an administrator holds it."""
    at_work: str
    leaver: str
    """Whose session ends as soon as the former function is gone."""
    counted: list[list[int]] = field(default_factory=list)
    """How many resources each apply added, changed, destroyed."""
    steps: list[tuple[str, str]] = field(default_factory=list)
    acting: list[tuple[str, ...]] = field(default_factory=list)
    """The functions that there were, one look after the other."""
    rights: set[bool] = field(default_factory=set)
    """Whether each function could rebuild, whenever there was one."""

    def __post_init__(self) -> None:
        self.functions, self.iam = self.aws.client("lambda"), self.aws.client("iam")

    def hear(self, line: str) -> None:
        """A line of Terraform's."""
        if found := STEP.match(line):
            self.steps.append((found[1], found[2]))
            if found.groups() == (FUNCTION, "Destruction complete"):
                self.aws.act(self.leaver, "sign-out")
        if found := RESOURCES.search(line):
            self.counted.append([int(number) for number in found.groups()])

    def watch(self) -> None:
        """See which functions there are, and what they may do."""
        before = self._functions()
        rights = [self._may_rebuild(name) for name in before]
        self.acting.append(self._functions())
        if before == self.acting[-1]:
            self.rights.update(rights)

    def at(self, address: str, step: str) -> int:
        """When a step was told."""
        return self.steps.index((address, step))

    def rebuilds(self, desktop: str) -> int:
        """How often a desktop was rebuilt."""
        return len(self.aws.desktop(desktop)["rebuilds"])

    def settled(self, decision: str, *desktops: str) -> bool:
        """Whether the function with the new name has decided so about these WorkSpaces."""
        return set(desktops) <= set(self.aws.told(NEW, decision))

    def fleet(self, *arguments: str) -> None:
        """An administrator's command."""
        subprocess.run(
            [sys.executable, ROOT / "scripts" / "fleet", *arguments],
            env=self.aws.environment | {"PATH": os.environ["PATH"]},
            check=True,
        )

    def _functions(self) -> tuple[str, ...]:
        listed = self.functions.list_functions()["Functions"]
        return tuple(each["FunctionName"] for each in listed)

    def _may_rebuild(self, name: str) -> bool:
        iam, role = self.iam, f"{name}-{self.aws.environment['AWS_REGION']}"
        try:
            return bool(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"])
        except iam.exceptions.NoSuchEntityException:
            return False


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renaming]:
    folder = tmp_path_factory.mktemp("renaming")
    with local_aws(desktops=3) as aws:
        given: dict[str, Any] = {"name": OLD, "workspace_ids": aws.desktops}
        deployment = root_module(folder, CONFIGURATION, aws.environment, given)
        deployment.init()
        held, at_work, leaver = aws.desktops
        found = Renaming(aws, held, at_work, leaver)
        deployment.apply(found.hear)
        found.steps.clear()
        _work(found)
        deployment.set(name=NEW)
        found.watch()
        watched_apply(deployment, found.hear, found.watch)
        found.watch()
        yield found


def _work(fleet: Renaming) -> None:
    """Everybody signs in; one signs out, and an administrator holds that WorkSpace."""
    aws = fleet.aws
    everybody_works(aws, OLD)
    fleet.fleet("hold", fleet.held, "--hours", "72", "--reason", "ticket 4711", "--name", OLD)
    aws.act(fleet.held, "sign-out")
    aws.until("a debt is held back", partial(_waits, fleet, OLD))


def _waits(fleet: Renaming, name: str) -> bool:
    return any(line["reason"] == "hold" for line in fleet.aws.lines(name, "deferred"))


def test_another_name_replaces_everything_and_no_two_functions_ever_meet(
    renamed: Renaming,
) -> None:
    made, replaced = renamed.counted
    assert made[0] > 0
    assert replaced == [made[0], 0, made[0]]
    assert [acting for acting, _ in groupby(renamed.acting)] == [(OLD,), (), (NEW,)]


def test_p1_a_function_goes_before_what_it_needs_and_comes_after_it(renamed: Renaming) -> None:
    for address in NEEDED:
        gone = renamed.at(FUNCTION, "Destruction complete")
        assert gone < renamed.at(address, "Destroying"), address
        assert renamed.at(address, "Creation complete") < renamed.at(FUNCTION, "Creating"), address
    assert renamed.rights == {True}


def test_what_is_owed_is_lost_with_hold_and_log_and_rebuilt_by_hand(renamed: Renaming) -> None:
    aws, owing = renamed.aws, (renamed.held, renamed.leaver)
    aws.until("the baseline", partial(renamed.settled, "baseline", *owing))
    aws.until("a session goes on", partial(renamed.settled, "in_use", renamed.at_work))
    aws.act(renamed.at_work, "sign-out")
    aws.until("its end is found", lambda: renamed.rebuilds(renamed.at_work) == 1)
    assert [renamed.rebuilds(desktop) for desktop in owing] == [0, 0]
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == [f"/aws/lambda/{NEW}"]
    renamed.fleet("rebuild", *owing, "--name", NEW)
    aws.until("rebuilds by hand", lambda: [renamed.rebuilds(each) for each in owing] == [1, 1])
