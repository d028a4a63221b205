"""fleet and an item that somebody changed by hand: the function cannot read it, nor does fleet."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from fleetlib import ledger
from fleetlib.main import main

from nonpersistent.canary import Bundle
from nonpersistent.facts import Claim, Facts, Trouble
from nonpersistent.records import KINDS, Record, record_of, to_item
from tests.scripts.fleet_world import BUNDLE, NOON, OTHER, WS, World, at

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
def test_an_item_that_cannot_be_read_hides_no_other(
    world: World, name: str, odd: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    item = whole() | {name: odd}
    assert record_of(item) is None
    world.roster(WS, OTHER)
    world._put(whole(OTHER))
    world._put(item)
    assert main(["status", "--name=desks"]) == 0
    _, first, second, *_ = capsys.readouterr().out.splitlines()
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


def test_an_unreadable_item_needs_a_person_when_the_function_says_so(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world._put({**whole(), "user": NUMBER})
    world.ledger.set_aside(WS, NOON)
    assert main(["status", "--name=desks"]) == 1
    assert "unknown" in capsys.readouterr().out.splitlines()[1]


def test_a_bundles_item_that_cannot_be_read_stands_for_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.knows(rebuilt_at=at(-5))
    world._put({"id": {"S": BUNDLE}, "canary": {"S": WS}, "lost": {"L": [NUMBER]}})
    assert main(["status", "--name=desks"]) == 0
    assert WS not in capsys.readouterr().out.split(BUNDLE)[-1]


def test_a_roster_that_cannot_be_read_is_none(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world._put({"id": {"S": "roster"}, "workspace_ids": NULL})
    assert main(["status", "--name=desks"]) == 2
    assert "has no roster" in capsys.readouterr().err


@pytest.mark.parametrize("task", [["rebuild"], ["hold", "--hours=1", "--reason=x"], ["release"]])
def test_a_request_for_an_unreadable_item_is_refused(
    world: World, task: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    world.roster(WS, OTHER)
    world._put({**whole(), "user": NUMBER})
    assert main([*task, WS, OTHER, "--name=desks"]) == 2
    told = capsys.readouterr().err
    assert f"cannot be read: {WS}; delete them from the table desks-ledger" in told
    assert world.invoked == []


def test_types_are_the_functions() -> None:
    for kind in (Facts, Claim, Trouble, Bundle):
        for name in (each.name for each in fields(kind)):
            is_time = name not in ledger.KINDS and name.endswith(ledger.TIMES)
            known = "S" if is_time else ledger.KINDS.get(name)
            assert known == KINDS.get(name, "S"), name
