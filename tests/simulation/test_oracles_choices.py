"""The judges of what an administrator may choose: images rolled out, a share at once, events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.course import Course
from simulation.events import BLOCKED, ENDED, REQUESTED
from simulation.faults import Fate
from simulation.rollouts import RollOuts
from simulation.scenario import draw
from tests.simulation.histories import CALM, History
from tests.times import minutes

CLAIM = {"M": {"asked_at": {"S": "2026-03-02T08:00:00.000Z"}}}


def notes(history: History, id_: str, **item: Any) -> None:
    """What the ledger has about a WorkSpace."""
    history.world.table.write({"id": {"S": id_}, **item}, id_)


# The share.


def asks(history: History, number: int, minute: float, fate: Fate = Fate.ANSWERED) -> None:
    history.at(minute)
    notes(history, history.ids[number], claim=CLAIM)
    history.world.limits.asked(history.ids[number])
    history.world.limits.told(history.ids[number], fate, {} if fate is Fate.ANSWERED else None)


def test_p5_one_more_than_the_share_is_seen() -> None:
    history = History(replace(CALM, rebuilding_percent=34.0))
    asks(history, 0, 0)
    asks(history, 1, 1)
    assert history.broken == []
    asks(history, 2, 2)
    assert history.broken == ["P5"]


def test_p5_who_ended_or_takes_too_long_is_not_away() -> None:
    history = History(replace(CALM, rebuilding_percent=1.0))
    asks(history, 0, 0)
    notes(history, history.ids[0])
    asks(history, 1, 60)
    asks(history, 2, 60 + 133)
    assert history.broken == []


@pytest.mark.parametrize(("fate", "broken"), [(Fate.LOST_WORKED, ["P5"]), (Fate.THROTTLED, [])])
def test_p5_an_unanswered_call_counts_whatever_the_ledger_says(
    fate: Fate, broken: list[str]
) -> None:
    history = History(replace(CALM, rebuilding_percent=1.0))
    asks(history, 0, 0, fate)
    notes(history, history.ids[0])
    asks(history, 1, 5)
    assert history.broken == broken


@pytest.mark.parametrize(("reason", "broken"), [("share", ["P5"]), ("canary", [])])
def test_p5_a_roll_out_before_an_ended_session_is_seen(reason: str, broken: list[str]) -> None:
    history = History(replace(CALM, rebuilding_percent=50.0))
    notes(history, history.ids[1], phase={"S": "vacant"}, reason={"S": reason})
    notes(history, history.ids[0], outdated_at={"S": "2026-03-02T08:00:00.000Z"}, claim=CLAIM)
    history.at(10)
    history.world.limits.asked(history.ids[0])
    assert history.broken == broken


# Images rolled out.


def rolled_out() -> tuple[History, RollOuts]:
    """Nobody has used anything, and a new image comes after half an hour."""
    history = History(replace(CALM, roll_out_images=True))
    rollouts = history.world.rollouts
    history.world.listeners.append(rollouts.heard)
    history.world.oracles.loops.excuses.append(rollouts.is_right)
    [bundle] = history.world.fleet.bundles.values()
    for id_ in history.ids:
        notes(history, id_, image_id={"S": bundle.image_id})
    history.world.fleet.set_image(bundle.id, "wsi-new", history.at(30))
    return history, rollouts


def proves(history: History, minute: float) -> None:
    """The second WorkSpace is used, rebuilt, and seen to end well."""
    history.session(minute, minute + 5, history.ids[1])
    asked = history.rebuild(minute + 40, id_=history.ids[1])
    [bundle] = history.world.fleet.bundles.values()
    about = {"bundle_id": bundle.id, "image_id": bundle.image_id}
    at = asked.accepted_at.isoformat()
    history.look(minute + 90, history.ids[1])
    history.says(minute + 90, "finished", workspace_id=history.ids[1], asked_at=at, **about)


def test_p3_a_proven_image_may_be_rolled_out_once() -> None:
    history, _ = rolled_out()
    proves(history, 40)
    history.rebuild(140)
    assert history.broken == []
    notes(history, history.id, image_id={"S": "wsi-new"})
    history.rebuild(240)
    assert history.broken[0] == "P3"


def test_p7_an_image_that_nobody_has_proven_is_seen() -> None:
    history, _ = rolled_out()
    history.rebuild(140)
    assert history.broken == ["P7"]


def test_p3_nobody_is_rebuilt_for_an_image_where_none_is_rolled_out() -> None:
    history = History(CALM)
    history.rebuild(140)
    assert history.broken == ["P3"]


def test_p2_a_roll_out_that_does_not_end_is_seen() -> None:
    history, rollouts = rolled_out()
    peace = history.at(35)
    proves(history, 40)
    assert rollouts.pending(peace)
    history.at(140 + 600)
    assert rollouts.pending(peace)
    assert "P2" in history.broken


def test_p2_it_ends_when_everybody_has_the_image() -> None:
    history, rollouts = rolled_out()
    peace = history.at(35)
    proves(history, 40)
    for id_ in history.ids:
        notes(history, id_, image_id={"S": "wsi-new"})
    assert not rollouts.pending(peace)


# Events.


def sends(history: History, what: str, **detail: Any) -> None:
    body = json.dumps({"fleet": "fleet", **detail})
    entry = {"Source": "workspaces-nonpersistent", "DetailType": what, "Detail": body}
    history.world.bus.sending({"Entries": [entry]}, history.invocation)


@pytest.fixture
def telling() -> History:
    history = History(replace(CALM, publish_events=True))
    history.invocation.name = "invocation-1"
    return history


def test_p6_a_request_without_its_event_is_seen(telling: History) -> None:
    telling.world.bus.accepted(telling.id, telling.invocation)
    sends(telling, REQUESTED, workspace_id=telling.id)
    telling.world.bus.ended(telling.invocation)
    assert telling.broken == []
    telling.world.bus.accepted(telling.id, telling.invocation)
    telling.world.bus.ended(telling.invocation)
    assert telling.broken == ["P6"]


def test_p6_an_event_about_nothing_is_seen(telling: History) -> None:
    sends(telling, REQUESTED, workspace_id=telling.id)
    telling.world.bus.ended(telling.invocation)
    assert telling.broken == ["P6"]


def test_p6_an_end_that_is_told_twice_is_seen(telling: History) -> None:
    for _ in range(2):
        sends(telling, ENDED, workspace_id=telling.id, asked_at="2026-03-02T08:00:00+00:00")
    assert telling.broken == ["P6"]


@pytest.mark.parametrize("exists", [True, False], ids=["exists", "terminated"])
def test_p6_who_gets_blocked_is_told_of_once(telling: History, exists: bool) -> None:
    if not exists:
        telling.world.trouble._terminate(telling.id)
    blocked = {"trouble": {"M": {"need": {"S": "blocked"}}}}
    for _ in range(2):
        telling.world.bus.wrote(None, blocked, telling.id, telling.invocation)
    sends(telling, BLOCKED, workspace_id=telling.id)
    telling.world.bus.ended(telling.invocation)
    assert telling.broken == []


def test_p8_an_event_that_fails_the_invocation_is_seen(telling: History) -> None:
    error = OSError("Could not connect to the endpoint URL: https://events.us-east-1.amazonaws.com")
    telling.world.bus.crashed(telling.invocation, error)
    assert telling.broken == ["P8"]


# Who has chosen what.


def test_the_choices_of_a_seed_are_alone_and_together() -> None:
    drawn = [draw(seed) for seed in range(400)]
    chosen = {
        (each.roll_out_images, each.rebuilding_percent is not None, each.publish_events)
        for each in drawn
    }
    assert len(chosen) == 8
    assert {each.audit_interval for each in drawn} == {5, 15, 30, 60, 240, 1440}
    assert not any(each.roll_out_images and each.canary_after is None for each in drawn)


def test_other_rebuilds_take_what_they_take() -> None:
    """A slow rebuild is no proof, however well it ends."""
    history, rollouts = rolled_out()
    history.session(40, 45, history.ids[2])
    history.rebuild(80, Course(takes=minutes(200)), history.ids[2])
    proves(history, 90)
    assert not rollouts.pending(history.at(300))
