"""The desktops of a running sandbox: the pure model with a lock and a clock."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from .clock import Clock
from .desktop import Desktop, Faults
from .desktops import Desktops
from .states import State


class LiveDesktops:
    """What a person or a test can do with desktops; safe to use from any thread."""

    def __init__(self, model: Desktops, clock: Clock) -> None:
        self._model = model
        self._lock = threading.RLock()
        self._clock = clock

    @contextmanager
    def hold(self) -> Iterator[tuple[Desktops, datetime]]:
        """Lock the model; yields the model and the current time."""
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
        """Add a desktop; return its id."""
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
        """Sign the user in. Raises CannotConnect while the desktop is not available."""
        with self.hold() as (model, now):
            model.sign_in(desktop_id, now)

    def sign_out(self, desktop_id: str) -> None:
        """End the user's session, even a dropped one."""
        with self.hold() as (model, now):
            model.sign_out(desktop_id, now)

    def drop(self, desktop_id: str) -> None:
        """Cut the user's network. Raises CannotConnect if nobody is connected."""
        with self.hold() as (model, now):
            model.drop(desktop_id, now)

    def reconnect(self, desktop_id: str, *, signs_in: bool = False) -> None:
        """Resume a dropped session; with `signs_in`, AWS sends another sign-in event. Raises
        CannotConnect if there is no such session, or while the desktop is not available."""
        with self.hold() as (model, now):
            model.reconnect(desktop_id, now, signs_in=signs_in)

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
        """Set the faults of a desktop; `Faults()` clears them."""
        with self.hold() as (model, _):
            model.fleet[desktop_id].faults = faults
