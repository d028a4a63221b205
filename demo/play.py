"""Five users, and what the module promises each of them. The end-to-end test plays this, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sandbox import Faults, Presence, State, Tempo
from sandbox.course import Rebuild
from sandbox.desktop import Desktop

from .administrator import fleet
from .stage import Part, Stage

GRACE_MINUTES = 20
"""The grace period: the module's default."""

MINUTE_SECONDS = 0.75
"""How many real seconds a minute of the local AWS lasts while nothing works."""

OLIVIA = Part("Olivia", "signs out", "rebuilt after the grace period")
WALTER = Part("Walter", "drops, reconnects within the grace period", "left alone, still connected")
TARA = Part(
    "Tara",
    "drops and stays away; an administrator holds her WorkSpace for a while",
    "left alone while it is held, then rebuilt",
)
NINA = Part(
    "Nina",
    "signs out of a WorkSpace without a snapshot",
    "refused, reported, rebuilt once there is a snapshot",
    has_snapshot=False,
)
EVE = Part("Eve", "signs out of a WorkSpace not in workspace_ids", "never touched", in_fleet=False)

CAST = (OLIVIA, WALTER, TARA, NINA, EVE)
REBUILT = (OLIVIA.name, TARA.name, NINA.name)


def tempo() -> Tempo:
    """The local AWS's tempo for this play: minutes are short, for the function, too."""
    return Tempo.quick(minute=MINUTE_SECONDS)


def variables(stage: Stage) -> dict[str, object]:
    """The input variables for examples/local."""
    return {
        "workspace_ids": stage.fleet,
        "reconnect_grace_minutes": GRACE_MINUTES,
        "audit_interval_minutes": 60,
    }


def perform(stage: Stage, announce: Callable[[str, str, str], None]) -> None:
    """Let the users work. `announce(whose, by, what)` is called for everything that is done.

    Raises Late if the module does not do its part in time.
    """
    desktops, ids = stage.aws.desktops, stage.ids
    in_fleet = [part.name for part in CAST if part.in_fleet]

    def administer(what: str, name: str, *options: str) -> None:
        """Request something with scripts/fleet, as the administrator."""
        announce(name, "admin", " ".join(["scripts/fleet", what, *options[:2]]))
        fleet(stage.aws, what, ids[name], *options)

    stage.until(
        "the first audit sees every WorkSpace of the fleet",
        lambda: all(stage.said("baseline", name) for name in in_fleet),
    )
    for part in CAST:
        desktops.sign_in(ids[part.name])
        announce(part.name, "user", "signs in")
    stage.until(
        "everybody is seen connected",
        lambda: all(stage.seen_connected(part.name) for part in CAST),
    )
    for part in (OLIVIA, NINA, EVE):
        desktops.sign_out(ids[part.name])
        announce(part.name, "user", "signs out")
    for part in (WALTER, TARA):
        desktops.drop(ids[part.name])
        announce(part.name, "user", "loses the network")
    stage.until("the alarm tells of Walter", lambda: stage.told_of_the_end("Walter"))
    comes_back = stage.aws.clock.now() + timedelta(minutes=GRACE_MINUTES / 4)
    stage.until("Walter is back", lambda: stage.aws.clock.now() >= comes_back)
    desktops.reconnect(ids["Walter"])
    announce("Walter", "user", "reconnects")
    administer("hold", "Tara", "--hours", "72", "--reason", "ticket 4711")
    stage.until("Nina's rebuild is refused", lambda: stage.said("refused", "Nina"))
    desktops.break_(ids["Nina"], Faults())
    desktops.take_snapshot(ids["Nina"])
    announce("Nina", "AWS", "her user volume gets its first snapshot")
    administer("rebuild", "Nina")
    stage.until("Tara's rebuild is held back", lambda: _held_back(stage, "Tara"))
    administer("release", "Tara")
    for name in REBUILT:
        stage.until(f"{name}'s rebuild finishes", partial(_rebuilt_and_seen, stage, name))
    stage.until("Walter is seen in use", lambda: stage.said("in_use", "Walter"))


@dataclass(frozen=True)
class Verdict:
    """What became of a user's desktop, and whether that is what was promised."""

    part: Part
    outcome: str
    as_promised: bool


def verdicts(stage: Stage) -> list[Verdict]:
    """Compare what was promised with what happened: the desktops themselves, the calls, the log."""
    judges = {
        "Olivia": _rebuilt_after_grace,
        "Walter": _left_alone,
        "Tara": _held_then_rebuilt,
        "Nina": _refused_then_rebuilt,
        "Eve": _never_touched,
    }
    return [Verdict(part, *judges[part.name](stage, part.name)) for part in CAST]


def _rebuilt_after_grace(stage: Stage, name: str) -> tuple[str, bool]:
    desktop = stage.desktop(name)
    if len(desktop.rebuilds) != 1:
        return f"{len(desktop.rebuilds)} rebuilds", False
    [rebuild] = desktop.rebuilds
    waited = _minutes_vacant(desktop, rebuild)
    in_use = rebuild.presence is Presence.CONNECTED
    outcome = f"rebuilt {waited:.0f} min after the session{', WHILE IN USE' if in_use else ''}"
    return outcome, waited >= GRACE_MINUTES and not in_use and _is_fresh(desktop)


def _left_alone(stage: Stage, name: str) -> tuple[str, bool]:
    desktop = stage.desktop(name)
    connected = desktop.presence is Presence.CONNECTED
    outcome = f"{len(desktop.rebuilds)} rebuilds, {'' if connected else 'not '}connected"
    return outcome, connected and not desktop.rebuilds


def _held_then_rebuilt(stage: Stage, name: str) -> tuple[str, bool]:
    outcome, as_promised = _rebuilt_after_grace(stage, name)
    held = _held_back(stage, name)
    return f"{'held' if held else 'NOT HELD'}, then {outcome}", as_promised and held


def _held_back(stage: Stage, name: str) -> bool:
    return any(line["reason"] == "hold" for line in stage.said("deferred", name))


def _refused_then_rebuilt(stage: Stage, name: str) -> tuple[str, bool]:
    refusals = stage.said("refused", name)
    codes = ", ".join(sorted({str(line.get("reason")) for line in refusals}))
    outcome, as_promised = _rebuilt_after_grace(stage, name)
    return f"refused ({codes}), then {outcome}", as_promised and bool(refusals)


def _never_touched(stage: Stage, name: str) -> tuple[str, bool]:
    calls = stage.calls_about(name)
    rebuilds = len(stage.desktop(name).rebuilds)
    return f"{rebuilds} rebuilds, {len(calls)} calls named it", not calls and not rebuilds


def _rebuilt_and_seen(stage: Stage, name: str) -> bool:
    return _is_fresh(stage.desktop(name)) and bool(stage.said("finished", name))


def _is_fresh(desktop: Desktop) -> bool:
    return desktop.state is State.AVAILABLE and "work of" not in desktop.root_volume


def _minutes_vacant(desktop: Desktop, rebuild: Rebuild) -> float:
    ended_at: datetime = desktop.seen_at or desktop.created_at
    return (rebuild.accepted_at - ended_at).total_seconds() / 60
