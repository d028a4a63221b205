"""The command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .tables import between_markers, costs, inputs, outputs, session_alarms, sign_ins

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if README.md has the tables now (with --check: already), 1 if not."""
    parser = argparse.ArgumentParser(
        prog="scripts/docs",
        description="Writes the tables of inputs and outputs and the measured parts of README.md "
        "from variables.tf, outputs.tf and benchmarks/results.json.",
    )
    parser.add_argument("--check", action="store_true", help="only say whether they are right")
    parser.add_argument("--root", type=Path, default=ROOT, help="the module (default: this one)")
    options = parser.parse_args(arguments)
    readme = options.root / "README.md"
    before = readme.read_text()
    tables = {
        "inputs": inputs((options.root / "variables.tf").read_text()),
        "outputs": outputs((options.root / "outputs.tf").read_text()),
    }
    measured = options.root / "benchmarks" / "results.json"
    if measured.exists():  # an example has no benchmarks
        results = json.loads(measured.read_text())
        tables["costs"] = costs(results)
        tables["session alarms"] = session_alarms(results)
        tables["sign-ins"] = sign_ins(results)
    after = before
    try:
        for name, table in tables.items():
            after = between_markers(after, name, table)
    except ValueError as problem:
        print(f"scripts/docs: README.md: {problem}", file=sys.stderr)
        return 1
    if options.check and after != before:
        print(
            "README.md does not say what variables.tf, outputs.tf and benchmarks/results.json say. "
            "Run: make docs",
            file=sys.stderr,
        )
        return 1
    if after != before:
        readme.write_text(after)
    return 0
