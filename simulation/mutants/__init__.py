"""Seeded bugs, each a single change in a copy of lambda_src, and what catches them.

`python -m simulation.mutants` runs them one after the other.
"""

from .aftermath import AFTERMATH
from .bug import Mutant, mutate
from .canaries import CANARIES
from .choices import CHOICES
from .details import DETAILS
from .isolation import ISOLATION
from .progress import PROGRESS
from .safety import SAFETY
from .silence import SILENCE

MUTANTS: tuple[Mutant, ...] = (
    *SAFETY,
    *PROGRESS,
    *AFTERMATH,
    *CANARIES,
    *ISOLATION,
    *SILENCE,
    *CHOICES,
    *DETAILS,
)

__all__ = ["MUTANTS", "Mutant", "mutate"]
