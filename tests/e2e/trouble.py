"""What raises the operations alarms, begun all at once, as each takes an hour or two."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from demo.stage import Part
from nonpersistent.records import from_moment, to_moment
from sandbox import Faults, Outcome

if TYPE_CHECKING:
    from .conftest import Theatre

GHOST = "ws-0000000000"
"""An id on the roster that AWS does not know."""

REFUSAL = ("InvalidUserConfiguration.Workspace", "the user is disabled")
BAD, MENDED = "wsi-bad000000", "wsi-mended000"
KIOSKS, NAMELESS = "wsb-kiosks000", "wsb-nameless0"


def _part(name: str, bundle: str | None = None) -> Part:
    return Part(name, "is not signed in", "is there for an alarm", bundle=bundle)


HANK, IRIS, LENA = (
    _part("Hank", "wsb-refused00"),
    _part("Iris", "wsb-endless00"),
    _part("Lena", NAMELESS),
)
LOST = tuple(_part(name, KIOSKS) for name in ("Jack", "Kate", "Liam"))
MONA, NED = _part("Mona"), _part("Ned")
PARTS = (HANK, IRIS, LENA, MONA, NED, *LOST)


def begin(theatre: Theatre) -> None:
    """Rebuilds that are asked for by hand: one is refused, one never ends, three fail. A session
    ends, and AWS does not tell which image a rebuild would take. And no audit comes any more.
    Mona's debt is held until the brake is tried on it, see `has_waited`."""
    stage, desktops = theatre.stage, theatre.stage.aws.desktops
    for part in PARTS:
        stage.until(f"the baseline of {part.name}", partial(stage.said, "baseline", part.name))
    theatre.client("events").disable_rule(Name=f"{theatre.function}-audit")
    desktops.break_(stage.ids["Hank"], Faults(refuse_rebuild=REFUSAL))
    desktops.break_(stage.ids["Iris"], Faults(rebuild=Outcome.NEVER_ENDS))
    desktops.set_image(KIOSKS, BAD, bad=True)
    theatre.ask("rebuild", *(part.name for part in (HANK, IRIS, *LOST)))
    show_image(theatre, shows=False)
    theatre.ask("hold", "Mona", hours=72, reason="ticket 4711")
    for name in ("Lena", "Mona"):
        desktops.sign_in(stage.ids[name])
        stage.until(f"{name}'s session is seen", partial(stage.seen_connected, name))
        desktops.sign_out(stage.ids[name])


def show_image(theatre: Theatre, *, shows: bool) -> None:
    """Whether AWS tells the image of Lena's bundle."""
    with theatre.stage.aws.desktops.hold() as (model, _):
        model.bundles[NAMELESS].shows_image = shows


def has_waited(theatre: Theatre, name: str, days: int) -> None:
    """Somebody who waits for a place has done so for so much longer, which no test can wait for. A
    look that is under way notices: the version is another."""
    table, key = theatre.client("dynamodb"), {"fleet": {"S": "fleet"}}
    place = {"TableName": theatre.outputs["ledger_table_name"], "Key": key}
    key["id"] = {"S": theatre.stage.ids[name]}

    def needs_at() -> Any:
        return table.get_item(**place)["Item"].get("braked_at")

    theatre.stage.until(f"{name} waits for a place", needs_at)
    table.update_item(
        **place,
        UpdateExpression="SET braked_at = :then, needs_at = :then ADD version :one",
        ExpressionAttributeValues={
            ":then": from_moment(to_moment(needs_at()) - timedelta(days=days)),
            ":one": {"N": "1"},
        },
    )
