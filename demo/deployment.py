"""Terraform, applied to the local AWS. State and plugins live in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TERRAFORM = ROOT / "scripts" / "terraform"
PASSED_ON = ("PATH", "HOME", "TMPDIR", "XDG_DATA_HOME", "TERRAFORM_PLUGIN_DIR")


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
        """Find the provider."""
        self._run("init", "-input=false", "-backend=false")

    def apply(self) -> None:
        """Make AWS what the configuration says."""
        self._run("apply", "-auto-approve", *self._options(), "-parallelism=30")

    def plan(self) -> dict[str, Any]:
        """What an apply would change: the plan as Terraform's JSON."""
        plan = self._state.with_name("plan")
        self._run("plan", *self._options(), f"-out={plan}")
        return dict(json.loads(self._run("show", "-json", str(plan))))

    def outputs(self) -> dict[str, Any]:
        """The configuration's outputs by name."""
        answer = json.loads(self._run("output", "-json", f"-state={self._state}"))
        return {name: output["value"] for name, output in answer.items()}

    def destroy(self) -> None:
        """Remove everything again."""
        self._run("destroy", "-auto-approve", *self._options(), "-parallelism=30")

    def _options(self) -> list[str]:
        return [
            "-input=false",
            "-lock=false",
            f"-state={self._state}",
            f"-var-file={self._variables}",
        ]

    def _run(self, *arguments: str) -> str:
        command, *rest = arguments
        done = subprocess.run(
            [TERRAFORM, f"-chdir={self._configuration}", command, "-no-color", *rest]
            if command != "show"
            else [TERRAFORM, f"-chdir={self._configuration}", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise TerraformError(f"terraform {command} failed:\n{done.stdout}{done.stderr}")
        return done.stdout
