"""Why rebuilds of a whole bundle end badly, and what becomes of bundles."""

from __future__ import annotations

import random
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sandbox.course import BAD
from sandbox.desktop import Bundle
from sandbox.states import State

if TYPE_CHECKING:
    from .world import World

MOST = 6
"""Changes of one world's images."""

DAY = 24 * 3600.0
"""Seconds: in a world that lasts longer, a cause may, too."""

SOON, LATER = 600.0, 5400.0
"""Seconds to the next change of an image: within a rebuild, or after it; on average."""


class Causes:
    """Of one world. After `end` every bundle can be rebuilt again."""

    def __init__(self, world: World) -> None:
        self.spoiled_since: dict[str, datetime] = {}
        """By bundle: since when its rebuilds have ended badly, if they do."""
        self._world = world
        self._rng = random.Random(f"causes {world.scenario.seed}")

    def begin(self) -> None:
        """Draw the causes and schedule them; once, when the world starts."""
        world, rng = self._world, self._rng
        happens, after = world.faults.happens, world.agenda.after
        span = world.scenario.hours * 3600
        if happens("spoiled"):
            after(rng.uniform(0, span / 2), self._spoil)
        if happens("bad_image") or happens("image_changes"):
            at = rng.uniform(0, span / 3)
            for _ in range(rng.randint(1, MOST)):
                after(at, self._roll_out)
                at += rng.expovariate(1 / rng.choice((SOON, LATER)))
        for name in ("image_hidden", "bundle_gone"):
            if happens(name):
                after(rng.uniform(0, span), partial(self._hide, name))

    def end(self) -> None:
        """No cause lasts, every bundle is shown, and whatever has a bad image gets a mended one."""
        for bundle in self._world.fleet.bundles.values():
            bundle.spoiled, bundle.shows_image, bundle.deleted = None, True, False
            if bundle.image_id in bundle.bad_images:
                self._new(bundle, bad=False)
        self.spoiled_since.clear()

    def _spoil(self) -> None:
        """A key is disabled, a directory or a network is down: for some bundles, or for all."""
        world, rng = self._world, self._rng
        if not world.faults.active:
            return
        bundles = list(world.fleet.bundles.values())
        state = rng.choice((*sorted(BAD), State.REBUILDING, State.REBUILDING))
        for bundle in bundles if rng.random() < 0.5 else [rng.choice(bundles)]:
            world.trace(bundle.id, "rebuilds end in", state.value)
            bundle.spoiled = state
            self.spoiled_since[bundle.id] = world.agenda.now
            span = world.scenario.hours * 3600
            lasts = rng.uniform(2 * 3600, 12 * 3600 if span <= DAY else span)
            world.agenda.after(lasts, partial(self._unspoil, bundle))

    def _unspoil(self, bundle: Bundle) -> None:
        self._world.trace(bundle.id, "rebuilds end well again")
        bundle.spoiled = None
        self.spoiled_since.pop(bundle.id, None)

    def _hide(self, name: str) -> None:
        """DescribeWorkspaceBundles leaves a bundle out, or its image."""
        world, rng = self._world, self._rng
        if not world.faults.active:
            return
        bundle = rng.choice(list(world.fleet.bundles.values()))
        world.trace(bundle.id, name)
        if name == "bundle_gone":
            bundle.deleted = True
        else:
            bundle.shows_image = False
        world.agenda.after(rng.uniform(600, 6 * 3600), lambda: self._show(bundle))

    @staticmethod
    def _show(bundle: Bundle) -> None:
        bundle.shows_image, bundle.deleted = True, False

    def _roll_out(self) -> None:
        """A new image, good or bad, or an earlier one again; for one bundle or for all."""
        world, rng = self._world, self._rng
        if not world.faults.active:
            return
        bundles = list(world.fleet.bundles.values())
        bad = 0.6 if "bad_image" in world.scenario.faults else 0.0
        for bundle in bundles if rng.random() < 0.3 else [rng.choice(bundles)]:
            earlier = sorted({bundle.image_id, *bundle.bad_images, *self._images(bundle)})
            earlier.remove(bundle.image_id)
            if earlier and rng.random() < 0.4:
                self._set(bundle, rng.choice(earlier))
            else:
                self._new(bundle, bad=rng.random() < bad)

    def _images(self, bundle: Bundle) -> set[str]:
        fleet = self._world.fleet.fleet.values()
        return {desktop.image_id for desktop in fleet if desktop.bundle_id == bundle.id}

    def _new(self, bundle: Bundle, *, bad: bool) -> None:
        image = f"wsi-{self._rng.randrange(10**9):09d}"
        if bad:
            bundle.bad_images.add(image)
        self._set(bundle, image)

    def _set(self, bundle: Bundle, image: str) -> None:
        bad = image in bundle.bad_images
        self._world.trace(bundle.id, "has the", "bad" if bad else "good", "image", image)
        self._world.fleet.set_image(bundle.id, image, self._world.agenda.now, bad=bad)
