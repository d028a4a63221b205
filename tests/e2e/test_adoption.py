"""Strangers adopt the module: from an archive, without Python, twice in one account; and the
examples do what their READMEs say.

One local AWS and one apply of each configuration serve all tests: an apply takes half a minute,
most of it waiting, so they run side by side.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from demo.deployment import ROOT, Deployment, TerraformError

from .adopting import LocalAws, bare_path, changes, fingerprint, local_aws, unpack_archive, until

ADOPTER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "kiosks" { type = any }
variable "classrooms" { type = any }

module "kiosks" {
  source = "../module"

  name                    = "kiosks"
  workspace_ids           = var.kiosks.workspace_ids
  reconnect_grace_minutes = var.kiosks.grace
  audit_interval_minutes  = 5
}

module "classrooms" {
  source = "../module"

  name                    = "classrooms"
  workspace_ids           = var.classrooms.workspace_ids
  reconnect_grace_minutes = var.classrooms.grace
  kms_key_arn             = var.classrooms.key
  audit_interval_minutes  = 5
}
"""

NAMESAKE = """
module "nonpersistent" {
  source = "../module"

  name          = "kiosks"
  workspace_ids = ["ws-0000000000"]
}
"""

GRACE_MINUTES = 0.05
KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
EXAMPLES = sorted(
    path.name for path in (ROOT / "examples").iterdir() if path.name not in ("local", ".terraform")
)
"""examples/local is the demo's, see test_demo.py."""

ENCRYPTED = (
    "aws_sns_topic.sessions",
    "aws_lambda_function.nonpersistent",
    "aws_dynamodb_table.ledger",
    "aws_sqs_queue.dead_letters",
    "aws_cloudwatch_log_group.function",
)

COMPANY = "nonpersistent-desks"
"""The name of the fleet of examples/complete."""

NOTICE_SECONDS = 25
"""Sessions end at least so long before the window opens: that has to be noticed while closed."""

TAG = {"key": "pool", "value": "desks"}

ACTS = {"baseline", "in_use", "vacant", "clean", "deferred", "rebuild_requested", "finished"}
"""Decisions that a function takes about its own WorkSpaces only."""


@dataclass(frozen=True)
class Adoption:
    """What stands after the applies, and what goes on behind them."""

    aws: LocalAws
    module: Path
    unpacked: dict[str, str]
    fleets: dict[str, dict[str, str]]
    resized: Future[dict[str, Any]]
    changed: Future[dict[str, Any]]
    again: dict[str, Future[dict[str, Any]]]
    users: list[str]
    company: list[str]
    """The WorkSpaces of examples/complete."""
    opening: Future[datetime]
    """When its rebuild window opens; before, a session of each of them has ended."""
    namesake: Future[str]
    """What Terraform says to a second deployment of the name `kiosks`."""
    shared: dict[str, Any]
    """What that deployment could have taken over, before it was tried."""


