"""An image rolled out by the deployed module: a canary, the share, events, and a user at work.

A fleet of its own on the same local AWS, by a configuration as an administrator writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from demo.stage import Stage
from sandbox import Presence
from sandbox.course import Rebuild
from tests import events_page

from .adopting import root_module
from .commands import shell
from .conftest import Theatre

FLEET, BUNDLE, IMAGE = "office", "wsb-office000", "wsi-winter000"
CANARY, ABSENT, AT_WORK = "Anna", ("Bert", "Cora", "Dina"), "Emil"
REBUILT = (CANARY, *ABSENT)
STAFF = (*REBUILT, AT_WORK)
PLACES = 2
"""Of five WorkSpaces, by the share in the configuration."""
EXPECTED = {(type_, name.lower()) for type_ in ("Requested", "Ended") for name in REBUILT}
TOO_SLOW = {"ReadTimeoutError", "ConnectTimeoutError", "not_sent"}
"""Why an event may be lost here."""

CONFIGURATION = """
variable "fleet" { type = any }

module "office" {
  source = "MODULE"

  name                       = var.fleet.name
  workspace_ids              = var.fleet.workspace_ids
  reconnect_grace_minutes    = 1
  audit_interval_minutes     = 5
  roll_out_images            = true
  maximum_rebuilding_percent = 40
  publish_events             = true
}
"""


@dataclass(frozen=True)
class Office:
    """The fleet and those who listen to it."""

    theatre: Theatre
    queue: str
    events: list[dict[str, Any]]
    """What has come to the queue."""

    @property
    def stage(self) -> Stage:
        """With everybody's desktops."""
        return self.theatre.stage

    def hear(self) -> bool:
        """Take what is in the queue; whether all events that there must be have been, or are lost.

        The function waits two seconds for EventBridge, and no longer on a machine that is slow.
        """
        sqs = self.theatre.client("sqs")
        answer = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for letter in answer.get("Messages", ()):
            self.events.append(json.loads(letter["Body"]))
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=letter["ReceiptHandle"])
        lines = [line for line in list(self.stage.log) if line.get("fleet") == FLEET]
        lost = [line for line in lines if line["decision"] == "events_lost"]
        late = sum(int(each["events"]) for each in lost if each["reason"] in TOO_SLOW)
        return len(EXPECTED - self.told().keys()) <= late

    def told(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The details of the events by the last word of their type and the user; one for each."""
        found = {
            (event["detail-type"].split()[-1], event["detail"]["user"]): event["detail"]
            for event in self.events
        }
        assert len(found) == len(self.events)
        return found


@pytest.fixture(scope="module")
def office(deployed: Theatre, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """After the roll-out: the bundle got an image, Anna's session ended, Emil has worked on."""
    stage = deployed.stage
    for name in STAFF:
        stage.ids[name] = stage.aws.desktops.add(user=name.lower(), bundle_id=BUNDLE)
    found = Office(deployed, _queue_of_events(deployed), [])
    ids = {name.lower(): stage.ids[name] for name in STAFF}
    given = {"fleet": {"name": FLEET, "workspace_ids": ids}}
    folder = tmp_path_factory.mktemp("office")
    deployment = root_module(folder, CONFIGURATION, stage.aws.environment(), given)
    deployment.init()
    deployment.apply()
    _roll_out(deployed)
    stage.until("the events of all rebuilds", found.hear)
    return found


def _queue_of_events(deployed: Theatre) -> str:
    """A queue that a rule sends the fleet's events to; its URL."""
    sqs, events, name = deployed.client("sqs"), deployed.client("events"), f"told-of-{FLEET}"
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    pattern = {"source": ["workspaces-nonpersistent"], "detail": {"fleet": [FLEET]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule=name, Targets=[target])
    return url


def _roll_out(deployed: Theatre) -> None:
    stage = deployed.stage
    desktops, ids = stage.aws.desktops, stage.ids
    for name in STAFF:
        stage.until(f"the baseline of {name}", partial(stage.said, "baseline", name))
    for name in (CANARY, AT_WORK):
        desktops.sign_in(ids[name])
    for name in (CANARY, AT_WORK):
        stage.until(f"{name} is seen at work", partial(stage.said, "in_use", name))
    desktops.set_image(BUNDLE, IMAGE)
    desktops.sign_out(ids[CANARY])
    asked: set[str] = set()
    stage.until("the new image on all", partial(_all_have_ended, deployed, asked))


def _all_have_ended(deployed: Theatre, asked: set[str]) -> bool:
    """Whether the function has seen the end of each rebuild. It looks for most after 52 minutes;
    a request, here one that changes nothing, makes it look as soon as the end has come."""
    stage, functions = deployed.stage, deployed.client("lambda")
    going_on = [name for name in REBUILT if not stage.said("finished", name)]
    for name in {*going_on} & {*ABSENT} - asked:
        if any(rebuild.finished_at for rebuild in stage.desktop(name).rebuilds):
            asked.add(name)
            release = {"task": "release", "workspace_ids": [stage.ids[name]]}
            functions.invoke(FunctionName=FLEET, Payload=json.dumps(release))
    return not going_on


def rebuilds(office: Office) -> dict[str, Rebuild]:
    """The one rebuild of everybody who got one."""
    made = {name: office.stage.desktop(name).rebuilds for name in STAFF}
    assert {name: len(each) for name, each in made.items() if each} == dict.fromkeys(REBUILT, 1)
    return {name: each[0] for name, each in made.items() if each}


def test_a_canary_proves_the_image_and_those_without_a_session_follow(office: Office) -> None:
    made = rebuilds(office)
    assert {rebuild.image_id for rebuild in made.values()} == {IMAGE}
    proven_at = made[CANARY].finished_at
    assert proven_at is not None
    assert all(made[name].accepted_at > proven_at for name in ABSENT)


def test_p1_a_user_at_work_keeps_the_desktop(office: Office) -> None:
    desktop = office.stage.desktop(AT_WORK)
    assert desktop.presence is Presence.CONNECTED
    assert desktop.rebuilds == []
    assert all(rebuild.presence is Presence.AWAY for rebuild in rebuilds(office).values())


def test_never_more_than_the_share_are_rebuilt_at_once(office: Office) -> None:
    made = list(rebuilds(office).values())
    for rebuild in made:
        began = rebuild.accepted_at
        assert sum(each.accepted_at <= began < _end(each) for each in made) <= PLACES
    waits = [line["reason"] for name in ABSENT for line in office.stage.said("deferred", name)]
    assert "share" in waits


def _end(rebuild: Rebuild) -> datetime:
    assert rebuild.finished_at is not None
    return rebuild.finished_at


def test_the_events_come_to_a_queue_as_the_page_has_them(office: Office) -> None:
    told = office.told()
    assert {type_ for type_, _ in told} == {type_ for type_, _ in EXPECTED}
    assert told.keys() <= EXPECTED
    for (type_, user), detail in told.items():
        said = {name for name, types in events_page.fields().items() if type_ in types}
        assert set(detail) <= said
        assert (detail["bundle_id"], detail["image_id"]) == (BUNDLE, IMAGE)
        goes_first = user == CANARY.lower()
        why = ("session_end" if goes_first else "roll_out", goes_first)
        assert type_ == "Ended" or (detail["reason"], detail["canary"]) == why
    assert {event["source"] for event in office.events} == {"workspaces-nonpersistent"}


def test_fleet_shows_how_far_the_image_has_come_and_why(office: Office) -> None:
    status = shell(office.theatre, f"scripts/fleet --name {FLEET} status")
    assert f"{BUNDLE}: 4 of 5 have {IMAGE}, 1 another\n" in status
    history = shell(office.theatre, f"scripts/fleet --name {FLEET} history --json")
    why = {row["workspace_id"]: (row["why"], row["image_id"]) for row in json.loads(history)}
    ids = office.stage.ids
    assert why == {
        ids[CANARY]: ("session end", IMAGE),
        **{ids[name]: ("roll-out", IMAGE) for name in ABSENT},
    }
