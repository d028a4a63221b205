"""Claim, ask once, keep what was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from botocore.exceptions import ReadTimeoutError

from nonpersistent.decisions import Deferral
from nonpersistent.facts import Facts, Observation
from nonpersistent.images import Proof
from nonpersistent.rebuilder import BAD_IMAGE_HOLDS, LOOK_HOLDS
from nonpersistent.records import Record
from nonpersistent.settings import Window
from nonpersistent.signals import Signal
from tests.unit.desktops import Fault
from tests.unit.stage import DUE, Stage
from tests.unit.support import (
    BUNDLE,
    NOON,
    OTHER,
    WS,
    at,
    empty,
    session_end,
    settings,
    sign_in,
)

SEEN = empty(NOON, address="10.0.0.1", bundle_id=BUNDLE)
TIMEOUT: Fault = ReadTimeoutError(endpoint_url="https://workspaces.us-east-1.amazonaws.com/")


@pytest.fixture
def due(stage: Stage) -> Record:
    return stage.has(DUE, NOON)


def test_p3_the_claim_is_written_before_the_call(stage: Stage, due: Record) -> None:
    claims: list[Facts] = []
    stage.desktops.before["RebuildWorkspaces"] = lambda: claims.append(stage.facts())
    assert stage.rebuilder().rebuild(due, SEEN)
    assert claims == [replace(DUE, asked_at=NOON, address="10.0.0.1")]
    assert stage.record().facts == replace(claims[0], accepted_at=NOON)
    assert stage.record().look_at is None


def test_p3_a_claim_is_looked_after_even_if_this_invocation_dies(stage: Stage, due: Record) -> None:
    looks: list[object] = []
    stage.desktops.before["RebuildWorkspaces"] = lambda: looks.append(stage.record().look_at)
    stage.rebuilder().rebuild(due, SEEN)
    assert looks == [at(5)]


def test_p6_an_accepted_rebuild_tells_how_long_it_was_waited_for(stage: Stage, due: Record) -> None:
    stage.rebuilder().rebuild(due, SEEN)
    [line] = stage.lines.all
    assert (line["decision"], line["waited_seconds"]) == ("rebuild_requested", 46 * 60)


@pytest.mark.parametrize("news", [sign_in(at(-0.5)), session_end(at(-0.5))], ids=["in", "end"])
def test_p1_a_signal_since_the_record_was_read_stops_the_rebuild(
    stage: Stage, due: Record, news: Signal
) -> None:
    stage.ledger.record(news, at(1))
    assert not stage.rebuilder().rebuild(due, SEEN)
    assert stage.desktops.rebuilds() == []
    assert stage.lines.decisions == [("deferred", "superseded")]
    assert stage.record().look_at == NOON


def test_p5_the_pacer_is_waited_for(stage: Stage, due: Record) -> None:
    stage.pacer.wait()
    stage.rebuilder().rebuild(due, SEEN)
    assert stage.desktops.times == [at(0, 0.5)]


def test_p1_a_look_that_is_too_old_is_not_built_on(stage: Stage, due: Record) -> None:
    stage.clock.set(NOON + LOOK_HOLDS)
    assert stage.rebuilder().rebuild(due, SEEN)
    other = stage.has(DUE, NOON, OTHER)
    stage.clock.set(at(1, 0.001))
    stage.pacer.next_call_at = NOON
    assert not stage.rebuilder().rebuild(other, SEEN)
    assert stage.desktops.rebuilds() == [WS]
    assert stage.lines.decisions[-1] == ("deferred", Deferral.EVIDENCE)
    assert stage.record(OTHER).look_at == at(2)


def test_p1_a_window_that_closes_while_waiting_stops_the_rebuild(stage: Stage, due: Record) -> None:
    stage.settings = settings(window=Window(time(11), time(12, 0, 1), "UTC"))
    stage.pacer.throttled()
    assert not stage.rebuilder().rebuild(due, SEEN)
    assert stage.desktops.calls == []


def test_p6_a_refusal_is_kept_and_told(stage: Stage, due: Record) -> None:
    stage.desktops.desks[WS].refusal = "NoSnapshot"
    assert not stage.rebuilder().rebuild(due, SEEN)
    assert stage.record().facts == replace(DUE, attempts=1, reason="NoSnapshot")
    assert stage.record().look_at == at(5)
    assert stage.lines.decisions == [("refused", "NoSnapshot")]


def test_p6_the_third_refusal_blocks(stage: Stage) -> None:
    due = stage.has(replace(DUE, attempts=2), NOON, refusal="NoSnapshot")
    stage.rebuilder().rebuild(due, SEEN)
    assert stage.lines.decisions == [("refused", "NoSnapshot"), ("blocked", "NoSnapshot")]
    assert stage.record().look_at is None


def test_p5_a_throttled_rebuild_is_due_again_at_once_and_counts_as_nothing(
    stage: Stage, due: Record
) -> None:
    stage.desktops.faults["RebuildWorkspaces"] = [(400, "ThrottlingException")]
    assert not stage.rebuilder().rebuild(due, SEEN)
    assert stage.record().facts == DUE
    assert stage.record().look_at == NOON
    assert stage.lines.decisions == [("deferred", "throttled")]


def test_p3_an_unanswered_rebuild_stays_claimed(stage: Stage, due: Record) -> None:
    stage.desktops.faults["RebuildWorkspaces"] = [TIMEOUT]
    assert not stage.rebuilder().rebuild(due, SEEN)
    assert stage.facts().asked_at == NOON
    assert stage.facts().accepted_at is None
    assert stage.record().look_at == at(5)
    assert stage.lines.decisions == [("unanswered", "ReadTimeoutError")]


@pytest.mark.parametrize("refusal", [None, "NoSnapshot"])
def test_p2_what_is_recorded_during_the_call_is_kept_with_its_outcome(
    stage: Stage, due: Record, refusal: str | None
) -> None:
    stage.desktops.desks[WS].refusal = refusal

    def meanwhile() -> None:
        assert stage.ledger.record(session_end(at(0.1)), at(1))

    stage.desktops.before["RebuildWorkspaces"] = meanwhile
    stage.rebuilder().rebuild(due, SEEN)
    assert stage.facts().told_at == at(0.1)
    assert (stage.facts().accepted_at is None) == (refusal is not None)
    assert stage.facts().attempts == (0 if refusal is None else 1)


def test_p3_what_another_found_out_about_the_claim_stands(stage: Stage, due: Record) -> None:
    found = replace(DUE, rebuilt_at=NOON)

    def meanwhile() -> None:
        assert stage.ledger.write(stage.record(), found, None)

    stage.desktops.before["RebuildWorkspaces"] = meanwhile
    stage.rebuilder().rebuild(due, SEEN)
    assert stage.facts() == found


# The brake.


def rebuilt(stage: Stage, minutes: float, id_: str) -> None:
    stage.has(Facts(rebuilt_at=at(minutes)), None, id_)


def test_the_brake_counts_the_rebuilds_of_the_last_hour(stage: Stage, due: Record) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    rebuilt(stage, -20, OTHER)
    assert not stage.rebuilder().rebuild(due, SEEN)
    [line] = stage.lines.all
    assert (line["decision"], line["reason"]) == ("deferred", "brake")
    assert line["due_at"] == at(40).isoformat()
    assert stage.record().look_at == at(40)
    assert stage.desktops.calls == []


@pytest.mark.parametrize(("minutes", "goes"), [(-60, True), (-59.9, False)])
def test_the_brake_lets_go_after_an_hour(
    stage: Stage, due: Record, minutes: float, goes: bool
) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    rebuilt(stage, minutes, OTHER)
    assert stage.rebuilder().rebuild(due, SEEN) is goes


def test_the_brake_counts_what_this_pass_rebuilds(stage: Stage, due: Record) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    other = stage.has(DUE, NOON, OTHER)
    rebuilder = stage.rebuilder()
    assert rebuilder.held_back(due) is None
    assert rebuilder.rebuild(due, SEEN)
    assert not rebuilder.rebuild(other, SEEN)
    assert rebuilder.held_back(other) == (Deferral.BRAKE, at(60))


def test_debts_that_the_brake_holds_back_look_with_the_next_place_or_an_hour_before_their_own(
    stage: Stage, due: Record
) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=2)
    rebuilt(stage, -50, OTHER)
    rebuilt(stage, -20, "ws-000000003")
    rebuilder = stage.rebuilder()
    held = [rebuilder.held_back(due) for _ in range(5)]
    assert held == [(Deferral.BRAKE, at(minutes)) for minutes in (10, 10, 10, 40, 70)]


def test_the_brake_counts_both_rebuilds_of_one_workspace(stage: Stage, due: Record) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=2)
    twice = Facts(rebuilt_at=at(-50), asked_at=at(-10), accepted_at=at(-10))
    stage.has(twice, None, OTHER)
    assert not stage.rebuilder().rebuild(due, SEEN)


def test_without_a_brake_nobody_is_counted(
    stage: Stage, due: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(stage.ledger.__class__, "everything")
    assert stage.rebuilder().held_back(due) is None
    assert stage.rebuilder().rebuild(due, SEEN)


# Proofs of images.


@pytest.fixture
def proving(stage: Stage) -> Stage:
    stage.settings = settings(prove_images=True)
    stage.desktops.images[BUNDLE] = "wsi-second002"
    stage.ledger.write_proof(Proof(BUNDLE, proven="wsi-first0001"))
    return stage


def test_p7_the_first_of_a_new_image_is_marked_and_followed(proving: Stage, due: Record) -> None:
    assert proving.rebuilder().rebuild(due, SEEN)
    assert proving.facts().proving
    assert proving.record().look_at == at(6)
    assert proving.lines.decisions == [("image_proving", None), ("rebuild_requested", None)]


def test_p7_the_others_wait_for_its_proof(proving: Stage, due: Record) -> None:
    proving.rebuilder().rebuild(due, SEEN)
    other = proving.has(DUE, NOON, OTHER)
    now = proving.clock.now()
    assert proving.rebuilder().held_back(other) == (Deferral.PROVING, now + settings().patience)
    assert not proving.rebuilder().rebuild(other, SEEN)
    assert proving.lines.decisions[-1] == ("deferred", "proving")
    assert proving.desktops.rebuilds() == [WS]


def test_p7_a_bad_image_is_nobodys(proving: Stage, due: Record) -> None:
    met = tuple(("wsi-second002", f"ws-00000000{number}") for number in range(3))
    bad = Proof(BUNDLE, "wsi-first0001", failed=met, version=1)
    proving.ledger.write_proof(bad)
    assert not proving.rebuilder().rebuild(due, SEEN)
    assert proving.record().look_at == NOON + BAD_IMAGE_HOLDS
    assert proving.desktops.rebuilds() == []
    held = proving.rebuilder().held_back(due)
    assert held is not None
    assert held[0] is Deferral.PROVING


def test_without_proofs_or_a_bundle_no_image_is_asked_for(stage: Stage, due: Record) -> None:
    stage.desktops.images = {}
    assert stage.rebuilder().held_back(due) is None
    stage.settings = settings(prove_images=True)
    homeless = replace(due, facts=replace(DUE, bundle_id=None))
    assert stage.rebuilder().held_back(homeless) is None
    assert stage.rebuilder().rebuild(due, replace(SEEN, bundle_id=None))
    assert stage.desktops.names() == ["RebuildWorkspaces"]


def test_what_is_deferred_is_due_at_a_common_moment(stage: Stage, due: Record) -> None:
    assert stage.rebuilder().defer(due, Deferral.BRAKE, at(3, 7)) is False
    assert stage.record().look_at == at(4)
    assert stage.lines.all[0]["workspace_id"] == WS
    assert stage.lines.decisions == [("deferred", "brake")]


def test_p1_the_decision_is_made_once_more_before_the_claim(stage: Stage, due: Record) -> None:
    connected = Observation(NOON, state="AVAILABLE", connection="CONNECTED", checked_at=NOON)
    assert not stage.rebuilder().rebuild(due, connected)
    assert stage.desktops.calls == []
