"""What one seed stands for: the fleet, the administrator's choices, and which faults there are."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

FAULTS: dict[str, float] = {
    # calls: the chance for each
    "throttle": 0.3,
    "server_error": 0.1,
    "connect_error": 0.1,
    "time_out": 0.05,
    "time_out_worked": 0.05,
    "late_effect": 0.03,
    "kill": 0.03,
    "slow_call": 0.1,
    "refusal": 0.3,
    # messages
    "alarm_lost": 0.6,
    "alarm_late": 0.4,
    "alarm_repeated": 0.5,
    "sign_in_lost": 0.8,
    "sign_in_late": 0.4,
    "event_doubled": 0.2,
    "tick_missed": 0.5,
    "audit_missed": 0.5,
    "forged": 0.5,
    # state of things: the chance for each desktop and half hour
    "alarm_stuck": 0.1,
    "row_missing": 0.15,
    "row_unknown": 0.15,
    "row_frozen": 0.15,
    "no_check_time": 0.15,
    "odd_state": 0.15,
    "stopped": 0.2,
    "no_snapshot": 0.15,
    # rebuilds
    "rebuild_fails": 0.3,
    "rebuild_never_begins": 0.3,
    "rebuild_begins_late": 0.5,
    # the rest: the chance that the world has it, or its strength
    "no_last_known": 1.0,
    "terminated": 0.5,
    "roster_shrinks": 1.0,
    "skew": 1.0,
    "small_pages": 1.0,
    "unprocessed_keys": 0.4,
    "other_tools": 0.5,
    "bad_image": 1.0,
    "outage": 1.0,
}
"""Every fault and the highest value that a seed may draw for it."""

CALM = 0.08
"""The share of seeds without any fault: they hold the function to tighter promises."""


@dataclass(frozen=True)
class Scenario:
    """Drawn from the seed alone. Times are in minutes unless named otherwise.

    By default the module's own defaults, for one bundle, without faults and without users.
    """

    seed: int
    desktops: int
    outsiders: int = 0
    hours: float = 0.0
    faults: dict[str, float] = field(default_factory=dict, repr=False)
    last_known_is_login: bool = False
    grace: float = 20.0
    audit_interval: int = 60
    rate: float = 2.0
    user_volume: str = "roll_back"
    prove_images: bool = True
    brake: int | None = None
    window: tuple[str, str] | None = None
    bundles: int = 1
    session: float = 0.0
    """Mean length of a session."""
    pause: float = 0.0
    """Mean time between two sessions of a user."""
    stays_away: float = 1.0
    """The chance that a session's end is a sign-out and no dropped connection."""
    returns: float = 0.0
    """The chance that a dropped user comes back."""

    @property
    def calm(self) -> bool:
        return not self.faults

    @property
    def environment(self) -> dict[str, str]:
        """The function's, as Terraform sets it."""
        window = ""
        if self.window:
            start, end = self.window
            window = json.dumps({"start": start, "end": end, "timezone": "UTC"})
        return {
            "FLEET": "fleet",
            "LEDGER_TABLE": "fleet-ledger",
            "RECONNECT_GRACE_MINUTES": str(self.grace),
            "USER_VOLUME": self.user_volume,
            "DRY_RUN": "false",
            "WORKSPACES_API_RATE": str(self.rate),
            "AUDIT_INTERVAL_MINUTES": str(self.audit_interval),
            "MAXIMUM_REBUILDS_PER_HOUR": str(self.brake or ""),
            "REBUILD_WINDOW": window,
            "PROVE_IMAGES": str(self.prove_images).lower(),
        }

    @property
    def grace_time(self) -> timedelta:
        return timedelta(minutes=self.grace)


def draw(seed: int, desktops: int | None = None, days: float | None = None) -> Scenario:
    """The scenario of a seed; size and length may be chosen."""
    rng = random.Random(f"scenario {seed}")
    calm = rng.random() < CALM
    share = rng.choice((0.1, 0.25, 0.5))
    faults = {
        name: rng.uniform(0.1, 1.0) * most
        for name, most in FAULTS.items()
        if rng.random() < share and not calm
    }
    count = desktops or rng.choice((1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 6, 30))
    session = rng.choice((4.0, 10.0, 30.0, 60.0))
    scenario = Scenario(
        seed=seed,
        desktops=count,
        outsiders=rng.choice((0, 1)),
        hours=24 * days if days else rng.choice((1.5, 2.0, 3.0)),
        faults=faults,
        last_known_is_login=rng.random() < 0.5,
        grace=rng.choice((20.0, 20.0, 20.0, 5.0, 1.0, 0.0, 45.0)),
        audit_interval=rng.choice((60, 30, 15, 5)),
        rate=rng.choice((2.0, 2.0, 2.0, 1.0, 0.5, 4.0)),
        user_volume="keep" if rng.random() < 0.1 else "roll_back",
        prove_images=rng.random() < 0.5,
        brake=rng.choice((2, 5, 20)) if rng.random() < 0.1 else None,
        window=("10:00", "09:00") if rng.random() < 0.1 else None,
        bundles=rng.choice((1, 1, 2)),
        session=session,
        pause=session * rng.choice((0.5, 1.0, 3.0)),
        stays_away=rng.choice((0.2, 0.5, 0.9)),
        returns=rng.choice((0.3, 0.8)),
    )
    if scenario.prove_images and "bad_image" in faults and not days:
        return replace(scenario, hours=2 * scenario.hours)  # three trials take their time
    return scenario
