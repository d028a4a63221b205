"""fleet rebuild, hold, release, audit: the function reads them as they are meant."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fleetlib import options, requests
from fleetlib.main import main

from nonpersistent import signals
from nonpersistent.facts import Claim, Facts
from nonpersistent.records import Record, to_item
from tests.scripts.fleet_world import World
from tests.unit.support import BUNDLE, OTHER, WS, at


def facts(world: World, workspace_id: str = WS) -> Facts:
    [record] = world.ledger.read([workspace_id])
    return record.facts


def test_a_hold_is_recorded_and_shown(world: World) -> None:
    world.knows(rebuilt_at=at(-5))
    out = world.runs("hold", WS, "--hours", "72", "--reason", "ticket 4711").out
    known = facts(world)
    assert known.held_at is not None
    assert known.held_until == known.held_at + timedelta(hours=72)
    assert known.hold_reason == "ticket 4711"
    assert ": ticket 4711" in out
    assert BUNDLE not in out
    told = world.runs("release", WS)
    released = facts(world)
    assert released.held_until == released.held_at
    assert "ticket" not in told.out


def test_a_hold_is_not_shortened_by_mistake(world: World) -> None:
    world.knows(rebuilt_at=at(-5))
    world.runs("hold", WS, "--hours=8760", "--reason=case 17")
    until = facts(world).held_until
    again = ("hold", WS, "--hours=1", "--reason=ticket 9")
    told = world.runs(*again, exits=2)
    assert f"fleet: already held for longer: {WS} until 20" in told.err
    assert "Z ('case 17'); --replace shortens it" in told.err
    assert (facts(world).held_until, len(world.invoked)) == (until, 1)
    world.runs(*again, "--replace")
    assert facts(world).hold_reason == "ticket 9"
    world.runs("hold", WS, "--hours=2", "--reason=longer")
    assert facts(world).hold_reason == "longer"


def test_a_hold_that_comes_too_late_says_so(world: World) -> None:
    world.knows(claim=Claim(asked_at=datetime.now(UTC)))
    told = world.runs("hold", WS, "--hours=1", "--reason=x", exits=1)
    assert f"a hold cannot stop a rebuild: {WS}" in told.err


@pytest.mark.parametrize("task", [["rebuild"], ["hold", "--hours=1", "--reason=x"], ["release"]])
def test_p4_an_id_that_is_not_on_the_roster_is_refused_and_nothing_is_asked(
    world: World, task: list[str]
) -> None:
    told = world.runs(*task, WS, OTHER, exits=2)
    assert told.err == f"fleet: not in workspace_ids of desks: {OTHER}; nothing was requested\n"
    assert world.invoked == []


@pytest.mark.parametrize("task", ["rebuild", "hold", "release"])
def test_an_id_that_is_given_twice_is_meant_once(world: World, task: str) -> None:
    world.roster(WS, OTHER)
    hold = ["--hours=1", "--reason=x"] if task == "hold" else []
    assert len(json.loads(world.runs(task, OTHER, WS, OTHER, *hold, "--json").out)) == 2
    assert [event["workspace_ids"] for event in world.invoked] == [[OTHER, WS]]


@pytest.mark.parametrize(
    "wrong",
    [
        ["rebuild", "ws-1"],
        ["rebuild", "WS-0a1b2c3d4"],
        ["hold", WS, "--hours=0", "--reason=x"],
        ["hold", WS, "--hours=1e-9", "--reason=x"],
        ["hold", WS, "--hours=8761", "--reason=x"],
        ["hold", WS, "--hours=nan", "--reason=x"],
        ["hold", WS, "--hours=1", "--reason= "],
        ["hold", WS, "--hours=1", f"--reason={'x' * 201}"],
        ["hold", WS, "--reason=x"],
        ["hold", WS, "--hours=1"],
        ["status", "--watch=0"],
        ["verify", "--sample=0"],
        ["verify", "--sample=-1"],
    ],
)
def test_what_the_function_would_ignore_is_refused(world: World, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        main([*wrong, "--name=desks"])
    assert refusal.value.code == 2
    assert world.invoked == []


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (["hold", WS, "--reason=x", "--hours=x"], "--hours: it must be from 0.01 to 8760 hours"),
        (["status", "--watch=x"], "--watch: it must be from 0.1 to 86400 seconds"),
        (["verify", "--sample=x"], "--sample: it must be a whole number above 0"),
        (["release", "x"], "ws-...: 'x' is not a WorkSpace id (ws-...)\n"),
    ],
)
def test_the_rule_that_is_broken_is_told(
    wrong: list[str], rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(wrong)
    error = capsys.readouterr().err
    assert rule in error
    assert "'x'" in error


def test_limits_are_the_functions() -> None:
    assert options.LONGEST_HOLD == signals.LONGEST_HOLD
    assert options.LONGEST_REASON == signals.LONGEST_REASON
    assert requests.WORKSPACE_ID == signals.WORKSPACE_ID
    assert set(requests.MARKS) == {kind.value for kind in signals.REQUESTS}


def test_a_function_that_does_not_record_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleetlib.requests.ARRIVES_WITHIN", 0.02)
    world.records = False
    assert "the function has not done that yet" in world.runs("rebuild", WS, exits=2).err


@pytest.fixture
def rebuilt_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild that is asked for begins with the next look and ends well with the one after."""

    def life() -> Any:
        wanted = facts(world).wanted_at
        assert wanted is not None
        claim = Claim(asked_at=wanted + timedelta(minutes=6))
        yield {"wanted_at": wanted, "claim": claim}
        yield {"wanted_at": wanted, "rebuilt_at": wanted + timedelta(minutes=7)}

    steps = None

    def sleep(_: float) -> None:
        nonlocal steps
        if facts(world).wanted_at is not None:
            steps = steps or life()
            world.knows(**next(steps))

    world.knows(rebuilt_at=at(-5))
    monkeypatch.setattr("time.sleep", sleep)