@pytest.fixture(scope="module")
def adoption(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adoption]:
    folder = tmp_path_factory.mktemp("adoption")
    module = folder / "module"
    unpack_archive(module)
    unpacked = fingerprint(module)
    with local_aws(desktops=6) as aws, ThreadPoolExecutor(max_workers=4) as pool:
        one, two, three, four, five, six = aws.desktops
        fleets = {"kiosks": {"one": one, "two": two}, "classrooms": {"three": three, "four": four}}
        variables: dict[str, dict[str, Any]] = {
            fleet: {"workspace_ids": ids, "grace": GRACE_MINUTES, "key": None}
            for fleet, ids in fleets.items()
        }
        environment = aws.environment | {"PATH": bare_path(folder / "bin")}
        adopter = _root(folder / "adopter", ADOPTER, environment, variables)
        namesake = _root(folder / "namesake", NAMESAKE, environment, {})
        users = ["ada", "bob"]
        given: dict[str, dict[str, Any]] = {
            "managed-fleet": {
                "directory_id": aws.directory(),
                "bundle_id": aws.bundle(),
                "users": users,
            },
            "complete": {
                "workspace_ids": {"reception": five, "lobby": six},
                "workspace_tag": TAG,
                "reconnect_grace_minutes": GRACE_MINUTES,
                "operations_emails": ["desk@example.com"],
                "region": aws.environment["AWS_REGION"],
            },
        }
        examples = {
            name: _deployment(
                folder / name, module / "examples" / name, environment, given.get(name, {})
            )
            for name in EXAMPLES
        }
        with ThreadPoolExecutor() as applies:
            list(applies.map(_deploy, [adopter, *examples.values()]))

        def planned(**change: dict[str, Any]) -> Future[dict[str, Any]]:
            """The adopter's plan with other values for some fleets, in a state of its own."""
            state = tmp_path_factory.mktemp("plan")
            shutil.copy(folder / "adopter" / "state" / "terraform.tfstate", state)
            (state / "terraform").symlink_to(folder / "adopter" / "state" / "terraform")
            values = {fleet: variables[fleet] | change.get(fleet, {}) for fleet in variables}
            there = folder / "adopter"
            return pool.submit(Deployment(there, state, environment, values).plan)

        again = {name: pool.submit(example.plan) for name, example in examples.items()}
        yield Adoption(
            aws=aws,
            again=again,
            company=[five, six],
            opening=pool.submit(_end_sessions_before_the_window, aws, [five, six], again),
            module=module,
            unpacked=unpacked,
            fleets=fleets,
            resized=planned(
                kiosks={"workspace_ids": fleets["kiosks"] | {"five": five}},
                classrooms={"workspace_ids": {"four": four}},
            ),
            changed=planned(kiosks={"grace": 30}, classrooms={"key": KEY}),
            users=users,
            shared=_shared_silently(aws),
            namesake=pool.submit(_refused, namesake),
        )


def _root(
    folder: Path, configuration: str, environment: dict[str, str], variables: dict[str, Any]
) -> Deployment:
    """A root module in an empty folder."""
    folder.mkdir()
    (folder / "main.tf").write_text(configuration)
    return _deployment(folder / "state", folder, environment, variables)


def _deployment(
    state: Path, configuration: Path, environment: dict[str, str], variables: dict[str, Any]
) -> Deployment:
    state.mkdir()
    return Deployment(configuration, state, environment, variables)


def _deploy(deployment: Deployment) -> None:
    deployment.init()
    deployment.apply()


def _refused(deployment: Deployment) -> str:
    with pytest.raises(TerraformError) as failure:
        _deploy(deployment)
    return str(failure.value)


def _end_sessions_before_the_window(
    aws: LocalAws, desktops: list[str], again: dict[str, Future[dict[str, Any]]]
) -> datetime:
    """Everybody comes, the window is closed until the next full minute that is late enough, and
    everybody leaves. When it opens."""
    again["complete"].result()
    for desktop in desktops:
        aws.act(desktop, "sign-in")
    until("the sign-ins", lambda: set(desktops) <= set(aws.told(COMPANY, "recorded")))
    late_enough = datetime.now(UTC) + timedelta(seconds=NOTICE_SECONDS)
    opening = late_enough.replace(second=0, microsecond=0) + timedelta(minutes=1)
    times = {"start": opening, "end": opening + timedelta(hours=12)}
    window = {name: time.strftime("%H:%M") for name, time in times.items()} | {"timezone": "UTC"}
    aws.set_environment(COMPANY, REBUILD_WINDOW=json.dumps(window))
    for desktop in desktops:
        aws.act(desktop, "sign-out")
    return opening


# -- consumed ---------------------------------------------------------------------------------


