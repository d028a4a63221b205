"""Terraform, applied to the local AWS. State and plugins live in a folder of their own."""

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
    """Terraform failed; the message is what it said."""


class Deployment:
    """One configuration, one state."""

    def __init__(
        self,
        configuration: Path,
        folder: Path,
        environment: Mapping[str, str],
        variables: Mapping[str, Any],
    ) -> None:
        """`folder` takes state and plugins, `environment` points to the local AWS."""
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
        """`terraform init`: find the provider. This and what follows raises TerraformError."""
        self._run("init", "-input=false", "-backend=false")

    def apply(self, told: Callable[[str], None] | None = None) -> None:
        """Make AWS what the configuration says; `told` hears each line that Terraform prints."""
        self._run("apply", "-auto-approve", *self._options(), "-parallelism=30", told=told)

    def plan(self) -> dict[str, Any]:
        """What an apply would change: the plan as Terraform's JSON."""
        plan = self._state.with_name("plan")
        self._run("plan", *self._options(), f"-out={plan}")
        return dict(json.loads(self._run("show", "-json", str(plan))))

    def is_settled(self) -> bool:
        """True if an apply would change nothing; otherwise TerraformError, with what it would. Half
        as long as `plan`, since nothing has to be shown."""
        self._run("plan", *self._options(), "-detailed-exitcode")
        return True

    def outputs(self) -> dict[str, Any]:
        """The configuration's outputs by name."""
        answer = json.loads(self._run("output", "-json", f"-state={self._state}"))
        return {name: output["value"] for name, output in answer.items()}

    def destroy(self, told: Callable[[str], None] | None = None) -> None:
        """Remove everything again."""
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
    """One line that says what is wrong with Terraform on this machine; None if it will do."""
    done = subprocess.run([TERRAFORM, "version"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def _heard(process: subprocess.Popen[str], told: Callable[[str], None]) -> Iterator[str]:
    """Every line that a process prints; `told` hears it as it comes."""
    for line in process.stdout or ():
        told(line.rstrip("\n"))
        yield line


def _end(process: subprocess.Popen[str]) -> None:
    """Kill Terraform and its plugins, which would outlive it. What it made vanishes with the local
    AWS, so there is nothing to wait for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
