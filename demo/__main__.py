"""`python -m demo`: deploy to the local AWS, let users work, compare, clean up."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console

from sandbox import Sandbox

from . import picture, play
from .administrator import fleet
from .deployment import ROOT, Deployment, TerraformError, why_unusable
from .progress import progress
from .stage import Late, Stage
from .timeline import Timeline

LOCAL = ROOT / "examples" / "local"

WIDTH = 100
"""The columns that the closing table needs."""


def main() -> int:
    """Run the demo. Returns 0 if every promise was kept, 1 if not (or without a usable
    Terraform), 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running to look around")
    parser.add_argument("--svg", type=Path, metavar="PATH", help="draw it, too, as an SVG file")
    given = parser.parse_args()
    if problem := why_unusable():
        print(problem, file=sys.stderr)
        return 1
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = max(console.width, WIDTH)
    # SIGINT, too: a shell that starts the demo in the background makes it ignore SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="nonpersistent-demo-") as folder,
            Sandbox(play.tempo()) as aws,
        ):
            return _show(aws, Path(folder), console, given)
    except KeyboardInterrupt:
        console.print("\nStopped. Nothing is left behind.")
        return 130
    except TerraformError as error:
        console.print(str(error), style="red")
        return 1


def _show(aws: Sandbox, folder: Path, console: Console, given: argparse.Namespace) -> int:
    stage = Stage(aws, play.CAST)
    timeline = Timeline(stage, console)
    deployment = Deployment(LOCAL, folder, aws.environment(), play.variables(stage))
    timeline.step(f"The local AWS listens on {aws.endpoint}.")
    with progress(console, "terraform init"):
        deployment.init()
    timeline.step("terraform init is done; terraform apply of examples/local ...")
    with progress(console, "terraform apply") as told:
        deployment.apply(told)
    minute, grace = play.MINUTE_SECONDS, play.GRACE_MINUTES
    paces = f"A minute takes {minute:g} seconds; the grace period is {grace} minutes."
    timeline.step(f"Deployed. {paces}")
    in_time = True
    try:
        play.perform(stage, timeline.announce)
    except Late as late:
        in_time = False
        console.print(str(late), style="red")
    verdicts = play.verdicts(stage)
    timeline.verdicts(verdicts)
    if given.svg:
        given.svg.write_text(picture.draw(timeline.lines, verdicts, date.today()), "utf-8")
    timeline.step("What an administrator sees: scripts/fleet status")
    console.print(fleet(aws, "status"), soft_wrap=True)
    if given.keep:
        _wait(aws, deployment, console)
    timeline.step("terraform destroy ...")
    with progress(console, "terraform destroy") as told:
        deployment.destroy(told)
    timeline.step("Destroyed.")
    return 0 if in_time and all(verdict.as_promised for verdict in verdicts) else 1


def prepare(aws: Sandbox) -> list[str]:
    """Commands that prepare another terminal: change to this folder, point to the local AWS, and
    put the Python and the AWS CLI that are installed for the demo on PATH."""
    installed = quote(str(Path(sys.executable).parent))
    return [f"cd {quote(str(ROOT))}", *aws.exports(), f'export PATH={installed}:"$PATH"']


def look_around(aws: Sandbox, outputs: Mapping[str, Any]) -> list[str]:
    """Commands to try after those of `prepare`."""
    desktop = next(iter(aws.desktops.all())).id
    act = f"curl -X POST $AWS_ENDPOINT_URL/sandbox/desktops/{desktop}"
    return [
        "scripts/fleet status",
        f"aws logs filter-log-events --log-group-name {outputs['log_group_name']} "
        "--query 'events[].[message]' --output text",
        f"aws dynamodb scan --table-name {outputs['ledger_table_name']}",
        "aws workspaces describe-workspaces-connection-status",
        f"{act}/sign-in",
        f"{act}/sign-out",
    ]


def invite(console: Console, commands: Iterable[str]) -> None:
    """Print commands exactly as they are to be typed."""
    lines = "".join(f"\n  {line}" for line in commands)
    console.print(f"\nStill running. In another terminal:\n{lines}", soft_wrap=True)
    console.print("\ndocs/operations.md has more. Ctrl-C ends it.")


def _wait(aws: Sandbox, deployment: Deployment, console: Console) -> None:
    invite(console, [*prepare(aws), "", *look_around(aws, deployment.outputs())])
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
