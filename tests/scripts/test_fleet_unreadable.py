"""fleet and an item that somebody changed by hand: the function cannot read it, nor does fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from fleetlib import ledger

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Facts, Trouble
from nonpersistent.records import KINDS, Record, record_of, to_item
from tests.scripts.fleet_world import World
from tests.unit.support import BUNDLE, NOON, OTHER, WS, at

NAIVE: Any = {"S": "2026-11-22T12:00:00"}
TEXT: Any = {"S": "x"}
NUMBER: Any = {"N": "1"}
NULL: Any = {"NULL": True}
ODD: dict[str, list[Any]] = {
    "used_at": [NAIVE, NULL, TEXT, {"S": "2200-01-01T00:00:00Z"}],
    "due_at": [NAIVE],
    "held_until": [NAIVE],
    "claim": [NULL, TEXT, {"M": {}}],
    "asked": [TEXT, {"L": [NAIVE]}],
    "trouble": [TEXT, {"M": {"since": {"S": "2026-11-22T12:00:00Z"}}}],
    **{name: [NUMBER, NULL] for name in ("user", "reason", "bundle_id")},
    "version": [TEXT],
}


def whole(workspace_id: str = WS) -> dict[str, Any]:
    return to_item(Record(workspace_id, Facts(user="anna", baseline_at=at(-9)), 1))


@pytest.mark.parametrize(
    ("name", "odd"), [(name, odd) for name, values in ODD.items() for odd in values], ids=str
)
def test_an_item_that_cannot_be_read_hides_no_other(world: World, name: str, odd: Any) -> None:
    item = whole() | {name: odd}
    assert record_of(item) is None
    world.roster(WS, OTHER)
    world._put(whole(OTHER))
    world._put(item)
    _, first, second, *_ = world.runs("status").out.splitlines()
    assert [*first.split(), *second.split()[:3]] == [
        *(WS, "-", "unreadable", "-", "unreadable_item"),
        *(OTHER, "anna", "clean"),
    ]


def test_an_item_without_a_version_cannot_be_read() -> None:
    item = {name: value for name, value in whole().items() if name != "version"}
    assert record_of(item) is None
    assert ledger.phase(ledger._plain(item)) == "unreadable"


def test_what_the_function_does_not_read_does_not_count() -> None:
    assert ledger.phase(ledger._plain(whole() | {"note": NUMBER})) == "clean"


def test_an_unreadable_item_needs_a_person_when_the_function_says_so(world: World) -> None:
    world._put({**whole(), "user": NUMBER})
    world.ledger.set_aside(WS, NOON)
    assert "unknown" in world.runs("status", exits=1).out.splitlines()[1]


def test_a_bundles_item_that_cannot_be_read_stands_for_nothing(world: World) -> None:
    world.knows(rebuilt_at=at(-5))
    world._put({"id": {"S": BUNDLE}, "canary": {"S": WS}, "lost": {"L": [NUMBER]}})
    assert WS not in world.runs("status").out.split(BUNDLE)[-1]


def test_a_roster_that_cannot_be_read_is_none(world: World) -> None:
    world._put({"id": {"S": "roster"}, "workspace_ids": NULL})
    assert "has no roster" in world.runs("status", exits=2).err


@pytest.mark.parametrize("task", [["rebuild"], ["hold", "--hours=1", "--reason=x"], ["release"]])
def test_a_request_for_an_unreadable_item_is_refused(world: World, task: list[str]) -> None:
    world.roster(WS, OTHER)
    world._put({**whole(), "user": NUMBER})
    told = world.runs(*task, WS, OTHER, exits=2).err
    assert f"cannot be read: {WS}; delete them from the table desks-ledger" in told
    assert world.invoked == []


@pytest.fixture
def spoils(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the requests are followed, one item is changed by hand and the other rebuild ends."""

    def life() -> Iterator[None]:
        spoil(world)
        [other] = world.ledger.read([OTHER])
        wanted = other.facts.wanted_at
        assert wanted is not None
        world.knows(OTHER, wanted_at=wanted, rebuilt_at=wanted + timedelta(minutes=7))
        yield

    world.roster(WS, OTHER)
    steps = life()
    monkeypatch.setattr("time.sleep", lambda _: next(steps))


@pytest.fixture
def spoils_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item is changed by hand as soon as the function has recorded the request."""
    invoke = world.invoke

    def invoke_and_spoil(**asked: Any) -> None:
        invoke(**asked)
        spoil(world)

    monkeypatch.setattr(world, "invoke", invoke_and_spoil)
    monkeypatch.setattr("fleetlib.requests.ARRIVES_WITHIN", 0.02)


def spoil(world: World) -> None:
    world._put({**whole(), "user": NUMBER})


@pytest.mark.usefixtures("spoils")
@pytest.mark.parametrize("when", ["during the wait", "before it"])
def test_an_item_that_is_spoilt_ends_only_its_own_wait(
    world: World, when: str, request: pytest.FixtureRequest
) -> None:
    if when == "before it":
        request.getfixturevalue("spoils_at_once")
    out = world.runs("rebuild", WS, OTHER, "--wait", exits=1).out
    assert f"{WS}  unreadable: delete its item, then ask again" in out
    assert out.endswith(f"{OTHER}  rebuilt\n")


@pytest.mark.usefixtures("spoils_at_once")
@pytest.mark.parametrize("task", [["rebuild"], ["hold", "--hours=1", "--reason=x"], ["release"]])
def test_a_request_whose_item_is_spoilt_meanwhile_has_failed(world: World, task: list[str]) -> None:
    assert "unreadable_item" in world.runs(*task, WS, exits=1).out.splitlines()[1]


def test_an_audit_is_awaited_though_its_item_is_spoilt_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ledger.end_audit(NOON)
    odd = {"id": {"S": "audit"}, "completed_at": NAIVE}
    monkeypatch.setattr(world, "invoke", lambda **_: world._put(odd))
    monkeypatch.setattr("time.sleep", lambda _: world.ledger.end_audit(at(9)))
    assert world.runs("audit", "--wait").out == "An audit was completed at 2026-11-22 12:09Z.\n"


def test_a_time_before_the_calendar_begins_cannot_be_read(world: World) -> None:
    world._put(whole() | {"baseline_at": {"S": "0001-01-01T00:00:00+10:00"}})
    assert '"phase": "unreadable"' in world.runs("status", "--json").out


def test_types_are_the_functions() -> None:
    for kind in (Facts, Claim, Trouble, Bundle):
        for name in (each.name for each in fields(kind)):
            is_time = name not in ledger.KINDS and name.endswith(ledger.TIMES)
            known = "S" if is_time else ledger.KINDS.get(name)
            assert known == KINDS.get(name, "S"), name
