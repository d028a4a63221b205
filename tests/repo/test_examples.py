"""The example `complete` lags behind no input of the module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).parents[2]
COMPLETE = ROOT / "examples" / "complete"
META = {"source", "version", "providers", "depends_on", "count", "for_each"}
"""Arguments of a module block that are Terraform's own."""


def blocks(path: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The blocks of a kind in an HCL file, by label."""
    found = hcl2.loads(path.read_text()).get(kind, [])
    return {name.strip('"'): body for block in found for name, body in block.items()}


def test_complete_gives_every_input_of_the_module() -> None:
    [module] = blocks(COMPLETE / "main.tf", "module").values()
    given = {name for name in module if not name.startswith("__")} - META
    assert given == set(blocks(ROOT / "variables.tf", "variable"))


def test_every_input_of_complete_is_used() -> None:
    text = (COMPLETE / "main.tf").read_text()
    inputs = blocks(COMPLETE / "variables.tf", "variable")
    assert [name for name in inputs if f"var.{name}" not in text] == []
