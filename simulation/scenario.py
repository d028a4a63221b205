"""What a seed stands for: the fleet, the administrator's settings, and the faults."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from . import weather
from .agenda import BEGIN
from .weather import WEATHER
from .windows import DAYS as WEEK
from .windows import Window

MOST_SESSIONS = 12
"""About how many sessions a user has in a world, at the most."""


@dataclass(frozen=True)
class Scenario:
    """Everything that is drawn from a seed. Times are in minutes unless stated otherwise.

    The defaults are those of the module, with one bundle, no faults and no users.
    """

    seed: int
    desktops: int
    outsiders: int = 0
    hours: float = 0.0
    weather: str = "calm"
    faults: dict[str, float] = field(default_factory=dict, repr=False)
    last_known_is_login: bool = False
    grace: float = 20.0
    audit_interval: int = 60
    rate: float = 2.0
    user_volume: str = "roll_back"
    canary_after: float | None = 12.0
    """Hours; None: there are no canaries."""
    dry_run: bool = False
    brake: int | None = None
    window: tuple[str, str] | None = None
    zone: str = "UTC"
    """The window's time zone."""
    days: tuple[str, ...] = ()
    """Days on which the window opens; none means all."""
    begins: datetime = BEGIN
    roll_out_images: bool = False
    rebuilding_percent: float | None = None
    publish_events: bool = False
    bundles: int = 1
    session: float = 0.0
    """Mean length of a session."""
    pause: float = 0.0
    """Mean time between two sessions of a user."""
    stays_away: float = 1.0
    """The probability that a session ends with a sign-out, not with a lost connection."""
    returns: float = 0.0
    """The probability that a user who lost the connection comes back."""
    absent: float = 0.0
    """The share of the desktops that nobody uses."""
    shift: float | None = None
    """Hours until everybody leaves within a few minutes; None: there is no shift."""

    @property
    def calm(self) -> bool:
        """Whether nothing happens that a person need know of: slow rebuilds are no fault."""
        return not self.faults.keys() - {"begins_late", "takes_long"}

    @property
    def environment(self) -> dict[str, str]:
        """The function's environment variables, as Terraform sets them."""
        return {
            "FLEET": "fleet",
            "LEDGER_TABLE": "fleet-ledger",
            "RECONNECT_GRACE_MINUTES": str(self.grace),
            "USER_VOLUME": self.user_volume,
            "DRY_RUN": str(self.dry_run).lower(),
            "WORKSPACES_API_RATE": str(self.rate),
            "AUDIT_INTERVAL_MINUTES": str(self.audit_interval),
            "MAXIMUM_REBUILDS_PER_HOUR": str(self.brake or ""),
            "REBUILD_WINDOW": self.rebuild_window.setting if self.rebuild_window else "",
            "CANARY_AFTER_HOURS": "" if self.canary_after is None else f"{self.canary_after:g}",
            "ROLL_OUT_IMAGES": str(self.roll_out_images).lower(),
            "MAXIMUM_REBUILDING_PERCENT": f"{self.rebuilding_percent or ''}",
            "PUBLISH_EVENTS": str(self.publish_events).lower(),
        }

    @property
    def rebuild_window(self) -> Window | None:
        """The hours and days in which rebuilds may happen."""
        return Window(*self.window, self.zone, self.days) if self.window else None

    @property
    def grace_time(self) -> timedelta:
        return timedelta(minutes=self.grace)

    @property
    def steady(self) -> bool:
        """Whether the function can look whenever it wants to, and sees every row."""
        return not self.has(
            "calls", "neighbour", "function", "ledger", "api away", "pages", "poison", "messages"
        )

    def has(self, *kinds: str) -> bool:
        """Whether any fault of these kinds of weather may happen."""
        return any(name in self.faults for kind in kinds for name in WEATHER[kind])


LONG = (
    "cause",
    "evidence",
    "unknown ids",
    "poison",
    "life",
    "own signals",
    "people",
    "states",
)
"""Kinds of weather that take hours to show their effects."""

DAYS = {"cause": 0.2, "evidence": 0.1, "messages": 0.12, "mixed": 0.002}
"""Kinds of weather that may last for days, and how often they do: such worlds run slowly."""

CUTS_PASSES = frozenset({"kill", "no_execution"})
"""Faults that keep passes from lasting long."""

DESKTOPS_FOR_DAYS = 6
"""The most desktops of a world that lasts for days."""

WINDOWS = (("19:00", "06:00"), ("22:00", "02:00"), ("09:30", "14:00"), ("01:30", "02:45"))
"""Rebuild windows. In the first, two nights are enough for all that a brake holds back."""

CLOCKS_CHANGE = {
    "UTC": (),
    "Asia/Kolkata": (),
    "Europe/Berlin": (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ),
    "America/New_York": (
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
    ),
    "Australia/Lord_Howe": (
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    ),
}
"""Time zones of windows, and when their clocks change: on Lord Howe Island by half an hour."""


