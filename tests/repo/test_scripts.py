"""Scripts on a machine that has less than this one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEBANG = "#!/usr/bin/env python3\n"
SCRIPTS = sorted(
    path
    for path in [*ROOT.glob("scripts/*"), *ROOT.glob("package/*.py")]
    if path.is_file() and path.read_text().startswith(SHEBANG)
)
AS_PYTHON_3_8 = """
import runpy, sys
sys.version_info, sys.version = (3, 8, 1), "3.8.1 (main)"
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_tells_a_python_that_is_too_old(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_PYTHON_3_8, script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    could_not_do_it = 2 if script.name == "fleet" else 1
    assert (done.returncode, done.stdout) == (could_not_do_it, "")
    assert done.stderr == f"{script.name} needs python3.11 or newer; this is python3.8.1\n"


@pytest.mark.parametrize(
    "path",
    [ROOT / "scripts/fleet", *sorted(ROOT.glob("scripts/fleetlib/*.py"))],
    ids=lambda path: path.name,
)
def test_fleet_imports_boto3_and_the_standard_library_alone(path: Path) -> None:
    """A copy of the command runs where nothing else is installed."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imported = [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    imported += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom) if not n.level]
    known = sys.stdlib_module_names | {"boto3", "botocore", "fleetlib"}
    assert {name.partition(".")[0] for name in imported} <= known


def test_verify_installs_neither_terraform_nor_the_local_aws(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--dry-run",
            "verify",
            f"VENV={tmp_path}",
            "NAME=desks",
            "REGION=eu-west-1",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "terraform" not in done.stdout
    assert re.findall(r"-r (\S+)", done.stdout) == ["scripts/requirements.txt"]
    assert done.stdout.splitlines()[-1].endswith(
        "scripts/fleet verify --name desks --region eu-west-1"
    )


def test_scripts_need_the_boto3_that_is_tested_and_nothing_else() -> None:
    needed, tested = (
        re.findall(r"^[\w.-]+==.*$", (ROOT / folder / "requirements.txt").read_text(), flags=re.M)
        for folder in ("scripts", "sandbox")
    )
    assert len(needed) == 1
    assert needed[0].startswith("boto3==")
    assert needed[0] in tested
