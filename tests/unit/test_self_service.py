"""Rebuilds that somebody else begins: a user by self-service, an administrator in the console."""

from __future__ import annotations

from nonpersistent.facts import Facts, Phase
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, NOON, WS, at

UNUSED = Facts(baseline_at=at(-300), bundle_id=BUNDLE, user="ada")


def ends(stage: Stage, state: str) -> None:
    """As the rebuild leaves the WorkSpace."""
    desk = stage.desktops.desks[WS]
    desk.state, desk.connection, desk.row = state, "DISCONNECTED", True


def test_p3_a_rebuild_of_the_users_own_pays_what_is_owed(stage: Stage) -> None:
    stage.has(DUE, NOON, state="REBUILDING", row=False)
    stage.passes(at(40))
    assert stage.facts().phase is Phase.REBUILDING
    ends(stage, "AVAILABLE")
    stage.passes(at(300))
    assert stage.facts().phase is Phase.CLEAN
    assert stage.desktops.rebuilds() == []
    assert [decision for decision, _ in stage.lines.decisions][-2:] == ["finished", "clean"]


def test_p3_one_that_ends_badly_is_repeated_like_ours(stage: Stage) -> None:
    stage.has(DUE, NOON, state="REBUILDING", row=False)
    stage.passes(at(40))
    ends(stage, "ERROR")
    stage.passes(at(120))
    assert (stage.facts().phase, stage.desktops.rebuilds()) == (Phase.FAILED, [])
    stage.passes(at(200))
    assert stage.desktops.rebuilds() == [WS]


def test_p2_use_after_it_is_owed_as_ever(stage: Stage) -> None:
    stage.has(DUE, NOON, state="REBUILDING", row=False)
    stage.passes(at(40))
    ends(stage, "AVAILABLE")
    stage.passes(at(120))
    stage.desktops.desks[WS].last_at = at(150)
    stage.time.now = at(180)
    stage.ledger.ask_audit(at(180))
    stage.passes(at(240))
    assert stage.desktops.rebuilds() == [WS]


def test_an_audit_follows_one_of_a_workspace_that_owes_nothing(stage: Stage) -> None:
    stage.has(UNUSED, None, state="REBUILDING", connection="UNKNOWN")
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert stage.facts().phase is Phase.REBUILDING
    ends(stage, "AVAILABLE")
    stage.passes(at(120))
    assert stage.facts().phase is Phase.CLEAN
    assert stage.desktops.rebuilds() == []


def test_one_that_no_look_has_shown_is_followed_by_ours(stage: Stage) -> None:
    """Nothing that AWS tells says that it took place."""
    stage.meets(DUE, NOON, address="10.0.0.99")
    assert stage.desktops.rebuilds() == [WS]
