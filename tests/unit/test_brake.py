"""Above maximum_rebuilds_per_hour debts wait, oldest first."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nonpersistent.facts import Claim, Facts, Phase
from tests.unit.looks import FAILED
from tests.unit.stage import CANARIES, DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at, fleet, settings, sign_in

THIRD, FOURTH = "ws-000000003", "ws-000000004"


def owes(stage: Stage, id_: str, ended: datetime, look_at: datetime = NOON) -> None:
    """A WorkSpace whose session was seen to have ended at that time."""
    used_at = ended - timedelta(minutes=5)
    facts = replace(
        DUE,
        baseline_at=at(-600),
        used_at=used_at,
        told_at=None,
        vacant_since=ended,
        owed_since=ended,
    )
    stage.has(facts, look_at, id_)


@pytest.fixture
def braked(stage: Stage) -> Stage:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    return stage


def test_of_debts_that_are_due_together_the_oldest_goes_first(braked: Stage) -> None:
    """As when a rebuild window opens: all look at that minute, in no order."""
    ages = {WS: 100, OTHER: 300, THIRD: 50, FOURTH: 200}
    for id_, age in ages.items():
        owes(braked, id_, at(-age))
    braked.passes(at(240), every=600)
    assert braked.desktops.rebuilds() == [OTHER, FOURTH, WS, THIRD]


def test_the_order_holds_for_more_debts_than_a_batch(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=2)
    ids = fleet(30)
    for number, id_ in enumerate(ids):
        owes(stage, id_, at(-60 - number))
    stage.run()
    assert stage.desktops.rebuilds() == [ids[29], ids[28]]


@pytest.mark.parametrize(("freed_at", "looks_at"), [(at(30), []), (at(29.5), [at(29.6)])])
def test_a_newer_debt_does_not_take_the_place_that_an_older_one_waits_for(
    braked: Stage, freed_at: datetime, looks_at: list[datetime]
) -> None:
    """Its look falls into the very minute, or between the moment that frees the place and the tick
    that the older one waits for."""
    asked_at = freed_at - timedelta(hours=1)
    braked.has(Facts(rebuilt_at=asked_at, asked=(asked_at,)), None, THIRD)
    owes(braked, WS, at(-90))
    braked.run()
    assert braked.record().look_at == at(30)
    owes(braked, OTHER, at(5), look_at=at(29))
    for moment in [*looks_at, at(30)]:
        braked.time.now = moment
        braked.run()
        assert braked.record(OTHER).reason == "brake"
    assert braked.desktops.rebuilds() == [WS]


def test_a_place_that_its_debt_needs_no_more_goes_to_the_next_oldest(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=2)
    stage.has(Facts(rebuilt_at=at(-50), asked=(at(-50), at(-50))), None, "ws-000000009")
    for id_, age in ((WS, 200), (OTHER, 150), (THIRD, 100)):
        owes(stage, id_, at(-age))
    stage.run()
    stage.ledger.record(sign_in(at(5), WS), NOON)
    owes(stage, FOURTH, at(-30), look_at=at(9))
    stage.desktops.desks[WS].connection = "CONNECTED"
    stage.passes(at(12), every=240)
    assert stage.desktops.rebuilds() == [OTHER, THIRD]
    assert stage.record(FOURTH).reason == "brake"


def test_who_waits_far_back_is_not_written_with_each_place(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=2)
    ids = fleet(10)
    for number, id_ in enumerate(ids):
        owes(stage, id_, at(-300 + number))
    stage.passes(at(320), every=600)
    assert stage.desktops.rebuilds() == ids
    assert len(stage.lines.of("deferred")) < 40


def test_p6_a_debt_behind_the_brake_is_expected_when_its_place_comes(braked: Stage) -> None:
    braked.has(Facts(rebuilt_at=at(-30), asked=(at(-30),)), None, THIRD)
    braked.meets(DUE, NOON)
    assert braked.facts().late_at == at(30) + timedelta(hours=1, seconds=2)


@pytest.mark.parametrize(
    ("facts", "is_full"),
    [
        (Facts(asked=(at(-55),)), True),
        (Facts(asked=(at(-60),)), False),
        (Facts(asked=(at(-70), at(-55))), True),
        (replace(DUE, claim=Claim(asked_at=at(-55))), True),
        (replace(DUE, failed=Claim(asked_at=at(-55))), False),
    ],
    ids=["within the hour", "an hour ago", "the second", "under way", "failed: counted once"],
)
def test_the_brake_counts_what_was_asked_for_within_the_last_hour(
    braked: Stage, facts: Facts, is_full: bool
) -> None:
    braked.has(facts, None, OTHER)
    assert braked.meets(DUE, NOON).rebuilt == (not is_full)
    if is_full:
        assert (braked.record().look_at, braked.record().reason) == (at(5), "brake")
        assert braked.desktops.calls == []


def test_without_a_brake_nobody_is_counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(type(stage.ledger), "everything")
    assert stage.meets(DUE, NOON).rebuilt == 1


def test_no_place_goes_to_a_debt_while_an_older_one_waits_for_it(stage: Stage) -> None:
    """Hours of session ends at any time, and some users who come back before their turn."""
    rng = random.Random(1)
    stage.settings = settings(maximum_rebuilds_per_hour=2)
    overtaken: list[str] = []

    def judge() -> None:
        _, asked = stage.desktops.calls[-1]
        id_ = asked["RebuildWorkspaceRequests"][0]["WorkspaceId"]
        since = stage.facts(id_).vacant_since
        for record in stage.ledger.everything():
            vacant = record.facts.vacant_since
            waits = record.reason == "brake" and record.facts.phase is Phase.VACANT
            if waits and vacant and since and vacant < since:
                overtaken.append(f"{record.workspace_id} by {id_} at {stage.clock.now()}")

    stage.desktops.before["RebuildWorkspaces"] = judge
    for number in range(28):
        now = stage.clock.now()
        if number < 20:
            ended = now - timedelta(minutes=rng.randint(20, 60))
            owes(stage, f"ws-{rng.randrange(10**9):09}", ended, look_at=now)
        if number % 7 == 6:
            waiting = [r for r in stage.ledger.everything() if r.reason == "brake"]
            back = rng.choice(sorted(waiting, key=lambda record: record.workspace_id))
            stage.ledger.record(sign_in(now, back.workspace_id), now)
            stage.desktops.desks[back.workspace_id].connection = "CONNECTED"
        stage.run()
        stage.time.now = now + timedelta(minutes=9)
    assert len(stage.desktops.rebuilds()) > 6
    assert overtaken == []


@pytest.mark.parametrize("limit", [1, None])
def test_an_audit_puts_nobody_back(stage: Stage, limit: int | None) -> None:
    """Audits go by id, not by age: whose turn comes sooner keeps it, and a raised limit counts."""
    stage.settings = settings(maximum_rebuilds_per_hour=limit, audit_interval=timedelta(minutes=5))
    stage.has(Facts(rebuilt_at=at(-30), asked=(at(-30),)), None, THIRD)
    owes(stage, WS, at(-90))
    waits = stage.ledger.write(replace(stage.record(), look_at=at(20), reason="brake"))
    assert waits is not None
    stage.ledger.ask_audit(NOON)
    stage.run()
    if limit is None:
        assert stage.desktops.rebuilds() == [WS]
    else:
        assert (stage.record().look_at, stage.record().reason) == (at(20), "brake")
        assert stage.desktops.rebuilds() == []


def test_p2_an_audit_does_not_put_back_who_waits_after_a_failure(stage: Stage) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1, audit_interval=timedelta(minutes=5))
    stage.has(Facts(rebuilt_at=at(-30), asked=(at(-30),)), None, THIRD)
    stage.has(replace(FAILED, retry_at=at(-1)), at(20), reason="ERROR", state="ERROR")
    stage.ledger.ask_audit(NOON)
    stage.run()
    assert stage.record().look_at == at(20)


@pytest.mark.parametrize(("images", "reason"), [({}, "image_unknown"), ({BUNDLE: IMAGE}, "brake")])
def test_p6_who_waits_for_an_image_does_not_wait_for_a_place(
    stage: Stage, images: dict[str, str | None], reason: str
) -> None:
    """Else a deleted bundle would be told of by nobody as long as the brake is full."""
    stage.settings = replace(CANARIES, maximum_rebuilds_per_hour=1)
    stage.desktops.images = images
    stage.has(Facts(rebuilt_at=at(-30), asked=(at(-30),)), None, THIRD)
    stage.has(DUE, NOON, reason="image_unknown")
    stage.run()
    assert stage.record().reason == reason
    assert stage.ledger.bundle(BUNDLE).canary is None


@pytest.mark.parametrize(
    ("since", "looks_at", "is_kept"),
    [
        (at(-90), NOON, False),
        (at(-90), at(0, 0.001), True),
        (at(-90), at(1), True),
        (at(-90), at(1, 0.001), False),
        (DUE.owed_since, at(1), False),
    ],
    ids=["had its turn", "soon", "in a minute", "later", "as old"],
)
def test_a_free_place_is_kept_for_an_older_debt_that_is_looked_at_within_a_minute(
    braked: Stage, since: datetime, looks_at: datetime, is_kept: bool
) -> None:
    braked.has(replace(DUE, owed_since=since), looks_at, OTHER, reason="brake")
    held = braked.rebuilder().held_back(braked.has(DUE, NOON))
    assert (held is not None) is is_kept


@pytest.mark.parametrize(
    ("limit", "facts"),
    [(None, DUE), (1, replace(DUE, owed_since=None))],
    ids=["there is no limit any more", "only a look will tell its age"],
)
def test_a_debt_does_not_wait_for_an_older_one_if(
    stage: Stage, limit: int | None, facts: Facts
) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=limit)
    stage.has(replace(DUE, owed_since=at(-90)), at(1), OTHER, reason="brake")
    assert stage.rebuilder().held_back(stage.has(facts, NOON)) is None


def test_p5_who_still_has_no_place_when_its_time_comes_waits_for_the_next(braked: Stage) -> None:
    braked.has(Facts(rebuilt_at=at(-30), asked=(at(-30),)), None, THIRD)
    braked.meets(DUE, NOON, reason="brake")
    assert braked.record().look_at == at(30)


def test_without_a_limit_who_has_been_due_longest_goes_first(stage: Stage) -> None:
    owes(stage, WS, at(-300), look_at=at(-1))
    owes(stage, OTHER, at(-60), look_at=at(-5))
    stage.run()
    assert stage.desktops.rebuilds() == [OTHER, WS]
