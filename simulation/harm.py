"""The judge of P7: how many WorkSpaces of a bundle are truly lost to one cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.course import Outcome, Rebuild
from sandbox.desktop import Bundle, Desktop
from sandbox.states import State

from .courses import ENDS_WITHIN
from .fleet import Fleet
from .looks import Looks

MOST_LOST = 3
"""The most WorkSpaces of a bundle that may be lost once the first bad end could be seen. That many
lost ones hold the bundle, which then needs a person as well."""

SEEN_WITHIN = timedelta(minutes=75)
"""How long until a bad end could be seen: by an hourly look, and another one ten minutes later."""

Cause = tuple[str, str, Outcome]
"""A bundle, what is wrong with it, and the outcome of its rebuilds."""


class Harm:
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
        self._lost: dict[Cause, list[tuple[Desktop, Rebuild]]] = defaultdict(list)
        self._late: dict[Cause, set[str]] = defaultdict(set)

    def rebuilt(self, desktop: Desktop, rebuild: Rebuild) -> None:
        """Judge a rebuild of the function's that AWS has just accepted."""
        cause = _cause(self._fleet.bundles[desktop.bundle_id])
        if cause is None or rebuild.outcome is not cause[2]:
            return
        self._counts["P7 rebuilds lost to a cause"] += 1
        lost = self._lost[cause]
        known = any(other.id == desktop.id for other, _ in lost)
        if not known and self._could_be_seen(lost, rebuild.accepted_at):
            late = self._late[cause]
            late.add(desktop.id)
            if len(late) > MOST_LOST:
                what = f"{len(late)} more WorkSpaces of {cause[0]} lost to {cause[1]}"
                self._violated("P7", rebuild.accepted_at, what)
        lost.append((desktop, rebuild))

    def _could_be_seen(self, lost: list[tuple[Desktop, Rebuild]], at: datetime) -> bool:
        """Whether the function has seen a bad end by now, or could have by looking."""
        if any(self._looks.bad_end_since(d.id, rebuild) is not None for d, rebuild in lost):
            return True
        ended = [end for _, rebuild in lost if (end := _shows_from(rebuild)) is not None]
        return self._steady and bool(ended) and at - min(ended) >= SEEN_WITHIN


def _shows_from(rebuild: Rebuild) -> datetime | None:
    """When a look can first show that it went wrong, even if it never ends; None: not yet."""
    if rebuild.outcome is Outcome.NEVER_ENDS:
        return rebuild.accepted_at + ENDS_WITHIN
    return rebuild.finished_at


def _cause(bundle: Bundle) -> Cause | None:
    if bundle.image_id in bundle.bad_images:
        return bundle.id, f"{bundle.image_id} of {bundle.updated_at:%d %H:%M:%S}", Outcome.FAILS
    if bundle.spoiled is not None:
        what = f"what ends in {bundle.spoiled}"
        endless = bundle.spoiled is State.REBUILDING
        return bundle.id, what, Outcome.NEVER_ENDS if endless else Outcome.FAILS
    return None
