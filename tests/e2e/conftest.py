"""The module, applied once by real Terraform to the local AWS, with the demo played on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo import play
from demo.deployment import ROOT, Deployment
from demo.stage import Part, Stage
from sandbox import Sandbox

FRANK = Part("Frank", "stays connected through the play", "is there for the tests of faults")


@dataclass(frozen=True)
class Theatre:
    """A deployed module after the play."""

    stage: Stage
    deployment: Deployment
    outputs: dict[str, Any]
    announced: list[tuple[str, str]]

    def client(self, service: str) -> Any:
        """A boto3 client of the local AWS."""
        aws = self.stage.aws
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=aws.endpoint,
            region_name=aws.region,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def rings(self, name: str) -> bool:
        """Whether one of the operations alarms is in ALARM."""
        arn = self.outputs["operations_alarm_arns"][name]
        answer = self.client("cloudwatch").describe_alarms(AlarmNames=[arn.split(":alarm:")[1]])
        [alarm] = answer["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("terraform")
    announced: list[tuple[str, str]] = []
    with Sandbox(play.tempo()) as aws:
        stage = Stage(aws, (*play.CAST, FRANK))
        deployment = Deployment(
            ROOT / "examples" / "local", folder, aws.environment(), play.variables(stage)
        )
        deployment.init()
        deployment.apply()
        play.perform(stage, lambda who, what: announced.append((who, what)))
        yield Theatre(stage, deployment, deployment.outputs(), announced)
        deployment.destroy()
