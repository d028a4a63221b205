"""Parts fail while sessions end, on the deployed module: afterwards everything is as promised."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pytest

from sandbox import Faults, Presence, State
from sandbox.desktop import Outcome
from sandbox.front_door import Environ, FrontDoor, StartResponse
from sandbox.throttle import TokenBucket

from .conftest import Theatre

CREW = ("Olga", "Pete", "Quin", "Rosa", "Sven", "Tess", "Ugo", "Vera")
MINUTES = 2 * 2.0
"""Two minutes of the schedules, in seconds."""


@pytest.fixture(scope="module")
def crew(theatre: Theatre) -> Iterator[Theatre]:
    """More desktops join the fleet, by Terraform; sessions are short."""
    stage = theatre.stage
    stage.ids.update({name: stage.aws.desktops.add(user=name.lower()) for name in CREW})
    joined = {name.lower(): stage.ids[name] for name in CREW}
    theatre.deployment.set(workspace_ids=stage.fleet | joined)
    theatre.deployment.apply()
    with theatre.environment(RECONNECT_GRACE_MINUTES="0.05"):
        for name in CREW:
            stage.until(f"the baseline of {name}", partial(stage.said, "baseline", name))
        yield theatre


def works(theatre: Theatre, *names: str) -> None:
    """They sign in, and everybody knows it."""
    stage = theatre.stage
    for name in names:
        stage.aws.desktops.sign_in(stage.ids[name])
    for name in names:
        stage.until(f"{name} is known to work", partial(stage.said, "recorded", name))
        stage.until(f"{name} is seen connected", partial(seen_connected, theatre, name))


def leaves(theatre: Theatre, *names: str) -> None:
    for name in names:
        theatre.stage.aws.desktops.sign_out(theatre.stage.ids[name])


def seen_connected(theatre: Theatre, name: str) -> bool:
    sample = theatre.stage.desktop(name).sample
    return sample is not None and sample.state == "CONNECTED"


def fresh(theatre: Theatre, name: str) -> bool:
    desktop = theatre.stage.desktop(name)
    image = desktop.state is State.AVAILABLE and "work of" not in desktop.root_volume
    return bool(desktop.rebuilds) and image


def converges(theatre: Theatre, *names: str, rebuilds: int = 1) -> None:
    """They are rebuilt, that is seen, and nobody was connected; one more audit changes nothing."""
    seen = {name: len(theatre.stage.said("finished", name)) for name in names}
    for name in names:
        theatre.stage.until(f"{name}'s rebuild", partial(fresh, theatre, name), 90)
    audit(theatre)
    for name in names:
        finished = partial(
            lambda name: len(theatre.stage.said("finished", name)) > seen[name], name
        )
        theatre.stage.until(f"{name}'s rebuild is seen to have finished", finished)
    audit(theatre)
    for name in names:
        made = theatre.stage.desktop(name).rebuilds
        assert len(made) == rebuilds, f"{name}: {len(made)} rebuilds"
        assert all(rebuild.presence is not Presence.CONNECTED for rebuild in made)


def audit(theatre: Theatre) -> None:
    """Ask for one now, beside those of the schedule."""
    theatre.client("lambda").invoke(FunctionName=theatre.function, Payload=b'{"task": "audit"}')


def failures(theatre: Theatre) -> int:
    return sum(finished.result.failed for finished in theatre.stage.aws.invocations)


def quiet(theatre: Theatre) -> int:
    """Wait until errors of before are over; how many changes of alarms there were so far."""
    theatre.stage.until("no alarm of errors", lambda: not theatre.rings("errors"))
    return len(theatre.stage.aws.transitions)


def rang(theatre: Theatre, name: str, since: int) -> bool:
    """Whether an operations alarm has gone off after so many changes of all alarms."""
    alarm = theatre.outputs["operations_alarm_arns"][name].split(":alarm:")[1]
    later = theatre.stage.aws.transitions[since:]
    return any((change.alarm, change.new) == (alarm, "ALARM") for change in later)


def test_p3_killed_in_the_middle_of_a_batch(crew: Theatre) -> None:
    names = ("Olga", "Pete", "Quin")
    stage, changes = crew.stage, quiet(crew)
    works(crew, *names)
    leaves(crew, *names)

    def rebuilds() -> int:
        return sum(len(stage.desktop(name).rebuilds) for name in names)

    stage.until("the first rebuild of the batch", rebuilds)
    assert stage.aws.kill(crew.function) >= 1
    assert rebuilds() < len(names)
    converges(crew, *names)
    stage.until("the alarm of the errors", lambda: rang(crew, "errors", changes))


def test_p2_dynamodb_refuses_for_a_minute(crew: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, before = FrontDoor.__call__, failures(crew)
    changes = quiet(crew)

    def refuses(door: FrontDoor, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB"):
            start("500 Internal Server Error", [("Content-Type", "application/x-amz-json-1.0")])
            return [json.dumps({"__type": "InternalServerError"}).encode()]
        return answers(door, environ, start)

    works(crew, "Rosa")
    with monkeypatch.context() as patch:
        patch.setattr(FrontDoor, "__call__", refuses)
        leaves(crew, "Rosa")
        crew.stage.until("invocations fail", lambda: failures(crew) > before + 1)
    assert not crew.stage.desktop("Rosa").rebuilds
    converges(crew, "Rosa")
    crew.stage.until("the alarm of the errors", lambda: rang(crew, "errors", changes))


class Closed(TokenBucket):
    """Lets nobody pass."""

    def take(self, now: Any) -> bool:
        """Never."""
        del now
        return False


def test_p5_the_workspaces_api_throttles_everything_for_a_minute(
    crew: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, before = crew.stage, failures(crew)
    works(crew, "Sven")

    def refused() -> list[Any]:
        return [call for call in stage.aws.calls if call.outcome == "ThrottlingException"]

    already = len(refused())
    with monkeypatch.context() as patch:
        patch.setattr(stage.aws.api, "bucket", Closed())
        leaves(crew, "Sven")
        stage.until("throttled calls", lambda: len(refused()) > already)
        began = refused()[already].at
        last = partial(lambda: (refused()[-1].at - began).total_seconds() >= MINUTES)
        stage.until("two minutes of throttling", last)
        spent = (refused()[-1].at - began).total_seconds()
        assert len(refused()) - already <= 2 * spent + 5
    assert not stage.desktop("Sven").rebuilds
    converges(crew, "Sven")
    assert failures(crew) == before, "throttling passes by itself: no invocation may fail of it"


def test_p2_the_notification_is_lost(crew: Theatre) -> None:
    alarm = crew.deployment.outputs()["alarm_names"]["tess"]
    crew.client("cloudwatch").disable_alarm_actions(AlarmNames=[alarm])
    works(crew, "Tess")
    leaves(crew, "Tess")
    converges(crew, "Tess")
    told = [line for line in crew.stage.said("recorded", "Tess") if line["signal"] != "sign_in"]
    assert not told


def test_p3_a_rebuild_ends_in_error(crew: Theatre) -> None:
    """It failed, so the debt is open: it is paid by a second one."""
    stage, ugo = crew.stage, crew.stage.ids["Ugo"]
    stage.aws.desktops.break_(ugo, Faults(rebuild=Outcome.FAILS))
    works(crew, "Ugo")
    leaves(crew, "Ugo")
    stage.until("the rebuild fails", lambda: stage.desktop("Ugo").state is State.ERROR)
    audit(crew)
    stage.until("the failure is seen", partial(stage.said, "failed", "Ugo"))
    assert stage.said("failed", "Ugo")[0]["reason"] == "ERROR"
    made = len(stage.desktop("Ugo").rebuilds)
    stage.aws.desktops.break_(ugo, Faults())
    converges(crew, "Ugo", rebuilds=made + 1)


def test_p2_an_item_of_the_ledger_is_deleted_by_hand(crew: Theatre) -> None:
    """While its session lasts: its end is a debt as any other."""
    works(crew, "Vera")
    key = {"fleet": {"S": "fleet"}, "id": {"S": crew.stage.ids["Vera"]}}
    crew.client("dynamodb").delete_item(TableName=crew.outputs["ledger_table_name"], Key=key)
    leaves(crew, "Vera")
    converges(crew, "Vera")


def test_p1_the_ledger_is_restored_from_a_backup(crew: Theatre) -> None:
    """What the backup does not know yet is seen anew: one works, one has left."""
    dynamodb, table = crew.client("dynamodb"), crew.outputs["ledger_table_name"]
    there, gone = "Tess", "Vera"
    before = {name: len(crew.stage.desktop(name).rebuilds) for name in (there, gone)}
    backup = dynamodb.scan(TableName=table)["Items"]
    for name in (there, gone):
        crew.stage.aws.desktops.sign_in(crew.stage.ids[name])
    for name in (there, gone):
        crew.stage.until("connected", partial(seen_connected, crew, name))
    leaves(crew, gone)
    for item in backup:
        dynamodb.put_item(TableName=table, Item=item)
    converges(crew, gone, rebuilds=before[gone] + 1)
    assert len(crew.stage.desktop(there).rebuilds) == before[there]
    assert crew.stage.desktop(there).presence is Presence.CONNECTED
