"""What the end of a rebuild says of its bundle (P7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nonpersistent.bundles import PROOF_RENEWED_AFTER
from nonpersistent.canary import Admission, Bundle
from nonpersistent.claims import NOT_BEGUN, NOT_SEEN, SETTLES_WITHIN
from nonpersistent.facts import ENDS_WITHIN, Claim, Decision, Verdict
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, OTHER, WS, at, fleet, settings
from tests.unit.trust import CLAIM, FIRST, GO_FIRST, LOST, MINUTE, TRUSTED, kept, known

pytestmark = pytest.mark.usefixtures("canaries")


def end(
    stage: Stage, claim: Claim, verdict: Verdict, reason: str | None = None, again: bool = False
) -> set[str]:
    bundles = stage.bundles()
    record = known(claim=claim, failed=FIRST if again else None)
    bundles.conclude(record, Decision(replace(DUE, failures=1), verdict, reason=reason))
    return bundles.newly_trusted


def test_p7_a_canary_that_ends_well_makes_its_bundle_trusted(stage: Stage) -> None:
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    stage.has(replace(DUE, claim=FIRST), None)
    assert end(stage, FIRST, Verdict.FINISHED) == {BUNDLE}
    assert kept(stage) == Bundle(BUNDLE, image_id=IMAGE, proven_at=NOON)
    [line] = stage.lines.of("trusted")
    assert (line["workspace_id"], line["bundle_id"], line["image_id"]) == (WS, BUNDLE, IMAGE)


def test_p7_a_canary_that_may_have_met_a_newer_image_proves_nothing(stage: Stage) -> None:
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    stage.has(replace(DUE, claim=FIRST), None)
    stage.desktops.images[BUNDLE] = NEWER
    assert end(stage, FIRST, Verdict.FINISHED) == set()
    assert kept(stage) == Bundle(BUNDLE)
    assert stage.lines.all == []


@pytest.mark.parametrize("minutes", [131, 132])
def test_p7_a_canary_that_went_on_for_too_long_proves_nothing_when_it_ends(
    stage: Stage, minutes: float
) -> None:
    """A person may have ended it, and restored the WorkSpace."""
    stage.ledger.write(Bundle(BUNDLE, canary=WS, lost=(WS,), lost_at=FIRST.asked_at))
    stage.has(replace(DUE, claim=FIRST), None)
    begun = replace(FIRST, begun_at=FIRST.asked_at + timedelta(minutes=minutes))
    end(stage, begun, Verdict.FINISHED)
    assert (kept(stage).canary, kept(stage).lost) == (None, ())
    assert (kept(stage).proven_at is None) == (minutes == 132)


def test_p8_a_canary_proves_its_image_though_aws_does_not_say_what_the_present_one_is(
    stage: Stage,
) -> None:
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    stage.has(replace(DUE, claim=FIRST), None)
    stage.desktops.images = {}
    assert end(stage, FIRST, Verdict.FINISHED) == {BUNDLE}


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
    stage.ledger.write(bundle)
    trusted = end(stage, CLAIM, Verdict.FINISHED)
    after = Bundle(BUNDLE, image_id=IMAGE, proven_at=NOON, lost_at=bundle.lost_at)
    assert kept(stage) == (after if renewed else bundle)
    assert trusted == ({BUNDLE} if bundle.proven_at is None and renewed else set())
    assert len(stage.desktops.calls) == 0


def test_p7_dead_key_who_had_passed_it_before_brings_no_trust_back(stage: Stage) -> None:
    """It was under way when the bad end was seen, though requested after that one."""
    stage.has_lost(OTHER)
    lost = replace(TRUSTED, proven_at=None, lost=(OTHER,), lost_at=at(-62), seen_at=at(-10))
    stage.ledger.write(lost)
    assert end(stage, replace(CLAIM, asked_at=at(-60)), Verdict.FINISHED) == set()
    assert kept(stage) == lost


def test_p7_a_good_end_proves_its_image_from_when_it_ended(stage: Stage) -> None:
    """It may be seen days later, after a pause."""
    stage.ledger.write(TRUSTED)
    ended = Decision(replace(DUE, settled_at=at(-60) + SETTLES_WITHIN), Verdict.FINISHED)
    stage.bundles().conclude(known(claim=CLAIM), ended)
    assert kept(stage).proven_at == at(-60)


def test_p7_a_bad_end_counts_from_when_it_was_first_seen(stage: Stage) -> None:
    ill = Decision(replace(DUE, failed=replace(CLAIM, bad_since=at(-10))), Verdict.FAILED)
    stage.bundles().conclude(known(claim=CLAIM), ill)
    assert kept(stage).seen_at == at(-10)


def test_p7_dead_key_the_third_that_is_lost_holds_the_bundle(stage: Stage) -> None:
    stage.has_lost(*LOST[:2])
    stage.ledger.write(replace(TRUSTED, lost=LOST[:2], lost_at=at(-9)))
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
    ("verdict", "reason"),
    [
        (Verdict.FAILED, NOT_BEGUN),
        (Verdict.FAILED, NOT_SEEN),
        (Verdict.BELIEVED, None),
        (Verdict.DEFERRED, "TERMINATED"),
    ],
)
def test_p7_other_ends_say_nothing_of_the_bundle_and_let_the_next_go_first(
    stage: Stage, verdict: Verdict, reason: str | None, proven_at: datetime | None
) -> None:
    stage.ledger.write(replace(TRUSTED, canary=WS, proven_at=proven_at))
    stage.has(replace(DUE, claim=FIRST), None)
    assert end(stage, FIRST, verdict, reason) == set()
    assert kept(stage) == replace(TRUSTED, proven_at=proven_at)
    assert stage.lines.all == []


def test_p7_after_a_repetition_has_failed_the_next_one_is_a_canary(stage: Stage) -> None:
    """Whatever broke it, now or before, may break the others."""
    stage.ledger.write(TRUSTED)
    again = replace(CLAIM, asked_at=at(-60), begun_at=at(-50), bad_since=at(-20))
    stage.has(replace(DUE, claim=again, failed=CLAIM, failures=1), NOON, OTHER, state="ERROR")
    others = fleet(3)
    for id_ in others:
        stage.has(DUE, NOON, id_)
    stage.run()
    assert stage.desktops.rebuilds() == others[:1]
    assert stage.ledger.bundle(BUNDLE).lost == ()


def test_p7_ends_count_without_canaries_too_as_they_may_be_switched_on(stage: Stage) -> None:
    stage.settings = settings()
    stage.ledger.write(TRUSTED)
    for id_ in fleet(4):
        lost = replace(CLAIM, asked_at=at(-60), begun_at=at(-50), bad_since=at(-20))
        stage.has(replace(DUE, claim=lost), NOON, id_, state="ERROR")
    stage.run()
    assert stage.ledger.bundle(BUNDLE).is_held
    assert stage.lines.of("held_bundle") == []
    renewed = replace(FIRST, goes_first=False, asked_at=at(1))
    end(stage, renewed, Verdict.FINISHED)
    assert (kept(stage).lost, kept(stage).proven_at) == ((), NOON)


def test_p8_of_a_rebuild_whose_bundle_is_unknown_nothing_is_concluded(stage: Stage) -> None:
    decision = Decision(DUE, Verdict.FAILED)
    stage.bundles().conclude(known(claim=FIRST, bundle_id=None), decision)
    stage.bundles().conclude(known(), decision)
    stage.bundles().release(known(bundle_id=None))
    endless = replace(FIRST, asked_at=NOON - ENDS_WITHIN)
    stage.bundles().overdue(known(claim=endless, bundle_id=None))
    assert kept(stage) == Bundle(BUNDLE)


def test_p7_a_conclusion_is_drawn_again_from_what_another_has_written(stage: Stage) -> None:
    slow = stage.bundles()
    assert slow.admit(known(), only_ask=True) is GO_FIRST
    stage.has_lost(OTHER)
    stage.ledger.write(Bundle(BUNDLE, lost=(OTHER,), lost_at=at(-9)))
    slow.conclude(known(claim=CLAIM), Decision(replace(DUE, failures=1), Verdict.FAILED))
    both = Bundle(BUNDLE, lost=(WS, OTHER), lost_at=NOON, seen_at=NOON, lost_image=IMAGE)
    assert kept(stage) == replace(both, lost_to_it=(WS,))


def test_p7_what_another_has_written_since_ones_own_write_is_kept(stage: Stage) -> None:
    slow = stage.bundles()
    assert slow.admit(known()) is GO_FIRST
    stage.has(replace(DUE, claim=FIRST), None)
    stage.has_lost(OTHER)
    stage.ledger.write(replace(stage.ledger.bundle(BUNDLE), lost=(OTHER,), lost_at=at(-9)))
    slow.release(known())
    assert kept(stage) == Bundle(BUNDLE, lost=(OTHER,), lost_at=at(-9))


def test_p8_who_is_not_rebuilt_is_not_the_canary(stage: Stage) -> None:
    bundles = stage.bundles()
    bundles.admit(known())
    bundles.release(known())
    assert bundles.admit(known(OTHER)) is GO_FIRST
