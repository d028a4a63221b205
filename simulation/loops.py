"""The judge of P3: one session end, one rebuild, and no loop.

A rebuild without a use since the previous one is right only if that one ended badly, as two looks
some time apart showed, or never began; and then only at growing intervals.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.course import Outcome, Rebuild
from sandbox.desktop import Desktop

from .fleet import Fleet
from .looks import Looks

DAY = timedelta(hours=24)
IN_A_DAY = 3
"""The most rebuilds of a WorkSpace within a day of the first, without a use between them."""

SLACK = timedelta(minutes=15)
"""How much earlier than a day after the last one a further rebuild may come."""


class Loops:
    """The judge of one world."""

    def __init__(
        self,
        fleet: Fleet,
        looks: Looks,
        steady: bool,
        counts: Counter[str],
        violated: Callable[[str, datetime, str], None],
    ) -> None:
        """`steady`: nothing can have kept the function from looking."""
        self._fleet = fleet
        self._looks = looks
        self._steady = steady
        self._counts = counts
        self._violated = violated
        self._chains: dict[str, list[Rebuild]] = defaultdict(list)
        """Rebuilds of a WorkSpace without a use between them."""
        self.excuses: list[Callable[[Desktop, Rebuild | None, Rebuild], bool]] = []
        """Other judges' tests whether a rebuild, which follows the last one, has another reason."""
        self.requests: list[Callable[[Desktop, Rebuild | None, Rebuild], bool]] = []
        """The same for a person's request, which may also follow a failed rebuild."""

    def rebuilt(self, desktop: Desktop, rebuild: Rebuild) -> None:
        """Judge a rebuild of the function's that AWS has just accepted."""
        chain = self._chains[desktop.id]
        last = chain[-1] if chain else None
        if self._used(desktop, last):
            self._chains[desktop.id] = [rebuild]
            return
        why = self._excuse(desktop, last, rebuild)
        if why is not None:
            self._counts[f"P3 {why}"] += 1
            self._chains[desktop.id] = [rebuild]
            return
        if last is None:
            what = f"{desktop.id} rebuilt though nobody had used it"
            self._violated("P3", rebuild.accepted_at, what)
            return
        chain.append(rebuild)
        self._never_in_a_loop(desktop, chain)
        if last.outcome is Outcome.NEVER_BEGINS or self._seen_to_fail(desktop, last):
            return
        if last.begun_at is not None and not self._steady and not self._could_tell(desktop, last):
            self._counts["P3 nobody could see the rebuild before"] += 1
            return
        what = f"{desktop.id} rebuilt again, after {last.accepted_at:%d %H:%M:%S}"
        self._violated("P3", rebuild.accepted_at, f"{what}, which {self._fate(last)}")

    def _used(self, desktop: Desktop, last: Rebuild | None) -> bool:
        """Whether anybody was connected since the last rebuild was accepted."""
        return any(
            last is None or session.end is None or session.end > last.accepted_at
            for session in self._fleet.sessions[desktop.id]
        )

    def _excuse(self, desktop: Desktop, last: Rebuild | None, rebuild: Rebuild) -> str | None:
        since = last.accepted_at if last else desktop.created_at
        disturbed_at = self._fleet.disturbed_at.get(desktop.id)
        was_disturbed = disturbed_at is not None and disturbed_at >= since
        if was_disturbed or desktop.faults.last_known.lies:
            return "looked like a use"
        if last is not None and last.image_id != rebuild.image_id and self._failed(desktop, last):
            return "again with another image"
        failed = last is not None and self._failed(desktop, last)
        reasons = self.requests if failed else [*self.requests, *self.excuses]
        if any(excuse(desktop, last, rebuild) for excuse in reasons):
            return "of another reason"
        cut = any(session.end == since for session in self._fleet.sessions[desktop.id])
        return "a rebuild that had cut a session came again" if last and cut else None

    def _failed(self, desktop: Desktop, last: Rebuild) -> bool:
        return last.outcome is not Outcome.SUCCEEDS or self._seen_to_fail(desktop, last)

    def _seen_to_fail(self, desktop: Desktop, last: Rebuild) -> bool:
        ended_well = self._looks.good_end_since(desktop.id, last)
        return not ended_well and self._looks.bad_end_since(desktop.id, last) is not None

    def _could_tell(self, desktop: Desktop, last: Rebuild) -> bool:
        """Whether there was a look during the time in which the rebuild showed."""
        assert last.begun_at is not None
        end = last.finished_at or datetime.max.replace(tzinfo=last.begun_at.tzinfo)
        return self._looks.during(desktop.id, last.begun_at, end)

    def _never_in_a_loop(self, desktop: Desktop, chain: list[Rebuild]) -> None:
        first, last, now = chain[0].accepted_at, chain[-2].accepted_at, chain[-1].accepted_at
        if now - first <= DAY:
            if len(chain) > IN_A_DAY:
                what = f"{desktop.id} rebuilt {len(chain)} times in a day without a use"
                self._violated("P3", now, what)
        elif now - last < DAY - SLACK:
            what = f"{desktop.id} rebuilt {now - last} after the last time, without a use"
            self._violated("P3", now, what)

    @staticmethod
    def _fate(last: Rebuild) -> str:
        if last.finished_at is None:
            return "has not ended" if last.begun_at else "has not begun yet"
        return f"ended in {last.course.ends} at {last.finished_at:%H:%M:%S}"
