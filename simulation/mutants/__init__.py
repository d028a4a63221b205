"""Seeded bugs, each a change of one place in a copy of lambda_src, and who catches them.

`python -m simulation.mutants` lets them loose, one after the other.
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
