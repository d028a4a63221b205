"""The command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .badges import badges
from .tables import between_markers, costs, inputs, outputs, session_alarms, sign_ins

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Update README.md and its badges (or --check them); return 0 if they are right, else 1."""
    parser = argparse.ArgumentParser(
        prog="scripts/docs",
        description="Writes the tables of inputs and outputs and the measured parts of README.md "
        "from variables.tf, outputs.tf and benchmarks/results.json, and draws its badges.",
    )
    parser.add_argument("--check", action="store_true", help="only say whether they are right")
    parser.add_argument("--root", type=Path, default=ROOT, help="the module (default: this one)")
    options = parser.parse_args(arguments)
    readme = options.root / "README.md"
    results = json.loads((options.root / "benchmarks" / "results.json").read_text())
    tables = {
        "inputs": inputs((options.root / "variables.tf").read_text()),
        "outputs": outputs((options.root / "outputs.tf").read_text()),
        "costs": costs(results),
        "session alarms": session_alarms(results),
        "sign-ins": sign_ins(results),
    }
    written = {readme: readme.read_text()}
    pictures = options.root / "docs" / "badges"
    try:
        for name, table in tables.items():
            written[readme] = between_markers(written[readme], name, table)
        texts = [(options.root / name).read_text() for name in ("versions.tf", "LICENSE")]
        written |= {pictures / name: svg for name, svg in badges(*texts).items()}
    except ValueError as problem:
        print(f"scripts/docs: {problem}", file=sys.stderr)
        return 1
    stale = {path: text for path, text in written.items() if not _holds(path, text)}
    if options.check and stale:
        names = ", ".join(str(path.relative_to(options.root)) for path in stale)
        print(f"{names}: not what the HCL and the benchmarks say. Run: make docs", file=sys.stderr)
        return 1
    for path, text in stale.items():
        path.write_text(text)
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text
