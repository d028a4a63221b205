"""The conftest of mutmut's folder: the tests near a mutant go first, as they mostly catch it."""

from __future__ import annotations

import os

import pytest

NEAR = {"table": "ledger"}
"""Modules that are tested under another's name."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Near ones first, then all others in their order."""
    _, _, mutant = os.environ.get("MUTANT_UNDER_TEST", "").partition(".")
    module = mutant.partition(".")[0]
    near = f"test_{NEAR.get(module, module)}"
    items.sort(key=lambda item: (not item.path.stem.startswith(near), item.nodeid))
