"""What looks showed the function of each WorkSpace's connection and state, and when."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter

from sandbox.course import BAD, USABLE, Outcome, Rebuild
from sandbox.desktop import Desktop
from sandbox.states import State

from .courses import BEGINS_WITHIN, ENDS_WITHIN, SHOWS_FOR
from .fleet import View

APART = timedelta(minutes=10)
"""Two looks at a bad end, at least this far apart, show that it will not pass."""

HOURLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Look:
    """A row of DescribeWorkspaces."""

    at: datetime
    state: State
    address: str | None
    by: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A row of DescribeWorkspacesConnectionStatus."""

    at: datetime
    view: View | None
    by: int


class Looks:
    """By WorkSpace: the latest connection row and states shown, and when a user was last seen."""

    def __init__(self, slack: timedelta) -> None:
        """`slack`: how much closer than required two looks may be, because of skewed clocks."""
        self.sights: dict[str, Sight] = {}
        self.states: dict[str, list[Look]] = defaultdict(list)
        self._connected: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        self.unanswered: set[tuple[str, datetime]] = set()
        """Rebuilds, by WorkSpace and acceptance, of whose acceptance the function never heard."""
        self.in_vain: Counter[str] = Counter()
        """By WorkSpace: requests for a rebuild that were refused, lost or not answered."""
        self.survived: set[int] = set()
        """Invocations that returned normally: what others were shown may be lost with them."""
        self._apart = APART - slack

    def shown_connection(self, desktop_id: str, at: datetime, view: View | None, by: int) -> None:
        """Record the connection row that invocation `by` was shown at `at`."""
        self.sights[desktop_id] = Sight(at, view, by)
        if view is not None and view.connection == "CONNECTED":
            self._connected[desktop_id].append((view.checked_at or at, by))

    def connected_at(self, desktop_id: str) -> datetime | None:
        """When a user was last seen connected, by an invocation that could record it."""
        seen = self._connected[desktop_id]
        return max((at for at, by in seen if by in self.survived), default=None)

    def shown_state(self, desktop: Desktop, at: datetime, by: int) -> None:
        """Record the state that invocation `by` was shown at `at`."""
        looks = self.states[desktop.id]
        looks.append(Look(at, desktop.state, desktop.shown_address, by))
        if len(looks) > 4000:
            del looks[:2000]

    def is_believed(self, desktop_id: str, accepted_at: datetime) -> bool:
        """Whether a rebuild counts as done: known to be accepted, and looks may have missed it."""
        answered = (desktop_id, accepted_at) not in self.unanswered
        return answered and self.could_have_missed(desktop_id, accepted_at)

    def during(self, desktop_id: str, start: datetime, end: datetime) -> bool:
        """Whether a look fell between two moments, by an invocation that survived."""
        return any(
            start < look.at <= end and look.by in self.survived for look in self.states[desktop_id]
        )

    def could_have_missed(self, desktop_id: str, accepted_at: datetime) -> bool:
        """Whether a rebuild accepted then may have begun and ended between two looks. A state that
        it may pass through proves nothing."""
        latest = accepted_at + BEGINS_WITHIN
        before = [look.state for look in self.states[desktop_id] if look.at <= accepted_at][-1:]
        telling = {*before, State.AVAILABLE, State.REBUILDING}
        looks = [
            look.at
            for look in self.states[desktop_id]
            if look.at > accepted_at and look.by in self.survived and look.state in telling
        ]
        begins = [accepted_at, *(at for at in looks if at <= latest)]
        return any(not any(begin < at <= begin + SHOWS_FOR for at in looks) for begin in begins)

    def bad_end_since(self, desktop_id: str, rebuild: Rebuild) -> datetime | None:
        """When a rebuild's bad end was seen a second time, with no good one in between."""
        if rebuild.finished_at is None:
            return None
        first: datetime | None = None
        for look in self._after(desktop_id, rebuild.finished_at):
            if look.state in USABLE:
                first = None
            elif look.state in BAD and first is None:
                first = look.at
            elif look.state in BAD and first is not None and look.at - first >= self._apart:
                return look.at
        return None

    def end_shown_at(self, desktop_id: str, rebuild: Rebuild, now: datetime) -> datetime:
        """When a rebuild's good end was first shown: at the latest an hour after it, or by the time
        by which rebuilds end, whichever is later."""
        ended_at = rebuild.ends_at or now
        latest = max(ended_at + HOURLY, rebuild.accepted_at + ENDS_WITHIN)
        return min(self._good_after(desktop_id, ended_at) or latest, latest)

    def over_at(self, desktop_id: str, accepted_at: datetime, soonest: datetime) -> datetime:
        """When a rebuild that no look has shown was over, judged by the looks from `soonest` on: at
        the latest by the time by which rebuilds end."""
        latest = accepted_at + ENDS_WITHIN
        return min(self._good_after(desktop_id, soonest) or latest, latest)

    def good_end_since(self, desktop_id: str, rebuild: Rebuild) -> bool:
        """Whether the first end of a rebuild that was shown was a good one."""
        if rebuild.finished_at is None:
            return False
        for look in self._after(desktop_id, rebuild.finished_at):
            if look.state in USABLE:
                return True
            if look.state in BAD:
                return False
        return False

    def seen_well(self, desktop_id: str, rebuild: Rebuild) -> bool:
        """Whether a rebuild was shown to have ended well, at once or after a while."""
        if rebuild.finished_at is None or rebuild.outcome is not Outcome.SUCCEEDS:
            return False
        return self._good_after(desktop_id, rebuild.finished_at) is not None

    def seems_over(self, desktop_id: str, rebuild: Rebuild) -> bool:
        """Whether a look during a rebuild showed a state that might also be its end."""
        begun_at, ended_at = rebuild.begun_at, rebuild.finished_at
        if begun_at is None or ended_at is None:
            return False
        looks = self.states[desktop_id]
        return any(begun_at < look.at < ended_at and look.state in USABLE for look in looks)

    def shown_end(self, desktop_id: str, rebuild: Rebuild) -> bool:
        """Whether any state that may be a rebuild's end has been shown since it began."""
        since = rebuild.begun_at or rebuild.accepted_at
        looks = self.states[desktop_id]
        return any(look.at > since and look.state in USABLE | BAD for look in looks)

    def _good_after(self, desktop_id: str, moment: datetime) -> datetime | None:
        """When a look from `moment` on first showed a good state."""
        looks = self._after(desktop_id, moment)
        return next((look.at for look in looks if look.state in USABLE), None)

    def _after(self, desktop_id: str, moment: datetime) -> Iterator[Look]:
        looks = self.states[desktop_id]
        return islice(looks, bisect_left(looks, moment, key=attrgetter("at")), None)
