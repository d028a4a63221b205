"""Runs Terraform against the local AWS, with state and plugins in a folder of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TERRAFORM = ROOT / "scripts" / "terraform"
PASSED_ON = ("PATH", "HOME", "TMPDIR", "XDG_DATA_HOME", "TERRAFORM_PLUGIN_DIR", "GOGC")


class TerraformError(RuntimeError):
    """Terraform failed; the message has its output."""


class Deployment:
    """A Terraform configuration and its state."""

    def __init__(
        self,
        configuration: Path,
        folder: Path,
        environment: Mapping[str, str],
        variables: Mapping[str, Any],
    ) -> None:
        """`folder` is for state and plugins; `environment` points to the local AWS."""
        self._configuration = configuration
        self._state = folder / "terraform.tfstate"
        self._variables = folder / "terraform.tfvars.json"
        self._variables.write_text(json.dumps(variables))
        self._environment = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **environment,
            "TF_DATA_DIR": str(folder / "terraform"),
            "TF_IN_AUTOMATION": "true",
            "CHECKPOINT_DISABLE": "true",
        }

    def set(self, **variables: Any) -> None:
        """Change variables for the next plan or apply."""
        merged = json.loads(self._variables.read_text()) | variables
        self._variables.write_text(json.dumps(merged))

    def init(self) -> None:
        """Run `terraform init`. Like all methods below, it raises TerraformError."""
        self._run("init", "-input=false", "-backend=false")

    def apply(self, told: Callable[[str], None] | None = None) -> None:
        """Apply the configuration; `told` is called with each line that Terraform prints."""
        self._run("apply", "-auto-approve", *self._options(), "-parallelism=30", told=told)

    def plan(self) -> dict[str, Any]:
        """Return what an apply would change: the plan as Terraform's JSON."""
        plan = self._state.with_name("plan")
        self._run("plan", *self._options(), f"-out={plan}")
        return dict(json.loads(self._run("show", "-json", str(plan))))

    def is_settled(self) -> bool:
        """Return True if an apply would change nothing; otherwise raise TerraformError with what it
        would change. Takes half as long as `plan`, since there is no plan to show."""
        self._run("plan", *self._options(), "-detailed-exitcode")
        return True

    def outputs(self) -> dict[str, Any]:
        """Return the configuration's outputs by name."""
        answer = json.loads(self._run("output", "-json", f"-state={self._state}"))
        return {name: output["value"] for name, output in answer.items()}

    def destroy(self, told: Callable[[str], None] | None = None) -> None:
        """Destroy everything that was applied; `told` as for `apply`."""
        self._run("destroy", "-auto-approve", *self._options(), "-parallelism=30", told=told)

    def _options(self) -> list[str]:
        return [
            "-input=false",
            "-lock=false",
            f"-state={self._state}",
            f"-var-file={self._variables}",
        ]

    def _run(self, *arguments: str, told: Callable[[str], None] | None = None) -> str:
        command, *rest = arguments
        colourless = [] if command == "show" else ["-no-color"]
        with subprocess.Popen(
            [TERRAFORM, f"-chdir={self._configuration}", command, *colourless, *rest],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if told else subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said = "".join(_heard(process, told)) if told else ""
                remainder, complained = process.communicate()
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            raise TerraformError(
                f"terraform {command} failed:\n{said}{remainder}{complained or ''}"
            )
        return said + remainder


def why_unusable() -> str | None:
    """Say in one line what is wrong with Terraform on this machine; None if it is usable."""
    done = subprocess.run([TERRAFORM, "version"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def _heard(process: subprocess.Popen[str], told: Callable[[str], None]) -> Iterator[str]:
    """Yield every line that a process prints, and pass it to `told` as it comes."""
    for line in process.stdout or ():
        told(line.rstrip("\n"))
        yield line


def _end(process: subprocess.Popen[str]) -> None:
    """Kill Terraform and its plugins, which would outlive it. What it created disappears with the
    local AWS, so there is nothing to wait for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
