"""A rebuild that was asked for by hand ends when somebody signs in, however that shows."""

from __future__ import annotations

from dataclasses import replace

from nonpersistent.facts import Claim, Facts
from nonpersistent.signals import Kind, Signal
from tests.unit.looks import failed
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NIGHTS, NOON, WS, at, session_end, settings, sign_in

CLAIM = Claim(asked_at=at(-60), accepted_at=at(-60), begun_at=at(-53), state="AVAILABLE")
BY_HAND = Signal(Kind.REBUILD, WS, NOON)
DROPPED = 418
"""When the connection is lost, in minutes after noon: two minutes before the window opens."""


def test_p1_who_signs_in_before_the_end_of_a_rebuild_is_seen_has_a_grace_period(
    stage: Stage,
) -> None:
    stage.has(replace(DUE, claim=CLAIM), at(0, 30), connection="CONNECTED")
    assert stage.ledger.record(BY_HAND, NOON)
    assert stage.ledger.record(sign_in(at(0, 20)), at(0, 20))
    stage.time.now = at(1)
    stage.passes(at(30))
    assert stage.lines.decisions[0][0] == "finished"
    stage.desktops.desks[WS].connection = "DISCONNECTED"
    stage.desktops.desks[WS].last_at = at(31)
    stage.time.now = at(32)
    stage.ledger.record(session_end(at(32)), at(32))
    stage.passes(at(40))
    assert stage.desktops.rebuilds() == []
    stage.passes(at(60))
    assert stage.desktops.rebuilds() == [WS]


def test_p1_so_has_who_signs_in_after_a_bad_end_that_heals(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    ill = replace(CLAIM, bad_since=at(-15))
    lost = failed(DUE, ill, at(-5), "UNHEALTHY", retry_at=at(110), settled_at=at(25))
    stage.has(lost, at(5), state="UNHEALTHY")
    stage.ledger.record(BY_HAND, NOON)
    stage.run()
    desk = stage.desktops.desks[WS]
    desk.state, desk.connection = "AVAILABLE", "CONNECTED"
    stage.ledger.record(sign_in(at(8)), at(8))
    stage.time.now = at(10)
    stage.ledger.ask_audit(at(10))
    stage.passes(at(DROPPED - 1))
    desk.connection, desk.last_at = "DISCONNECTED", at(DROPPED - 1)
    stage.time.now = at(DROPPED)
    stage.passes(at(DROPPED + 10))
    assert stage.desktops.rebuilds() == []


def test_p1_an_alarm_long_after_a_request_tells_of_somebody_who_came_unseen(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    stage.has(Facts(rebuilt_at=at(-600), bundle_id=BUNDLE, user="ada"), None)
    stage.ledger.record(BY_HAND, NOON)
    stage.run()
    assert stage.record().reason == "window"
    stage.time.now = at(DROPPED)
    stage.ledger.record(session_end(at(DROPPED)), stage.settings.next_look(at(DROPPED)))
    stage.passes(at(DROPPED + 8))
    assert stage.desktops.rebuilds() == []
    stage.passes(at(DROPPED + 30))
    assert stage.desktops.rebuilds() == [WS]


def test_p2_the_last_rebuilds_own_alarm_tells_of_nobody(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    facts = Facts(rebuilt_at=at(-60), settled_at=at(30), bundle_id=BUNDLE, user="ada")
    stage.has(facts, None)
    stage.ledger.record(BY_HAND, NOON)
    stage.run()
    stage.time.now = at(25)
    stage.ledger.record(session_end(at(25)), stage.settings.next_look(at(25)))
    stage.passes(at(425))
    assert stage.desktops.rebuilds() == [WS]


def test_p1_a_bad_state_that_was_seen_to_end_tells_nothing_any_more(stage: Stage) -> None:
    """A person has rebooted it, and its user works, whose sign-in was not told. Then its agent
    ails again."""
    ill = replace(CLAIM, asked_at=at(-170), begun_at=at(-140), bad_since=at(-130))
    owed = replace(DUE, used_at=at(-200), told_at=at(-180), vacant_since=at(-190))
    owed = replace(owed, owed_since=at(-190), settled_at=at(-90), retry_at=NOON)
    stage.has(failed(owed, ill, at(-120), "UNHEALTHY"), NOON, connection="UNKNOWN")
    stage.passes(at(4))
    assert stage.lines.decisions[0] == ("deferred", "unknown_connection")
    stage.desktops.desks[WS].state = "UNHEALTHY"
    stage.passes(at(90))
    assert stage.desktops.rebuilds() == []


def test_p2_a_request_made_before_the_first_look_counts_however_late_it_arrives(
    stage: Stage,
) -> None:
    stage.has(Facts(baseline_at=at(-10), bundle_id=BUNDLE, user="ada"), None)
    assert stage.ledger.record(Signal(Kind.REBUILD, WS, at(-90)), NOON)
    stage.run()
    assert stage.desktops.rebuilds() == [WS]
