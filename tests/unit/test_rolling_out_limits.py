"""Where a roll-out ends before its rebuild, and who goes before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent.claims import NOT_BEGUN
from nonpersistent.facts import Deferral, Facts, Need, Trouble
from nonpersistent.lifecycle import keep_image
from tests.unit.looks import FAILED
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, OTHER, WS, at, settings
from tests.unit.trust import PROVEN, UNDER_WAY

OLD, NEW, NEWEST = IMAGE, NEWER, "wsi-third0003"
OUTDATED = Facts(
    rebuilt_at=at(-600),
    outdated_at=at(-30),
    vacant_since=at(-31),
    owed_since=at(-31),
    bundle_id=BUNDLE,
    image_id=OLD,
)


def rolls_out(stage: Stage, facts: Facts = OUTDATED, **limits: Any) -> None:
    stage.settings = settings(canary_after=timedelta(hours=12), roll_out_images=True, **limits)
    stage.desktops.images[BUNDLE] = NEW
    stage.ledger.write(PROVEN)
    stage.has(facts, NOON)


def gives_up(stage: Stage) -> None:
    """In one pass nothing is rebuilt, and all that is left of the debt is when it was tried."""
    asked = stage.facts().asked
    stage.run()
    assert stage.desktops.rebuilds() == []
    kept = Facts(rebuilt_at=at(-600), asked=asked, bundle_id=BUNDLE, image_id=OLD, user="ada")
    assert stage.facts() == kept


NEVER_BEGAN = {"asked": (at(-200),), "failures": 1, "retry_at": at(-9)}
TOLD = {"trouble": Trouble(at(-187), Need.BLOCKED, NOT_BEGUN, at(-157))}


@pytest.mark.parametrize(
    "tried", [{}, NEVER_BEGAN | TOLD], ids=["the first time", "after one in vain"]
)
@pytest.mark.parametrize("image", [OLD, NEWEST], ids=["its own again", "one that nobody proved"])
def test_p7_an_image_that_came_since_the_audit_is_not_rolled_out(
    stage: Stage, image: str, tried: dict[str, Any]
) -> None:
    rolls_out(stage, replace(OUTDATED, **tried))
    stage.desktops.images[BUNDLE] = image
    gives_up(stage)
    assert stage.record().look_at is None
    assert stage.ledger.bundle(BUNDLE).canary is None


def test_a_debt_that_is_dropped_takes_its_failures_along() -> None:
    dropped = keep_image(replace(OUTDATED, failures=1, retry_at=at(-9)))
    assert (dropped.facts.failures, dropped.facts.retry_at) == (0, None)


def test_p7_neither_is_one_that_somebody_was_lost_to_since(stage: Stage) -> None:
    rolls_out(stage)
    stage.has(replace(DUE, claim=None, asked=(at(-50),), failures=1, retry_at=at(60)), None, OTHER)
    bundle = stage.ledger.bundle(BUNDLE)
    stage.ledger.write(replace(bundle, lost=(OTHER,), lost_at=at(-50), proven_at=None))
    gives_up(stage)


def test_p7_nothing_is_rolled_out_any_more_once_that_is_switched_off(stage: Stage) -> None:
    rolls_out(stage)
    stage.settings = CANARIES
    gives_up(stage)


def test_p8_an_answer_without_the_image_ends_no_roll_out(stage: Stage) -> None:
    rolls_out(stage)
    stage.desktops.images.pop(BUNDLE)
    stage.run()
    assert stage.desktops.rebuilds() == []
    assert stage.facts().outdated_at == OUTDATED.outdated_at
    assert stage.bundles().rolls_out(stage.record())


def test_a_proof_that_has_only_grown_old_ends_no_roll_out(stage: Stage) -> None:
    rolls_out(stage)
    bundle = stage.ledger.bundle(BUNDLE)
    stage.ledger.write(replace(bundle, proven_at=at(-730)))
    stage.run()
    assert stage.desktops.rebuilds() == [WS]
    assert stage.record().facts.claim is not None


def test_who_asked_by_hand_gets_whatever_image_there_is(stage: Stage) -> None:
    rolls_out(stage)
    stage.desktops.images[BUNDLE] = OLD
    stage.meets(replace(OUTDATED, wanted_at=at(-1)), NOON, OTHER)
    assert stage.desktops.rebuilds() == [OTHER]


@pytest.mark.parametrize("tried", [{}, NEVER_BEGAN], ids=["the first time", "after one in vain"])
@pytest.mark.parametrize("reason", [Deferral.SHARE, Deferral.BRAKE])
def test_who_waits_for_a_place_after_a_session_goes_first(
    stage: Stage, reason: Deferral, tried: dict[str, Any]
) -> None:
    """Its next look comes later than that of the one that only lacks an image."""
    limits = {"maximum_rebuilding_percent": 50, "maximum_rebuilds_per_hour": 5}
    rolls_out(stage, replace(OUTDATED, **tried), **limits)
    stage.meets(DUE, at(5), OTHER, reason)
    assert stage.desktops.rebuilds() == []
    assert stage.record().reason == Deferral.ROLL_OUT
    stage.passes(at(6))
    assert stage.desktops.rebuilds() == [OTHER]


def test_who_waits_for_something_else_does_not_go_first(stage: Stage) -> None:
    rolls_out(stage, maximum_rebuilds_per_hour=5)
    stage.has(DUE, at(5), OTHER, reason=Deferral.GRACE)
    stage.run()
    assert stage.desktops.rebuilds() == [WS]


def test_nor_does_who_has_a_place_after_a_session_if_there_is_another_one(stage: Stage) -> None:
    rolls_out(stage, maximum_rebuilds_per_hour=5)
    stage.meets(DUE, NOON, OTHER)
    assert stage.desktops.rebuilds() == [OTHER, WS]


def test_who_goes_first_need_not_have_waited_before_this_pass(stage: Stage) -> None:
    rolls_out(stage, maximum_rebuilds_per_hour=1)
    earlier = replace(DUE, asked=(at(-59.9),), rebuilt_at=at(-59), settled_at=at(-10))
    stage.has(replace(earlier, used_at=None, told_at=None, vacant_since=None), None, "ws-3")
    stage.has(DUE, NOON, OTHER)
    stage.passes(at(2))
    assert stage.desktops.rebuilds() == [OTHER]


def test_who_goes_first_may_have_lost_its_desktop_to_a_rebuild(stage: Stage) -> None:
    """The ledger says what is wrong with it, not what it waits for: this pass remembers that."""
    rolls_out(stage, maximum_rebuilds_per_hour=2)
    stage.has(Facts(rebuilt_at=at(-50), asked=(at(-59.5), at(-59.5))), None, "ws-3")
    stage.has(replace(FAILED, retry_at=at(-1)), at(-1), OTHER, "ERROR", state="ERROR")
    stage.ledger.write(replace(stage.record(), look_at=at(0.5)))
    stage.has(DUE, at(0.5), "ws-4")
    stage.has(Facts(used_at=at(-60)), NOON, "ws-5", connection="CONNECTED")
    stage.desktops.before["DescribeWorkspacesConnectionStatus"] = lambda: stage.clock.sleep(61)
    stage.run()
    assert stage.record().reason == Deferral.ROLL_OUT
    assert stage.desktops.rebuilds() == ["ws-4", OTHER]


def test_without_limits_nobody_gives_way(stage: Stage) -> None:
    rolls_out(stage)
    stage.meets(DUE, at(5), OTHER, Deferral.SHARE)
    assert stage.desktops.rebuilds() == [WS]


def test_p2_a_retry_that_is_refused_stays_one_of_a_rebuild_that_ended_badly(stage: Stage) -> None:
    """Else nothing would show any more that nobody is connected: UNHEALTHY has no sample."""
    ill = replace(UNDER_WAY, bad_since=at(-120))
    failed = replace(DUE, failed=ill, asked=(at(-200),), failures=1, retry_at=at(-1))
    stage.has(
        failed,
        NOON,
        state="UNHEALTHY",
        connection="UNKNOWN",
        refusal="ResourceUnavailable.Snapshot",
    )
    stage.run()
    assert stage.facts().failed == ill
    stage.desktops.desks[WS].refusal = None
    stage.passes(at(90))
    assert stage.desktops.rebuilds()[1:] == [WS]
