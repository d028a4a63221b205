"""Rebuilds that do not end are lost to their bundle, whether or not they went first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at, settings

TRUSTED = Bundle(BUNDLE, image_id=IMAGE, proven_at=at(-300))


def stuck(
    stage: Stage, number: int, asked: float, *, goes_first: bool = False, **known: Any
) -> None:
    moment = at(asked)
    claim = Claim(moment, moment, begun_at=at(-30), image_id=IMAGE, goes_first=goes_first)
    facts = replace(DUE, claim=claim, **known)
    stage.has(facts, at(asked + 133), f"ws-stuck000{number}", state="REBUILDING")


def begin(stage: Stage, canary_after: float = 12) -> None:
    stage.settings = settings(canary_after=timedelta(hours=canary_after))
    stage.ledger.write(TRUSTED)


def test_p7_of_a_trusted_bundle_whose_rebuilds_never_end_three_more_are_lost(stage: Stage) -> None:
    begin(stage)
    for number in range(5):
        stuck(stage, number, -133 + number)
    for number in range(20):
        end = 10 + 20 * number
        left_at = at(end - 16)
        left = replace(DUE, used_at=at(end - 30), vacant_since=left_at, owed_since=left_at)
        stage.has(replace(left, told_at=at(end - 10)), at(end + 30), f"ws-due00000{number:02}")
    stage.passes(at(600))
    assert len(stage.desktops.rebuilds()) <= 3
    assert stage.ledger.bundle(BUNDLE).is_held


@pytest.mark.parametrize(("seconds", "lost"), [(-0.1, ()), (0, ("ws-stuck0000",))])
def test_p7_one_that_did_not_go_first_is_lost_once_it_takes_too_long(
    stage: Stage, seconds: float, lost: tuple[str, ...]
) -> None:
    begin(stage)
    stuck(stage, 0, -132)
    stage.time.now = at(0, seconds)
    stage.bundles().overdue(stage.record("ws-stuck0000"))
    assert stage.ledger.bundle(BUNDLE).lost == lost


def test_p7_rebuilds_that_never_end_count_though_a_later_one_has_failed(stage: Stage) -> None:
    begin(stage)
    for number in range(3):
        stuck(stage, number, -133 + number)
    lost = Claim(asked_at=at(-100), begun_at=at(-95), bad_since=at(-40), image_id=IMAGE)
    stage.meets(replace(DUE, claim=lost), NOON, OTHER, state="ERROR")
    stage.passes(at(5))
    assert len(stage.ledger.bundle(BUNDLE).lost) == 4


def test_p8_one_that_never_ends_costs_the_others_one_canary(stage: Stage) -> None:
    begin(stage)
    stuck(stage, 0, -133)
    for number in range(4):
        stage.has(DUE, NOON, f"ws-due000000{number}")
    stage.passes(at(30))
    [first] = stage.desktops.rebuilds()
    stage.desktops.desks[first].state = "AVAILABLE"
    stage.passes(at(60))
    assert len(stage.desktops.rebuilds()) == 4
    for each in stage.desktops.rebuilds():
        stage.desktops.desks[each].state = "AVAILABLE"
    stage.passes(at(240))  # its hourly looks tell nothing new
    assert "ws-stuck0000" not in stage.ledger.bundle(BUNDLE).lost


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "errors"])
def test_p8_workspaces_that_aws_does_not_show_are_not_lost_to_the_bundle(
    stage: Stage, deleted: bool
) -> None:
    begin(stage)
    for number in range(4):
        stuck(stage, number, -110 + number)
        if deleted:
            del stage.desktops.desks[f"ws-stuck000{number}"]
        else:
            stage.desktops.poison[f"ws-stuck000{number}"] = (500, "InternalServerError")
    stage.has(DUE, NOON, OTHER)
    stage.passes(at(60))
    assert stage.desktops.rebuilds() == [OTHER]
    assert stage.ledger.bundle(BUNDLE).lost == ()


@pytest.mark.parametrize("asked", [-40, -131], ids=["early", "late"])
@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "errors"])
def test_p8_a_canary_that_aws_shows_no_more_makes_room_after_half_an_hour(
    stage: Stage, deleted: bool, asked: float
) -> None:
    begin(stage)
    seen = Claim(at(asked), at(asked), at(-1), going_at=at(-1), image_id=IMAGE, goes_first=True)
    stage.has(replace(DUE, claim=seen), NOON)
    stage.ledger.write(Bundle(BUNDLE, canary=WS, version=1))
    if deleted:
        del stage.desktops.desks[WS]
    else:
        stage.desktops.poison[WS] = (500, "InternalServerError")
    stage.has(DUE, NOON, OTHER)
    stage.passes(at(28))
    assert stage.desktops.rebuilds() == []
    stage.passes(at(45))
    assert stage.desktops.rebuilds() == [OTHER]
    assert stage.ledger.bundle(BUNDLE).lost == ()


def test_p8_a_repetition_that_never_ends_is_not_lost_and_costs_a_canary(stage: Stage) -> None:
    begin(stage)
    stuck(stage, 0, -133, failed=Claim(asked_at=at(-300), begun_at=at(-295)), failures=1)
    for number in range(2):
        stage.has(DUE, NOON, f"ws-due000000{number}")
    stage.run()
    assert len(stage.desktops.rebuilds()) == 1
    assert stage.ledger.bundle(BUNDLE).lost == ()


def test_p7_a_good_end_renews_a_proof_that_holds_for_an_hour(stage: Stage) -> None:
    begin(stage, canary_after=1)
    stage.ledger.write(replace(stage.ledger.bundle(BUNDLE), proven_at=at(-58)))
    claim = Claim(asked_at=at(-60), accepted_at=at(-60), begun_at=at(-53), image_id=IMAGE)
    stage.meets(replace(DUE, claim=claim), NOON, OTHER)
    for number in range(3):
        stage.has(DUE, at(5), f"ws-due000000{number}")
    stage.time.now = at(5)
    stage.run()
    assert len(stage.desktops.rebuilds()) == 3


def test_p7_a_canary_that_was_never_asked_for_makes_room(canaries: Stage) -> None:
    """The function ended between the bundle's write and the claim."""
    canaries.ledger.write(Bundle(BUNDLE, canary=OTHER))
    canaries.has(replace(DUE, held_until=at(600)), at(600), OTHER)
    canaries.meets(DUE, NOON)
    assert canaries.desktops.rebuilds() == [WS]
