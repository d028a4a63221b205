"""What strangers do with the module, for test_adoption.py: get it, write a root, apply it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from demo.deployment import ROOT, Deployment
from sandbox.fast_clock.local_aws_clock import Face
from tests.clients import connected

MINUTE_SECONDS = 1.0
"""How long a minute lasts while nothing works."""


@dataclass(frozen=True)
class LocalAws:
    """A local AWS in a process of its own, so that other tests may have theirs."""

    environment: dict[str, str]
    desktops: list[str]

    def now(self) -> datetime:
        """Its present."""
        shown, _ = Face(self.environment["LOCAL_AWS_CLOCK"]).read(time.time())
        return datetime.fromtimestamp(shown, UTC)

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of it, in its own Region unless another one is given."""
        own = self.environment["AWS_REGION"]
        return connected(service, self.environment["AWS_ENDPOINT_URL"], region or own)

    def act(self, desktop: str, what: str) -> None:
        """A user signs in (sign-in) or out (sign-out), or AWS takes a snapshot (snapshot)."""
        self._ask(f"desktops/{desktop}/{what}", b"")

    def desktop(self, desktop: str) -> dict[str, Any]:
        """A desktop as it is now."""
        return dict(self._ask(f"desktops/{desktop}"))

    def bundle(self) -> str:
        """The bundle of its desktops."""
        return str(self.desktop(self.desktops[0])["bundle"])

    def lines(self, function: str, decision: str) -> list[dict[str, Any]]:
        """The lines of a function's log that tell a decision."""
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")
        lines = [json.loads(event["message"]) for event in events["events"]]
        return [line for line in lines if line.get("decision") == decision]

    def told(self, function: str, decision: str) -> list[str]:
        """The WorkSpaces of which a function's log tells a decision."""
        lines = self.lines(function, decision)
        return [line["workspace_id"] for line in lines if "workspace_id" in line]

    def set_environment(self, function: str, **variables: str) -> None:
        """Other settings of a function from now on."""
        client = self.client("lambda")
        before = client.get_function_configuration(FunctionName=function)["Environment"]
        changed = {"Variables": before["Variables"] | variables}
        client.update_function_configuration(FunctionName=function, Environment=changed)

    def until(self, what: str, condition: Callable[[], object], minutes: float = 90) -> None:
        """Wait for a condition; fails after so many minutes of its."""
        deadline = self.now() + timedelta(minutes=minutes)
        while not condition():
            assert self.now() < deadline, f"not within {minutes:.0f} minutes: {what}"
            time.sleep(0.3)

    def directory(self) -> str:
        """A directory that is registered with WorkSpaces."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)
            for n, zone in enumerate(("us-east-1a", "us-east-1b"))
        ]
        directory = self.client("ds").create_directory(
            Name="corp.example.com",
            Password="Passw0rd!x",
            Size="Small",
            VpcSettings={
                "VpcId": vpc,
                "SubnetIds": [subnet["Subnet"]["SubnetId"] for subnet in subnets],
            },
        )["DirectoryId"]
        self.client("workspaces").register_workspace_directory(DirectoryId=directory)
        return str(directory)

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        url = f"{self.environment['AWS_ENDPOINT_URL']}/sandbox/{path}"
        with urllib.request.urlopen(url, data=body, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def local_aws(desktops: int) -> Iterator[LocalAws]:
    """Start one, quick, with some desktops; end it after the block."""
    options = ["--port", "0", "--quick", "--minute", str(MINUTE_SECONDS)]
    command = [sys.executable, "-m", "sandbox", *options, "--workspaces", str(desktops)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        environment: dict[str, str] = {}
        try:
            for line in process.stdout:
                match line.split():
                    case ["export", setting]:
                        name, _, value = setting.partition("=")
                        environment[name] = value
                    case ["WorkSpaces:", *ids]:
                        yield LocalAws(environment, ids)
                        break
            else:
                raise RuntimeError("the local AWS did not start")
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()  # otherwise leaving the block waits for it for ever
                raise


def root_module(
    folder: Path, configuration: str, environment: Mapping[str, str], variables: Mapping[str, Any]
) -> Deployment:
    """A root module in a folder that is empty; MODULE in it stands for the path to this one."""
    state = folder / "state"
    state.mkdir(parents=True)
    text = configuration.replace("MODULE", os.path.relpath(ROOT, folder))
    (folder / "main.tf").write_text(text)
    return Deployment(folder, state, environment, variables)


def everybody_works(aws: LocalAws, fleet: str) -> None:
    """Once the fleet has its baseline, the users of all desktops sign in."""
    everybody = set(aws.desktops)
    aws.until("the baseline", lambda: everybody <= set(aws.told(fleet, "baseline")))
    for desktop in aws.desktops:
        aws.act(desktop, "sign-in")
    aws.until("all are known to work", lambda: everybody <= set(aws.told(fleet, "recorded")))


def watched_apply(
    deployment: Deployment, hear: Callable[[str], None], watch: Callable[[], None]
) -> None:
    """Apply; `hear` each line of Terraform's, and `watch` ten times a second until it has ended."""
    with ThreadPoolExecutor() as pool:
        applied = pool.submit(deployment.apply, hear)
        while not applied.done():
            watch()
            time.sleep(0.1)
        applied.result()


def unpack_archive(into: Path) -> None:
    """What `git archive` makes of this working tree, unpacked. The repository stays as it is."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("git archive needs git and a clone")
    aside = into.with_name("git")
    (aside / "objects").mkdir(parents=True)
    objects = _git("rev-parse", "--path-format=absolute", "--git-path", "objects").strip()
    settings = {
        "GIT_INDEX_FILE": str(aside / "index"),
        "GIT_OBJECT_DIRECTORY": str(aside / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects.decode(),
    }
    _git("add", "--all", **settings)
    tree = _git("write-tree", **settings).strip().decode()
    content = _git("archive", "--format=tar", tree, **settings)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(into, filter="data")


def _git(*arguments: str, **settings: str) -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, env=os.environ | settings, check=True, capture_output=True
    )
    return done.stdout


def bare_path(folder: Path) -> str:
    """A PATH with Terraform and what its wrapper needs, and nothing else: no Python, no git."""
    folder.mkdir()
    for program in ("terraform", "sed"):
        found = shutil.which(program)
        assert found, f"{program} is not on PATH"
        (folder / program).symlink_to(found)
    return str(folder)


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below and the hash of what is in it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


def changes(plan: dict[str, Any]) -> dict[str, list[str]]:
    """What a plan does, by resource; what it leaves alone is left out."""
    return {
        change["address"]: change["change"]["actions"]
        for change in plan.get("resource_changes", [])
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
