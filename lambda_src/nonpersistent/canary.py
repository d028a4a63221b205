"""Whether a bundle's rebuilds can be trusted, and who goes first if not (P7). Pure.

A bundle is trusted while a rebuild with its present image has succeeded lately and none has ended
badly since. Otherwise one WorkSpace, the canary, is rebuilt and the others wait for its end. Once
three WorkSpaces are lost, the bundle is held: only lost WorkSpaces are tried again, and at most
three of them with another image. If none of them can be tried for four days, then eight, and so
on, another one is. So it does not matter whether the cause is an image, a key, a directory or a
network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from .facts import Facts

MOST_LOST = 3
"""How many WorkSpaces of a bundle may be lost to one cause before the others wait."""

UNTRIED_FOR = timedelta(days=4)
"""If no lost WorkSpace of a bundle can be tried again, and none was for this long, another one may
be tried; the time doubles with each one lost in this way. One day is enough with an image that has
not failed, and for a WorkSpace that was lost to another image."""

MEMORY = 20
"""How many lost WorkSpaces a bundle remembers, including those in flight at the first failure."""


class Admission(StrEnum):
    """Whether a WorkSpace that owes a rebuild may be rebuilt now."""

    GO = "go"
    GO_FIRST = "go_first"
    WAIT = "wait"
    IMAGE_UNKNOWN = "image_unknown"
    HELD = "held"


@dataclass(frozen=True)
class Bundle:
    """What is known of a bundle's rebuilds.

    image_id   the image of the last rebuild that succeeded
    proven_at  when the rebuild that proved it was seen to end
    canary     the WorkSpace that goes first and whose rebuild has not ended
    lost       WorkSpaces whose rebuild ended badly since, newest first
    lost_at    when the latest of those rebuilds was requested
    seen_at    when the latest of those bad ends was first seen
    lost_image the image of the latest rebuild that ended badly
    lost_to_it the WorkSpaces whose rebuild from it ended badly
    """

    bundle_id: str
    image_id: str | None = None
    proven_at: datetime | None = None
    canary: str | None = None
    lost: tuple[str, ...] = ()
    lost_at: datetime | None = None
    seen_at: datetime | None = None
    lost_image: str | None = None
    lost_to_it: tuple[str, ...] = ()
    version: int = 0

    @property
    def is_held(self) -> bool:
        """Whether only WorkSpaces that are already lost may be rebuilt."""
        return len(self.lost) >= MOST_LOST

    def may_try(self, workspace_id: str, image: str, now: datetime) -> bool:
        """Whether a WorkSpace may be the one that tests rebuilds from `image`. The lost ones may be
        gone, held, restored, or in a state that forbids a rebuild: if none of them was tried for
        a while, another one may be, see UNTRIED_FOR."""
        is_lost_image = image == self.lost_image
        if not self.is_held or (workspace_id in self.lost_to_it and is_lost_image):
            return True
        pause = UNTRIED_FOR * 2.0 ** (len(self.lost) - MOST_LOST)
        untried = now - self.lost_at if self.lost_at is not None else pause
        if workspace_id in self.lost:
            is_known = is_lost_image and len(self.lost_to_it) >= MOST_LOST
            return not is_known or untried >= timedelta(days=1)
        return untried >= (pause if is_lost_image else timedelta(days=1))

    def is_proven(self, now: datetime, canary_after: timedelta) -> bool:
        """Whether rebuilds from `image_id` may be expected to end well."""
        return self.proven_at is not None and not self.lost and now - self.proven_at < canary_after


def admit(
    bundle: Bundle, image: str | None, workspace_id: str, now: datetime, canary_after: timedelta
) -> tuple[Bundle, Admission]:
    """Decide whether `workspace_id` may be rebuilt from `image`; return the updated bundle, too.

    An unknown image (None) is not trusted.
    """
    if image is None:
        return bundle, Admission.IMAGE_UNKNOWN
    if image == bundle.image_id and bundle.is_proven(now, canary_after):
        return bundle, Admission.GO
    if bundle.canary not in (None, workspace_id):
        return bundle, Admission.WAIT
    if not bundle.may_try(workspace_id, image, now):
        return bundle, Admission.HELD
    return replace(bundle, canary=workspace_id), Admission.GO_FIRST


def ended_well(
    bundle: Bundle, workspace_id: str, image: str | None, asked_at: datetime, now: datetime
) -> Bundle:
    """The bundle after a good end, which says nothing about a cause met while it was under way,
    unless it was this WorkSpace itself whose end was taken for a bad one."""
    was_lost = workspace_id in bundle.lost
    bundle = without(released(bundle, workspace_id), frozenset({workspace_id}))
    is_older = bundle.seen_at is not None and asked_at < bundle.seen_at
    if (is_older and (bundle.lost or not was_lost)) or image is None:
        return bundle
    return replace(bundle, image_id=image, proven_at=now, lost=(), lost_to_it=())


def ended_badly(bundle: Bundle, workspace_id: str, facts: Facts, seen_at: datetime) -> Bundle:
    """The bundle after the rebuild that `facts` tell of was seen to end badly.

    Only the first time is it lost to the bundle: one that fails again may be broken itself. But
    whatever broke it may break others, so the next one is a canary.
    """
    claim = facts.claim or facts.failed
    assert claim is not None
    image, asked_at = claim.image_id, claim.asked_at
    bundle = released(bundle, workspace_id)
    bundle = replace(bundle, seen_at=max(seen_at, bundle.seen_at or seen_at))
    if workspace_id not in bundle.lost:
        bundle = replace(bundle, proven_at=None)
        if facts.failed is not None:
            return bundle
        bundle = replace(bundle, lost=_with(workspace_id, bundle.lost))
    if bundle.lost_at is not None and asked_at < bundle.lost_at:
        return bundle
    if image is None:
        return replace(bundle, lost_at=asked_at)
    before = bundle.lost_to_it if image == bundle.lost_image else ()
    lost_to_it = _with(workspace_id, before)
    return replace(bundle, lost_at=asked_at, lost_image=image, lost_to_it=lost_to_it)


def released(bundle: Bundle, workspace_id: str) -> Bundle:
    """Free the canary's place for the next one: its rebuild did not happen, or proves nothing."""
    return replace(bundle, canary=None) if bundle.canary == workspace_id else bundle


def without(bundle: Bundle, mended: frozenset[str]) -> Bundle:
    """Drop WorkSpaces that are no longer lost: they work again, or are gone."""
    lost, lost_to_it = (
        tuple(id_ for id_ in ids if id_ not in mended) for ids in (bundle.lost, bundle.lost_to_it)
    )
    return replace(bundle, lost=lost, lost_to_it=lost_to_it)


def _with(workspace_id: str, others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((workspace_id, *others)))[:MEMORY]
