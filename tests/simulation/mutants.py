"""Seeded bugs: `python -m tests.simulation.mutants` shows which the simulation catches.

Each mutant is a change of one place in a copy of lambda_src. Those that no world catches are for
the unit tests, which `--unit` runs on the same copies.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "nonpersistent"
SIMULATED = ("simulation", "schedules")
"""Caught by random worlds, or by the enumerated schedules of the small one."""


@dataclass(frozen=True)
class Mutant:
    """One bug: in `file`, `old` (found once) becomes `new`, and `promise` should break."""

    name: str
    promise: str
    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Catch:
    """Who noticed a mutant, and how."""

    mutant: Mutant
    by: str
    detail: str

    @property
    def line(self) -> str:
        return f"{self.by:<10} {self.mutant.promise:<3} {self.mutant.name:<44} {self.detail}"


MUTANTS = (
    Mutant(
        "drop the connection check",
        "P1",
        "lifecycle.py",
        "if seen.vacant_at is None or seen.vacant_at < due_at:",
        "if False:",
    ),
    Mutant(
        "accept a stale check",
        "P1",
        "facts.py",
        "stale = self.looked_at - self.checked_at > FRESH",
        "stale = False",
    ),
    Mutant(
        "accept a check from before the grace had passed",
        "P1",
        "lifecycle.py",
        "if seen.vacant_at is None or seen.vacant_at < due_at:",
        "if seen.vacant_at is None:",
    ),
    Mutant(
        "skip the fence",
        "P1",
        "ledger.py",
        'return self._put(item, "version = :seen", {":seen": {"N": str(version)}})',
        'return self._put(item, "attribute_exists(id)")',
    ),
    Mutant(
        "forget the lease",
        "P5",
        "ledger.py",
        '"attribute_not_exists(id) OR expires_at <= :now OR held_by = :owner"',
        '"attribute_not_exists(id) OR expires_at <> :now OR held_by = :owner"',
    ),
    Mutant(
        "act before the grace has passed",
        "P1",
        "lifecycle.py",
        "return None if seen_or_told is None else seen_or_told + settings.grace",
        "return seen_or_told",
    ),
    Mutant(
        "count the grace from the alarm alone",
        "P1",
        "lifecycle.py",
        "seen_or_told = latest(facts.vacant_since, facts.told_at)",
        "seen_or_told = facts.told_at or facts.vacant_since",
    ),
    Mutant(
        "ignore FailedRequests",
        "P2",
        "workspaces.py",
        "outcome = _refused(failed[0]) if failed else Accepted()",
        "outcome = Accepted()",
    ),
    Mutant(
        "take the first dimension",
        "P2",
        "signals.py",
        'if dimension["name"] == "WorkspaceId"',
        "if True",
    ),
    Mutant(
        "acknowledge early: lose what cannot be recorded",
        "P2",
        "handler.py",
        "    for entry in read:\n        _record(house, entry)\n",
        "    for entry in read:\n        try:\n            _record(house, entry)\n"
        "        except Exception:\n            pass\n",
    ),
    Mutant(
        "forget to reset vacancy on a sign-in",
        "P1",
        "facts.py",
        "return self.vacant_since is not None and not after(self.used_at, self.vacant_since)",
        "return self.vacant_since is not None",
    ),
    Mutant(
        "forget to reset vacancy when somebody is connected",
        "P1",
        "lifecycle.py",
        "used_at = latest(used_at, capped(seen.checked_at or seen.looked_at, seen.looked_at))",
        "pass",
    ),
    Mutant(
        "record a time from the future as it is",
        "P2",
        "signals.py",
        "return min(to_millisecond(moment), latest)",
        "return to_millisecond(moment)",
    ),
    Mutant(
        "drop the roster check when recording and acting",
        "P4",
        "ledger.py",
        'return frozenset(entry["S"] for entry in entries)',
        'return frozenset(f"ws-{n:09d}" for n in range(99))',
    ),
    Mutant(
        "ignore the brake",
        "P5",
        "pacing.py",
        "if self._limit is None or len(self._taken) < self._limit:",
        "if True:",
    ),
    Mutant(
        "prove on all",
        "P7",
        "images.py",
        "if proof.on in (None, workspace_id):",
        "if True:",
    ),
    Mutant(
        "never give up a bad image",
        "P7",
        "images.py",
        "if proof.failed >= TRIALS:",
        "if False:",
    ),
    Mutant(
        "let times go back",
        "P2",
        "ledger.py",
        'news = f"(attribute_not_exists({attribute}) OR {attribute} < :at)"',
        'news = f"(attribute_not_exists({attribute}) OR {attribute} <> :at)"',
    ),
    Mutant(
        "no pause between calls",
        "P5",
        "pacing.py",
        "self._clock.sleep((self.next_call_at - self._clock.now()).total_seconds())",
        "pass",
    ),
    Mutant(
        "retry inside the client",
        "P5",
        "handler.py",
        'retries={"mode": "standard", "total_max_attempts": 1}',
        'retries={"mode": "standard", "total_max_attempts": 4}',
    ),
    Mutant(
        "take no answer for a refusal",
        "P3",
        "workspaces.py",
        "            return Unanswered(type(error).__name__)",
        '            return Refused("no_answer", "")',
    ),
    Mutant(
        "take no answer for yes",
        "P2",
        "workspaces.py",
        "            return Unanswered(type(error).__name__)",
        "            return Accepted()",
    ),
    Mutant(
        "take back a claim without looking at the address",
        "P3",
        "lifecycle.py",
        "moved = known and facts.address != seen.address",
        "moved = False",
    ),
    Mutant(
        "an accepted rebuild that never began counts as done",
        "P2",
        "lifecycle.py",
        "return _unclaim(facts, NEVER_BEGAN, Verdict.FAILED, now, settings)",
        "return Decision(_rebuilt(facts, asked_at), Verdict.FINISHED)",
    ),
    Mutant(
        "a failed rebuild counts as done",
        "P2",
        "lifecycle.py",
        'USABLE = frozenset({"AVAILABLE", "STOPPED"})',
        'USABLE = frozenset({"AVAILABLE", "STOPPED", "ERROR", "UNHEALTHY"})',
    ),
    Mutant(
        "audit looks at nothing",
        "P2",
        "reconciler.py",
        "        rest = sorted(id_ for id_ in roster if id_ > position)",
        "        rest: list[str] = []",
    ),
    Mutant(
        "an audit begins at the end for ever",
        "P2",
        "ledger.py",
        'self._put({"id": {"S": AUDIT}}, "attribute_exists(id)")',
        "pass",
    ),
    Mutant(
        "deploying is a debt",
        "P3",
        "facts.py",
        "return latest(self.rebuilt_at, self.baseline_at)",
        "return self.rebuilt_at",
    ),
    Mutant(
        "a late alarm after a rebuild is a new debt",
        "P3",
        "facts.py",
        "self.told_at > clean_at + NOTICE_LAG",
        "self.told_at > clean_at",
    ),
    Mutant(
        "say nothing of what waits",
        "P6",
        "journal.py",
        "        _LOGGER.log(",
        '        if decision.value in ("deferred", "blocked", "refused", "failed"):\n'
        "            return\n        _LOGGER.log(",
    ),
    Mutant(
        "believe the lagging index",
        "P3",
        "reconciler.py",
        "return record.look_at is not None and record.look_at <= now",
        "return True",
    ),
    Mutant(
        "leave unprocessed keys out",
        "P2",
        "ledger.py",
        '            wanted = answer.get("UnprocessedKeys")\n',
        "            wanted = None\n",
    ),
)


def mutate(mutant: Mutant, folder: Path) -> Path:
    """A copy of lambda_src with the bug in it. Raises ValueError if its place is not there."""
    source = folder / "lambda_src"
    ignore = shutil.ignore_patterns("__pycache__", ".mypy_cache")
    shutil.copytree(ROOT / "lambda_src", source, ignore=ignore)
    file = source / PACKAGE / mutant.file
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {text.count(mutant.old)} places in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new))
    return source


def judge(mutant: Mutant, seeds: int, unit: bool) -> Catch:
    """Let the simulation look, then the unit tests."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            source = mutate(mutant, Path(folder))
        except ValueError as problem:
            return Catch(mutant, "UNFIT", str(problem))
        environment = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        began = time.perf_counter()
        command = ["-m", "tests.simulation", "--seeds", str(seeds), "--jobs", "1", "--events", "0"]
        run = _python(command, environment)
        took = f"{time.perf_counter() - began:.0f} s"
        if run.returncode:
            told = [line for line in run.stdout.splitlines() if line.startswith("seed ")]
            said = told[0] if told else (run.stderr.strip().splitlines() or ["crashed"])[-1]
            return Catch(mutant, "simulation", f"{said[:110]} ({took})")
        run = _python(["-m", "tests.simulation.exhaustive", "--moment", "due"], environment)
        if run.returncode:
            said = (run.stdout.splitlines() or run.stderr.splitlines() or ["crashed"])[0]
            return Catch(mutant, "schedules", said[:110])
        if unit:
            command = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/unit"]
            command += ["-o", f"pythonpath={source} ."]
            run = _python(command, environment)
            if run.returncode:
                failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
                return Catch(mutant, "unit tests", failed[0][:110] if failed else "failed")
        return Catch(mutant, "NOBODY", f"{seeds} seeds in {took}")


def _python(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("--seeds", type=int, default=400, help="for each mutant, at the most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first mutant")
    parser.add_argument("--only", default="", help="mutants with this in their name")
    parser.add_argument("--no-unit", action="store_true", help="leave the unit tests out")
    given = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS[given.start :] if given.only in mutant.name]
    with ThreadPoolExecutor(given.jobs) as pool:
        futures = [pool.submit(judge, each, given.seeds, not given.no_unit) for each in chosen]
        catches = []
        for future in as_completed(futures):
            catches.append(future.result())
            print(catches[-1].line, flush=True)
    caught = [catch for catch in catches if catch.by in (*SIMULATED, "unit tests")]
    by_simulation = sum(catch.by in SIMULATED for catch in caught)
    print(f"{len(caught)} of {len(catches)} caught, {by_simulation} by the simulation")
    return 0 if len(caught) == len(catches) else 1


if __name__ == "__main__":
    sys.exit(main())
