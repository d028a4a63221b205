"""The module, applied once by real Terraform to the local AWS, with the demo played on it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from demo import play
from demo.deployment import ROOT, Deployment
from demo.stage import Stage
from demo.timeline import Timeline
from sandbox import Sandbox
from tests.clients import client

from . import trouble

NEEDS_TROUBLE = {"test_alarms", "test_dashboard"}


@dataclass(frozen=True)
class Theatre:
    """A deployed module and who plays."""

    stage: Stage
    deployment: Deployment
    outputs: dict[str, Any]
    timeline: Timeline
    """What the demo would print."""
    applied: int
    """How many times alarms had changed when it was deployed: `silent` may ring until then."""

    def client(self, service: str) -> Any:
        """A boto3 client of the local AWS."""
        return client(self.stage.aws, service)

    @property
    def function(self) -> str:
        """The function's name."""
        return str(self.outputs["function_name"])

    def ask(self, task: str, *names: str, **given: Any) -> None:
        """Hand a task to the function, as scripts/fleet does, and wait for its end."""
        ids = [self.stage.ids[name] for name in names]
        event = {"task": task, **({"workspace_ids": ids} if ids else {}), **given}
        self.client("lambda").invoke(FunctionName=self.function, Payload=json.dumps(event))

    @contextmanager
    def environment(self, **variables: str) -> Iterator[None]:
        """Other settings of the function, as long as the block lasts."""
        client = self.client("lambda")
        before = client.get_function_configuration(FunctionName=self.function)["Environment"]
        change = client.update_function_configuration
        changed = {"Variables": before["Variables"] | variables}
        change(FunctionName=self.function, Environment=changed)
        try:
            yield
        finally:
            change(FunctionName=self.function, Environment=before)

    def rings(self, name: str) -> bool:
        """Whether one of the operations alarms is in ALARM."""
        answer = self.client("cloudwatch").describe_alarms(AlarmNames=[self.alarm(name)])
        [alarm] = answer["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    def alarm(self, name: str) -> str:
        """An operations alarm's name on AWS."""
        return str(self.outputs["operations_alarm_arns"][name].split(":alarm:")[1])


@pytest.fixture(scope="session")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Theatre]:
    """The module before the play; what raises alarms has begun, if tests wait for them."""
    folder: Path = tmp_path_factory.mktemp("terraform")
    with Sandbox(play.tempo()) as aws:
        stage = Stage(aws, (*play.CAST, *trouble.PARTS))
        variables = play.variables(stage)
        troubled = any(item.path.stem in NEEDS_TROUBLE for item in request.session.items)
        if troubled:
            variables["workspace_ids"] = stage.fleet | {"ghost": trouble.GHOST}
        deployment = Deployment(ROOT / "examples" / "local", folder, aws.environment(), variables)
        deployment.init()
        deployment.apply()
        timeline = Timeline(stage, Console(file=io.StringIO()))
        outputs = deployment.outputs()
        theatre = Theatre(stage, deployment, outputs, timeline, len(aws.transitions))
        if troubled:
            trouble.begin(theatre)
        yield theatre
        deployment.destroy()


@pytest.fixture(scope="session")
def theatre(deployed: Theatre) -> Theatre:
    """The module after the play."""
    play.perform(deployed.stage, deployed.timeline.announce)
    return deployed
