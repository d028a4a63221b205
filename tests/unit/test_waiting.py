"""What waits for others, or for its time, is neither forgotten nor told of in vain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Deferral, Doubt, Need, Phase, Trouble
from nonpersistent.signals import Kind, Signal
from tests.unit.looks import failed
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NIGHTS, NOON, OTHER, WS, at, settings

CANARY = Claim(asked_at=at(-9), accepted_at=at(-9), begun_at=at(-3), goes_first=True)
DOUBTED = Trouble(at(-4), Need.UNKNOWN, "unknown_connection", at(86))
LOST = failed(
    replace(DUE, used_at=at(-120), told_at=at(-110), vacant_since=at(-115), owed_since=at(-115)),
    Claim(asked_at=at(-90), bad_since=at(-20), image_id=IMAGE),
    at(-10),
    "UNHEALTHY",
    retry_at=at(110),
)


@pytest.fixture
def waiting(stage: Stage) -> Stage:
    """The canary of a bundle is under way."""
    stage.settings = CANARIES
    stage.has(replace(DUE, claim=CANARY), at(50), OTHER, state="REBUILDING")
    stage.ledger.write(Bundle(BUNDLE, canary=OTHER))
    return stage


def test_p3_a_rebuild_that_heals_while_a_canary_is_pending_has_ended_well(waiting: Stage) -> None:
    waiting.meets(LOST, NOON)
    assert (waiting.facts().phase, waiting.facts().failed) == (Phase.CLEAN, None)


def test_p6_a_doubt_of_one_that_waits_is_looked_into(waiting: Stage) -> None:
    waiting.meets(replace(DUE, trouble=DOUBTED), NOON, reason=DOUBTED.reason)
    assert (waiting.facts().trouble, waiting.record().reason) == (None, Deferral.CANARY)


def test_p6_so_is_one_that_arose_before_the_window_closed(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    stage.meets(replace(DUE, trouble=DOUBTED), NOON, reason=DOUBTED.reason)
    assert (stage.facts().trouble, stage.record().reason) == (None, Deferral.WINDOW)


def test_p6_and_looked_into_again_as_long_as_it_lasts(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    stage.meets(replace(DUE, trouble=DOUBTED), NOON, reason=DOUBTED.reason, connection="UNKNOWN")
    assert stage.record().reason == Doubt.UNKNOWN_CONNECTION
    assert stage.record().look_at == at(5)
    stage.meets(DUE, NOON, OTHER, connection="UNKNOWN")
    assert stage.record(OTHER).reason == Deferral.WINDOW


def test_p2_a_bundle_that_is_trusted_again_waits_for_no_canary(waiting: Stage) -> None:
    proven = Bundle(BUNDLE, image_id=IMAGE, proven_at=at(-1), canary=OTHER, version=1)
    assert waiting.ledger.write(proven)
    waiting.meets(DUE, NOON)
    assert waiting.desktops.rebuilds() == [WS]


@pytest.mark.parametrize(("age", "calls"), [(None, 0), (-721, 0), (-719, 1)])
def test_p5_who_waits_for_a_canary_asks_for_no_image_without_a_proof(
    waiting: Stage, age: float | None, calls: int
) -> None:
    proven_at = None if age is None else at(age)
    before = Bundle(BUNDLE, image_id="wsi-other0001", proven_at=proven_at, canary=OTHER, version=1)
    assert waiting.ledger.write(before)
    waiting.meets(DUE, NOON)
    assert len(waiting.desktops.calls) == calls
    assert waiting.record().reason == Deferral.CANARY


def test_p2_who_is_connected_soon_after_a_rebuild_is_seen_also_if_every_message_is_lost(
    stage: Stage,
) -> None:
    rebuilding = replace(DUE, claim=replace(CANARY, goes_first=False))
    stage.has(rebuilding, NOON, connection="CONNECTED")
    stage.passes(at(6))
    assert stage.facts().phase is Phase.IN_USE


def test_p6_a_throttled_rebuild_after_a_wait_that_was_chosen_is_not_late(stage: Stage) -> None:
    waited = replace(DUE, used_at=at(-240), told_at=at(-225), vacant_since=at(-230))
    waited = replace(waited, owed_since=at(-230), late_at=at(75))
    stage.has(waited, NOON)
    stage.desktops.faults["RebuildWorkspaces"] = [(400, "ThrottlingException")]
    stage.run()
    assert stage.facts().late_at == at(75)


def test_p6_a_desktop_that_is_broken_needs_a_person_in_a_dry_run_too(stage: Stage) -> None:
    stage.settings = settings(dry_run=True)
    stage.meets(replace(LOST, retry_at=at(-1)), NOON, state="ERROR", connection="UNKNOWN")
    assert stage.record().look_at == at(60)
    assert stage.record().facts.needs(None) == (Need.BLOCKED, at(20))
    stage.meets(DUE, NOON, OTHER)
    assert stage.record(OTHER).look_at is None


def test_p6_what_a_person_rebuilds_needs_nobody_any_more(stage: Stage) -> None:
    blocked = Trouble(at(-180), Need.BLOCKED, "ADMIN_MAINTENANCE", at(-90))
    stage.has(replace(DUE, trouble=blocked), NOON, state="REBUILDING")
    stage.meets(LOST, NOON, OTHER, state="REBUILDING")
    assert (stage.facts().phase, stage.facts().trouble) == (Phase.REBUILDING, None)
    assert stage.facts(OTHER).trouble == LOST.trouble


def test_p8_a_refused_rebuild_takes_no_place(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1, maximum_rebuilding_percent=50)
    older = replace(DUE, vacant_since=at(-60), owed_since=at(-60))
    stage.has(older, NOON, OTHER, refusal="AccessDeniedException")
    stage.meets(DUE, NOON)
    assert stage.desktops.rebuilds() == [WS]


@pytest.mark.parametrize(
    ("late_at", "needs_at"), [(at(-30), at(120)), (at(300), at(300))], ids=["late", "in time"]
)
def test_p6_a_held_debt_is_late_an_hour_after_its_hold_at_the_soonest(
    late_at: Any, needs_at: Any
) -> None:
    held = replace(DUE, held_until=at(60), late_at=late_at)
    assert held.needs(Deferral.HOLD) == (Need.LATE, needs_at)


def test_p6_a_hold_that_is_released_leaves_nothing_of_its_length(stage: Stage) -> None:
    stage.meets(replace(DUE, held_at=at(-1), held_until=at(8760 * 60), late_at=at(40)), NOON)
    stage.time.now = at(50)
    stage.ledger.record(Signal(Kind.RELEASE, WS, at(50), until=at(50)), at(50))
    stage.desktops.desks[WS].state = "MAINTENANCE"
    stage.run()
    assert stage.facts().late_at == at(50 + 20 + 60, 1)


def test_p6_what_blocks_who_may_be_in_use_is_asked_for_as_long_as_it_lasts(stage: Stage) -> None:
    """Or a sample that is clear again would end the alarm, until the rebuild is due."""
    blocked = Trouble(at(-170), Need.BLOCKED, "ADMIN_MAINTENANCE", at(-80))
    used = replace(DUE, vacant_since=None, owed_since=None, trouble=blocked)
    stage.meets(used, NOON, reason=blocked.reason, state="ADMIN_MAINTENANCE")
    assert stage.facts().trouble == blocked
