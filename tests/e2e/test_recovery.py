"""Parts fail while sessions end, on the deployed module: afterwards everything is as promised.

What is promised is the same after each fault, see `recovering.survives`; each test says which
operations alarms its fault has to raise. None means: the module mends it, and wakes nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from sandbox import Faults, State
from sandbox.delivery.post import Post
from sandbox.desktop import Outcome
from sandbox.http.front_door import Environ, FrontDoor, StartResponse
from sandbox.throttle import TokenBucket

from .conftest import Theatre
from .recovering import (
    MINUTE_SECONDS,
    audit,
    everything,
    failures,
    leaves,
    ledger,
    move_sessions_back,
    no_schedule,
    older,
    survives,
    told_of_the_end,
    works,
)

CREW = ("Olga", "Pete", "Quin", "Rosa", "Sven", "Tess", "Ugo", "Vera")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def crew(theatre: Theatre) -> Iterator[Theatre]:
    """More desktops join the fleet, by Terraform; the grace period is short."""
    stage = theatre.stage
    stage.ids.update({name: stage.aws.desktops.add(user=name.lower()) for name in CREW})
    joined = {name.lower(): stage.ids[name] for name in CREW}
    theatre.deployment.set(workspace_ids=stage.fleet | joined)
    theatre.deployment.apply()
    with theatre.environment(RECONNECT_GRACE_MINUTES="0.05"):
        for name in CREW:
            stage.until(f"the baseline of {name}", partial(stage.said, "baseline", name))
        yield theatre


def test_p2_the_message_of_the_topic_is_lost(
    crew: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch has published it, the function never sees it: the audit does without."""
    stage, deliver = crew.stage, Post.deliver
    lost: list[bytes] = []

    def loses(post: Post, function: str, payload: bytes, service: str, source: str) -> str | None:
        if service == "sns.amazonaws.com":
            lost.append(payload)
            return "lost"
        return deliver(post, function, payload, service, source)

    works(crew, "Tess")
    with survives(crew, {"Tess": 1}), monkeypatch.context() as patch:
        patch.setattr(Post, "deliver", loses)
        leaves(crew, "Tess")
        stage.until("the message is lost", lambda: lost)
    assert stage.ids["Tess"] in str(lost)
    assert not told_of_the_end(crew, "Tess")


def test_p2_an_item_of_the_ledger_is_deleted_by_hand(crew: Theatre) -> None:
    """While its session lasts: its end is a debt as any other."""
    works(crew, "Vera")
    with survives(crew, {"Vera": 1}):
        key = {"fleet": {"S": "fleet"}, "id": {"S": crew.stage.ids["Vera"]}}
        crew.client("dynamodb").delete_item(TableName=crew.outputs["ledger_table_name"], Key=key)
        leaves(crew, "Vera")


class Closed(TokenBucket):
    """Lets nobody pass."""

    def take(self, now: Any) -> bool:
        """Never."""
        del now
        return False


