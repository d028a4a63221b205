"""What test_recovery.py does with the deployed fleet, and what must hold after each fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from nonpersistent.facts import Phase
from nonpersistent.records import record_of
from sandbox import Presence, State

from .conftest import Theatre

Item = dict[str, Any]


@contextmanager
def survives(crew: Theatre, rebuilt: Mapping[str, int]) -> Iterator[None]:
    """A fault within the block. Afterwards the fleet converges, each of `rebuilt` was rebuilt so
    often and nobody else, nobody in use was, and no operations alarm has gone off."""
    stage = crew.stage
    changes = len(stage.aws.transitions)
    before = {name: len(stage.desktop(name).rebuilds) for name in stage.ids}
    yield
    present = {name for name in stage.ids if is_connected(crew, name)}

    def done() -> dict[str, int]:
        """How often each was rebuilt since; who was not is left out."""
        counts = {name: len(stage.desktop(name).rebuilds) - before[name] for name in stage.ids}
        return {name: count for name, count in counts.items() if count}

    def paid() -> bool:
        return all(done().get(name, 0) >= times for name, times in rebuilt.items())

    audited(crew, "the rebuilds that are owed", paid)
    available = partial(lambda: all(stage.desktop(n).state is State.AVAILABLE for n in rebuilt))
    stage.until("the ends of the rebuilds", available)
    audited(crew, "the ledger agrees with the desktops", partial(converged, crew))
    assert done() == rebuilt
    for name in stage.ids:
        made = stage.desktop(name).rebuilds[before[name] :]
        assert all(rebuild.presence is not Presence.CONNECTED for rebuild in made), name
    assert {name for name in stage.ids if is_connected(crew, name)} == present
    assert not rung(crew, changes)


def audited(crew: Theatre, what: str, condition: partial[bool] | Any) -> None:
    """Wait for a condition, with an audit every few minutes of the local AWS."""
    clock = crew.stage.aws.clock
    last: datetime | None = None

    def seen() -> bool:
        nonlocal last
        if last is None or clock.now() - last > timedelta(minutes=5):
            crew.ask("audit")
            last = clock.now()
        return bool(condition())

    crew.stage.until(what, seen)


def rung(crew: Theatre, since: int) -> set[str]:
    """The operations alarms that have gone off after so many changes of all alarms."""
    later = crew.stage.aws.transitions[since:]
    gone_off = {change.alarm for change in later if change.new == "ALARM"}
    return {name for name in crew.outputs["operations_alarm_arns"] if crew.alarm(name) in gone_off}


def converged(crew: Theatre) -> bool:
    """Whether the ledger has everybody who is connected as in use, and nothing else is open."""
    records = filter(None, map(record_of, ledger(crew)))
    phases = {record.workspace_id: record.facts.phase for record in records}
    return phases == {
        crew.stage.ids[name]: Phase.IN_USE if is_connected(crew, name) else Phase.CLEAN
        for name in crew.stage.ids
        if name != "Eve"
    }


def ledger(crew: Theatre) -> list[Item]:
    """The items of the WorkSpaces."""
    answer = crew.client("dynamodb").scan(TableName=crew.outputs["ledger_table_name"])
    return [item for item in answer["Items"] if item["id"]["S"].startswith("ws-")]


def works(crew: Theatre, *names: str) -> None:
    """They sign in, and everybody knows it."""
    stage = crew.stage
    known = {name: len(stage.said("recorded", name)) for name in names}
    for name in names:
        stage.aws.desktops.sign_in(stage.ids[name])
    for name in names:
        told = partial(lambda name: len(stage.said("recorded", name)) > known[name], name)
        stage.until(f"{name} is known to work", told)
        stage.until(f"{name} is seen connected", partial(stage.seen_connected, name))


def leaves(crew: Theatre, *names: str) -> None:
    """They sign out."""
    for name in names:
        crew.stage.aws.desktops.sign_out(crew.stage.ids[name])


def is_connected(crew: Theatre, name: str) -> bool:
    """Whether it is so."""
    return crew.stage.desktop(name).presence is Presence.CONNECTED


def failures(crew: Theatre) -> int:
    """How many tries of invocations have failed so far."""
    return sum(finished.result.failed for finished in crew.stage.aws.invocations)
