"""What test_recovery.py does with the deployed fleet, and what must hold after each fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from nonpersistent.facts import Phase
from nonpersistent.records import from_item, from_moment, to_moment
from sandbox import Presence, State

from .conftest import Theatre

Item = dict[str, Any]
MINUTE_SECONDS = 2.0
"""A minute of the schedules of the theatre."""


@contextmanager
def survives(
    crew: Theatre, rebuilt: Mapping[str, int], *, rings: frozenset[str] = frozenset()
) -> Iterator[None]:
    """A fault within the block. Afterwards the fleet converges, each of `rebuilt` was rebuilt so
    often and nobody else, nobody in use was, and exactly the operations alarms `rings` have gone
    off."""
    stage = crew.stage
    stage.until("nothing rings from before", lambda: not ringing(crew), 120)
    changes = len(stage.aws.transitions)
    before = {name: len(stage.desktop(name).rebuilds) for name in stage.ids}
    yield
    present = {name for name in stage.ids if is_connected(crew, name)}

    def done() -> dict[str, int]:
        """How often each was rebuilt since; who was not is left out."""
        counts = {name: len(stage.desktop(name).rebuilds) - before[name] for name in stage.ids}
        return {name: count for name, count in counts.items() if count}

    owed = partial(lambda: all(done().get(name, 0) >= n for name, n in rebuilt.items()))
    stage.until("the rebuilds that are owed", owed, 90)
    available = partial(lambda: all(stage.desktop(n).state is State.AVAILABLE for n in rebuilt))
    stage.until("the ends of the rebuilds", available)
    audit(crew)
    stage.until("the ledger agrees with the desktops", partial(converged, crew))
    audit(crew)
    a_minute_passes(crew)
    assert done() == rebuilt
    assert converged(crew)
    for name in stage.ids:
        made = stage.desktop(name).rebuilds[before[name] :]
        assert all(rebuild.presence is not Presence.CONNECTED for rebuild in made), name
    assert {name for name in stage.ids if is_connected(crew, name)} == present
    assert rung(crew, changes) == rings


def rung(crew: Theatre, since: int) -> set[str]:
    """The operations alarms that have gone off after so many changes of all alarms."""
    later = crew.stage.aws.transitions[since:]
    gone_off = {change.alarm for change in later if change.new == "ALARM"}
    arns = crew.outputs["operations_alarm_arns"]
    return {name for name, arn in arns.items() if arn.split(":alarm:")[1] in gone_off}


def ringing(crew: Theatre) -> list[str]:
    """The operations alarms that are in ALARM."""
    return [name for name in crew.outputs["operations_alarm_arns"] if crew.rings(name)]


def converged(crew: Theatre) -> bool:
    """Whether the ledger has everybody who is connected as in use, and nothing else is open."""
    phases = {item["id"]["S"]: from_item(item).facts.phase for item in ledger(crew)}
    return phases == {
        crew.stage.ids[name]: Phase.IN_USE if is_connected(crew, name) else Phase.CLEAN
        for name in crew.stage.ids
        if name != "Eve"
    }


def ledger(crew: Theatre) -> list[Item]:
    """The items of the WorkSpaces."""
    return [item for item in everything(crew) if item["id"]["S"].startswith("ws-")]


def everything(crew: Theatre) -> list[Item]:
    """All items of the table."""
    answer = crew.client("dynamodb").scan(TableName=crew.outputs["ledger_table_name"])
    return list(answer["Items"])


def a_minute_passes(crew: Theatre) -> None:
    """One more tick of the schedule, after everything that was on its way has arrived: the last
    dead letter is counted, and each alarm was evaluated since."""
    stage = crew.stage

    def ticks() -> int:
        return sum(line.get("task") == "reconcile" for line in list(stage.log))

    stage.until("nothing is to be tried again", lambda: not stage.aws.pending())
    before = ticks()
    stage.until("one more minute", lambda: ticks() > before)


def works(crew: Theatre, *names: str) -> None:
    """They sign in, and everybody knows it."""
    stage = crew.stage
    known = {name: len(stage.said("recorded", name)) for name in names}
    for name in names:
        stage.aws.desktops.sign_in(stage.ids[name])
    for name in names:
        told = partial(lambda name: len(stage.said("recorded", name)) > known[name], name)
        stage.until(f"{name} is known to work", told)
        stage.until(f"{name} is seen connected", partial(seen_connected, crew, name))


def leaves(crew: Theatre, *names: str) -> None:
    """They sign out."""
    for name in names:
        crew.stage.aws.desktops.sign_out(crew.stage.ids[name])


def told_of_the_end(crew: Theatre, name: str) -> list[Item]:
    """The lines in which an alarm's news of somebody's session end was recorded."""
    return [line for line in crew.stage.said("recorded", name) if line["signal"] == "session_end"]


def seen_connected(crew: Theatre, name: str) -> bool:
    """Whether AWS says so, which samples."""
    sample = crew.stage.desktop(name).sample
    return sample is not None and sample.state == "CONNECTED"


def is_connected(crew: Theatre, name: str) -> bool:
    """Whether it is so."""
    return crew.stage.desktop(name).presence is Presence.CONNECTED


def audit(crew: Theatre) -> None:
    """Ask for one now, beside those of the schedule."""
    crew.client("lambda").invoke(FunctionName=crew.function, Payload=b'{"task": "audit"}')


def failures(crew: Theatre) -> int:
    """How many tries of invocations have failed so far."""
    return sum(finished.result.failed for finished in crew.stage.aws.invocations)


@contextmanager
def no_schedule(crew: Theatre) -> Iterator[None]:
    """Neither tick nor audit comes by itself within the block."""
    events, rules = crew.client("events"), [f"{crew.function}-{n}" for n in ("reconcile", "audit")]
    for rule in rules:
        events.disable_rule(Name=rule)
    try:
        yield
    finally:
        for rule in rules:
            events.enable_rule(Name=rule)


def older(items: list[Item], by: timedelta) -> list[Item]:
    """The same items with all their times so much earlier."""

    def earlier(name: str, value: dict[str, Any]) -> dict[str, Any]:
        is_time = name.endswith(("_at", "_since"))
        return from_moment(to_moment(value) - by) if is_time else value

    return [{name: earlier(name, value) for name, value in item.items()} for item in items]


def move_sessions_back(crew: Theatre, ended_by: datetime, by: timedelta) -> None:
    """Sessions that had ended by a moment were so much earlier; waits until AWS says so, too."""
    with crew.stage.aws.desktops.hold() as (model, now):
        for desktop in model.fleet.values():
            away = desktop.presence is Presence.AWAY
            if away and desktop.seen_at is not None and desktop.seen_at <= ended_by:
                desktop.seen_at -= by
                desktop.signed_in_at = desktop.signed_in_at and desktop.signed_in_at - by
    sampled = partial(
        lambda: all(d.sample and d.sample.checked_at > now for d in crew.stage.aws.desktops.all())
    )
    crew.stage.until("everybody is sampled again", sampled)
