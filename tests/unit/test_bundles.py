"""The bundles during a pass: their images, and whose rebuild may begin (P7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock, call

import pytest

from nonpersistent.bundles import READING_HOLDS
from nonpersistent.canary import Admission, Bundle
from nonpersistent.facts import ENDS_WITHIN, Claim, Decision, Facts, Need, Trouble, Verdict
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, OTHER, WS, at, settings
from tests.unit.trust import (
    CLAIM,
    DAY,
    FIRST,
    GO,
    GO_FIRST,
    LOST,
    MINUTE,
    TRUSTED,
    WAIT,
    kept,
    known,
)

pytestmark = pytest.mark.usefixtures("canaries")


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
    stage.ledger.write(TRUSTED)
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
    stage.bundles().conclude(known(claim=CLAIM), Decision(DUE, Verdict.FINISHED))
    stage.bundles().release(known())
    assert (stage.desktops.calls, kept(stage)) == ([], Bundle(BUNDLE))


def test_p7_bundle_page_an_unknown_image_is_not_trusted(stage: Stage) -> None:
    stage.ledger.write(TRUSTED)
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
    stage.ledger.write(Bundle(BUNDLE, canary=OTHER))
    assert slow.admit(known()) is WAIT


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
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    assert stage.bundles().admit(known(OTHER)) is admission


def test_p8_a_canary_whose_item_cannot_be_read_makes_nobody_wait(stage: Stage) -> None:
    stage.put(known(claim=FIRST), failures={"S": "many"})
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    assert stage.bundles().admit(known(OTHER)) is GO_FIRST


@pytest.mark.parametrize(
    ("again", "age", "lost"),
    [(None, ENDS_WITHIN, (WS,)), (None, ENDS_WITHIN - MINUTE, None), (FIRST, ENDS_WITHIN, ())],
)
def test_p7_never_ends_a_canary_that_goes_on_too_long_is_lost(
    stage: Stage, again: Claim | None, age: timedelta, lost: tuple[str, ...] | None
) -> None:
    stage.has(replace(DUE, claim=replace(FIRST, asked_at=NOON - age), failed=again), None)
    stage.ledger.write(Bundle(BUNDLE, canary=WS))
    stage.bundles().renew([BUNDLE])
    assert kept(stage).lost == (lost or ())  # although nobody waits
    assert stage.bundles().admit(known(OTHER)) is (WAIT if lost is None else GO_FIRST)
    lost_at = NOON - age if lost else None
    went = Bundle(BUNDLE, canary=WS if lost is None else OTHER, lost=lost or (), lost_at=lost_at)
    if lost is not None:
        went = replace(went, seen_at=NOON)
    if lost:
        went = replace(went, lost_image=IMAGE, lost_to_it=lost)
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
    stage.ledger.write(Bundle(BUNDLE, image_id=IMAGE, lost=LOST, lost_at=at(-9)))
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
    stage.ledger.write(Bundle(BUNDLE, image_id=IMAGE, lost=LOST, lost_at=lost_at))
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
    stage.ledger.write(lost)
    unknown = Admission.IMAGE_UNKNOWN if image is None else Admission.HELD
    assert stage.bundles().admit(known(OTHER)) is (unknown if held else GO_FIRST)


def test_p6_while_a_lost_one_is_tried_again_the_others_wait_for_the_held_bundle(
    stage: Stage,
) -> None:
    stage.has_lost(*LOST[1:])
    stage.has(replace(DUE, claim=FIRST, failures=1), None, LOST[0])
    stage.ledger.write(Bundle(BUNDLE, lost=LOST, lost_at=at(-99), canary=LOST[0]))
    assert stage.bundles().admit(known()) is Admission.HELD
    assert stage.bundles().admit(known(LOST[1])) is WAIT


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
