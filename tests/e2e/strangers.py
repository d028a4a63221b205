"""Strangers' configurations and the examples, applied to one local AWS, for test_adoption.py."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.deployment import ROOT, Deployment, TerraformError

from .adopting import LocalAws, bare_path, fingerprint, local_aws, root_module, unpack_archive

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

GRACE_MINUTES = 5
KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
EXAMPLES = sorted(
    path.name for path in (ROOT / "examples").iterdir() if path.name not in ("local", ".terraform")
)
"""examples/local is the demo's, see test_demo.py."""

COMPANY = "nonpersistent-desks"
"""The name of the fleet of examples/complete."""

NOTICE = timedelta(minutes=30)
"""Sessions end at least so long before the window opens: that has to be noticed while closed."""

LOOKS = timedelta(minutes=5)
"""The window opens at a multiple of this, so that the look that is due then is not later."""

TAG = {"key": "pool", "value": "desks"}


@dataclass(frozen=True)
class Adoption:
    """What stands after the applies, and what goes on behind them."""

    aws: LocalAws
    module: Path
    unpacked: dict[str, str]
    fleets: dict[str, dict[str, str]]
    resized: Future[dict[str, Any]]
    changed: Future[dict[str, Any]]
    again: dict[str, Future[bool]]
    """Of each example, whether a second apply would change nothing."""
    users: list[str]
    company: list[str]
    """The WorkSpaces of examples/complete."""
    opening: Future[datetime]
    """When its rebuild window opens; before, a session of each of them has ended."""
    namesake: Future[str]
    """What Terraform says to a second deployment of the name `kiosks`."""
    shared: dict[str, Any]
    """What that deployment could have taken over, before it was tried."""


@contextmanager
def adopted(folder: Path) -> Iterator[Adoption]:
    """Adopt the module and the examples, side by side, in a folder that is empty."""
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
        adopter = root_module(folder / "adopter", ADOPTER, environment, variables)
        namesake = root_module(folder / "namesake", NAMESAKE, environment, {})
        users = ["ada", "bob"]
        given: dict[str, dict[str, Any]] = {
            "groups": {
                "office_workspace_ids": {"front": "ws-0000000001"},
                "call_center_workspace_ids": {"desk": "ws-0000000002"},
            },
            "regions": {
                "frankfurt_workspace_ids": {"reception": "ws-0000000003"},
                "virginia_workspace_ids": {"lobby": "ws-0000000004"},
            },
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
            state = Path(tempfile.mkdtemp(prefix="plan-", dir=folder))
            shutil.copy(folder / "adopter" / "state" / "terraform.tfstate", state)
            (state / "terraform").symlink_to(folder / "adopter" / "state" / "terraform")
            values = {fleet: variables[fleet] | change.get(fleet, {}) for fleet in variables}
            there = folder / "adopter"
            return pool.submit(Deployment(there, state, environment, values).plan)

        again = {name: pool.submit(example.is_settled) for name, example in examples.items()}
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
            shared=shared_silently(aws),
            namesake=pool.submit(_refused, namesake),
        )


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
    aws: LocalAws, desktops: list[str], again: dict[str, Future[bool]]
) -> datetime:
    """Everybody comes, the window is closed for long enough, and everybody leaves. When it
    opens, on that day of the week alone."""
    again["complete"].result()
    for desktop in desktops:
        aws.act(desktop, "sign-in")
    aws.until("the sign-ins", lambda: set(desktops) <= set(aws.told(COMPANY, "recorded")))
    late_enough = aws.now() + NOTICE
    opening = late_enough + LOOKS - (late_enough - datetime.fromtimestamp(0, UTC)) % LOOKS
    times = {"start": opening, "end": opening + timedelta(hours=12)}
    hours = {name: time.strftime("%H:%M") for name, time in times.items()}
    window = {**hours, "timezone": "UTC", "days": [opening.strftime("%a").lower()]}
    aws.set_environment(COMPANY, REBUILD_WINDOW=json.dumps(window))
    for desktop in desktops:
        aws.act(desktop, "sign-out")
    return opening


def shared_silently(aws: LocalAws) -> dict[str, Any]:
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