def test_an_archive_is_all_that_is_needed_and_nothing_is_written_into_it(
    adoption: Adoption,
) -> None:
    names = {str(Path(path).relative_to(adoption.module)) for path in adoption.unpacked}
    standard = {"main.tf", "variables.tf", "outputs.tf", "README.md", "LICENSE"}
    assert standard | {"package/nonpersistent.zip", "package/manifest.json"} <= names
    now = fingerprint(adoption.module)
    locks = {path for path in now if path.endswith(".terraform.lock.hcl")}
    assert {path: now[path] for path in now if path not in locks} == adoption.unpacked


def test_two_fleets_live_side_by_side_in_one_account_and_region(adoption: Adoption) -> None:
    aws, fleets = adoption.aws, adoption.fleets
    mine, theirs = fleets["kiosks"]["one"], fleets["classrooms"]["three"]

    def told(fleet: str, decision: str, desktops: set[str]) -> bool:
        return desktops <= set(aws.told(fleet, decision))

    for fleet, ids in fleets.items():
        until(f"the audit of {fleet}", partial(told, fleet, "baseline", set(ids.values())))
    for fleet, desktop in (("kiosks", mine), ("classrooms", theirs)):
        aws.act(desktop, "sign-in")
        until(f"a sign-in to {fleet}", partial(told, fleet, "recorded", {desktop}))
    aws.act(mine, "sign-out")
    until("the rebuild", partial(told, "kiosks", "rebuild_requested", {mine}))

    assert len(aws.desktop(mine)["rebuilds"]) == 1
    assert aws.desktop(theirs)["presence"] == "CONNECTED"
    assert not aws.desktop(theirs)["rebuilds"]
    assert aws.told("classrooms", "rebuild_requested") == []
    for fleet, ids in fleets.items():
        acted = {desktop for decision in ACTS for desktop in aws.told(fleet, decision)}
        assert acted <= set(ids.values())


def test_a_second_deployment_of_the_same_name_fails_before_it_touches_the_first(
    adoption: Adoption,
) -> None:
    said = adoption.namesake.result()
    assert "ResourceAlreadyExistsException" in said
    assert "/aws/lambda/kiosks" in said
    assert _shared_silently(adoption.aws) == adoption.shared


def _shared_silently(aws: LocalAws) -> dict[str, Any]:
    """What AWS lets a namesake take over without a word, of the fleet `kiosks`."""
    alarms = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="kiosks-")["MetricAlarms"]
    rules = aws.client("events").list_rules(NamePrefix="kiosks-")["Rules"]
    topics = aws.client("sns").list_topics()["Topics"]
    queues = aws.client("sqs").list_queues(QueueNamePrefix="kiosks-")["QueueUrls"]
    return {
        "alarms": {a["AlarmName"]: (a["Dimensions"], a["AlarmActions"]) for a in alarms},
        "changed": {a["AlarmName"]: a["AlarmConfigurationUpdatedTimestamp"] for a in alarms},
        "rules": sorted(rule["Name"] for rule in rules),
        "topics": sorted(topic["TopicArn"] for topic in topics),
        "queues": queues,
    }


# -- upgraded ---------------------------------------------------------------------------------


def test_a_fleet_that_grows_or_shrinks_replaces_nothing_and_touches_no_other_alarm(
    adoption: Adoption,
) -> None:
    planned = changes(adoption.resized.result())
    alarm = "aws_cloudwatch_metric_alarm.session_disconnect"
    assert planned.pop(f'module.kiosks.{alarm}["five"]') == ["create"]
    assert planned.pop(f'module.classrooms.{alarm}["three"]') == ["delete"]
    expected = ('aws_iam_policy.rebuild["01"]', "aws_dynamodb_table_item.roster")
    assert planned == {
        f"module.{fleet}.{address}": ["update"] for fleet in adoption.fleets for address in expected
    }


def test_another_grace_period_changes_the_function_in_place(adoption: Adoption) -> None:
    planned = changes(adoption.changed.result())
    mine = {address: did for address, did in planned.items() if ".kiosks." in address}
    assert mine == {
        "module.kiosks.aws_lambda_function.nonpersistent": ["update"],
        'module.kiosks.aws_cloudwatch_metric_alarm.operations["overdue"]': ["update"],
    }


