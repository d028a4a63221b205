"""The two configurations whose plans are compared differ in nothing but what the module adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import planning

DESKTOPS = 3
NAME = "aws_cloudwatch_metric_alarm.session_disconnect"

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The planned resources of both configurations."""
    data = str(tmp_path_factory.mktemp("data"))
    found = {}
    for name in planning.FOLDERS:
        planning.init(name, data)
        out = str(Path(data) / f"{name}.plan")
        printed = planning.plan(name, data, DESKTOPS, f"-out={out}")
        assert planning.PLANNED.search(printed), printed
        root = json.loads(planning.terraform(name, data, "show", "-json", out))["planned_values"]
        modules = [root["root_module"], *root["root_module"].get("child_modules", [])]
        found[name] = [resource for module in modules for resource in module.get("resources", [])]
    return found


def test_the_bare_alarms_are_the_modules_own(planned: dict[str, list[dict[str, Any]]]) -> None:
    alarms = {
        name: {
            r["index"]: r["values"] for r in resources if r["address"].split("[")[0].endswith(NAME)
        }
        for name, resources in planned.items()
    }
    assert len(alarms["module"]) == DESKTOPS
    for values in alarms["alarms"].values():
        # The module's topic has no ARN before it exists.
        assert values.pop("alarm_actions")
    assert alarms["module"] == alarms["alarms"]


def test_the_bare_configuration_has_nothing_but_alarms(
    planned: dict[str, list[dict[str, Any]]],
) -> None:
    assert {r["type"] for r in planned["alarms"]} == {"aws_cloudwatch_metric_alarm"}
    assert len(planned["alarms"]) == DESKTOPS


def test_a_plan_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"plan of alarms failed:(.|\n)*Error: "):
        planning.plan("alarms", str(tmp_path), DESKTOPS)


@pytest.mark.parametrize("name", planning.FOLDERS)
def test_both_take_the_provider_that_the_module_takes(name: str) -> None:
    assert (planning.FOLDERS[name] / "versions.tf").read_text() == (
        ROOT / "versions.tf"
    ).read_text()
