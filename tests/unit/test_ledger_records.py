"""What signals add to the record of a WorkSpace, and how it is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from nonpersistent.facts import Facts
from nonpersistent.ledger import Ledger
from nonpersistent.records import Record
from nonpersistent.signals import Kind, Signal
from tests.unit.support import NOON, OTHER, WS, Timeline, at, only, session_end, sign_in

pytestmark = pytest.mark.parametrize("dynamodb", ["simulation", "moto"], indirect=True)
"""Both tables have to do what the function asks of one."""


def test_a_session_end_is_kept_and_planned(ledger: Ledger) -> None:
    assert ledger.record(session_end(NOON), at(1))
    assert only(ledger) == Record(WS, Facts(told_at=NOON), 1, at(1))


def test_a_sign_in_is_kept_and_plans_nothing(ledger: Ledger) -> None:
    assert ledger.record(sign_in(NOON), at(1))
    assert only(ledger) == Record(WS, Facts(used_at=NOON, signed_in_at=NOON), 1)


@pytest.mark.parametrize("late", [NOON, at(-1)], ids=["repeated", "late"])
def test_p2_a_repeated_or_late_signal_is_no_news(ledger: Ledger, late: datetime) -> None:
    ledger.record(session_end(NOON), at(1))
    assert not ledger.record(session_end(late), at(2))
    assert only(ledger) == Record(WS, Facts(told_at=NOON), 1, at(1))


@pytest.mark.parametrize(("planned", "look_at"), [(at(1), at(1)), (at(300), at(4))])
def test_p2_a_session_end_does_not_postpone_a_planned_look_but_brings_it_forward(
    ledger: Ledger, planned: datetime, look_at: datetime
) -> None:
    ledger.record(session_end(NOON), planned)
    assert ledger.record(session_end(at(3)), at(4))
    assert only(ledger) == Record(WS, Facts(told_at=at(3)), 2, look_at)


def test_p2_signals_commute(ledger: Ledger) -> None:
    for signal in (session_end(NOON), sign_in(at(2)), session_end(at(-9)), sign_in(at(-2))):
        ledger.record(signal, at(1))
        ledger.record(replace(signal, workspace_id=OTHER), at(1))
    for signal in (sign_in(at(-2), OTHER), session_end(NOON, OTHER)):
        ledger.record(signal, at(1))
    assert only(ledger).facts == only(ledger, OTHER).facts
    assert only(ledger).facts == Facts(used_at=at(2), signed_in_at=at(2), told_at=NOON)


@pytest.mark.parametrize(
    "told_at", [None, at(-9), at(9)], ids=["untold", "told before", "told after"]
)
def test_p1_a_sign_in_is_measured_against_sign_ins_alone(
    ledger: Ledger, told_at: datetime | None
) -> None:
    if told_at is not None:
        ledger.record(session_end(told_at), at(20))
    assert ledger.record(sign_in(NOON), NOON)
    assert not ledger.record(sign_in(at(-1)), NOON)
    assert not ledger.record(sign_in(NOON), NOON)
    assert only(ledger).facts == Facts(used_at=NOON, signed_in_at=NOON, told_at=told_at)


def test_p1_a_sign_in_that_is_told_after_a_look_has_seen_its_session_is_kept(
    ledger: Ledger,
) -> None:
    ledger.write(Record(WS, Facts(used_at=at(9))))
    assert ledger.record(sign_in(NOON), NOON)
    assert not ledger.record(sign_in(NOON), NOON)
    assert not ledger.record(sign_in(at(-1)), NOON)
    assert only(ledger).facts == Facts(used_at=at(9), signed_in_at=NOON)


@pytest.mark.parametrize("used_at", [at(-9), at(9)], ids=["used before", "used after"])
def test_p2_a_session_end_is_measured_against_session_ends_alone(
    ledger: Ledger, used_at: datetime
) -> None:
    ledger.record(sign_in(used_at), NOON)
    assert ledger.record(session_end(NOON), NOON)
    assert not ledger.record(session_end(at(-1)), NOON)
    assert only(ledger).facts == Facts(used_at=used_at, signed_in_at=used_at, told_at=NOON)


def test_p1_an_administrators_requests_are_kept_and_looked_into(ledger: Ledger) -> None:
    assert ledger.record(Signal(Kind.REBUILD, WS, NOON), at(1))
    assert only(ledger) == Record(WS, Facts(wanted_at=NOON), 1, at(1))
    hold = Signal(Kind.HOLD, WS, at(2), until=at(90), reason="demo")
    assert ledger.record(hold, at(5))
    held = Facts(wanted_at=NOON, held_at=at(2), held_until=at(90), hold_reason="demo")
    assert only(ledger) == Record(WS, held, 2, at(1))
    assert not ledger.record(replace(hold, at=at(1), reason="late"), at(5))
    assert ledger.record(Signal(Kind.RELEASE, WS, at(3), until=at(3)), at(0.5))
    freed = replace(held, held_at=at(3), held_until=at(3), hold_reason="released")
    assert only(ledger) == Record(WS, freed, 3, at(0.5))


def test_p4_a_forgotten_workspace_leaves_nothing(ledger: Ledger) -> None:
    ledger.record(session_end(NOON), NOON)
    assert ledger.forget(only(ledger))
    assert ledger.forget(Record(OTHER))
    assert only(ledger) == Record(WS)
    assert ledger.due(at(1)) == []


def test_p1_of_a_forgotten_workspace_the_hold_is_kept_until_its_end(
    ledger: Ledger, time: Timeline
) -> None:
    hold = Facts(held_at=NOON, held_until=at(60), hold_reason="ticket 4711")
    ledger.write(Record(WS, replace(hold, told_at=NOON, user="tara"), 0, at(5), "hold"))
    assert ledger.forget(only(ledger))
    kept = only(ledger)
    assert (kept.facts, kept.look_at, kept.reason) == (hold, None, None)
    assert not ledger.forget(kept)
    assert only(ledger) == kept
    time.pause(60 * 60)
    assert ledger.forget(kept)
    assert only(ledger) == Record(WS)


def test_p2_who_was_put_on_the_roster_again_is_not_forgotten(ledger: Ledger) -> None:
    ledger.record(session_end(NOON), NOON)
    known = only(ledger)
    ledger.record(session_end(at(1)), NOON)
    assert not ledger.forget(known)
    assert only(ledger).facts == Facts(told_at=at(1))
