"""Seeded bugs still have their places in the function; `make mutants` lets them loose."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from simulation.mutants import MUTANTS, Mutant, mutate

FEWEST = 90


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_changes_one_place(mutant: Mutant, tmp_path: Path) -> None:
    source = mutate(mutant, tmp_path)
    text = (source / "nonpersistent" / mutant.file).read_text()
    compile(text, mutant.file, "exec")


def test_there_are_enough_mutants_for_every_promise() -> None:
    assert len(MUTANTS) >= FEWEST
    assert {mutant.promise for mutant in MUTANTS} == {f"P{n}" for n in range(1, 9)}


def test_no_two_mutants_share_a_name() -> None:
    """Within one table, TOML refuses that."""
    names = Counter(mutant.name for mutant in MUTANTS)
    assert [name for name, times in names.items() if times > 1] == []
