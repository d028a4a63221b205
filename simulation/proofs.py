"""P7 by the world's truth: who met a bad image, and who waited for the proof of a known one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.desktop import Desktop, Outcome, Rebuild

from .fleet import Fleet

MOST = 3
"""Desktops that one bad image reaches."""

IMAGE_HOLDS = timedelta(seconds=70)
"""A bundle's image is read at most this long before a rebuild takes it."""

TRIAL_HOLDS = timedelta(hours=3)
"""A trial that takes longer proves nothing any more."""

SPREADS = timedelta(minutes=2)
"""How long after its proof an image may still be waited for: a lease."""

Key = tuple[str, str]
"""A bundle, and its image."""


class Proofs:
    """The judge of one world."""

    def __init__(
        self,
        fleet: Fleet,
        first_seen: Mapping[str, datetime],
        counts: Counter[str],
        violated: Callable[[str, datetime, str], None],
    ) -> None:
        """`first_seen` tells when the ledger first held an item."""
        self._fleet = fleet
        self._first_seen = first_seen
        self._counts = counts
        self._violated = violated
        self._shown: dict[tuple[int, str], tuple[datetime, str]] = {}
        self._trials: dict[str, datetime] = {}
        self._known: dict[Key, datetime] = {}
        self._met: dict[Key, set[str]] = defaultdict(set)

    def shown(self, bundle_id: str, at: datetime, by: int) -> None:
        """An invocation is being told of a bundle's image."""
        self._shown[by, bundle_id] = (at, self._fleet.bundles[bundle_id].image_id)

    def rebuilt(self, desktop: Desktop, rebuild: Rebuild, sent_at: datetime, by: int) -> None:
        """AWS has just accepted a rebuild that was asked for at `sent_at`."""
        bundle = self._fleet.bundles[desktop.bundle_id]
        image = rebuild.image_id
        if image not in bundle.bad_images or rebuild.outcome is Outcome.NEVER_BEGINS:
            return
        if image in self._taken_as_proven(bundle.id):
            self._counts["P7 bad image older than the bundle's proof"] += 1
            return
        at, shown = self._shown.get((by, bundle.id), (None, None))
        if at is not None and shown != image and sent_at - at <= IMAGE_HOLDS:
            self._counts["P7 bad image that came after the look at the bundle"] += 1
            return
        met = self._met[bundle.id, image]
        met.add(desktop.id)
        self._counts["P7 met a bad image"] += 1
        if len(met) > MOST:
            self._violated("P7", rebuild.accepted_at, f"{len(met)} desktops met {image}")

    def heard(self, line: Mapping[str, Any], at: datetime, by: int) -> None:
        """A log line: a trial that begins or ends, or somebody who waits for one."""
        desktop = self._fleet.fleet.get(line.get("workspace_id", ""))
        if desktop is None:
            return
        match line["decision"], line.get("reason"):
            case "image_proving", _:
                self._counts["P7 trials"] += 1
                self._trials[desktop.id] = at
            case "finished", _ if desktop.id in self._trials:
                self._ended_well(desktop, self._trials.pop(desktop.id), at)
            case "failed" | "blocked" | "refused", _:
                self._trials.pop(desktop.id, None)
            case "deferred", "proving":
                self._counts["P7 waited for a proof"] += 1
                self._never_for_a_known_image(desktop, at, by)

    def _ended_well(self, desktop: Desktop, began_at: datetime, at: datetime) -> None:
        """The image is known from now on, if no other one can have been met."""
        rebuild = desktop.rebuilds[-1]
        changed_at, image = self._fleet.images[desktop.bundle_id][-1]
        sure = rebuild.outcome is Outcome.SUCCEEDS and rebuild.image_id == image
        if sure and changed_at < began_at and at - began_at < TRIAL_HOLDS:
            self._known.setdefault((desktop.bundle_id, image), at)
            self._counts["P7 proven by a trial"] += 1

    def _never_for_a_known_image(self, desktop: Desktop, at: datetime, by: int) -> None:
        bundle_id = desktop.bundle_id
        shown = self._shown.get((by, bundle_id))
        if shown is None:
            self._violated("P7", at, f"{desktop.id} waits for the proof of nobody knows what")
            return
        image = shown[1]
        known_at = self._known.get((bundle_id, image))
        first = self._taken_as_proven(bundle_id)
        if first == {image}:
            known_at = self._first_seen[bundle_id]
        if known_at is not None and at - known_at > SPREADS:
            self._violated("P7", at, f"{desktop.id} waits for {image}, known since {known_at:%T}")

    def _taken_as_proven(self, bundle_id: str) -> set[str]:
        """The images that a bundle can have had in the eyes of whoever saw it first."""
        seen_at = self._first_seen.get(bundle_id)
        if seen_at is None:
            return {self._fleet.bundles[bundle_id].image_id}
        history = self._fleet.images[bundle_id]
        ends = [since for since, _ in history[1:]] + [datetime.max.replace(tzinfo=seen_at.tzinfo)]
        return {
            image
            for (since, image), end in zip(history, ends, strict=True)
            if since <= seen_at and end > seen_at - IMAGE_HOLDS
        }
