"""What makes all rebuilds of a bundle end badly, and what else happens to bundles."""

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
"""The most roll-outs of images in one world."""

DAY = 24 * 3600.0
"""In seconds. In a world longer than this, a cause may last as long as the world."""

SOON, LATER = 600.0, 5400.0
"""Mean seconds until the next change of an image: during a rebuild, or after it."""


class Causes:
    """The causes in one world. After `end`, rebuilds of every bundle can succeed again."""

    def __init__(self, world: World) -> None:
        self.spoiled_since: dict[str, datetime] = {}
        """By bundle: since when its rebuilds have been ending badly, if they are."""
        self._world = world
        self._rng = random.Random(f"causes {world.scenario.seed}")

    def begin(self) -> None:
        """Draw the causes and schedule them; called once, when the world starts."""
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
        """End all causes, show every bundle, and replace each bad image with a good one."""
        for bundle in self._world.fleet.bundles.values():
            bundle.spoiled, bundle.shows_image, bundle.deleted = None, True, False
            if bundle.image_id in bundle.bad_images:
                self._new(bundle, bad=False)
        self.spoiled_since.clear()

    def _spoil(self) -> None:
        """Let rebuilds of one bundle or of all end badly: a key, a directory or a network fails."""
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
        """Make DescribeWorkspaceBundles leave out a bundle, or its image, for some time."""
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
        """Give one bundle, or all, a new image, good or bad, or an earlier one again."""
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
