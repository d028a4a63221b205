"""The judges see what they are there for, and take nothing else for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from nonpersistent.journal import Journal
from nonpersistent.ledger import Ledger
from nonpersistent.signals import Signal
from tests.simulation.mutants.judges import ASSERTED, BROKEN_BY_SCHEDULE, BROKEN_BY_SEED
from tests.simulation.running import run_seed
from tests.simulation.scenario import draw

CALM = 33
"""A seed without faults, in which sessions end and desktops are rebuilt."""

CALM_FOR_LONG = 392
"""The same, with an hour between two audits and many desktops."""


def test_p2_a_rebuild_that_waits_for_an_audit_is_late_where_nothing_goes_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Ledger.record

    def late(self: Ledger, signal: Signal, look_at: datetime) -> bool:
        return record(self, signal, look_at + timedelta(hours=2))

    assert draw(CALM_FOR_LONG).calm
    assert run_seed(CALM_FOR_LONG).violation is None
    monkeypatch.setattr(Ledger, "record", late)
    violation = run_seed(CALM_FOR_LONG).violation
    assert violation is not None
    assert violation.promise == "P2"
    assert violation.what.endswith("not rebuilt promptly")


@pytest.mark.parametrize("decision", ["recorded", "vacant", "rebuild_requested", "pass"])
def test_p6_a_kind_of_line_that_goes_missing_is_missed(
    monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    write = Journal.write

    def silent(self: Journal, kind: Any, *about: Any, **fields: Any) -> None:
        if kind.value != decision:
            write(self, kind, *about, **fields)

    monkeypatch.setattr(Journal, "write", silent)
    violation = run_seed(CALM).violation
    assert violation is not None
    assert violation.promise == "P6"


@pytest.mark.parametrize(
    ("told", "caught"),
    [
        ("FAILED tests/unit/test_facts.py::test_a[x y] - assert 1 == 2", True),
        ("FAILED tests/unit/test_facts.py::test_a - AssertionError: no", True),
        ("FAILED tests/unit/test_facts.py::test_a - Failed: DID NOT RAISE <class 'E'>", True),
        ("FAILED tests/unit/test_facts.py::test_a - NameError: name 'x' is not defined", False),
        ("ERROR tests/unit/test_facts.py - ImportError: assert", False),
        ("seed 7: P2 broken at 02 09:07:35: not rebuilt", True),
        ("seed 7: every promise kept", False),
        ("P1: ws-000000000 rebuilt in use", True),
        ("  phase 1: 36 worlds, 13,981,188 schedules", False),
    ],
)
def test_only_a_broken_promise_catches_a_mutant(told: str, caught: bool) -> None:
    judges = (ASSERTED, BROKEN_BY_SCHEDULE, BROKEN_BY_SEED)
    assert any(judge.search(told) for judge in judges) is caught
