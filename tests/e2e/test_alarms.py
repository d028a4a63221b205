"""Each operations alarm is raised by causing its cause; dead letters and errors: test_faults.py."""

from __future__ import annotations

from functools import partial

import pytest

from .conftest import KIOSKS, MENDED, OWN_BUNDLE, Theatre
from .recovering import rung

RAISED_ELSEWHERE = {"dead-letters", "errors"}
RAISED_HERE = {"blocked", "braked", "image-refused", "overdue", "silent"}


def test_no_operations_alarm_is_without_a_test_that_raises_it(theatre: Theatre) -> None:
    assert set(theatre.outputs["operations_alarm_arns"]) == RAISED_HERE | RAISED_ELSEWHERE


def has_rung(theatre: Theatre, name: str) -> bool:
    """Whether an operations alarm has been in ALARM; it may be over."""
    return name in rung(theatre, since=0)


@pytest.mark.parametrize("name", ["blocked", "overdue", "image-refused"])
def test_p6_trouble_raises_its_alarm(troubled: Theatre, name: str) -> None:
    troubled.stage.until(f"the alarm {name}", partial(has_rung, troubled, name), 90)


def test_p6_what_an_alarm_speaks_of_is_named_in_the_log(troubled: Theatre) -> None:
    stage = troubled.stage
    stage.until("the alarm image-refused", partial(has_rung, troubled, "image-refused"), 90)
    assert {line["reason"] for line in stage.said("blocked", "Hank")} == {
        "InvalidUserConfiguration.Workspace"
    }
    refused = [line for line in list(stage.log) if line.get("decision") == "image_refused"]
    assert {(line["bundle_id"], line["image_id"]) for line in refused} == {
        (OWN_BUNDLE, "wsi-bad000000")
    }


def test_p7_the_next_image_gets_its_own_proof_and_no_debt_is_forgotten(troubled: Theatre) -> None:
    stage = troubled.stage
    stage.until("the alarm image-refused", partial(has_rung, troubled, "image-refused"), 90)
    bad = [r for part in KIOSKS for r in stage.desktop(part.name).rebuilds]
    assert len(bad) == 3
    stage.aws.desktops.set_image(OWN_BUNDLE, MENDED)
    troubled.client("lambda").invoke(FunctionName=troubled.function, Payload=b'{"task": "audit"}')
    for part in KIOSKS:
        stage.until(
            f"{part.name} gets the mended image", partial(stage.said, "finished", part.name), 90
        )
    proven = [line for line in list(stage.log) if line.get("decision") == "image_proven"]
    assert [line["image_id"] for line in proven] == [MENDED]


def test_p6_a_brake_that_holds_raises_its_alarm(theatre: Theatre) -> None:
    stage = theatre.stage

    def braked() -> bool:
        return any(line.get("reason") == "brake" for line in stage.said("deferred", "Mona"))

    with theatre.environment(MAXIMUM_REBUILDS_PER_HOUR="1"):
        stage.aws.desktops.sign_out(stage.ids["Mona"])
        stage.until("Mona's rebuild waits for the brake", braked)
        stage.until("the alarm braked", partial(has_rung, theatre, "braked"))
    assert not stage.desktop("Mona").rebuilds


def test_p6_a_heart_that_stops_raises_its_alarm(theatre: Theatre) -> None:
    events, rule = theatre.client("events"), f"{theatre.function}-reconcile"
    assert not theatre.rings("silent")
    events.disable_rule(Name=rule)
    try:
        theatre.stage.until("the alarm silent", partial(theatre.rings, "silent"))
    finally:
        events.enable_rule(Name=rule)
    theatre.stage.until("the heart beats again", lambda: not theatre.rings("silent"))
