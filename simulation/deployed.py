"""The alarms and metric filters that Terraform would deploy, read from its plan of the module.

A plan takes ten seconds and depends only on the module's own files (*.tf, and the *.json that they
read), so it is cached in `.terraform/`, under a hash of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.cloudwatch import Alarm, Metric, MetricFilter, Rule

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).parent / ".terraform"
FLEET = "fleet"
"""The name of the module's deployment, as in the environment of the simulated function."""

_WORKSPACE = "ws-000000000"
_PROVIDER = {
    "region": "us-east-1",
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_metadata_api_check": True,
    "skip_region_validation": True,
    "skip_requesting_account_id": True,
}
"""A provider that makes no calls to AWS: the module has no data source that needs them."""


class CannotPlan(RuntimeError):
    """Terraform failed to make a plan; the message is its output."""


@dataclass(frozen=True)
class Deployed:
    """The alarms and metric filters of a deployment."""

    session_rule: Rule
    """The rule of the session alarm that each WorkSpace has."""
    operations: tuple[Alarm, ...]
    """The operations alarms, named as in the runbook: `late`, not `fleet-late`."""
    filters: tuple[MetricFilter, ...]


@cache
def deployed() -> Deployed:
    """What Terraform plans for the module's defaults. Raises CannotPlan."""
    return read(plan([*ROOT.glob("*.tf"), *ROOT.glob("*.json")]))


def read(resources: Iterable[Mapping[str, Any]]) -> Deployed:
    """The alarms and filters among the resources of a plan."""
    alarms, filters = list[Alarm](), list[MetricFilter]()
    for resource in resources:
        match resource["type"]:
            case "aws_cloudwatch_metric_alarm":
                alarms.append(_alarm(resource["values"]))
            case "aws_cloudwatch_log_metric_filter":
                filters += _filters(resource["values"])
    [session] = [alarm for alarm in alarms if alarm.metric.name == "SessionDisconnect"]
    others = tuple(alarm for alarm in alarms if alarm is not session)
    return Deployed(session.rule, others, tuple(filters))


def _alarm(values: Mapping[str, Any]) -> Alarm:
    rule = Rule(
        period=float(values["period"]),
        threshold=float(values["threshold"]),
        comparison=values["comparison_operator"],
        statistic=values["statistic"],
        evaluation_periods=values["evaluation_periods"],
        datapoints_to_alarm=values["datapoints_to_alarm"],
        missing=values["treat_missing_data"],
    )
    metric = Metric.of(values["namespace"], values["metric_name"], values["dimensions"] or {})
    return Alarm(values["alarm_name"].removeprefix(f"{FLEET}-"), metric, rule)


def _filters(values: Mapping[str, Any]) -> Iterator[MetricFilter]:
    for made in values["metric_transformation"]:
        yield MetricFilter(
            values["pattern"],
            made["namespace"],
            made["name"],
            made["value"],
            made["dimensions"] or {},
        )


def plan(sources: Iterable[Path]) -> list[dict[str, Any]]:
    """The module's resources; plans them unless a plan of the same sources is cached."""
    texts = {path.name: path.read_bytes() for path in sorted(sources)}
    named = hashlib.sha256(b"\0".join(name.encode() + text for name, text in texts.items()))
    kept = KEPT / f"{named.hexdigest()[:32]}.json"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder) / "resources.json"
            made.write_text(json.dumps(_planned(Path(folder), texts)))
            made.replace(kept)  # atomically: another process may do the same
    resources: list[dict[str, Any]] = json.loads(kept.read_text())
    return resources


def _planned(folder: Path, texts: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Plan a copy of the module, with an empty package as a placeholder."""
    package = folder / "module" / "package"
    package.mkdir(parents=True)
    for name, text in texts.items():
        (folder / "module" / name).write_bytes(text)
    (package / "nonpersistent.zip").write_bytes(b"")
    manifest = {"sources": {}, "zip_sha256": hashlib.sha256(b"").hexdigest()}
    (package / "manifest.json").write_text(json.dumps(manifest))
    module = {"source": "./module", "name": FLEET, "workspace_ids": [_WORKSPACE]}
    configuration = {"provider": {"aws": _PROVIDER}, "module": {"fleet": module}}
    (folder / "main.tf.json").write_text(json.dumps(configuration))
    _terraform(folder, "init", "-input=false")
    _terraform(folder, "plan", "-input=false", "-out=plan")
    shown = json.loads(_terraform(folder, "show", "-json", "plan"))
    [child] = shown["planned_values"]["root_module"]["child_modules"]
    return list(child["resources"])


def _terraform(folder: Path, command: str, *options: str) -> str:
    colourless = [] if command == "show" else ["-no-color"]
    done = subprocess.run(
        [ROOT / "scripts" / "terraform", f"-chdir={folder}", command, *colourless, *options],
        env={**os.environ, "CHECKPOINT_DISABLE": "true", "TF_IN_AUTOMATION": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotPlan(f"terraform {command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
