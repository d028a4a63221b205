"""Images that an administrator rolls out, and the judge of who may get one, and that all do.

Without `roll_out_images`, no WorkSpace may be rebuilt for an image; `loops` judges that.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.course import USABLE, Rebuild
from sandbox.desktop import Desktop
from sandbox.states import State

from . import verdicts

if TYPE_CHECKING:
    from .world import World

MOST = 6
"""The most changes of images in one world."""

SOON, LATER = 1200.0, 5400.0
"""Mean seconds to the next change: while the last image is being rolled out, or after it."""

READING_HOLDS = timedelta(minutes=2)
"""How long before a rebuild its image may have been read: it may use another one by then."""

USUAL = timedelta(hours=2)
"""A canary that takes longer counts as lost, whatever becomes of it."""


class RollOuts:
    """The roll-outs of one world, and their judge."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = random.Random(f"roll-outs {world.scenario.seed}")
        self._proofs: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
        """By bundle: good ends that were seen, as (when seen, when requested, image)."""
        self._losses: dict[str, datetime] = {}
        """By bundle: when a rebuild was last seen to end badly."""

    def begin(self) -> None:
        """Schedule an administrator's changes of images, some back to an earlier one."""
        world, rng = self._world, self._rng
        if not world.scenario.roll_out_images:
            return
        world.listeners.append(self.heard)
        world.oracles.loops.excuses.append(self.is_right)
        at, span = rng.uniform(0, 3600), world.scenario.hours * 3600
        for _ in range(rng.randint(1, MOST)):
            world.agenda.after(min(at, span - 1), self._change)
            at += rng.expovariate(1 / rng.choice((SOON, LATER)))

    def _change(self) -> None:
        world, rng = self._world, self._rng
        bundle = rng.choice(list(world.fleet.bundles.values()))
        known = {image for _, image in world.fleet.images[bundle.id]} - bundle.bad_images
        earlier = sorted(known - {bundle.image_id})
        image = f"wsi-{rng.randrange(10**9):09d}"
        if earlier and rng.random() < 0.3:
            image = rng.choice(earlier)
        world.trace(bundle.id, "is given the image", image)
        world.fleet.set_image(bundle.id, image, world.agenda.now)

    def heard(self, at: datetime, line: Mapping[str, Any]) -> None:
        """Take in a log line: what the function has seen of rebuilds and their images."""
        if line["decision"] == "finished" and line.get("image_id"):
            asked_at = datetime.fromisoformat(line["asked_at"])
            self._proofs[line["bundle_id"]].append((at, asked_at, line["image_id"]))
        elif line["decision"] == "failed" and line.get("bundle_id"):
            self._losses[line["bundle_id"]] = at

    # -- who may get an image -----------------------------------------------------------------

    def is_right(self, desktop: Desktop, last: Rebuild | None, rebuild: Rebuild) -> bool:
        """Judge a rebuild of a WorkSpace that owes nothing, so that only an image can be its
        reason. Always true: a violation is reported here, and not as a loop."""
        world, at = self._world, rebuild.accepted_at
        history = world.fleet.images[desktop.bundle_id]
        if any(at - READING_HOLDS <= since <= at for since, _ in history):
            world.oracles.counts["P3 the image changed under a roll-out"] += 1
            return True
        had = self._may_have(desktop, last)
        recorded = world.table.items.get(desktop.id, {}).get("image_id", {}).get("S")
        if had == {rebuild.image_id} or recorded == rebuild.image_id:
            world.broken("P3", f"{desktop.id} is given {rebuild.image_id}, which it has")
        elif not self._was_proven(desktop, rebuild):
            world.broken("P7", f"{desktop.id} is given {rebuild.image_id}, which nobody has proven")
        else:
            world.oracles.counts["images rolled out"] += 1
        return True

    def _may_have(self, desktop: Desktop, last: Rebuild | None) -> set[str]:
        """The images that a desktop may have, as far as anybody could know."""
        world = self._world
        history = world.fleet.images[desktop.bundle_id]
        if last is not None and not last.by_person:
            since, until = last.accepted_at - READING_HOLDS, last.accepted_at + READING_HOLDS
        else:
            since = world.table.first_written.get(desktop.id, desktop.created_at)
            since, until = max(since, last.accepted_at if last else since), world.agenda.now
        ends = [at for at, _ in history[1:]] + [datetime.max.replace(tzinfo=since.tzinfo)]
        return {
            image
            for (at, image), end in zip(history, ends, strict=True)
            if at <= until and end >= since
        }

    def _was_proven(self, desktop: Desktop, rebuild: Rebuild) -> bool:
        """Whether a rebuild with the image was seen to end well, by a log line or by a look whose
        line was lost. If that was long ago, a canary goes first."""
        fleet, looks = self._world.fleet.fleet.values(), self._world.oracles.looks
        proofs = self._proofs[desktop.bundle_id]
        return any(image == rebuild.image_id for _, _, image in proofs) or any(
            earlier.image_id == rebuild.image_id and looks.seen_well(other.id, earlier)
            for other in fleet
            if other.bundle_id == desktop.bundle_id
            for earlier in other.rebuilds
        )

    # -- whether all get it -------------------------------------------------------------------

    def pending(self, peace: datetime) -> bool:
        """Whether any WorkSpace still lacks an image; if it has for too long, P2 is broken."""
        world, now = self._world, self._world.agenda.now
        scenario = world.scenario
        if not scenario.roll_out_images or scenario.canary_after is None or scenario.dry_run:
            return False
        world.fleet.tick(now)
        open_ = list(self._lacking(now))
        for desktop, proven_at in open_:
            ends = [rebuild.ends_at or now for rebuild in desktop.rebuilds]
            start = max([peace, proven_at, *ends])
            may_take = verdicts.bound(scenario)
            may_take += verdicts.retries(world.scenario, world.fleet, desktop, world.oracles)
            if now - start > may_take:
                image = world.fleet.bundles[desktop.bundle_id].image_id
                world.broken("P2", f"{desktop.id} lacks {image}, proven {proven_at:%d %H:%M:%S}")
        return bool(open_)

    def _lacking(self, now: datetime) -> Iterator[tuple[Desktop, datetime]]:
        """WorkSpaces without their bundle's proven image, and since when it has been proven."""
        world = self._world
        for bundle in world.fleet.bundles.values():
            proven_at = self._proven_at(bundle.id, now)
            if proven_at is None or bundle.id in world.poisoned_since:
                continue
            for id_ in sorted(world.roster - set(world.poisoned_since)):
                desktop = world.fleet.fleet.get(id_)
                if desktop is None or desktop.bundle_id != bundle.id:
                    continue
                known = self._known(desktop)
                if known not in (None, bundle.image_id) and desktop.state is State.AVAILABLE:
                    yield desktop, proven_at

    def _known(self, desktop: Desktop) -> str | None:
        """The image that a desktop is known to have, if any."""
        last = desktop.rebuilds[-1] if desktop.rebuilds else None
        if last is not None and not last.by_person and last.course.ends in USABLE:
            [*images] = self._may_have(desktop, last)
            if len(images) == 1 and last.begun_at is not None and last.finished_at is not None:
                return images[0]
        recorded = self._world.table.items.get(desktop.id, {}).get("image_id", {})
        return recorded.get("S")

    def _proven_at(self, bundle_id: str, now: datetime) -> datetime | None:
        """Since when the bundle's present image has been proven, with nothing against it since;
        None if it is not."""
        world = self._world
        stable_since, image = world.fleet.images[bundle_id][-1]
        since = [stable_since + READING_HOLDS]
        since += [self._losses[bundle_id]] if bundle_id in self._losses else []
        for desktop in world.fleet.fleet.values():
            if desktop.bundle_id == bundle_id:
                slow = [r for r in desktop.rebuilds if (r.ends_at or now) - r.accepted_at > USUAL]
                since += [rebuild.ends_at or now for rebuild in slow]
        proofs = [
            seen_at
            for seen_at, asked_at, proven in self._proofs[bundle_id]
            if proven == image and asked_at > max(since)
        ]
        return min(proofs, default=None)
