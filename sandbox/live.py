"""The desktops of a running sandbox: the pure model with a lock and the wall clock."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from .clock import Clock
from .desktop import Desktop, Faults, State
from .desktops import Desktops


class LiveDesktops:
    """What a person or a test does with desktops; safe from any thread."""

    def __init__(self, model: Desktops, clock: Clock) -> None:
        self._model = model
        self._lock = threading.RLock()
        self._clock = clock

    @contextmanager
    def hold(self) -> Iterator[tuple[Desktops, datetime]]:
        """The model itself and the present, for as long as the block lasts."""
        with self._lock:
            yield self._model, self._clock.now()

    def add(
        self,
        *,
        id: str | None = None,
        user: str | None = None,
        bundle_id: str | None = None,
        running_mode: str = "ALWAYS_ON",
        snapshot: bool = True,
    ) -> str:
        """A new desktop; its id."""
        with self.hold() as (model, now):
            return model.add(
                now,
                id=id,
                user=user,
                bundle_id=bundle_id,
                running_mode=running_mode,
                snapshot=snapshot,
            ).id

    def get(self, desktop_id: str) -> Desktop:
        """A copy of a desktop as it is now. Raises KeyError for an unknown id."""
        with self.hold() as (model, now):
            model.tick(now)
            return copy.deepcopy(model.fleet[desktop_id])

    def all(self) -> list[Desktop]:
        """Copies of all desktops."""
        with self.hold() as (model, now):
            model.tick(now)
            return copy.deepcopy(list(model.fleet.values()))

    def sign_in(self, desktop_id: str) -> None:
        """Raises CannotConnect while the desktop is not available."""
        with self.hold() as (model, now):
            model.sign_in(desktop_id, now)

    def sign_out(self, desktop_id: str) -> None:
        """The user leaves, also from a dropped session."""
        with self.hold() as (model, now):
            model.sign_out(desktop_id, now)

    def drop(self, desktop_id: str) -> None:
        """The user's network is gone."""
        with self.hold() as (model, now):
            model.drop(desktop_id, now)

    def reconnect(self, desktop_id: str, *, signs_in: bool = False) -> None:
        """The client resumes a dropped session; `signs_in`: with a new sign-in event. Raises
        CannotConnect if there is none, or while the desktop is not available."""
        with self.hold() as (model, now):
            model.reconnect(desktop_id, now, signs_in=signs_in)

    def stop(self, desktop_id: str) -> None:
        """STOPPED a little later, unless somebody is connected."""
        with self.hold() as (model, now):
            model.stop(desktop_id, now)

    def start(self, desktop_id: str) -> None:
        """AVAILABLE a little later, if it is STOPPED."""
        with self.hold() as (model, now):
            model.start(desktop_id, now)

    def set_state(self, desktop_id: str, state: State) -> None:
        """Put a desktop into a state in which it stays until it is rebuilt or put into another."""
        with self.hold() as (model, now):
            model.set_state(desktop_id, state, now)

    def take_snapshot(self, desktop_id: str) -> None:
        """Take a snapshot of the user volume now."""
        with self.hold() as (model, now):
            model.take_snapshot(desktop_id, now)

    def set_image(self, bundle_id: str, image_id: str, *, bad: bool = False) -> None:
        """Give a bundle a new image; rebuilds with a `bad` one end in ERROR. Raises KeyError for an
        unknown bundle."""
        with self.hold() as (model, now):
            model.set_image(bundle_id, image_id, now, bad=bad)

    def break_(self, desktop_id: str, faults: Faults) -> None:
        """Replace what is broken on a desktop; `Faults()` mends it."""
        with self.hold() as (model, _):
            model.fleet[desktop_id].faults = faults
