"""The module, applied once by real Terraform to the local AWS, with the demo played on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo import play
from demo.deployment import ROOT, Deployment
from demo.stage import Part, Stage
from nonpersistent.records import from_moment
from sandbox import Faults, Sandbox
from sandbox.desktop import Row

FRANK = Part("Frank", "stays connected through the play", "is there for the tests of faults")

OWN_BUNDLE, MENDED = "wsb-kiosks000", "wsi-mended000"


def _extra(name: str, bundle: str | None = None) -> Part:
    return Part(name, "stays connected through the play", "is there for an alarm", bundle=bundle)


HANK, IRIS, MONA, NED = map(_extra, ("Hank", "Iris", "Mona", "Ned"))
KIOSKS = tuple(_extra(name, OWN_BUNDLE) for name in ("Jack", "Kate", "Liam"))
EXTRAS = (FRANK, HANK, IRIS, MONA, NED, *KIOSKS)


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

    @property
    def function(self) -> str:
        """The function's name."""
        return str(self.outputs["function_name"])

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
        arn = self.outputs["operations_alarm_arns"][name]
        answer = self.client("cloudwatch").describe_alarms(AlarmNames=[arn.split(":alarm:")[1]])
        [alarm] = answer["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("terraform")
    announced: list[tuple[str, str]] = []
    with Sandbox(play.tempo()) as aws:
        stage = Stage(aws, (*play.CAST, *EXTRAS))
        deployment = Deployment(
            ROOT / "examples" / "local", folder, aws.environment(), play.variables(stage)
        )
        deployment.init()
        deployment.apply()
        play.perform(stage, lambda who, what: announced.append((who, what)))
        yield Theatre(stage, deployment, deployment.outputs(), announced)
        deployment.destroy()


@pytest.fixture(scope="session")
def troubled(theatre: Theatre) -> Theatre:
    """A refusal that does not pass, a bad image, and a debt of three hours, all at once."""
    stage, desktops = theatre.stage, theatre.stage.aws.desktops
    refusal = ("InvalidUserConfiguration.Workspace", "the user is disabled")
    desktops.break_(stage.ids["Hank"], Faults(refuse_rebuild=refusal))
    desktops.sign_out(stage.ids["Hank"])
    desktops.set_image(OWN_BUNDLE, "wsi-bad000000", bad=True)
    for part in KIOSKS:
        desktops.sign_out(stage.ids[part.name])
    desktops.break_(stage.ids["Iris"], Faults(row=Row.MISSING))
    now = datetime.now(UTC)
    moments = {
        "used_at": now - timedelta(hours=4),
        "vacant_since": now - timedelta(hours=3),
        "due_at": now,
    }
    theatre.client("dynamodb").put_item(
        TableName=theatre.outputs["ledger_table_name"],
        Item={
            "id": {"S": stage.ids["Iris"]},
            "version": {"N": "1000"},
            "fleet": {"S": "fleet"},
            **{name: from_moment(moment) for name, moment in moments.items()},
        },
    )
    return theatre
