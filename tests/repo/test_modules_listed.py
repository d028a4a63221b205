"""The tables that explain the function's modules name each of them once, where it stands."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.test_architecture import MODULES, imports

ROOT = Path(__file__).parents[2]

WANTED = Counter(name for name in MODULES if name != "__init__")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a line of a page, without its head."""
    below = (ROOT / page).read_text("utf-8").split(f"\n{heading}\n")[1]
    table = re.search(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", below, flags=re.M)
    assert table, f"{page} has no table below {heading}"
    return [line.strip("|").split("|") for line in table[1].splitlines()]


LAYERS = [
    re.findall(r"`(\w+)`", modules) for _, modules in rows("docs/architecture.md", "## Layers")
]


def test_the_layers_in_the_docs_have_every_module_once() -> None:
    assert Counter(name for layer in LAYERS for name in layer) == WANTED


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_module_imports_only_from_the_rows_above_its_own_or_from_its_own(name: str) -> None:
    [row] = [row for row, layer in enumerate(LAYERS) if name in layer]
    ours, _ = imports(name)
    assert ours - {"__init__"} <= {other for layer in LAYERS[: row + 1] for other in layer}


def test_the_path_of_an_event_in_the_readme_has_every_module_once() -> None:
    table = rows("README.md", "The path of an event through `lambda_src/nonpersistent/`:")
    assert Counter(name for files, _ in table for name in re.findall(r"`(\w+)\.py`", files)) == (
        WANTED
    )
