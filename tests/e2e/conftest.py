"""The module, applied once by real Terraform to the local AWS, with the demo played on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo import play
from demo.deployment import ROOT, Deployment
from demo.stage import Stage
from sandbox import Sandbox


@dataclass(frozen=True)
class Theatre:
    """A deployed module after the play."""

    stage: Stage
    deployment: Deployment
    outputs: dict[str, Any]
    announced: list[tuple[str, str]]


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("terraform")
    announced: list[tuple[str, str]] = []
    with Sandbox(play.tempo()) as aws:
        stage = Stage(aws, play.CAST)
        deployment = Deployment(
            ROOT / "examples" / "local", folder, aws.environment(), play.variables(stage)
        )
        deployment.init()
        deployment.apply()
        play.perform(stage, lambda who, what: announced.append((who, what)))
        yield Theatre(stage, deployment, deployment.outputs(), announced)
        deployment.destroy()