def test_p5_the_workspaces_api_throttles_everything_for_a_minute(
    crew: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It passes by itself: no invocation fails of it, and no call is made in vain."""
    stage = crew.stage

    def refused() -> list[datetime]:
        calls = stage.aws.calls
        return [call.at for call in calls if call.outcome == "ThrottlingException"][already:]

    already = 0
    works(crew, "Sven")
    with survives(crew, {"Sven": 1}):
        before, already = failures(crew), len(refused())
        with monkeypatch.context() as patch:
            patch.setattr(stage.aws.api, "bucket", Closed())
            leaves(crew, "Sven")
            stage.until("a minute of throttling", lambda: lasted(refused()))
        spent = (refused()[-1] - refused()[0]).total_seconds()
        assert len(refused()) <= 2 * spent + 5
        assert not stage.desktop("Sven").rebuilds
    assert failures(crew) == before


def test_p1_the_ledger_is_restored_from_a_backup_of_an_hour_ago(crew: Theatre) -> None:
    """Debts that were paid since are owed again, but not under a user; what began since is found.

    Olga's session had just ended, and her desktop was rebuilt since. So was Pete's, who works
    again. Quin came and went since. Sven has joined since. The rest has not changed.
    """
    stage, dynamodb = crew.stage, crew.client("dynamodb")
    table = crew.outputs["ledger_table_name"]
    works(crew, "Olga", "Pete")
    with survives(crew, {"Olga": 2, "Pete": 1, "Quin": 1}):
        already = {name: len(told_of_the_end(crew, name)) for name in ("Olga", "Pete", "Quin")}

        def told(name: str) -> bool:
            return len(told_of_the_end(crew, name)) > already[name]

        finished = {name: len(stage.said("finished", name)) for name in ("Olga", "Pete")}
        with no_schedule(crew):
            leaves(crew, "Olga", "Pete")
            for name in ("Olga", "Pete"):
                stage.until(f"{name}'s session end is recorded", partial(told, name))
            joined = {"S": stage.ids["Sven"]}
            backup = [item for item in everything(crew) if item["id"] != joined]
            taken_at = datetime.now(UTC)

        def paid(name: str) -> bool:
            if stage.desktop(name).state is State.AVAILABLE:
                audit(crew)
            return len(stage.said("finished", name)) > finished[name]

        for name in ("Olga", "Pete"):
            stage.until(f"{name}'s debt is paid", partial(paid, name))
        works(crew, "Pete", "Quin")
        leaves(crew, "Quin")
        stage.until("Quin's session end is recorded", partial(told, "Quin"))

        move_sessions_back(crew, ended_by=taken_at, by=HOUR)
        known = {item["id"]["S"] for item in backup}
        for item in ledger(crew):
            if item["id"]["S"] not in known:
                dynamodb.delete_item(
                    TableName=table, Key={"fleet": item["fleet"], "id": item["id"]}
                )
        for item in older(backup, by=HOUR):
            dynamodb.put_item(TableName=table, Item=item)


def test_p3_the_function_is_killed_in_the_middle_of_a_batch(crew: Theatre) -> None:
    """The lease keeps others away; Lambda's second try of the same event does the rest."""
    names = ("Sven", "Tess", "Vera")
    stage = crew.stage

    def rebuilt() -> set[str]:
        return {name for name in names if len(stage.desktop(name).rebuilds) > before[name]}

    def told(name: str) -> bool:
        return len(told_of_the_end(crew, name)) > already[name]

    works(crew, *names)
    with survives(crew, dict.fromkeys(names, 1), rings=frozenset({"errors"})):
        before = {name: len(stage.desktop(name).rebuilds) for name in names}
        already = {name: len(told_of_the_end(crew, name)) for name in names}
        tries = len(stage.aws.invocations)
        with no_schedule(crew):
            leaves(crew, *names)
            for name in names:
                stage.until(f"{name}'s session end is recorded", partial(told, name))
            due = datetime.now(UTC) + timedelta(seconds=3)
            stage.until("all three are due", lambda: datetime.now(UTC) > due)
        stage.until("the first rebuild of the batch", rebuilt)
        assert stage.aws.kill(crew.function) >= 1
        rest = set(names) - rebuilt()
        assert len(rest) in (1, 2)
    later = list(stage.aws.invocations)[tries:]
    killed = {one.request_id for one in later if b"signal: 9" in one.result.payload}
    assert killed
    for name in rest:
        assert stage.said("rebuild_requested", name)[-1]["requestId"] in killed


def test_p2_dynamodb_refuses_for_a_minute(crew: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the client tries by itself. Lambda's next try works, so no letter is dead."""
    stage, answers, refusals = crew.stage, FrontDoor.__call__, list[datetime]()

    def refuses(door: FrontDoor, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB"):
            refusals.append(datetime.now(UTC))
            start("500 Internal Server Error", [("Content-Type", "application/x-amz-json-1.0")])
            return [json.dumps({"__type": "InternalServerError"}).encode()]
        return answers(door, environ, start)

    works(crew, "Rosa")
    with survives(crew, {"Rosa": 1}, rings=frozenset({"errors"})):
        before = failures(crew)
        with monkeypatch.context() as patch:
            patch.setattr(FrontDoor, "__call__", refuses)
            leaves(crew, "Rosa")
            stage.until("an invocation fails", lambda: failures(crew) > before)
            stage.until("a minute of refusals", lambda: lasted(refusals))
        assert not stage.desktop("Rosa").rebuilds


def lasted(moments: list[datetime]) -> bool:
    """Whether a minute lies between the first and the last."""
    span = moments[-1] - moments[0] if moments else timedelta(0)
    return span.total_seconds() >= MINUTE_SECONDS


def test_p3_rebuilds_end_in_error(crew: Theatre) -> None:
    """A rebuild that failed has paid nothing. After three a person is called; once the WorkSpace
    is mended, the next audit begins anew."""
    stage, ugo = crew.stage, crew.stage.ids["Ugo"]
    works(crew, "Ugo")
    with survives(crew, {"Ugo": 4}, rings=frozenset({"blocked"})):
        stage.aws.desktops.break_(ugo, Faults(rebuild=Outcome.FAILS))
        leaves(crew, "Ugo")
        for attempt in (1, 2, 3):
            stage.until(f"rebuild {attempt} fails", partial(failed, crew, "Ugo", attempt))
            audit(crew)
            seen = partial(lambda n: len(stage.said("failed", "Ugo")) >= n, attempt)
            stage.until(f"failure {attempt} is seen", seen)
        stage.until("Ugo's WorkSpace is blocked", partial(stage.said, "blocked", "Ugo"))
        stage.aws.desktops.break_(ugo, Faults())
        audit(crew)
    assert {line["reason"] for line in stage.said("failed", "Ugo")} == {"ERROR"}
    good = [rebuild.outcome for rebuild in stage.desktop("Ugo").rebuilds]
    assert good == [Outcome.FAILS] * 3 + [Outcome.SUCCEEDS]


def failed(crew: Theatre, name: str, times: int) -> bool:
    """Whether so many rebuilds have ended in ERROR."""
    desktop = crew.stage.desktop(name)
    return desktop.state is State.ERROR and len(desktop.rebuilds) == times
