"""Seeded bugs, each a single change in a copy of lambda_src, and what catches them.

`python -m simulation.mutants` runs them one after the other; `bugs.toml` lists them.
"""

from .bug import Mutant, mutate
from .bugs import MUTANTS

__all__ = ["MUTANTS", "Mutant", "mutate"]
