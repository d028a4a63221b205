"""What users do: sign in, work, sign out, lose the connection, and come back or stay away.

Some use a third-party client (`third_party`). AWS shows such users as connected long after they
have left, and nothing else in the world shows otherwise. So for the judges, too, their session
lasts until AWS counts the disconnect. A user who comes back before that continues the session, or
AWS counts its end at that moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sandbox.desktops import CannotConnect
from sandbox.states import Presence

from .agenda import Agenda
from .fleet import Fleet
from .scenario import Scenario

COUNTED_AFTER = (20.0, 60.0)
"""Minutes (range) until AWS counts a third-party client as disconnected: "more than 20"."""


class Users:
    """One user for each desktop. After `go_home`, nobody signs in any more."""

    def __init__(
        self,
        agenda: Agenda,
        fleet: Fleet,
        scenario: Scenario,
        told: Callable[[], None],
        trace: Callable[..., None],
    ) -> None:
        """`told` is called after each action and passes on what happened in the fleet."""
        self._agenda = agenda
        self._fleet = fleet
        self._scenario = scenario
        self._told = told
        self._trace = trace
        self._rng = random.Random(f"users {scenario.seed}")
        self._third_party_rng = random.Random(f"third party {scenario.seed}")
        self._third_party: set[str] = set()
        self._uncounted: dict[str, int] = {}
        """WorkSpaces whose user has left unnoticed by AWS so far, with the departure's number."""
        self._departures = 0
        self._at_home = False
        self._shift_ends = agenda.now + timedelta(hours=scenario.shift or 0.0)

    def employ(self, desktop_id: str) -> None:
        """Give this desktop a user."""
        share = self._scenario.faults.get("third_party", 0.0)
        if share and self._third_party_rng.random() < share:
            self._third_party.add(desktop_id)
        self._in(self._rng.expovariate(1 / self._scenario.pause), desktop_id, self._arrive)

    def go_home(self) -> None:
        """Let everybody sign out for good."""
        self._at_home = True
        for desktop_id in self._fleet.fleet:
            self._leave(desktop_id)

    def _in(self, minutes: float, desktop_id: str, action: Callable[[str], None]) -> None:
        def act() -> None:
            if not self._at_home and desktop_id in self._fleet.fleet:
                action(desktop_id)

        self._agenda.after(60 * minutes, act)

    def _arrive(self, desktop_id: str) -> None:
        if self._uncounted.pop(desktop_id, None) is not None:
            if self._third_party_rng.random() < 0.5:
                self._leave(desktop_id)
            elif self._fleet.sign_in_again(desktop_id, self._agenda.now):
                self._work(desktop_id, "signs in again to")
                return
        try:
            self._fleet.sign_in(desktop_id, self._agenda.now)
        except CannotConnect:
            self._in(self._rng.uniform(1, 10), desktop_id, self._arrive)
            return
        self._work(desktop_id, "signs in to")

    def _work(self, desktop_id: str, how: str) -> None:
        self._trace("user", how, desktop_id)
        self._told()
        length = self._rng.expovariate(1 / self._scenario.session)
        if self._rng.random() < 0.15:
            length = self._rng.uniform(0.1, 2)
        drops = self._rng.random() > self._scenario.stays_away
        if self._scenario.shift is not None:
            ends_in = self._shift_ends - self._agenda.now
            if ends_in > timedelta():
                length = min(length, ends_in / timedelta(minutes=1) + self._rng.uniform(0, 3))
        if desktop_id in self._third_party:
            self._in(length, desktop_id, partial(self._vanish, drops=drops))
            return
        self._in(length, desktop_id, self._drop if drops else self._sign_out)

    def _vanish(self, desktop_id: str, drops: bool) -> None:
        """Let a user of a third-party client leave: AWS counts that later, unless they are back."""
        rng = self._third_party_rng
        self._departures += 1
        this = self._uncounted[desktop_id] = self._departures
        self._trace("user", "leaves", desktop_id, "and AWS has not noticed")
        soon = drops and rng.random() < self._scenario.returns
        pause = rng.uniform(0.5, 40) if soon else rng.expovariate(1 / self._scenario.pause)

        def count(desktop_id: str) -> None:
            if self._uncounted.get(desktop_id) == this:
                del self._uncounted[desktop_id]
                self._leave(desktop_id)

        self._in(rng.uniform(*COUNTED_AFTER), desktop_id, count)
        self._in(pause, desktop_id, self._arrive)

    def _sign_out(self, desktop_id: str) -> None:
        self._leave(desktop_id)
        self._in(self._rng.expovariate(1 / self._scenario.pause), desktop_id, self._arrive)

    def _leave(self, desktop_id: str) -> None:
        self._trace("user", "signs out of", desktop_id)
        self._fleet.sign_out(desktop_id, self._agenda.now)
        self._told()

    def _drop(self, desktop_id: str) -> None:
        try:
            self._fleet.drop(desktop_id, self._agenda.now)
        except CannotConnect:  # a rebuild or a person has already ended the session
            self._in(self._rng.uniform(1, 10), desktop_id, self._arrive)
            return
        self._trace("user", "loses the connection to", desktop_id)
        self._told()
        if self._rng.random() < self._scenario.returns:
            away = self._rng.choice((0.2, 2.0, 8.0, 19.0, 21.0, 40.0)) * self._rng.uniform(0.5, 1.1)
            self._in(away, desktop_id, self._return)
        else:
            pause = self._rng.expovariate(1 / self._scenario.pause)
            self._in(pause, desktop_id, self._arrive)

    def _return(self, desktop_id: str) -> None:
        if self._fleet.fleet[desktop_id].presence is not Presence.DROPPED:
            self._arrive(desktop_id)
            return
        try:
            self._fleet.reconnect(desktop_id, self._agenda.now, signs_in=self._rng.random() < 0.3)
        except CannotConnect:
            self._in(self._rng.uniform(1, 10), desktop_id, self._return)
            return
        self._work(desktop_id, "is back on")
