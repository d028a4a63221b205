"""The rebuild window of the deployed function."""

from __future__ import annotations

import json
from functools import partial

from .conftest import Theatre

REFUSAL = "REBUILD_WINDOW: the Lambda runtime knows no time zone 'Mars/Olympus'"


def test_p6_an_unknown_time_zone_rebuilds_nothing_and_rings(theatre: Theatre) -> None:
    stage = theatre.stage
    window = {"start": "19:00", "end": "06:00", "timezone": "Mars/Olympus"}

    def refusals() -> list[str]:
        lines = [str(line.get("errorMessage", "")) for line in list(stage.log)]
        return [line for line in lines if line.startswith(REFUSAL)]

    stage.until("no older error rings", lambda: not theatre.rings("errors"))
    with theatre.environment(REBUILD_WINDOW=json.dumps(window)):
        stage.aws.desktops.sign_out(stage.ids["Ned"])
        stage.until("the function says why", refusals)
        stage.until("the alarm errors", partial(theatre.rings, "errors"))
        assert stage.said("recorded", "Ned"), "the session end is known all the same"
        assert not stage.desktop("Ned").rebuilds
    stage.until("Ned's rebuild after all", lambda: stage.said("finished", "Ned"))
