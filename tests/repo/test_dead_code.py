"""Nothing is kept that nothing uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USERS = (
    "lambda_src/nonpersistent",
    "scripts",
    "package",
    "demo",
    "sandbox",
    "simulation",
    "benchmarks",
    "tests",
)
CLEAN = ("lambda_src/", "scripts/", "package/", "demo/", "sandbox/", "simulation/", "benchmarks/")
USED_ELSEWHERE = {
    "create_system": "read by zipfile when it writes an entry",
    "to_string": "botocore calls it",
    "utcnow": "of a class that stands in for datetime",
    "__instancecheck__": "the same",
    "dont_write_bytecode": "read by the import system",
    "do_*, log_*, handle_error, client_address": "called by http.server",
    "daemon_threads, protocol_version, close_connection": "read by http.server",
    "kms_key_*, sse_specification, state_updated_timestamp": "read by moto",
    "PENDING, TERMINAT*": "states that AWS may answer",
    "doubles, lost_looks": "of a budget, read by name",
    "GetItem, BatchGetItem, Query, Describe*": "of a client's answers, read by name",
}


def unused(root: Path) -> list[str]:
    """What vulture finds in CLEAN that none of USERS uses."""
    places = [str(root / place) for place in USERS if (root / place).exists()]
    names = ",".join(USED_ELSEWHERE).replace(" ", "")
    done = subprocess.run(
        [sys.executable, "-m", "vulture", *places, "--ignore-names", names],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.returncode in (0, 3), done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(CLEAN)]


def test_no_function_class_or_name_is_unused() -> None:
    assert unused(ROOT) == []


@pytest.mark.parametrize("line", ["def forgotten() -> None: ...", "FORGOTTEN = 1", "import json"])
def test_what_is_unused_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old.py").write_text(f"{line}\n")
    assert len(unused(tmp_path)) == 1
