"""Made-up histories, as most tests of the judges begin them."""

from __future__ import annotations

import pytest

from tests.simulation.histories import History


@pytest.fixture
def history() -> History:
    """In which nothing has happened yet."""
    return History()


@pytest.fixture
def used(history: History) -> History:
    """Somebody was connected to its first desktop from minute 10 to minute 60."""
    history.session(10, 60)
    return history
