"""Parts fail while sessions end, on the deployed module: afterwards everything is as promised.

What is promised is the same after each fault, see `recovering.survives`: the module mends it, and
wakes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from sandbox.delivery.post import Post
from sandbox.http.front_door import Environ, FrontDoor, StartResponse
from sandbox.throttle import TokenBucket

from .conftest import Theatre
from .recovering import failures, leaves, ledger, survives, works

CREW = ("Olga", "Pete", "Quin", "Rosa", "Sven", "Tess", "Vera")
QUICK = {"RECONNECT_GRACE_MINUTES": "5", "CANARY_AFTER_HOURS": "0.01"}
"""A short grace period; and each rebuild is a canary's, as everybody has a bundle of their own: its
end is looked for often."""


@pytest.fixture(scope="module")
def crew(deployed: Theatre) -> Iterator[Theatre]:
    """More desktops join the fleet, by Terraform."""
    stage = deployed.stage
    for name in CREW:
        user = name.lower()
        stage.ids[name] = stage.aws.desktops.add(user=user, bundle_id=f"wsb-{user}0000000")
    joined = {name.lower(): stage.ids[name] for name in CREW}
    deployed.deployment.set(workspace_ids=stage.fleet | joined)
    deployed.deployment.apply()
    with deployed.environment(**QUICK):
        deployed.ask("audit")
        for name in CREW:
            stage.until(f"the baseline of {name}", partial(stage.said, "baseline", name))
        yield deployed


def test_p2_a_message_is_lost_and_an_item_of_the_ledger_is_deleted(
    crew: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch has published that Tess left, the function never sees it; and nobody knows any
    more that Vera works. An audit finds both."""
    stage, deliver = crew.stage, Post.deliver
    lost: list[bytes] = []

    def loses(post: Post, function: str, payload: bytes, service: str, source: str) -> str | None:
        if service == "sns.amazonaws.com":
            lost.append(payload)
            return "lost"
        return deliver(post, function, payload, service, source)

    works(crew, "Tess", "Vera")
    with survives(crew, {"Tess": 1, "Vera": 1}), monkeypatch.context() as patch:
        patch.setattr(Post, "deliver", loses)
        key = {"fleet": {"S": "fleet"}, "id": {"S": stage.ids["Vera"]}}
        item: Any = {"TableName": crew.outputs["ledger_table_name"], "Key": key}
        ledger = crew.client("dynamodb")
        ledger.delete_item(**item)
        # Use before the first sight is no debt, so she has to be seen at work.
        stage.until("an audit meets Vera", lambda: "Item" in ledger.get_item(**item))
        leaves(crew, "Tess", "Vera")
        stage.until("the message is lost", lambda: stage.ids["Tess"] in str(lost))
    assert not stage.told_of_the_end("Tess")


class Closed(TokenBucket):
    """Lets nobody pass."""

    def take(self, now: Any) -> bool:
        """Never."""
        del now
        return False


def test_p5_the_workspaces_api_throttles_everything_for_a_quarter_of_an_hour(
    crew: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It passes by itself: no invocation fails of it, and no call is made in vain."""
    stage = crew.stage

    def refused() -> list[datetime]:
        calls = stage.aws.calls
        return [call.at for call in calls if call.outcome == "ThrottlingException"][already:]

    def span() -> timedelta:
        moments = refused()
        return moments[-1] - moments[0] if moments else timedelta()

    already = 0
    works(crew, "Sven")
    with survives(crew, {"Sven": 1}):
        before, already = failures(crew), len(refused())
        with monkeypatch.context() as patch:
            patch.setattr(stage.aws.api, "bucket", Closed())
            leaves(crew, "Sven")
            stage.until("it lasts", lambda: span() >= timedelta(minutes=15))
        assert len(refused()) <= 2 * span().total_seconds() + 5
        assert not stage.desktop("Sven").rebuilds
    assert failures(crew) == before


def test_p1_the_ledger_is_restored_from_an_older_backup(crew: Theatre) -> None:
    """A debt that was paid since is owed again, but not under a user; what began since is found.

    Olga's session had just ended, and her desktop was rebuilt since. So was Pete's, who works
    again. Quin came and went since. The rest has not changed.
    """
    stage, table = crew.stage, crew.outputs["ledger_table_name"]
    works(crew, "Olga", "Pete")
    with survives(crew, {"Olga": 2, "Pete": 1, "Quin": 1}):
        leaves(crew, "Olga", "Pete")
        for name in ("Olga", "Pete"):
            stage.until(f"{name}'s end is told", partial(stage.told_of_the_end, name))
        backup = ledger(crew)
        for name in ("Olga", "Pete"):
            stage.until(f"{name}'s debt is paid", partial(stage.said, "finished", name))
        works(crew, "Pete", "Quin")
        leaves(crew, "Quin")
        stage.until("Quin's end is told", partial(stage.told_of_the_end, "Quin"))
        for item in backup:
            crew.client("dynamodb").put_item(TableName=table, Item=item)


def test_p3_the_function_is_killed_before_it_hears_that_aws_rebuilds(
    crew: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim in the ledger says that AWS was asked; nobody asks again."""
    stage, answers, killed = crew.stage, FrontDoor.__call__, list[int]()

    def kills(door: FrontDoor, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        answer = answers(door, environ, start)
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".RebuildWorkspaces") and not killed:
            killed.append(stage.aws.kill(crew.function))
        return answer

    works(crew, "Rosa")
    with survives(crew, {"Rosa": 1}), monkeypatch.context() as patch:
        patch.setattr(FrontDoor, "__call__", kills)
        leaves(crew, "Rosa")
        stage.until("Rosa's rebuild ends", partial(stage.said, "finished", "Rosa"))
    assert killed >= [1]
    assert not stage.said("rebuild_requested", "Rosa")
