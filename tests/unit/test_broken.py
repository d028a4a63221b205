"""WorkSpaces that a rebuild has broken: who mends them, who tries to use them, what it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from nonpersistent import claims
from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Facts, Need, Phase, Verdict
from nonpersistent.records import to_item
from nonpersistent.settings import Window
from tests import ledger_table
from tests.unit.looks import busy, empty, failed, judge, sight
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at, settings

BEGUN = Claim(asked_at=at(-90), accepted_at=at(-90), begun_at=at(-80), image_id=IMAGE)
ILL = replace(BEGUN, bad_since=at(-20))
USED = Facts(used_at=at(-120), told_at=at(-110), bundle_id=BUNDLE)
OWED = replace(USED, vacant_since=at(-115), owed_since=at(-115))
LOST = failed(OWED, ILL, at(-10), "UNHEALTHY", retry_at=at(110))


def test_p7_what_a_person_restores_has_not_healed() -> None:
    """Else a bundle would be trusted whose rebuilds all end badly."""
    restoring = judge(LOST, sight(NOON, state="RESTORING")).facts
    assert restoring.failed == replace(ILL, bad_since=None)
    restored = judge(restoring, empty(at(20)))
    assert (restored.verdict, restored.reason) == (Verdict.DEFERRED, "retry")
    assert judge(LOST, empty(at(20))).verdict is Verdict.FINISHED


def test_p3_a_restore_after_a_rebuild_that_was_not_seen_to_end_badly_is_no_failure() -> None:
    first = replace(BEGUN, goes_first=True)
    restoring = judge(replace(DUE, claim=first), sight(NOON, state="RESTORING"))
    assert restoring.verdict is Verdict.REBUILDING
    assert restoring.facts.claim == replace(first, goes_first=False, image_id=None, going_at=NOON)
    assert judge(restoring.facts, sight(at(30))).verdict is Verdict.FINISHED


@pytest.mark.parametrize(("minutes", "verdict"), [(131, Verdict.REBUILDING), (132, Verdict.FAILED)])
def test_p2_a_restore_of_one_whose_rebuild_did_not_end_brings_the_session_back(
    minutes: float, verdict: Verdict
) -> None:
    endless = replace(BEGUN, asked_at=at(-minutes), begun_at=NOON)
    restoring = judge(replace(OWED, claim=endless), sight(at(30), state="RESTORING"))
    assert restoring.verdict is verdict


def test_p3_what_a_failed_rebuild_moves_is_no_use_though_a_later_one_did_not_take_place() -> None:
    again = replace(LOST, asked=(at(-5), ILL.asked_at), failures=2, settled_at=at(20))
    moved = judge(again, empty(at(45), last_connected_at=at(-10), state="AVAILABLE"))
    assert moved.facts.used_at == LOST.used_at
    assert moved.facts.phase is Phase.FAILED


def test_p1_of_a_failed_rebuild_only_its_bad_state_shows_that_nobody_is_connected() -> None:
    for state, vacant_since in (("UNHEALTHY", at(10)), ("REBOOTING", None)):
        decision = judge(replace(LOST, vacant_since=None), sight(at(10), state=state))
        assert decision.facts.vacant_since == vacant_since


def test_p1_a_fresh_sample_of_somebody_shows_no_vacancy_whenever_the_rebuild_began() -> None:
    """The sample may be older: no look showed that it began, its address has moved."""
    begins = replace(ILL, asked_at=at(-15), begun_at=None, bad_since=at(-12))
    seen = busy(NOON, at(-7), state="UNHEALTHY")
    decision = judge(replace(LOST, failed=begins, vacant_since=None), seen)
    assert decision.facts.vacant_since is None


def test_p1_use_before_it_was_vacant_is_no_coming_back_after_a_request_by_hand() -> None:
    wanted = replace(DUE, wanted_at=at(-60), used_at=at(-50), vacant_since=at(-45))
    assert judge(wanted, empty(NOON)).facts.signed_in_at is None


def test_p8_a_bundle_that_cannot_be_read_sets_nobody_aside(stage: Stage) -> None:
    stage.settings = CANARIES
    item = to_item(Bundle(BUNDLE)) | {"id": {"S": BUNDLE}, "proven_at": {"S": "soon"}}
    ledger_table.put(stage.client, "ledger", item)
    stage.meets(DUE, NOON)
    assert stage.record().reason == "asked"


def test_p1_after_a_restore_a_bad_state_does_not_show_that_nobody_is_connected() -> None:
    restored = replace(LOST, failed=replace(ILL, bad_since=None), used_at=at(100))
    decision = judge(restored, sight(at(130), state="UNHEALTHY", connection="UNKNOWN"))
    assert decision.verdict is not Verdict.REBUILD


def test_p1_neither_does_it_after_a_sign_in_that_may_follow_a_restore_unseen() -> None:
    lasting = replace(LOST, failed=replace(ILL, bad_since=at(-70)), used_at=at(5))
    seen = sight(at(130), state="UNHEALTHY", connection="UNKNOWN")
    decision = judge(lasting, seen)
    assert decision.verdict is Verdict.DEFERRED
    assert decision.facts.trouble is not None
    assert decision.facts.needs(decision.reason) == (Need.BLOCKED, at(20))
    assert judge(replace(lasting, used_at=at(-120)), seen).verdict is Verdict.REBUILD


def test_p2_a_heal_is_seen_also_if_a_user_was_faster_than_the_look() -> None:
    decision = judge(LOST, busy(NOON))
    assert decision.verdict is Verdict.FINISHED
    assert judge(decision.facts, busy(at(5))).verdict is Verdict.IN_USE


def test_p7_a_restore_is_remembered_where_a_retry_is_due_at_that_look() -> None:
    seen = sight(NOON, state="RESTORING", bundle_image="wsi-other0001")
    assert judge(LOST, seen).facts.failed == replace(ILL, bad_since=None)


def test_p6_one_that_may_be_restored_and_in_use_is_looked_at_whatever_it_waits_for(
    stage: Stage,
) -> None:
    stage.settings = settings(window=Window(time(22), time(6), "UTC"))
    lasting = replace(LOST, failed=replace(ILL, bad_since=at(-70)), used_at=at(-5))
    stage.meets(lasting, NOON, connection="CONNECTED")
    assert (stage.facts().phase, stage.facts().trouble) == (Phase.IN_USE, None)


def test_p8_a_bundle_that_cannot_be_read_holds_up_no_pass(stage: Stage) -> None:
    stage.settings = CANARIES
    broken: Any = {"id": {"S": BUNDLE}, "version": {"S": "many"}}
    ledger_table.put(stage.client, "ledger", broken)
    stage.meets(replace(DUE, claim=replace(ILL, goes_first=True)), NOON, state="ERROR")
    assert stage.ledger.bundle(BUNDLE).lost == (WS,)


def test_p7_neither_has_a_rebuild_that_a_person_cuts_short() -> None:
    under_way = replace(DUE, claim=ILL)
    decision = judge(under_way, sight(NOON, state="RESTORING"))
    assert (decision.verdict, decision.reason) == (Verdict.FAILED, "RESTORING")
    assert decision.facts.failed == replace(ILL, bad_since=None)
    assert not claims.may_heal(decision.facts, NOON)


@pytest.mark.parametrize(
    ("seen", "is_use"),
    [
        (sight(NOON, state="UNHEALTHY", connection="UNKNOWN"), False),
        (busy(NOON, state="UNHEALTHY"), True),
        (empty(NOON), True),
        (sight(NOON, state="STOPPED"), True),
    ],
    ids=["in vain", "connected", "it works", "it works, and is stopped"],
)
def test_p3_a_sign_in_to_a_broken_workspace_may_be_in_vain(seen: Any, is_use: bool) -> None:
    """Somebody who is locked out and tries each hour must not have it rebuilt each hour."""
    lasting = replace(LOST, failed=replace(ILL, bad_since=at(-70)), used_at=at(-5))
    decision = judge(lasting, seen)
    assert (decision.facts.failures == 0) is is_use
    assert (decision.facts.trouble is None) is is_use


@pytest.mark.parametrize(
    ("wanted_at", "kept"), [(at(-95), None), (at(-40), at(-40))], ids=["that rebuild", "another"]
)
def test_p1_a_rebuild_by_hand_that_failed_is_no_request_to_rebuild_the_next_session(
    wanted_at: Any, kept: Any
) -> None:
    used = judge(replace(LOST, wanted_at=wanted_at), busy(at(45))).facts
    assert (used.failed, used.wanted_at) == (None, kept)


def test_p7_a_bad_end_after_one_that_never_began_is_the_first(stage: Stage) -> None:
    stage.settings = CANARIES
    under_way = replace(DUE, claim=replace(ILL, goes_first=True), failures=1, retry_at=at(-99))
    stage.has(under_way, NOON, state="ERROR")
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    stage.run()
    assert stage.facts().phase is Phase.FAILED
    assert stage.ledger.bundle(BUNDLE).lost == (WS,)


def test_p6_a_bundle_that_an_endless_canary_gets_held_is_told(stage: Stage) -> None:
    stage.settings = CANARIES
    lost = ("ws-000000001", "ws-000000002")
    for id_ in lost:
        stage.has(replace(LOST, retry_at=at(999)), None, id_)
    endless = replace(DUE, claim=replace(BEGUN, asked_at=at(-140), goes_first=True))
    stage.has(endless, None, OTHER, state="REBUILDING")
    before = Bundle(BUNDLE, canary=OTHER, lost=lost, lost_at=at(-300))
    stage.ledger.write(before)
    stage.meets(DUE, NOON)
    assert stage.record().reason == "held_bundle"
    assert stage.ledger.bundle(BUNDLE).is_held
    [line] = stage.lines.of("held_bundle")
    assert (line["workspace_id"], line["bundle_id"]) == (OTHER, BUNDLE)
    stage.time.now = at(15)
    stage.run()
    assert len(stage.lines.of("held_bundle")) == 1
