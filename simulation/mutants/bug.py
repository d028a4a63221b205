"""A seeded bug, and a copy of the function that has it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "nonpersistent"


@dataclass(frozen=True)
class Mutant:
    """One bug: in `file`, `old` (found once) becomes `new`, and `promise` should break."""

    name: str
    promise: str
    file: str
    old: str
    new: str


def mutate(mutant: Mutant, folder: Path) -> Path:
    """Copy lambda_src with the bug in it. Raises ValueError unless `old` is found just once."""
    source = folder / "lambda_src"
    ignore = shutil.ignore_patterns("__pycache__", ".mypy_cache")
    shutil.copytree(ROOT / "lambda_src", source, ignore=ignore)
    file = source / PACKAGE / mutant.file
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {text.count(mutant.old)} places in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new))
    return source
