"""New images: good, bad, mended, an earlier one again; during a trial; for two bundles at once."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.desktop import Bundle

if TYPE_CHECKING:
    from .world import World

MOST = 6
"""Changes of one world's images."""

SOON, LATER = 600.0, 5400.0
"""Seconds to the next change: in the middle of a trial, or when it has ended; on average."""


class Rollouts:
    """What becomes of the bundles' images. Without the fault nothing is drawn."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = random.Random(f"rollouts {world.scenario.seed}")

    def begin(self) -> None:
        """Plan the changes; the first comes early, as a bad image needs time to be refused."""
        world, rng = self._world, self._rng
        if not world.faults.happens("bad_image"):
            return
        after = rng.uniform(0, world.scenario.hours * 1200)
        for _ in range(rng.randint(1, MOST)):
            world.agenda.after(after, self._roll_out)
            after += rng.expovariate(1 / rng.choice((SOON, LATER)))

    def heard(self, line: Mapping[str, Any]) -> None:
        """In peace an administrator does what the runbook says of a refused image, also of a good
        one: three WorkSpaces that were ill themselves speak against it."""
        if line["decision"] != "image_refused" or self._world.faults.active:
            return
        bundle = self._world.fleet.bundles[line["bundle_id"]]
        if bundle.image_id == line["image_id"]:
            self._new(bundle, bad=False)

    def end(self) -> None:
        """Whatever bundle has a bad image gets a mended one."""
        for bundle in self._world.fleet.bundles.values():
            if bundle.image_id in bundle.bad_images:
                self._new(bundle, bad=False)

    def _roll_out(self) -> None:
        if not self._world.faults.active:
            return
        bundles = list(self._world.fleet.bundles.values())
        both = self._rng.random() < 0.3
        for bundle in bundles if both else [self._rng.choice(bundles)]:
            earlier = sorted({image for _, image in self._world.fleet.images[bundle.id]})
            earlier.remove(bundle.image_id)
            if earlier and self._rng.random() < 0.4:
                self._set(bundle, self._rng.choice(earlier))
            else:
                self._new(bundle, bad=self._rng.random() < 0.6)

    def _new(self, bundle: Bundle, *, bad: bool) -> None:
        image = f"wsi-{self._rng.randrange(10**9):09d}"
        if bad:
            bundle.bad_images.add(image)
        self._set(bundle, image)

    def _set(self, bundle: Bundle, image: str) -> None:
        bad = image in bundle.bad_images
        self._world.trace(bundle.id, "has the", "bad" if bad else "good", "image", image)
        self._world.fleet.set_image(bundle.id, image, self._world.agenda.now, bad=bad)
