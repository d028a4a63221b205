"""A WorkSpace is examined: what AWS is asked, what needs no question, what an end tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Facts, Need, Trouble
from nonpersistent.journal import Tally
from nonpersistent.settings import UserVolume
from tests.unit.looks import failed
from tests.unit.stage import ASKED, CANARIES, CLAIM, DUE, TOLD, Stage
from tests.unit.support import BUNDLE, IMAGE, NIGHTS, NOON, OTHER, WS, at, settings

# Waits that need no question.


def test_p5_outside_the_window_nobody_is_asked_about(stage: Stage) -> None:
    stage.settings = settings(window=NIGHTS)
    assert stage.meets(DUE, NOON) == Tally(due=1, looked=1)
    assert stage.desktops.calls == []
    assert stage.lines.decisions == [("deferred", "window")]
    assert stage.record().look_at == at(7 * 60)


@pytest.fixture
def braked(stage: Stage) -> Stage:
    """Nobody may be rebuilt before 12:50."""
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    stage.has(Facts(rebuilt_at=at(-10), asked=(at(-10),)), None, OTHER)
    return stage


def test_p5_behind_the_brake_nobody_is_asked_about(braked: Stage) -> None:
    braked.has(DUE, at(-1))
    braked.has(DUE, NOON, third := "ws-00000000third")
    assert braked.run().looked == 2
    assert braked.desktops.calls == []
    assert (braked.record().look_at, braked.record(third).look_at) == (at(50), at(50))


def test_p1_the_brake_does_not_hide_who_is_in_use(braked: Stage) -> None:
    braked.meets(TOLD, NOON, connection="CONNECTED")
    assert braked.lines.decisions == [("in_use", None)]


# The user volume.

KEEP = settings(user_volume=UserVolume.KEEP)


def test_keep_asks_for_a_snapshot_and_rebuilds_on_its_strength(stage: Stage) -> None:
    stage.settings = KEEP
    assert stage.meets(DUE, NOON, snapshot_at=at(-30)).rebuilt == 1
    assert stage.desktops.names()[-3:] == [
        "DescribeWorkspaceSnapshots",
        "DescribeWorkspaceBundles",
        "RebuildWorkspaces",
    ]


def test_keep_waits_for_the_next_snapshot(stage: Stage) -> None:
    stage.settings = KEEP
    assert stage.meets(DUE, NOON, snapshot_at=at(-60)).rebuilt == 0
    assert stage.record().look_at == at(-60 + 12 * 60 + 5)
    assert stage.lines.decisions == [("deferred", "snapshot")]
    stage.time.now = at(-60 + 12 * 60 + 5)
    stage.desktops.desks[WS].snapshot_at = at(-60 + 12 * 60)
    assert stage.run().rebuilt == 1


def test_p5_an_audit_before_its_time_does_not_ask_for_the_snapshot_again(stage: Stage) -> None:
    stage.settings = KEEP
    stage.has(DUE, at(90), reason="snapshot")
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert stage.record().look_at == at(90)
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]


def test_p2_a_workspace_whose_snapshots_may_not_be_read_does_not_stop_the_others(
    stage: Stage,
) -> None:
    """With workspace_tag, one without the tag; it stays the first that is due."""
    stage.settings = KEEP
    stage.has(DUE, at(-1), snapshot_at=at(-30))
    stage.has(DUE, NOON, OTHER, snapshot_at=at(-30))
    for _ in range(3):
        stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
        try:
            stage.run()
        except ClientError:
            stage.clock.sleep(60)
    assert OTHER in stage.desktops.rebuilds()


def test_p6_snapshots_that_cannot_be_read_are_told_until_they_can(stage: Stage) -> None:
    stage.settings = KEEP
    stage.has(DUE, NOON)
    stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, "AccessDeniedException")]
    stage.run()
    denied = "AccessDeniedException"
    assert stage.lines.decisions == [("deferred", denied), ("blocked", denied)]
    told = stage.facts().trouble
    assert told == Trouble(at(0, 1), Need.BLOCKED, denied, at(30, 1))
    stage.desktops.faults["DescribeWorkspaceSnapshots"] = [(400, denied)]
    stage.passes(at(6))
    assert stage.facts().trouble == told
    stage.passes(at(12))
    assert (stage.facts().trouble, stage.record().reason) == (None, "snapshot")


# What a claim's end is told as.


SEEN = replace(CLAIM, accepted_at=at(-49), begun_at=at(-15), image_id=IMAGE)


@pytest.mark.parametrize(
    ("claim", "state", "decision", "took"),
    [
        (SEEN, "AVAILABLE", "finished", 49 * 60),
        (replace(SEEN, accepted_at=None), "AVAILABLE", "finished", 50 * 60),
        (replace(SEEN, begun_at=at(-15, -0.1)), "AVAILABLE", "finished", None),
        (replace(SEEN, begun_at=None), "AVAILABLE", "believed", None),
        (replace(SEEN, bad_since=at(-10)), "ERROR", "failed", 49 * 60),
    ],
    ids=["seen", "unanswered", "seen long ago", "never seen", "seen to fail"],
)
def test_p6_an_end_tells_its_image_and_how_long_it_took_where_looks_show_it(
    stage: Stage, claim: Claim, state: str, decision: str, took: float | None
) -> None:
    assert stage.meets(replace(DUE, claim=claim), NOON, state=state) == Tally(due=1, looked=1)
    [line] = stage.lines.all
    assert (line["decision"], line["image_id"]) == (decision, IMAGE)
    assert (line["bundle_id"], line["asked_at"]) == (BUNDLE, claim.asked_at.isoformat())
    assert line.get("took_seconds") == took
    assert stage.desktops.names() == ["DescribeWorkspaces"]


@pytest.mark.parametrize("state", ["REBUILDING", "TERMINATED"])
def test_p6_what_is_no_end_does_not(stage: Stage, state: str) -> None:
    stage.meets(ASKED, NOON, state=state)
    assert {"took_seconds", "asked_at", "image_id"}.isdisjoint(stage.lines.all[0])


# A rebuild that failed.

LOST = failed(
    replace(DUE, used_at=at(-600), told_at=None, vacant_since=at(-590), owed_since=at(-590)),
    replace(CLAIM, asked_at=at(-100), bad_since=at(-61), image_id="wsi-old00001"),
    at(-36),
    retry_at=at(60),
)


def test_p5_a_failed_rebuild_waits_for_its_time_without_a_look(stage: Stage) -> None:
    stage.desktops.images[BUNDLE] = "wsi-old00001"
    assert stage.meets(LOST, NOON, state="ERROR") == Tally(due=1, looked=1)
    assert stage.desktops.names() == ["DescribeWorkspaceBundles"]
    assert (stage.record().look_at, stage.record().reason) == (at(10), "ERROR")
    assert stage.lines.decisions == [("deferred", "retry")]


@pytest.mark.parametrize(
    ("signs", "asks"),
    [
        ({"used_at": at(-30)}, True),
        ({"used_at": at(-90)}, True),
        ({"used_at": at(-90.5)}, False),
        ({"told_at": at(-3)}, True),
        ({"told_at": at(-5)}, False),
        ({"told_at": at(-78), "settled_at": None}, True),
        ({"told_at": at(-79), "settled_at": None}, False),
    ],
)
def test_p2_one_that_was_restored_and_used_owes_a_rebuild_for_that_session(
    stage: Stage, signs: dict[str, Any], asks: bool
) -> None:
    """Its alarm may be the failed rebuild's own, until that has settled. Until the shortest rebuild
    has ended, whoever signed in did so before it began."""
    stage.desktops.images[BUNDLE] = "wsi-old00001"
    known: dict[str, Any] = {"settled_at": at(-16), **signs}
    stage.has(replace(LOST, **known), NOON, last_at=at(-600))
    if asks:
        stage.desktops.desks[WS].last_at = signs.get("used_at", at(-10))
    stage.run()
    assert ("DescribeWorkspacesConnectionStatus" in stage.desktops.names()) == asks
    assert (stage.facts().failures == 0) == asks


def test_p2_one_that_failed_and_was_not_seen_vacant_is_looked_at_before_the_grace_ends(
    stage: Stage,
) -> None:
    unseen = replace(LOST, vacant_since=None, told_at=at(-5), settled_at=at(-16))
    stage.meets(unseen, NOON, state="UNHEALTHY", connection="UNKNOWN")
    assert stage.facts().vacant_since is not None
    assert stage.lines.decisions == [("vacant", "grace")]


def test_p2_another_image_is_tried_at_once(stage: Stage) -> None:
    assert stage.meets(LOST, NOON, state="ERROR").rebuilt == 1
    claim = stage.facts().claim
    assert claim
    assert claim.image_id == IMAGE


def test_ill_for_six_a_bad_end_that_may_heal_is_looked_at(stage: Stage) -> None:
    assert LOST.failed
    claim = replace(LOST.failed, bad_since=at(-20), image_id=IMAGE)
    stage.has(replace(LOST, failed=claim), NOON)
    stage.settings = CANARIES
    lost = Bundle(BUNDLE, image_id=IMAGE, lost=(WS,), lost_at=claim.asked_at)
    stage.ledger.write(lost)
    stage.run()
    [line] = stage.lines.of("finished")
    assert (line["asked_at"], line["image_id"]) == (claim.asked_at.isoformat(), IMAGE)
    assert stage.facts().image_id == IMAGE
    assert stage.ledger.bundle(BUNDLE).lost == ()


def test_p1_a_held_workspace_is_not_asked_about(stage: Stage) -> None:
    assert stage.meets(replace(DUE, held_until=at(60)), NOON) == Tally(due=1, looked=1)
    assert (stage.desktops.calls, stage.record().look_at) == ([], at(60))


@pytest.mark.parametrize("wanted_at", [None, at(-1)])
def test_p1_an_audit_looks_at_a_held_workspace_and_does_not_rebuild_it(
    stage: Stage, wanted_at: datetime | None
) -> None:
    until = at(72 * 60)
    held = stage.has(replace(DUE, wanted_at=wanted_at, held_until=until), until)
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert stage.desktops.names() == ["DescribeWorkspacesConnectionStatus", "DescribeWorkspaces"]
    assert stage.record().look_at == until
    assert stage.record().facts.held_until == held.facts.held_until
    assert stage.lines.decisions == [("deferred", "hold")]


@pytest.mark.parametrize(("grace", "wanted"), [(0, False), (20, True)])
def test_p5_a_look_that_may_be_followed_by_a_rebuild_asks_for_the_state(
    stage: Stage, grace: float, wanted: bool
) -> None:
    stage.settings = settings(grace=timedelta(minutes=grace))
    assert stage.meets(replace(TOLD, wanted_at=at(-1) if wanted else None), NOON).rebuilt == 1
    claim = stage.facts().claim
    assert claim
    assert (claim.state, claim.address) == ("AVAILABLE", "10.0.0.1")
