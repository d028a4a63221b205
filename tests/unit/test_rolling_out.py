"""roll_out_images: a WorkSpace that nobody uses gets its bundle's proven image."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nonpersistent.canary import Bundle
from nonpersistent.facts import Deferral, Facts, Phase
from nonpersistent.workspaces import TRIES
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import (
    BUNDLE,
    IMAGE,
    NEWER,
    NOON,
    OTHER,
    WS,
    at,
    fleet,
    session_end,
    settings,
)
from tests.unit.trust import PROVEN

OLD, NEW = IMAGE, NEWER
CLEAN = Facts(rebuilt_at=at(-600), bundle_id=BUNDLE, image_id=OLD, user="ada")


@pytest.fixture(autouse=True)
def rolls_out(stage: Stage) -> None:
    """Another image in the bundle, and an audit that is due."""
    stage.settings = settings(canary_after=timedelta(hours=12), roll_out_images=True)
    stage.desktops.images[BUNDLE] = NEW
    stage.ledger.ask_audit(NOON)


def owes(stage: Stage, facts: Facts = CLEAN, bundle: Bundle | None = PROVEN, **desk: Any) -> bool:
    """Whether an audit finds that the WorkSpace owes a rebuild."""
    if bundle is not None:
        stage.ledger.write(bundle)
    stage.meets(facts, None, **desk)
    return stage.facts().phase is Phase.VACANT


def test_a_proven_image_that_it_lacks_is_owed_and_rebuilt_after_the_grace(stage: Stage) -> None:
    assert owes(stage)
    assert stage.lines.decisions == [("vacant", "roll_out")]
    assert stage.record().look_at == at(25)
    stage.time.now = at(25)
    stage.run()
    [line] = stage.lines.of("rebuild_requested")
    assert (line["reason"], line["image_id"]) == ("roll_out", NEW)


def test_p8_so_is_it_if_aws_answers_about_a_workspace_only_when_it_has_about_others(
    stage: Stage,
) -> None:
    stage.has(DUE, at(9), OTHER)
    failure = (500, "InternalServerError")
    stage.desktops.faults["DescribeWorkspacesConnectionStatus"] = [failure] * TRIES
    assert owes(stage)


def test_it_is_owed_since_the_sample_that_showed_nobody(stage: Stage) -> None:
    assert owes(stage, checked_at=at(-4))
    facts = stage.facts()
    assert (facts.vacant_since, facts.owed_since) == (at(-4), at(-4))


def test_p7_an_image_that_no_rebuild_has_proven_is_not_rolled_out(stage: Stage) -> None:
    assert not owes(stage, bundle=None)


@pytest.mark.parametrize(
    "changes",
    [{"proven_at": None}, {"image_id": OLD}, {"lost": (OTHER,)}],
    ids=["never proven", "another one", "one was lost"],
)
def test_p7_neither_is_one_whose_proof_does_not_hold(stage: Stage, changes: Any) -> None:
    stage.has_lost(OTHER)
    assert not owes(stage, bundle=replace(PROVEN, **changes))


def test_p7_an_unknown_image_is_not_a_proven_one(stage: Stage) -> None:
    stage.desktops.images.pop(BUNDLE)
    assert not owes(stage, bundle=replace(PROVEN, image_id=None))


def test_who_has_the_image_owes_nothing(stage: Stage) -> None:
    assert not owes(stage, replace(CLEAN, image_id=NEW))


def test_without_the_input_no_image_is_asked_for(stage: Stage) -> None:
    stage.settings = CANARIES
    assert not owes(stage)
    assert "DescribeWorkspaceBundles" not in stage.desktops.names()


def test_p1_while_nobody_can_tell_who_is_connected_nothing_is_owed(stage: Stage) -> None:
    assert not owes(stage, connection="UNKNOWN")


def test_a_bundle_that_is_not_known_has_no_proven_image(stage: Stage) -> None:
    stage.meets(replace(CLEAN, bundle_id=None), None, bundle=None)
    assert stage.facts().phase is Phase.CLEAN


def test_deploying_rolls_out_nothing_but_what_comes_later(stage: Stage) -> None:
    """At first sight it has the bundle's image or an older one: which of them, nobody knows."""
    stage.desktops.images[BUNDLE] = OLD
    stage.ledger.write(replace(PROVEN, image_id=OLD))
    stage.has(None, None)
    stage.meets(replace(CLEAN, image_id=None), None, OTHER)
    assert {stage.facts(id_).image_id for id_ in (WS, OTHER)} == {OLD}
    assert {stage.facts(id_).phase for id_ in (WS, OTHER)} == {Phase.CLEAN}
    stage.desktops.images[BUNDLE] = NEW
    bundle = stage.ledger.bundle(BUNDLE)
    stage.ledger.write(replace(PROVEN, version=bundle.version))
    stage.time.now = at(60)
    stage.ledger.ask_audit(at(60))
    stage.run()
    assert {stage.facts(id_).phase for id_ in (WS, OTHER)} == {Phase.VACANT}


@pytest.mark.parametrize(
    ("told", "reason"),
    [(True, Deferral.GRACE), (False, Deferral.UNCONFIRMED)],
    ids=["an alarm", "its last connection"],
)
def test_p1_what_is_used_meanwhile_owes_a_rebuild_for_its_session(
    stage: Stage, told: bool, reason: Deferral
) -> None:
    outdated = replace(CLEAN, outdated_at=at(-30), vacant_since=at(-31), owed_since=at(-31))
    stage.has(outdated, NOON, last_at=None if told else at(-10))
    if told:
        stage.ledger.record(session_end(NOON), NOON)
    stage.run()
    assert stage.facts().outdated_at is None
    assert stage.facts().phase is Phase.VACANT
    assert stage.record().reason == reason


def test_sessions_that_ended_come_before_what_only_lacks_an_image(stage: Stage) -> None:
    stage.settings = replace(stage.settings, maximum_rebuilds_per_hour=1)
    stage.ledger.write(PROVEN)
    outdated = replace(CLEAN, outdated_at=at(-200), vacant_since=at(-200), owed_since=at(-200))
    stage.has(outdated, at(-90))
    stage.meets(DUE, NOON, OTHER)
    assert stage.desktops.rebuilds() == [OTHER]


def test_within_the_grace_it_waits_as_a_roll_out(stage: Stage) -> None:
    stage.meets(replace(CLEAN, outdated_at=at(-5), vacant_since=at(-5), owed_since=at(-5)), NOON)
    assert stage.lines.decisions == [("vacant", "roll_out")]


def test_p3_a_rebuild_ends_what_was_owed_for_an_image(stage: Stage) -> None:
    assert owes(stage)
    stage.time.now = at(25)
    stage.run()
    stage.passes(at(40))
    stage.desktops.desks[WS].state = "AVAILABLE"
    stage.passes(at(120))
    assert (stage.facts().phase, stage.facts().image_id) == (Phase.CLEAN, NEW)
    assert stage.facts().outdated_at is None
    assert len(stage.desktops.rebuilds()) == 1


@pytest.mark.parametrize("first", [False, True], ids=["later", "the first, which learns them"])
def test_p5_an_audit_asks_for_the_images_of_many_bundles_at_once(stage: Stage, first: bool) -> None:
    for number, id_ in enumerate(fleet(25)):
        bundle_id = f"wsb-{number:09}"
        known = None if first else replace(CLEAN, bundle_id=bundle_id)
        stage.has(known, None, id_, bundle=bundle_id)
    stage.run()
    assert stage.desktops.names().count("DescribeWorkspaceBundles") == 1