def draw(seed: int, desktops: int | None = None, days: float | None = None) -> Scenario:
    """Draw the scenario of a seed; the number of desktops and of days may be given."""
    rng = random.Random(f"scenario {seed}")
    kind, faults = weather.draw(rng)
    sizes = (1, 2, 4, 6, 8, 12, 30) if kind == "cause" else (1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 6, 30)
    session = rng.choice((4.0, 10.0, 30.0, 60.0))
    hours = rng.choice((5.0, 7.0, 10.0)) if kind in LONG else rng.choice((1.5, 2.0, 3.0, 5.0))
    windows = (("10:00", "09:00"), ("10:00", "09:00"), ("19:00", "06:00"))
    drawn = Scenario(
        seed=seed,
        desktops=desktops or rng.choice(sizes),
        outsiders=rng.choice((0, 1)),
        hours=24 * days if days else hours,
        weather=kind,
        faults=faults,
        last_known_is_login=rng.random() < 0.5,
        grace=rng.choice((20.0, 20.0, 20.0, 5.0, 1.0, 0.0, 45.0)),
        audit_interval=rng.choice((60, 60, 30, 15, 5, 240)),
        rate=rng.choice((2.0, 2.0, 2.0, 1.0, 0.5, 4.0)),
        user_volume="keep" if rng.random() < 0.1 else "roll_back",
        canary_after=rng.choice((12.0, 12.0, 1.0, 24.0, None)),
        dry_run=rng.random() < 0.02,
        brake=rng.choice((2, 5, 20)) if rng.random() < 0.1 else None,
        window=rng.choice(windows) if rng.random() < 0.1 else None,
        bundles=rng.choice((1, 1, 2)),
        session=session,
        pause=max(session * rng.choice((0.5, 1.0, 3.0)), 60 * hours / MOST_SESSIONS),
        stays_away=rng.choice((0.2, 0.5, 0.9)),
        returns=rng.choice((0.3, 0.8)),
    )
    chosen = _choose(drawn, random.Random(f"choices {seed}"))
    chosen = _open(chosen, random.Random(f"window {seed}"))
    if days or desktops:
        return chosen
    return _stretch(chosen, random.Random(f"length {seed}"))


def _choose(drawn: Scenario, rng: random.Random) -> Scenario:
    """Draw further settings of the administrator's from their own stream, so that the rest of a
    seed's world stays the same. Only canaries prove images, and images are rolled out to WorkSpaces
    that nobody uses. In a few worlds, audits come only once a day."""
    rolls_out, publishes, limits = rng.random() < 0.3, rng.random() < 0.3, rng.random() < 0.2
    percent, absent = rng.choice((1.0, 15.0, 34.0, 75.0)), rng.choice((0.0, 0.5, 0.8))
    rolls_out = rolls_out and drawn.canary_after is not None
    daily = rng.random() < 0.05
    return replace(
        drawn,
        audit_interval=1440 if daily else drawn.audit_interval,
        roll_out_images=rolls_out,
        absent=absent if rolls_out else 0.0,
        rebuilding_percent=percent if limits else None,
        publish_events=publishes,
    )


def _open(drawn: Scenario, rng: random.Random) -> Scenario:
    """Vary the window: across midnight or not, in any zone, on some days or all. Some worlds begin
    a few hours before the zone's clocks change."""
    if drawn.window is None or rng.random() < 0.2:
        return drawn
    zone = rng.choice(list(CLOCKS_CHANGE))
    begins = rng.choice((BEGIN, *CLOCKS_CHANGE[zone])) - timedelta(hours=rng.randint(0, 5))
    days: tuple[str, ...] = ()
    if rng.random() < 0.4:
        closed = rng.sample(WEEK, rng.choice((1, 2, 3)))
        days = tuple(day for day in WEEK if day not in closed)
    window = rng.choice(WINDOWS if drawn.brake is None else WINDOWS[:1])
    return replace(drawn, window=window, zone=zone, days=days, begins=begins)


def _stretch(drawn: Scenario, rng: random.Random) -> Scenario:
    """Make the faults of a few worlds last for days; in a few others, a pass over the end of a
    shift lasts as long as one may."""
    burst, lasts = rng.random() < 0.3, rng.random() < DAYS.get(drawn.weather, 0.0)
    hours = rng.uniform(26, 54)
    if drawn.weather == "function" and "crawl" in drawn.faults and burst:
        faults = {name: drawn.faults[name] for name in drawn.faults if name not in CUTS_PASSES}
        shift = rng.uniform(0.5, 2)
        return Scenario(
            seed=drawn.seed,
            desktops=80,
            hours=shift + 3,
            weather=drawn.weather,
            faults=faults | {"crawl": 1.0},
            rate=drawn.rate,
            grace=drawn.grace,
            canary_after=None,
            publish_events=drawn.publish_events,
            session=60.0,
            pause=20.0,
            stays_away=0.9,
            shift=shift,
        )
    if not lasts or drawn.desktops > DESKTOPS_FOR_DAYS:
        return drawn
    return replace(drawn, hours=hours, pause=max(drawn.pause, 60 * hours / MOST_SESSIONS))
