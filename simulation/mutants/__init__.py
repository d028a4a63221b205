"""Seeded bugs, each a change of one place in a copy of lambda_src, and who catches them.

`python -m simulation.mutants` lets them loose, one after the other.
"""

from .bug import Mutant, mutate
from .progress import PROGRESS
from .proofs import PROOFS
from .safety import SAFETY
from .silence import SILENCE

MUTANTS: tuple[Mutant, ...] = (*SAFETY, *PROGRESS, *PROOFS, *SILENCE)

__all__ = ["MUTANTS", "Mutant", "mutate"]
