"""The bundles during a pass: their images, and what their rebuilds' ends say (P7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock, call

import pytest

from nonpersistent.bundles import PROOF_RENEWED_AFTER, READING_HOLDS
from nonpersistent.canary import Admission, Bundle
from nonpersistent.claims import NOT_BEGUN, NOT_SEEN, SETTLES_WITHIN
from nonpersistent.facts import ENDS_WITHIN, Claim, Decision, Facts, Need, Trouble, Verdict
from nonpersistent.records import Record
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, OTHER, WS, at, settings

TRUSTED = Bundle(BUNDLE, image_id=IMAGE, proven_at=at(-60))
CLAIM = Claim(asked_at=NOON, accepted_at=NOON, image_id=IMAGE)
FIRST = replace(CLAIM, goes_first=True)
LOST = ("ws-000000001", "ws-000000002", "ws-000000003")
GO, GO_FIRST, WAIT = Admission.GO, Admission.GO_FIRST, Admission.WAIT
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _canaries(stage: Stage) -> None:
    stage.settings = CANARIES


def known(id_: str = WS, **facts: Any) -> Record:
    return Record(id_, replace(DUE, **facts))


def kept(stage: Stage) -> Bundle:
    return replace(stage.ledger.bundle(BUNDLE), version=0)


def test_p7_the_first_of_an_unproven_image_goes_first_and_the_others_wait(stage: Stage) -> None:
    bundles = stage.bundles()
    assert bundles.admit(known(), only_ask=True) is GO_FIRST
    assert kept(stage) == Bundle(BUNDLE)
    assert bundles.admit(known()) is GO_FIRST
    assert kept(stage) == Bundle(BUNDLE, canary=WS)
    assert bundles.admit(known(OTHER)) is WAIT
    stage.has(replace(DUE, claim=FIRST), None)
    assert stage.bundles().admit(known(OTHER)) is WAIT


def test_p7_a_trusted_image_is_for_everybody_for_twelve_hours(stage: Stage) -> None:
    stage.ledger.write_bundle(TRUSTED)
    assert stage.bundles().admit(known()) is GO
    stage.time.now = at(-60) + timedelta(hours=12)
    assert stage.bundles().admit(known()) is GO_FIRST


def test_without_canaries_or_a_bundle_no_image_is_asked_for(stage: Stage) -> None:
    homeless = known(bundle_id=None)
    assert stage.bundles().image(None) is None
    assert stage.bundles().admit(homeless, only_ask=True) is GO
    assert stage.bundles().admit(homeless) is Admission.IMAGE_UNKNOWN
    assert not stage.bundles().rolls_out(homeless)
    stage.settings = settings()
    assert stage.bundles().admit(known()) is GO
    stage.bundles().conclude(known(claim=FIRST), Decision(DUE, Verdict.FINISHED))
    stage.bundles().release(known())
    assert (stage.desktops.calls, kept(stage)) == ([], Bundle(BUNDLE))


def test_p7_bundle_page_an_unknown_image_is_not_trusted(stage: Stage) -> None:
    stage.ledger.write_bundle(TRUSTED)
    stage.desktops.images = {}
    assert stage.bundles().admit(known()) is Admission.IMAGE_UNKNOWN
    assert kept(stage) == TRUSTED


def test_p5_an_image_is_taken_as_known_for_a_minute(stage: Stage) -> None:
    bundles = stage.bundles()
    assert bundles.image(BUNDLE) == IMAGE
    stage.desktops.images[BUNDLE] = NEWER
    stage.clock.sleep(60)
    assert (bundles.image(BUNDLE), len(stage.desktops.calls)) == (IMAGE, 1)
    stage.clock.sleep(0.001)
    assert (bundles.image(BUNDLE), len(stage.desktops.calls)) == (NEWER, 2)


def test_p5_bundles_share_a_call(stage: Stage) -> None:
    bundles = stage.bundles()
    assert bundles.image("wsb-unknown01") is None
    assert bundles.image(BUNDLE) == IMAGE
    assert bundles.image("wsb-unknown01") is None
    stage.clock.sleep(READING_HOLDS.total_seconds() + 0.001)
    assert bundles.image(BUNDLE) == IMAGE
    assert bundles.image("wsb-unknown01") is None
    asked = [request["BundleIds"] for _, request in stage.desktops.calls]
    assert asked == [["wsb-unknown01"], [BUNDLE], [BUNDLE, "wsb-unknown01"]]


def test_p5_bundles_that_will_be_asked_for_take_a_call_for_twenty_five(stage: Stage) -> None:
    bundles, ids = stage.bundles(), [f"wsb-{number:09}" for number in range(30)]
    bundles.foresee([*ids, None])
    for id_ in ids:
        bundles.image(id_)
    asked = [request["BundleIds"] for _, request in stage.desktops.calls]
    assert [len(each) for each in asked] == [25, 5]
    assert sorted(id_ for each in asked for id_ in each) == ids


def test_p7_a_canary_knows_the_image_that_it_takes(stage: Stage) -> None:
    """An image that appeared within the minute is not proven by who took the one before."""
    bundles = stage.bundles()
    assert bundles.image(BUNDLE) == IMAGE
    stage.desktops.images[BUNDLE] = NEWER
    assert bundles.admit(known()) is GO_FIRST
    assert bundles.image(BUNDLE) == NEWER
    assert len(stage.desktops.calls) == 3  # once more for the canary, and again for the newer one


def test_p8_two_invocations_do_not_both_send_a_canary(stage: Stage) -> None:
    slow = stage.bundles()
    assert slow.admit(known(), only_ask=True) is GO_FIRST
    stage.has(replace(DUE, claim=FIRST), None, OTHER)
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=OTHER))
    assert slow.admit(known()) is WAIT


# What an end says.


def end(
    stage: Stage, claim: Claim, verdict: Verdict, reason: str | None = None, again: bool = False
) -> set[str]:
    bundles = stage.bundles()
    record = known(claim=claim, failed=FIRST if again else None)
    bundles.conclude(record, Decision(replace(DUE, failures=1), verdict, reason=reason))
    return bundles.newly_trusted


def test_p7_a_canary_that_ends_well_makes_its_bundle_trusted(stage: Stage) -> None:
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=WS))
    stage.has(replace(DUE, claim=FIRST), None)
    assert end(stage, FIRST, Verdict.FINISHED) == {BUNDLE}
    assert kept(stage) == Bundle(BUNDLE, image_id=IMAGE, proven_at=NOON)
    [line] = stage.lines.of("trusted")
    assert (line["workspace_id"], line["bundle_id"], line["image_id"]) == (WS, BUNDLE, IMAGE)


def test_p7_a_canary_that_may_have_met_a_newer_image_proves_nothing(stage: Stage) -> None:
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=WS))
    stage.has(replace(DUE, claim=FIRST), None)
    stage.desktops.images[BUNDLE] = NEWER
    assert end(stage, FIRST, Verdict.FINISHED) == set()
    assert kept(stage) == Bundle(BUNDLE)
    assert stage.lines.all == []


@pytest.mark.parametrize(
    ("bundle", "renewed"),
    [
        (TRUSTED, True),
        (replace(TRUSTED, proven_at=NOON - PROOF_RENEWED_AFTER + MINUTE), False),
        (replace(TRUSTED, image_id=NEWER), False),
        (Bundle(BUNDLE), False),
        (replace(TRUSTED, proven_at=None, lost=(OTHER,), lost_at=at(-9)), True),
        (replace(TRUSTED, lost=(OTHER,), lost_at=at(-9)), True),
    ],
    ids=["old", "young", "another image", "never proven", "unproven and lost", "lost"],
)
def test_p7_any_good_end_renews_a_proof_that_is_an_hour_old(
    stage: Stage, bundle: Bundle, renewed: bool
) -> None:
    stage.has_lost(OTHER)
    stage.ledger.write_bundle(bundle)
    trusted = end(stage, CLAIM, Verdict.FINISHED)
    after = Bundle(BUNDLE, image_id=IMAGE, proven_at=NOON, lost_at=bundle.lost_at)
    assert kept(stage) == (after if renewed else bundle)
    assert trusted == ({BUNDLE} if bundle.proven_at is None and renewed else set())
    assert len(stage.desktops.calls) == 0


def test_p7_dead_key_who_had_passed_it_before_brings_no_trust_back(stage: Stage) -> None:
    """It was under way when the bad end was seen, though requested after that one."""
    stage.has_lost(OTHER)
    lost = replace(TRUSTED, proven_at=None, lost=(OTHER,), lost_at=at(-62), seen_at=at(-10))
    stage.ledger.write_bundle(lost)
    assert end(stage, replace(CLAIM, asked_at=at(-60)), Verdict.FINISHED) == set()
    assert kept(stage) == lost


def test_p7_a_good_end_proves_its_image_from_when_it_ended(stage: Stage) -> None:
    """It may be seen days later, after a pause."""
    stage.ledger.write_bundle(TRUSTED)
    ended = Decision(replace(DUE, settled_at=at(-60) + SETTLES_WITHIN), Verdict.FINISHED)
    stage.bundles().conclude(known(claim=CLAIM), ended)
    assert kept(stage).proven_at == at(-60)


def test_p7_a_bad_end_counts_from_when_it_was_first_seen(stage: Stage) -> None:
    ill = Decision(replace(DUE, failed=replace(CLAIM, bad_since=at(-10))), Verdict.FAILED)
    stage.bundles().conclude(known(claim=CLAIM), ill)
    assert kept(stage).seen_at == at(-10)


def test_p7_dead_key_the_third_that_is_lost_holds_the_bundle(stage: Stage) -> None:
    stage.has_lost(*LOST[:2])
    stage.ledger.write_bundle(replace(TRUSTED, lost=LOST[:2], lost_at=at(-9)))
    assert end(stage, CLAIM, Verdict.FAILED, "ERROR") == set()
    held = Bundle(BUNDLE, image_id=IMAGE, lost=(WS, *LOST[:2]), lost_at=NOON, seen_at=NOON)
    held = replace(held, lost_image=IMAGE, lost_to_it=(WS,))
    assert kept(stage) == held
    [line] = stage.lines.of("held_bundle")
    assert (line["workspace_id"], line["bundle_id"], line["image_id"]) == (WS, BUNDLE, IMAGE)
    stage.has_lost(WS)
    assert stage.bundles().admit(known("ws-000000009")) is Admission.HELD
    assert stage.bundles().admit(known(WS)) is GO_FIRST
    end(stage, replace(CLAIM, asked_at=at(1)), Verdict.FAILED, "ERROR")
    assert len(stage.lines.of("held_bundle")) == 1


@pytest.mark.parametrize("proven_at", [None, at(-900)])
@pytest.mark.parametrize(
    ("verdict", "reason", "again"),
    [
        (Verdict.FAILED, NOT_BEGUN, False),
        (Verdict.FAILED, NOT_SEEN, False),
        (Verdict.FAILED, "ERROR", True),
        (Verdict.BELIEVED, None, False),
        (Verdict.DEFERRED, "TERMINATED", False),
    ],
)
def test_p7_other_ends_say_nothing_of_the_bundle_and_let_the_next_go_first(
    stage: Stage, verdict: Verdict, reason: str | None, again: bool, proven_at: datetime | None
) -> None:
    stage.ledger.write_bundle(replace(TRUSTED, canary=WS, proven_at=proven_at))
    stage.has(replace(DUE, claim=FIRST), None)
    assert end(stage, FIRST, verdict, reason, again) == set()
    assert kept(stage) == replace(TRUSTED, proven_at=proven_at)
    assert stage.lines.all == []


def test_p8_of_a_rebuild_whose_bundle_is_unknown_nothing_is_concluded(stage: Stage) -> None:
    decision = Decision(DUE, Verdict.FAILED)
    stage.bundles().conclude(known(claim=FIRST, bundle_id=None), decision)
    stage.bundles().conclude(known(), decision)
    stage.bundles().release(known(bundle_id=None))
    assert kept(stage) == Bundle(BUNDLE)


def test_p7_a_conclusion_is_drawn_again_from_what_another_has_written(stage: Stage) -> None:
    slow = stage.bundles()
    assert slow.admit(known(), only_ask=True) is GO_FIRST
    stage.has_lost(OTHER)
    stage.ledger.write_bundle(Bundle(BUNDLE, lost=(OTHER,), lost_at=at(-9)))
    slow.conclude(known(claim=CLAIM), Decision(replace(DUE, failures=1), Verdict.FAILED))
    both = Bundle(BUNDLE, lost=(WS, OTHER), lost_at=NOON, seen_at=NOON, lost_image=IMAGE)
    assert kept(stage) == replace(both, lost_to_it=(WS,))


def test_p7_what_another_has_written_since_ones_own_write_is_kept(stage: Stage) -> None:
    slow = stage.bundles()
    assert slow.admit(known()) is GO_FIRST
    stage.has(replace(DUE, claim=FIRST), None)
    stage.has_lost(OTHER)
    stage.ledger.write_bundle(replace(stage.ledger.bundle(BUNDLE), lost=(OTHER,), lost_at=at(-9)))
    slow.release(known())
    assert kept(stage) == Bundle(BUNDLE, lost=(OTHER,), lost_at=at(-9))


def test_p8_who_is_not_rebuilt_is_not_the_canary(stage: Stage) -> None:
    bundles = stage.bundles()
    bundles.admit(known())
    bundles.release(known())
    assert bundles.admit(known(OTHER)) is GO_FIRST


# What the records of its WorkSpaces say.

RESTORED = replace(DUE, asked=(at(-60),))


@pytest.mark.parametrize(
    ("facts", "admission"),
    [
        (replace(DUE, claim=FIRST), WAIT),
        (DUE, GO_FIRST),
        (None, GO_FIRST),
        (replace(DUE, claim=CLAIM), GO_FIRST),
        (replace(DUE, failed=FIRST), GO_FIRST),
    ],
    ids=["it goes on", "never asked for", "gone", "another rebuild", "failed"],
)
def test_p8_only_a_canary_whose_rebuild_goes_on_makes_others_wait(
    stage: Stage, facts: Facts | None, admission: Admission
) -> None:
    stage.has(facts, None)
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=WS))
    assert stage.bundles().admit(known(OTHER)) is admission


def test_p8_a_canary_whose_item_cannot_be_read_makes_nobody_wait(stage: Stage) -> None:
    stage.put(known(claim=FIRST), failures={"S": "many"})
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=WS))
    assert stage.bundles().admit(known(OTHER)) is GO_FIRST


@pytest.mark.parametrize(
    ("again", "age", "lost"),
    [(None, ENDS_WITHIN, (WS,)), (None, ENDS_WITHIN - MINUTE, None), (FIRST, ENDS_WITHIN, ())],
)
def test_p7_never_ends_a_canary_that_goes_on_too_long_is_lost(
    stage: Stage, again: Claim | None, age: timedelta, lost: tuple[str, ...] | None
) -> None:
    stage.has(replace(DUE, claim=replace(FIRST, asked_at=NOON - age), failed=again), None)
    stage.ledger.write_bundle(Bundle(BUNDLE, canary=WS))
    assert stage.bundles().admit(known(OTHER)) is (WAIT if lost is None else GO_FIRST)
    lost_at = NOON - age if lost else None
    went = Bundle(BUNDLE, canary=WS if lost is None else OTHER, lost=lost or (), lost_at=lost_at)
    if lost:
        went = replace(went, seen_at=NOON, lost_image=IMAGE, lost_to_it=lost)
    assert kept(stage) == went


@pytest.mark.parametrize(
    ("facts", "held"),
    [
        pytest.param(replace(DUE, failures=1), True, id="failed"),
        pytest.param(replace(DUE, claim=CLAIM), True, id="tried again"),
        pytest.param(RESTORED, True, id="restored and used"),
        pytest.param(replace(RESTORED, rebuilt_at=at(-61)), True, id="the same, rebuilt before"),
        pytest.param(replace(RESTORED, rebuilt_at=at(-60)), False, id="rebuilt well since"),
        pytest.param(DUE, False, id="of another life"),
        pytest.param(None, False, id="gone"),
    ],
)
def test_p7_who_was_rebuilt_well_or_is_gone_is_lost_no_more(
    stage: Stage, facts: Facts | None, held: bool
) -> None:
    stage.has_lost(LOST[0], LOST[2])
    stage.has(facts, None, LOST[1])
    stage.ledger.write_bundle(Bundle(BUNDLE, image_id=IMAGE, lost=LOST, lost_at=at(-9)))
    admission = stage.bundles().admit(known(OTHER))
    assert admission is (Admission.HELD if held else GO_FIRST)


WAITS = replace(DUE, failures=1, asked=(at(-99),), retry_at=NOON)
ERROR = Trouble(at(-99), Need.BLOCKED, "ERROR", at(-69))
IMPAIRED = replace(ERROR, reason="IMPAIRED")


@pytest.mark.parametrize(
    ("facts", "held"),
    [
        (replace(WAITS, trouble=ERROR), True),
        (replace(WAITS, trouble=ERROR, held_until=NOON), True),
        (replace(WAITS, trouble=ERROR, held_until=at(1)), False),
        (replace(WAITS, trouble=IMPAIRED), False),
        (replace(WAITS, trouble=None), False),
        (replace(WAITS, trouble=ERROR, claim=CLAIM), False),
    ],
    ids=["tried again", "its hold ends", "on hold", "a bad state", "restored", "under way"],
)
def test_p7_no_other_one_tries_as_long_as_one_that_is_lost_can(
    stage: Stage, facts: Facts, held: bool
) -> None:
    """However long the window was closed, or the function paused."""
    for id_ in LOST:
        stage.has(facts if id_ == LOST[1] else replace(WAITS, trouble=IMPAIRED), None, id_)
    lost_at = NOON - 4 * DAY
    stage.ledger.write_bundle(Bundle(BUNDLE, image_id=IMAGE, lost=LOST, lost_at=lost_at))
    for only_ask in (True, False):
        admission = stage.bundles().admit(known(OTHER), only_ask=only_ask)
        assert admission is (Admission.HELD if held else GO_FIRST)


@pytest.mark.parametrize(
    ("lost_image", "image", "held"),
    [(IMAGE, NEWER, False), (IMAGE, IMAGE, True), (IMAGE, None, True), (None, NEWER, True)],
)
def test_p7_who_was_restored_may_be_followed_by_others_with_another_image(
    stage: Stage, lost_image: str | None, image: str | None, held: bool
) -> None:
    for id_ in LOST:
        stage.has(RESTORED, None, id_)
    stage.desktops.images[BUNDLE] = image
    lost = Bundle(BUNDLE, image_id=IMAGE, lost=LOST, lost_at=at(-60), lost_image=lost_image)
    stage.ledger.write_bundle(lost)
    unknown = Admission.IMAGE_UNKNOWN if image is None else Admission.HELD
    assert stage.bundles().admit(known(OTHER)) is (unknown if held else GO_FIRST)


def test_p5_what_is_known_of_a_bundle_is_read_once_in_a_minute(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Mock(wraps=stage.ledger.bundle)
    monkeypatch.setattr(stage.ledger, "bundle", read)
    bundles = stage.bundles()
    for _ in range(3):
        bundles.admit(known(), only_ask=True)
    stage.clock.sleep(READING_HOLDS.total_seconds())
    bundles.admit(known(), only_ask=True)
    assert read.mock_calls == [call(BUNDLE)]
    stage.clock.sleep(0.001)
    bundles.admit(known(), only_ask=True)
    assert read.mock_calls == [call(BUNDLE), call(BUNDLE)]
