"""The judge of P1 (including the window), P4 and P5, by the true state of the running world.

P2 and P8 are in `verdicts.py` and `reckoning.py`, P3 in `loops.py`, P6 in `telling.py`, `needs.py`
and `alarms.py`, P7 in `harm.py`; `limits.py` and `administrators.py` add to P5 and P1.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sandbox.course import Outcome, Rebuild
from sandbox.desktop import Desktop
from sandbox.states import State

from .baton import Invocation
from .episodes import CRAWLING
from .fleet import Fleet, Session, View, ended_within
from .harm import Harm
from .looks import Looks
from .loops import Loops
from .scenario import Scenario

LOOK_HOLDS = timedelta(minutes=1)
"""How old a look may be that a rebuild rests on: the price of 25 desktops in two calls."""

ON_ITS_WAY = timedelta(seconds=2 * max(CRAWLING["dynamodb"]) + max(CRAWLING["workspaces"]))
"""The longest time from a decision to its call: the claim is written in between."""

FRESH = timedelta(minutes=10)
"""A connection sample older than this is no evidence."""

ROSTER_HOLDS = timedelta(minutes=1)
"""How long a batch may go by the roster that was read when it began."""

CLAIM_HOLDS = timedelta(seconds=30)
"""How long after the window a rebuild that was claimed inside it may still be requested: the write
of the claim may be repeated."""

HOUR = timedelta(minutes=59)
"""The brake's hour, less a minute: a rebuild does not count while its call is still in flight."""

PROOF_OF_VACANCY = frozenset({State.STOPPED, State.ERROR})
"""Nobody can be connected in these states."""

FAILED = frozenset({State.ERROR, State.UNHEALTHY})
"""States in which a rebuild may end, and from which another one may begin."""


