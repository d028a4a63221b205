"""`terraform plan` of the module, compared with that of its alarms alone; the provider is real.

Both configurations are in `plans/`. They plan from an empty state without calls to AWS, so what is
timed is Terraform, the provider and the module.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {name: ROOT / "benchmarks" / "plans" / name for name in ("module", "alarms")}
SIZES = (1, 100, 1000)

PLANNED = re.compile(r"^Plan: (\d+) to add, 0 to change, 0 to destroy\.$", re.MULTILINE)


def plans(times: int, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Median CPU times, including the provider's; runs alternate, so other load affects both alike.

    Raises RuntimeError if Terraform fails or plans anything but additions.
    """
    with tempfile.TemporaryDirectory() as data:
        for name in FOLDERS:
            init(name, data)
            about = json.loads(terraform(name, data, "version", "-json"))
        found = [_of_a_size(data, desktops, times) for desktops in sizes]
    [provider] = about["provider_selections"].values()
    return {
        "runs of each": times,
        "terraform": about["terraform_version"],
        "provider": provider,
        "sizes": found,
    }


def _of_a_size(data: str, desktops: int, times: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {name: [] for name in FOLDERS}
    resources: dict[str, int] = {}
    for _ in range(times):
        for name in FOLDERS:
            before = _cpu_seconds()
            printed = plan(name, data, desktops)
            seconds[name].append(_cpu_seconds() - before)
            planned = PLANNED.search(printed)
            if planned is None:
                raise RuntimeError(f"the plan of {name} does not only add:\n{printed[-500:]}")
            resources[name] = int(planned[1])
    medians = {name: median(taken) for name, taken in seconds.items()}
    return {
        "desktops": desktops,
        "resources": resources,
        "medians in seconds": medians,
        "ratio": medians["module"] / medians["alarms"],
    }


def _cpu_seconds() -> float:
    """CPU time of all child processes that have ended; Terraform waits for its provider."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def init(name: str, data: str) -> None:
    """Run `terraform init`, with the provider from a local mirror if there is one."""
    terraform(name, data, "init", "-input=false", program=ROOT / "scripts" / "terraform")


def plan(name: str, data: str, desktops: int, *options: str) -> str:
    """The output of `terraform plan` for one of the two configurations."""
    given = ("-input=false", "-no-color", "-lock=false", f"-var=desktops={desktops}")
    return terraform(name, data, "plan", *given, *options)


def terraform(name: str, data: str, *arguments: str, program: Path | str = "terraform") -> str:
    """Terraform's output in one of the two folders; `data` is the folder for what it installs."""
    environment = os.environ | {
        "TF_DATA_DIR": str(Path(data) / name),
        "TF_IN_AUTOMATION": "true",
        "CHECKPOINT_DISABLE": "true",
    }
    done = subprocess.run(
        [program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=FOLDERS[name],
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(
            f"terraform {arguments[0]} of {name} failed:\n{done.stdout}{done.stderr}"
        )
    return done.stdout
