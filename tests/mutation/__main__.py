"""`python -m tests.mutation`: change the function in every small way; which do unit tests miss?

mutmut works in a folder of its own, where a package lies as it expects. The folder stays, for
`mutmut show` and `mutmut browse` in it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from .survivors import HARMLESS, Change, change, harmless

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / ".mutation"
MUTMUT = Path(sys.executable).with_name("mutmut")
PROCESSES = 2
CAUGHT = frozenset({"killed", "timeout"})
LEAST_SHARE = 0.98

FAR = ("test_architecture.py", "test_handler.py", "test_acknowledging.py", "test_hostile.py")
"""Unit tests that stay away: of the source text, and the slow ones of the function as a whole. A
line has to have a test near it."""


def main() -> int:
    """0 if enough mutants were killed and all others are known to be harmless, 1 otherwise."""
    _furnish()
    subprocess.run([MUTMUT, "run", "--max-children", str(PROCESSES)], cwd=FOLDER, check=True)
    return judge()


def judge() -> int:
    """The same, of the run that lies in the folder."""
    results = dict(line.strip().split(": ") for line in _said("results", "--all", "true"))
    alive = Counter(_change(name) for name, result in results.items() if result not in CAUGHT)
    known = Counter(harmless())
    for survivor in sorted((alive - known).elements()):
        print(f"Nobody notices, and {HARMLESS.name} does not say why:\n{survivor}")
    for stranger in sorted((known - alive).elements()):
        print(f"In {HARMLESS.name}, but killed or no longer there:\n{stranger}")
    killed = len(results) - alive.total()
    share = killed / len(results)
    slow = Counter(results.values())["timeout"]
    print(
        f"{len(results)} mutants, {killed} killed ({slow} of them by the clock), "
        f"{alive.total()} survived: {share:.1%} killed"
    )
    return int(share < LEAST_SHARE or alive != known)


def _furnish() -> None:
    """A fresh folder with the function, its unit tests and what they take from elsewhere."""
    tests = ROOT / "tests"
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(ROOT / "lambda_src" / "nonpersistent", FOLDER / "nonpersistent")
    shutil.copytree(tests / "unit", FOLDER / "tests" / "unit", ignore=lambda *_: FAR)
    shutil.copytree(tests / "fixtures", FOLDER / "tests" / "fixtures")
    for world in ("simulation", "sandbox"):
        shutil.copytree(ROOT / world, FOLDER / world)
    for shared in ("__init__.py", "ledger_table.py"):
        shutil.copy(tests / shared, FOLDER / "tests")
    shutil.copy(HERE / "near_first.py", FOLDER / "tests" / "conftest.py")
    shutil.copy(HERE / "mutmut.toml", FOLDER / "pyproject.toml")


def _change(name: str) -> Change:
    return change(name, "\n".join(_said("show", name)))


def _said(*arguments: str) -> list[str]:
    said = subprocess.run(
        [MUTMUT, *arguments], cwd=FOLDER, check=True, capture_output=True, text=True
    )
    return said.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