STEPS = [[WS, "in_use"], [WS, "rebuilding"], [WS, "rebuilt"]]


def steps(told: str) -> list[list[str]]:
    """Without the times."""
    moment = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ  (ws-.*)")
    found = map(moment.fullmatch, told.splitlines())
    return [line[1].split() for line in found if line]


@pytest.mark.usefixtures("rebuilt_in_time")
def test_a_rebuild_is_followed_to_its_end(world: World) -> None:
    assert steps(world.runs("rebuild", WS, "--wait").out) == STEPS


@pytest.mark.usefixtures("rebuilt_in_time")
def test_a_program_that_waits_gets_one_document_of_the_end(world: World) -> None:
    told = world.runs("rebuild", WS, "--wait", "--json")
    [row] = json.loads(told.out)
    assert (row["workspace_id"], row["phase"]) == (WS, "clean")
    assert steps(told.err) == STEPS


@pytest.mark.parametrize(
    ("known", "end"),
    [
        ({"rebuilt_at": at(5)}, "rebuilt"),
        ({"rebuilt_at": at(5), "used_at": at(6)}, "rebuilt"),
        ({"rebuilt_at": at(-5)}, None),
        ({"rebuilt_at": at(5), "claim": Claim(asked_at=at(9))}, None),
        ({"retry_at": at(90), "asked": (at(5),)}, "failed"),
        ({"retry_at": at(90), "asked": (at(-5),)}, None),
        ({"used_at": at(-9), "vacant_since": at(-5)}, "not rebuilt: dry_run is true"),
    ],
)
def test_how_a_rebuild_has_ended(known: dict[str, Any], end: str | None) -> None:
    from fleetlib.ledger import _plain

    item = _plain(to_item(Record(WS, Facts(wanted_at=at(0), **known))))
    assert requests.outcome(item, at(0), on_roster=True) == end
    assert requests.outcome({}, at(0), on_roster=False) == "no longer in workspace_ids"


@pytest.mark.parametrize(("wait", "status"), [([], 0), (["--wait"], 1)])
def test_who_asks_for_a_rebuild_in_a_dry_run_is_told(
    world: World, wait: list[str], status: int
) -> None:
    world.knows(baseline_at=at(-9))
    world.environment["DRY_RUN"] = "true"
    told = world.runs("rebuild", WS, *wait, exits=status)
    assert told.err == "fleet: dry_run is true, so the function rebuilds nothing\n"
    assert facts(world).wanted_at is not None
    assert WS in told.out


def test_an_audit_is_asked_for_and_waited_for(world: World) -> None:
    [requested] = world.runs("audit").out.splitlines()
    [completed] = world.runs("audit", "--wait").out.splitlines()
    assert world.invoked == [{"task": "audit"}] * 2
    assert requested.startswith("An audit was requested. ")
    assert completed.startswith("An audit was completed at 20")


@pytest.mark.parametrize("limit", ["ARRIVES_WITHIN", "AUDIT_ENDS_WITHIN"])
def test_who_waits_for_an_audit_does_not_wait_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 500, "it waits for ever"

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr(f"fleetlib.requests.{limit}", 0.02)
    world.records = limit == "AUDIT_ENDS_WITHIN"
    world.audits = False
    assert "the function has not done that yet" in world.runs("audit", "--wait", exits=2).err


def test_a_program_learns_when_an_audit_was_completed(world: World) -> None:
    [asked] = json.loads(world.runs("audit", "--json").out)
    assert asked["asked_at"].startswith("20")
    assert asked["completed_at"] is None
    headings, row = world.runs("audit", "--wait", "--csv").out.splitlines()
    assert headings == "asked_at,completed_at"
    assert all(moment.startswith("20") for moment in row.split(","))
    assert world.invoked == [{"task": "audit"}] * 2