def test_a_customer_key_is_added_in_place(adoption: Adoption) -> None:
    planned = changes(adoption.changed.result())
    theirs = {address: did for address, did in planned.items() if ".classrooms." in address}
    assert {f"module.classrooms.{address}" for address in ENCRYPTED} <= set(theirs)
    assert {str(did) for did in theirs.values()} == {"['update']"}
    assert not any("session_disconnect" in address for address in theirs)


# -- examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_applied_and_a_second_plan_changes_nothing(
    adoption: Adoption, name: str
) -> None:
    assert changes(adoption.again[name].result()) == {}


def test_a_deployed_fleet_can_be_verified_without_changing_it(adoption: Adoption) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "verify", "--name", "kiosks"],
        env=adoption.aws.environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sampling        holds" in done.stdout


def test_workspaces_of_the_same_configuration_are_on_the_roster(adoption: Adoption) -> None:
    described = adoption.aws.client("workspaces").describe_workspaces()["Workspaces"]
    made = sorted(row["WorkspaceId"] for row in described if row["UserName"] in adoption.users)
    assert len(made) == len(adoption.users)
    roster = adoption.aws.client("dynamodb").get_item(
        TableName="managed-fleet-ledger", Key={"id": {"S": "roster"}}
    )["Item"]["workspace_ids"]["L"]
    assert sorted(entry["S"] for entry in roster) == made


# -- a company's fleet: a key, a tag, a window --------------------------------------------------


def test_p2_a_session_end_gets_into_the_log_under_a_customers_key(adoption: Adoption) -> None:
    aws, company = adoption.aws, set(adoption.company)
    topics = aws.client("sns")
    topic = f"arn:aws:sns:us-east-1:123456789012:{COMPANY}-sessions"
    key = topics.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"]
    manager = aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyManager"]
    assert manager == "CUSTOMER"
    adoption.opening.result()

    def ends() -> set[str]:
        lines = aws.lines(COMPANY, "recorded")
        return {line["workspace_id"] for line in lines if line["signal"] == "session_end"}

    until("both session ends", lambda: ends() == company)


def test_p4_permissions_by_tag_name_the_tag_and_no_id(adoption: Adoption) -> None:
    iam = adoption.aws.client("iam")
    role = f"{COMPANY}-us-east-1"
    [attached] = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    found = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId="v1")
    [statement, *_] = found["PolicyVersion"]["Document"]["Statement"]
    assert "workspaces:RebuildWorkspaces" in statement["Action"]
    assert statement["Condition"] == {
        "StringEquals": {f"aws:ResourceTag/{TAG['key']}": TAG["value"]}
    }
    assert not [desktop for desktop in adoption.company if desktop in str(found)]


def test_p2_debts_of_a_closed_window_wait_for_its_opening_and_none_is_lost(
    adoption: Adoption,
) -> None:
    """With users' files kept, as the example has it: a snapshot has to come, too."""
    aws, company, opening = adoption.aws, adoption.company, adoption.opening.result()

    def waits() -> dict[str, set[datetime]]:
        lines = aws.lines(COMPANY, "deferred")
        found: dict[str, set[datetime]] = {}
        for line in lines:
            if line["reason"] == "window":
                due_at = datetime.fromisoformat(line["due_at"])
                found.setdefault(line["workspace_id"], set()).add(due_at)
        return found

    until("both debts wait", lambda: waits() == {desktop: {opening} for desktop in company})
    for desktop in company:
        aws.act(desktop, "snapshot")
    rebuilds = partial(lambda: [aws.desktop(desktop)["rebuilds"] for desktop in company])
    until("both rebuilds", lambda: all(rebuilds()), 120)
    for made in rebuilds():
        [rebuild] = made
        assert rebuild["user_was"] == "AWAY"
        assert datetime.fromisoformat(rebuild["accepted_at"]) >= opening
