"""The judges see what they are there for, and take nothing else for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from nonpersistent import images
from nonpersistent.journal import Journal
from nonpersistent.ledger import Ledger
from nonpersistent.signals import Signal
from simulation.agenda import BEGIN
from simulation.mutants.judges import ASSERTED, BROKEN_BY_SCHEDULE, BROKEN_BY_SEED
from simulation.running import run_seed
from simulation.scenario import draw
from simulation.world import World


def calm(desktops: int, audit_interval: int) -> int:
    """The first seed without faults, brake or window, of at least so many desktops, with images
    that are proven and some grace, and with so many minutes at least between two audits."""
    for seed in count():
        world = draw(seed)
        size = world.desktops >= desktops and world.audit_interval >= audit_interval
        chosen = world.brake or world.window or world.user_volume == "keep"
        if world.calm and size and world.prove_images and world.grace >= 5 and not chosen:
            return seed
    raise AssertionError("there are seeds enough")


CALM = calm(desktops=4, audit_interval=5)
CALM_FOR_LONG = calm(desktops=30, audit_interval=60)


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


def test_p7_who_waits_for_the_proof_of_a_known_image_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images.Proof, "knows", lambda *_: False)
    violation = run_seed(CALM).violation
    assert violation is not None
    assert violation.promise == "P7"
    assert "known since" in violation.what


def reach(world: World, *numbers: int, looked: bool = False) -> None:
    """A bad image reaches these desktops; `looked`: a minute after a look at the bundle."""
    bundle = next(iter(world.fleet.bundles.values()))
    world.table.first_written[bundle.id] = BEGIN - timedelta(days=1)
    if looked:
        world.oracles.proofs.shown(bundle.id, BEGIN, 7)
    world.fleet.set_image(bundle.id, "wsi-bad", BEGIN, bad=True)
    for desktop in (world.fleet.fleet[f"ws-{number:09d}"] for number in numbers):
        desktop.bundle_id = bundle.id
        rebuild = world.fleet.rebuild(desktop.id, BEGIN)
        world.oracles.proofs.rebuilt(desktop, rebuild, BEGIN + timedelta(minutes=1), 7)


def test_p7_the_fourth_desktop_that_meets_a_bad_image_is_seen() -> None:
    world = World(draw(CALM))
    reach(world, 0, 1, 2)
    assert world.oracles.violations == []
    reach(world, 3)
    assert [violation.promise for violation in world.oracles.violations] == ["P7"]


def test_p7_who_was_shown_another_image_a_minute_ago_could_not_know() -> None:
    world = World(draw(CALM))
    reach(world, 0, 1, 2, 3, looked=True)
    assert world.oracles.violations == []
    assert world.oracles.counts["P7 bad image that came after the look at the bundle"] == 4


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