@dataclass(frozen=True)
class Violation:
    """A promise that was broken."""

    promise: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The `number`th signal that reached the function: its invocation returned normally."""

    kind: str
    at: datetime
    received_at: datetime
    number: int
    invocation: int


class Oracles:
    """Watches the world; only the first violation counts."""

    def __init__(self, scenario: Scenario, fleet: Fleet, skew: timedelta) -> None:
        self.violations: list[Violation] = []
        self.counts: Counter[str] = Counter()
        self.signals = 0
        self.evidence: dict[str, list[Evidence]] = defaultdict(list)
        self.off_roster_since: dict[str, datetime] = {}
        self.is_wanted: Callable[[str], bool] = _nobody
        """Whether an administrator may have requested a rebuild, which needs no grace period."""
        self._signals_when_asked: dict[str, int] = {}
        self._accepted: list[tuple[datetime, str]] = []
        self.looks = Looks(2 * skew + timedelta(seconds=5))
        judged = (fleet, self.looks, scenario.steady, self.counts, self.violated)
        self.loops = Loops(*judged)
        self._harm = Harm(*judged)
        self._scenario = scenario
        self._fleet = fleet
        self._skew = skew
        self._sent: deque[datetime] = deque(maxlen=10 * max(1, ceil(scenario.rate)) + 1)

    @property
    def may_die(self) -> bool:
        """Whether an invocation may be killed after it claims a rebuild but before it asks AWS."""
        return "kill" in self._scenario.faults

    def received(
        self, kind: str, desktop_id: str, at: datetime, by: Invocation, now: datetime
    ) -> None:
        """Record a signal: whoever writes to the ledger from now on may know of it."""
        self.evidence[desktop_id].append(Evidence(kind, at, now, self.signals, by.number))
        self.signals += 1

    def violated(self, promise: str, at: datetime, what: str) -> None:
        self.violations.append(Violation(promise, at, what))

    # -- P5 -----------------------------------------------------------------------------------

    def sent(self, at: datetime) -> None:
        """Judge the rate as the function sends a call to the WorkSpaces API."""
        self._sent.append(at)
        self.counts["workspaces calls"] += 1
        rate = self._scenario.rate
        slack = timedelta(milliseconds=5) + 2 * self._skew
        for window in (1.0, 10.0):
            most = max(1, ceil(rate * window))
            if len(self._sent) <= most:
                continue
            span = at - self._sent[-1 - most]
            if span < timedelta(seconds=most / rate) - slack:
                self.violated(
                    "P5", at, f"{most + 1} calls in {span.total_seconds():.3f} s at {rate} per s"
                )

    # -- P4 -----------------------------------------------------------------------------------

    def asked(self, workspace_id: str, at: datetime) -> None:
        """Judge a request for a rebuild as it is sent; it may take effect when more is known."""
        if self._scenario.dry_run:
            self.violated("P4", at, f"{workspace_id}: a rebuild was asked for in a dry run")
        self._never_outside_the_window(workspace_id, at)
        self._signals_when_asked[workspace_id] = self.signals
        since = self.off_roster_since.get(workspace_id)
        if since is not None and at - since > ROSTER_HOLDS:
            self.violated("P4", at, f"{workspace_id} is off the roster since {since:%H:%M:%S}")

    def _never_outside_the_window(self, workspace_id: str, at: datetime) -> None:
        """Judge the window, also for rebuilds that an administrator requests by hand."""
        window = self._scenario.rebuild_window
        if window is None:
            return
        early = 2 * self._skew
        if not window.is_open(at, early, CLAIM_HOLDS + early):
            what = (
                f"{workspace_id} is asked for at {at:%a %d %H:%M:%S} UTC, outside {window.setting}"
            )
            self.violated("P1", at, what)
        self.counts["rebuilds in a window"] += 1

    # -- P1, P3, P5 ---------------------------------------------------------------------------

    def accepted(
        self,
        desktop: Desktop,
        rebuild: Rebuild,
        sent_at: datetime,
        by: Invocation,
    ) -> None:
        """Judge a rebuild, requested at `sent_at`, that AWS has just accepted."""
        self.counts["rebuilds"] += 1
        self._never_above_the_brake(desktop.id, rebuild)
        shown = self._never_blind(desktop, sent_at, by)
        for session in self._fleet.sessions[desktop.id][-4:]:
            self._never_in_use(desktop, session, rebuild.accepted_at, shown, by)
        self.loops.rebuilt(desktop, rebuild)
        if self._scenario.canary_after is not None:
            self._harm.rebuilt(desktop, rebuild)

    def looked(self, operation: str, shown: str, at: datetime, by: Invocation) -> None:
        """Record a row as an invocation is shown it."""
        desktop = self._fleet.fleet.get(shown)
        if operation == "DescribeWorkspacesConnectionStatus":
            self.looks.shown_connection(shown, at, self._fleet.view(shown, at), by.number)
        elif operation == "DescribeWorkspaces" and desktop is not None:
            self.looks.shown_state(desktop, at, by.number)

    def _never_blind(self, desktop: Desktop, sent_at: datetime, by: Invocation) -> View | None:
        """Return what the invocation was lately shown; it must prove that nobody is connected."""
        earliest = sent_at - LOOK_HOLDS - ON_ITS_WAY
        sight = self.looks.sights.get(desktop.id)
        lately = sight is not None and sight.by == by.number and sight.at >= earliest
        shown = sight.view if sight is not None and lately else None
        looks = self.looks.states[desktop.id][-1:]
        if looks and looks[0].by == by.number and looks[0].at >= earliest:
            state = looks[0].state
            if state in PROOF_OF_VACANCY or (state is State.UNHEALTHY and _ended_so(desktop)):
                return shown
        if shown is None or sight is None or not _shows_vacancy(shown, sight.at + self._skew):
            what = shown.connection if shown else "nothing that was shown"
            self.violated("P1", sent_at, f"{desktop.id} rebuilt on the strength of {what}")
        return shown

    def _never_in_use(
        self,
        desktop: Desktop,
        session: Session,
        at: datetime,
        shown: View | None,
        by: Invocation,
    ) -> None:
        tolerance = 2 * self._skew + timedelta(milliseconds=10)
        if session.start > at or not ended_within(session, self._scenario.grace_time, at):
            return
        grace = timedelta() if self.is_wanted(desktop.id) else self._scenario.grace_time
        if session.end is not None and at - session.end >= grace - tolerance:
            return
        use = "in use" if session.end is None else f"{at - session.end} after a session"
        asked = self._signals_when_asked.get(desktop.id, self.signals)
        knew = asked if by.knew is None else min(asked, by.knew)
        told = [
            evidence
            for evidence in self.evidence[desktop.id]
            if (evidence.number < knew or evidence.invocation == by.number)
            and evidence.at >= (session.start if evidence.kind == "sign_in" else session.end or at)
        ]
        if told:
            kind = told[0].kind
            self.violated("P1", at, f"{desktop.id} rebuilt {use}; a {kind} had been received")
        elif _shows_use(shown, session):
            self.violated("P1", at, f"{desktop.id} rebuilt {use}; the connection status said so")
        elif _shows_use(self._fleet.view(desktop.id, at), session):
            self.counts["P1 evident between look and call"] += 1
        elif any(_shows_use(view, session) for view in self._fleet.views[desktop.id][-12:]):
            self.counts["P1 evident in a sample that nobody saw"] += 1
        else:
            self.counts["P1 unavoidable"] += 1

    def _never_above_the_brake(self, desktop_id: str, rebuild: Rebuild) -> None:
        """Judge the administrator's limit per hour, as far as delayed answers let it be kept.

        WorkSpaces that have left the roster are forgotten, and no longer count.
        """
        at, limit = rebuild.accepted_at, self._scenario.brake
        self._accepted = [
            (then, id_)
            for then, id_ in self._accepted
            if at - then < HOUR and id_ not in self.off_roster_since
        ]
        if rebuild.outcome is Outcome.SUCCEEDS:
            self._accepted.append((at, desktop_id))
        if limit is not None and len(self._accepted) > limit:
            self.violated("P5", at, f"{len(self._accepted)} rebuilds in an hour, not {limit}")


def _nobody(_: str) -> bool:
    return False


def _ended_so(desktop: Desktop) -> bool:
    """Whether the previous rebuild that began has failed: since then, nobody can be connected."""
    begun = [rebuild for rebuild in desktop.rebuilds[:-1] if rebuild.begun_at is not None]
    return bool(begun) and begun[-1].finished_at is not None and begun[-1].course.ends in FAILED


def _shows_vacancy(view: View, at: datetime) -> bool:
    fresh = view.checked_at is not None and at - view.checked_at <= FRESH + timedelta(seconds=5)
    return view.connection == "DISCONNECTED" and fresh


def _shows_use(view: View | None, session: Session) -> bool:
    """Whether what was shown proves this session, or a later one."""
    if view is None:
        return False
    seen = view.connection == "CONNECTED" and (
        view.checked_at is None or view.checked_at >= session.start
    )
    return seen or (view.last_known is not None and view.last_known >= session.start)
