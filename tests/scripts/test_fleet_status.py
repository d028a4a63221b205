"""fleet status: what a row says, as the function has it: phase, reason, need, lateness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from fleetlib import ledger, reasons, status
from fleetlib.aws import Account

from nonpersistent import gauges
from nonpersistent.facts import (
    NOTICE_LAG,
    USUAL_DELAY,
    Claim,
    Deferral,
    Doubt,
    Facts,
    Need,
    Phase,
    Trouble,
)
from nonpersistent.journal import Journal
from nonpersistent.lateness import BRAKE_HOLDS
from nonpersistent.lifecycle import learn
from nonpersistent.observation import Observation
from nonpersistent.rebuilder import _why
from nonpersistent.records import Record, to_item
from nonpersistent.settings import Settings
from nonpersistent.signals import Kind, Signal
from tests.scripts.fleet_world import World
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at

CLAIM = Claim(asked_at=at(-30), image_id=IMAGE)


def rows(world: World, now: datetime = NOON) -> list[status.Row]:
    account = Account("desks")
    assert account.client("dynamodb") is world.dynamodb
    return status.rows(ledger.read(account), {BUNDLE: IMAGE}, now)


@pytest.mark.parametrize("claim", [None, CLAIM])
@pytest.mark.parametrize("clean", [None, at(-60)])
def test_phases_are_derived_as_the_function_derives_them(
    claim: Claim | None, clean: datetime | None
) -> None:
    moments = (None, at(-90), at(-50), at(-10))
    for used, told, wanted, vacant, outdated in product(moments, repeat=5):
        for settled, retry, signed_in in ((None, None, None), (at(-20), at(5), at(-30))):
            facts = Facts(
                used_at=used,
                signed_in_at=signed_in,
                told_at=told,
                wanted_at=wanted,
                outdated_at=outdated,
                vacant_since=vacant,
                rebuilt_at=clean,
                settled_at=settled,
                retry_at=retry,
                claim=claim,
            )
            item = ledger._plain(to_item(Record(WS, facts)))
            assert ledger.phase(item) == facts.phase, facts
            assert (ledger.owed_for(item) is not None) == facts.is_owed, facts


@pytest.mark.parametrize("signal", [None, "used_at", "told_at", "wanted_at"])
def test_what_a_rebuild_is_owed_for_is_what_the_function_would_log(signal: str | None) -> None:
    """A session since then outweighs the image, once a look has learnt of it; a request all."""
    clean = Facts(rebuilt_at=at(-90), outdated_at=at(-30), vacant_since=at(-30), image_id=IMAGE)
    heard: dict[str, Any] = {signal: at(-20)} if signal else {}
    facts = replace(clean, retry_at=at(5), asked=(at(-25),), **heard)
    seen = Observation(NOON, connection="DISCONNECTED", checked_at=at(-1))
    item = ledger._plain(to_item(Record(WS, facts)))
    assert ledger.owed_for(item) == _why(learn(facts, seen))
    rebuilt = replace(clean, rebuilt_at=at(-1))
    assert ledger.owed_for(ledger._plain(to_item(Record(WS, rebuilt)))) is None


def test_constants_are_the_functions() -> None:
    assert ledger.NOTICE_LAG == NOTICE_LAG
    assert status.UNATTENDED == USUAL_DELAY
    assert set(status.ORDER) == {*Phase, "unreadable"}
    assert {*Deferral, *Doubt} <= set(reasons.MEANINGS)
    assert status.ROLL_OUT == Deferral.ROLL_OUT


@pytest.mark.parametrize(
    ("facts", "phase", "since"),
    [
        ({"baseline_at": at(-9)}, "clean", at(-9)),
        ({"baseline_at": at(-9), "rebuilt_at": at(-5)}, "clean", at(-5)),
        ({"used_at": at(-3)}, "in_use", at(-3)),
        ({"used_at": at(-3), "told_at": at(-1)}, "in_use", at(-1)),
        ({"used_at": at(-9), "vacant_since": at(-3), "owed_since": at(-4)}, "vacant", at(-4)),
        ({"used_at": at(-9), "claim": CLAIM}, "rebuilding", at(-30)),
        ({"used_at": at(-60), "retry_at": at(9), "asked": (at(-7),)}, "failed", at(-7)),
        ({"trouble": Trouble(at(-2), Need.UNKNOWN, "not_found", at(88))}, "new", at(-2)),
    ],
)
def test_a_row_says_the_phase_and_since_when(
    world: World, facts: dict[str, Any], phase: str, since: datetime
) -> None:
    world.knows(**facts)
    [row] = rows(world)
    assert (row.phase, row.since, row.user, row.bundle_id) == (phase, since, "anna", BUNDLE)


def test_a_workspace_without_an_item_is_one_that_no_audit_has_seen(world: World) -> None:
    [row] = rows(world)
    assert (row.phase, row.reason, row.needs) == ("new", "not_seen_yet", None)


def test_a_sign_in_since_the_last_look_shows_without_the_old_reason(world: World) -> None:
    world.knows(look_at=at(5), reason="grace", used_at=at(-60), vacant_since=at(-30))
    assert rows(world)[0].reason == "grace"
    assert world.ledger.record(Signal(Kind.SIGN_IN, WS, at(-1)), NOON)
    [row] = rows(world)
    assert (row.phase, row.reason, row.since) == ("in_use", None, at(-1))


def test_what_needs_a_person_comes_first_once_it_does(world: World) -> None:
    world.roster(WS, OTHER)
    world.knows(OTHER, baseline_at=at(-9))
    world.knows(
        reason="brake",
        look_at=NOON + BRAKE_HOLDS + timedelta(hours=1),
        used_at=at(-9),
        vacant_since=at(-5),
        owed_since=at(-5),
        late_at=at(90),
        braked_at=at(-5) + BRAKE_HOLDS,
    )
    assert [row.needs for row in rows(world)] == [None, None]
    first, second = rows(world, NOON + BRAKE_HOLDS)
    assert (first.workspace_id, first.needs, first.needs_since) == (
        WS,
        "braked",
        at(-5) + BRAKE_HOLDS,
    )
    assert second.needs is None


def test_a_function_that_does_not_look_is_noticed(world: World) -> None:
    world.knows(look_at=at(-60), reason="grace", used_at=at(-99), vacant_since=at(-90))
    assert rows(world)[0].needs is None
    [row] = rows(world, at(1))
    assert (row.needs, row.reason, row.needs_since) == ("late", "not_looked_at", at(-60))


@pytest.mark.parametrize(
    ("need", "needs_at", "told"),
    [
        (Need.BLOCKED, -30, "blocked"),
        (Need.BLOCKED, -29, None),
        (Need.UNKNOWN, -29, None),
        (Need.LATE, -29, "late"),
    ],
)
def test_a_need_that_a_look_might_have_averted_waits_for_it_as_its_alarm_does(
    world: World, need: Need, needs_at: float, told: str | None
) -> None:
    trouble = Trouble(at(-99), need, "AWS said so", at(needs_at))
    world.knows(look_at=at(-30), used_at=at(-99), vacant_since=at(-90), trouble=trouble)
    assert rows(world)[0].needs == told


@pytest.mark.parametrize("rate", [0.1, 0.5, 2.0, 10.0])
def test_the_function_and_fleet_allow_the_same_time_for_what_is_due(
    world: World, rate: float
) -> None:
    now = datetime.now(UTC)
    ids = [f"ws-{n:09}" for n in range(20)]
    world.roster(*ids[:16])
    world.ledger.ask_audit(now)
    for n, id_ in enumerate(ids):
        world.knows(id_, look_at=now - timedelta(hours=1, seconds=5 + 10 * n))
    told: list[Mapping[str, Any]] = []
    settings = Settings("desks", "desks-ledger", api_rate=rate)
    gauges.tell(world.ledger, Journal("desks", told.append), settings)
    late = {line["workspace_id"] for line in told if line.get("needs") == "late"} - {*ids[16:]}
    world.environment["WORKSPACES_API_RATE"] = str(rate)
    rows = json.loads(world.runs("status", "--json", exits=int(bool(late))).out)
    assert {row["workspace_id"] for row in rows if row["needs"] == "late"} == late
