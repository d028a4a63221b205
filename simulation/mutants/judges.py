"""What may catch a mutant: the cheapest judge first.

Only a promise that is seen to break counts. A test that cannot be collected, or a world that
crashes, has caught nothing: anybody who starts the function would find such a bug.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .bug import ROOT, Mutant, mutate

UNIT = ROOT / "tests" / "unit"

ALSO = {
    "answers": ["workspaces", "rebuilder"],
    "bundles": ["canary", "never_ending", "rebuilder", "waiting"],
    "claims": ["lifecycle", "rolling_out", "waiting"],
    "examiner": ["never_ending", "reconciler", "rolling_out", "share", "waiting"],
    "facts": ["lifecycle", "claims", "gauges", "acknowledging"],
    "journal": ["handler"],
    "lateness": ["waiting"],
    "lifecycle": ["rolling_out", "waiting"],
    "observation": ["lifecycle"],
    "pacing": ["share"],
    "rebuilder": ["brake", "share", "rolling_out", "waiting"],
    "reconciler": ["audit", "rolling_out", "brake"],
    "records": ["ledger"],
    "table": ["ledger"],
    "tools": ["lifecycle", "examiner", "telling"],
}
"""Further unit tests that cover a file, by the rest of their names."""

ASSERTED = re.compile(
    r"^FAILED tests/unit/(?P<test>.+?) - (assert |AssertionError|Failed: DID NOT RAISE)", re.M
)
BROKEN_BY_SCHEDULE = re.compile(r"^(?P<promise>P\d): ", re.M)
BROKEN_BY_SEED = re.compile(r"^seed (?P<seed>\d+): (?P<promise>P\d) broken", re.M)


@dataclass(frozen=True)
class Verdict:
    """Which judge caught a mutant, and how; none if `by` is empty."""

    mutant: Mutant
    by: str
    detail: str


def judge(mutant: Mutant, seeds: int) -> Verdict:
    """Let one judge after the other look at a mutant until one catches it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            source = mutate(mutant, Path(folder))
        except ValueError as unfit:
            return Verdict(mutant, "", str(unfit))
        for look in _judges(mutant, source, seeds):
            by, detail = look()
            if by:
                return Verdict(mutant, by, detail)
    return Verdict(mutant, "", f"nor by {seeds} seeds")


def _judges(mutant: Mutant, source: Path, seeds: int) -> Iterator[Callable[[], tuple[str, str]]]:
    near = tests_of(mutant.file)
    rest = sorted(set(UNIT.glob("test_*.py")) - set(near))
    yield lambda: _unit(source, near)
    yield lambda: _unit(source, rest)
    yield lambda: _schedules(source)
    yield lambda: _seeds(source, seeds)


def tests_of(file: str) -> list[Path]:
    """The unit tests that cover a file of the function, going by their names."""
    stem = Path(file).stem
    found: set[Path] = set()
    for name in (stem, *ALSO.get(stem, ())):
        found.update(UNIT.glob(f"test_{name}.py"), UNIT.glob(f"test_{name}_*.py"))
    return sorted(found)


def _unit(source: Path, files: list[Path]) -> tuple[str, str]:
    paths = [str(file.relative_to(ROOT)) for file in files]
    options = ["-q", "--tb=line", "--maxfail=3", "-p", "no:cacheprovider"]
    options += ["-o", f"pythonpath={source} package scripts ."]
    told = _python(source, ["-m", "pytest", *options, *paths])
    found = ASSERTED.search(told)
    return ("unit", found["test"]) if found else ("", "")


def _schedules(source: Path) -> tuple[str, str]:
    arguments = ["--moment", "due", "--reading", "last-sight"]
    told = _python(source, ["-m", "simulation.exhaustive", *arguments])
    found = BROKEN_BY_SCHEDULE.search(told)
    return ("schedules", f"{found['promise']} broken") if found else ("", "")


def _seeds(source: Path, seeds: int) -> tuple[str, str]:
    arguments = ["--seeds", str(seeds), "--jobs", "1", "--events", "0"]
    told = _python(source, ["-m", "simulation", *arguments])
    found = BROKEN_BY_SEED.search(told)
    return (f"random seed {found['seed']}", f"{found['promise']} broken") if found else ("", "")


def _python(source: Path, arguments: list[str]) -> str:
    """Run Python with the mutant first on its path; its output if it returns 1, else none."""
    environment = os.environ | {
        "PYTHONPATH": str(source),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "300",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(source.parent / "hypothesis"),
    }
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout if run.returncode == 1 else ""
