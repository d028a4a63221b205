"""Whether a bundle's rebuilds can be trusted, and who goes first if not (P7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nonpersistent.canary import (
    MEMORY,
    MOST_LOST,
    Admission,
    Bundle,
    admit,
    ended_badly,
    ended_well,
    released,
    without,
)
from nonpersistent.facts import Claim, Facts
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, OTHER, WS, at, fleet
from tests.unit.trust import TRUSTED

TWELVE_HOURS = timedelta(hours=12)
UNKNOWN = Bundle(BUNDLE)
THREE = ("ws-000000001", "ws-000000002", "ws-000000003")
HELD = Bundle(BUNDLE, image_id=IMAGE, lost=THREE, lost_at=at(-60), seen_at=at(-30))

LOST = replace(HELD, lost=(*THREE[:2], WS), lost_image=IMAGE)


def rebuilt(image: str | None, *, again: bool = False) -> Facts:
    """The facts of a rebuild from an image, requested at noon: the first, or again."""
    claim = Claim(NOON, image_id=image)
    return Facts(claim=claim, failed=claim if again else None)


@pytest.mark.parametrize(
    ("bundle", "image", "admission"),
    [
        (TRUSTED, IMAGE, Admission.GO),
        (replace(TRUSTED, canary=OTHER), IMAGE, Admission.GO),
        (replace(TRUSTED, proven_at=NOON - TWELVE_HOURS), IMAGE, Admission.GO_FIRST),
        (replace(TRUSTED, proven_at=NOON - TWELVE_HOURS + timedelta(1e-9)), IMAGE, Admission.GO),
        (replace(TRUSTED, proven_at=None), IMAGE, Admission.GO_FIRST),
        (replace(TRUSTED, lost=(OTHER,)), IMAGE, Admission.GO_FIRST),
        (TRUSTED, NEWER, Admission.GO_FIRST),
        (UNKNOWN, IMAGE, Admission.GO_FIRST),
        (TRUSTED, None, Admission.IMAGE_UNKNOWN),
        (UNKNOWN, None, Admission.IMAGE_UNKNOWN),
        (replace(UNKNOWN, canary=OTHER), IMAGE, Admission.WAIT),
        (replace(UNKNOWN, canary=WS), IMAGE, Admission.GO_FIRST),
        (replace(HELD, canary=OTHER), IMAGE, Admission.WAIT),
        (HELD, IMAGE, Admission.HELD),
        (HELD, NEWER, Admission.HELD),
        (replace(HELD, lost=THREE[:2]), IMAGE, Admission.GO_FIRST),
        (LOST, IMAGE, Admission.GO_FIRST),
        (replace(LOST, lost_to_it=THREE[:2]), IMAGE, Admission.GO_FIRST),
        (replace(LOST, lost_to_it=THREE), IMAGE, Admission.HELD),
        (replace(LOST, lost_to_it=(*THREE, WS)), IMAGE, Admission.GO_FIRST),
        (replace(LOST, lost_to_it=THREE), NEWER, Admission.GO_FIRST),
        (replace(LOST, lost=THREE, lost_to_it=(WS,)), IMAGE, Admission.GO_FIRST),
        (replace(LOST, lost=THREE, lost_to_it=(WS,)), NEWER, Admission.HELD),
    ],
)
def test_p7_who_may_be_rebuilt(bundle: Bundle, image: str | None, admission: Admission) -> None:
    takes_place = admission is Admission.GO_FIRST
    after = replace(bundle, canary=WS) if takes_place else bundle
    assert admit(bundle, image, WS, NOON, TWELVE_HOURS) == (after, admission)


def test_p7_a_bundle_is_held_from_the_third_that_is_lost() -> None:
    assert not replace(HELD, lost=THREE[:2]).is_held
    assert HELD.is_held
    assert MOST_LOST == 3


TWO = replace(HELD, lost=(WS, OTHER))
MENDS = {"proven_at": NOON, "lost": ()}
DOUBTED = replace(TRUSTED, proven_at=None, seen_at=at(-30))
GOOD_ENDS: dict[str, tuple[Bundle, str | None, datetime, dict[str, Any]]] = {
    "the first proof": (UNKNOWN, IMAGE, at(-40), {"image_id": IMAGE, "proven_at": NOON}),
    "another image": (TRUSTED, NEWER, at(-40), {"image_id": NEWER, "proven_at": NOON}),
    "an unknown image proves nothing": (TRUSTED, None, at(-40), {}),
    "asked for before the bad end was seen: proves nothing": (HELD, IMAGE, at(-31), {}),
    "asked for no earlier: mends all": (HELD, IMAGE, at(-30), MENDS),
    "whatever image they were lost to": (replace(HELD, lost_to_it=THREE), IMAGE, NOON, MENDS),
    "asked for before a repetition's bad end was seen": (DOUBTED, IMAGE, at(-31), {}),
    "no earlier": (DOUBTED, IMAGE, at(-30), {"proven_at": NOON}),
    "later, with an unknown image": (HELD, None, at(-29), {}),
    "seen at an unknown time": (replace(HELD, seen_at=None), IMAGE, at(-99), MENDS),
    "itself is lost no more": (TWO, IMAGE, at(-31), {"lost": (OTHER,)}),
    "the last one that was lost has healed": (TWO, IMAGE, at(-30), MENDS),
    "the same with an unknown image": (TWO, None, at(-29), {"lost": (OTHER,)}),
    "the only one that was lost": (replace(HELD, lost=(WS,)), IMAGE, at(-31), MENDS),
}


@pytest.mark.parametrize(
    ("bundle", "image", "asked_at", "after"), GOOD_ENDS.values(), ids=list(GOOD_ENDS)
)
def test_p7_a_good_end_proves_the_image_that_it_took(
    bundle: Bundle, image: str | None, asked_at: datetime, after: dict[str, Any]
) -> None:
    with_canary = replace(bundle, canary=WS)
    mended: dict[str, Any] = {"lost_to_it": ()} if after.get("lost") == () else {}
    assert ended_well(with_canary, WS, image, asked_at, NOON) == replace(bundle, **after, **mended)


FOUR = (WS, *THREE)
NOW = {"lost_at": NOON, "lost_image": NEWER, "lost_to_it": (WS,)}
BAD_ENDS: dict[str, tuple[Bundle, bool, dict[str, Any]]] = {
    "the first": (TRUSTED, False, {"lost": (WS,), "proven_at": None, **NOW}),
    "one more": (HELD, False, {"lost": FOUR, **NOW}),
    "asked for earlier": (replace(HELD, lost_at=at(5)), False, {"lost": FOUR}),
    "asked for at the same time": (replace(HELD, lost_at=NOON), False, {"lost": FOUR, **NOW}),
    "it fails again": (TRUSTED, True, {"proven_at": None}),
    "it is lost already": (replace(HELD, lost=(WS,)), False, NOW),
    "again": (replace(HELD, lost=(WS,)), True, NOW),
    "to the same image": (
        replace(HELD, lost_image=NEWER, lost_to_it=THREE),
        False,
        {"lost": FOUR, "lost_at": NOON, "lost_to_it": FOUR},
    ),
    "to another one": (
        replace(HELD, lost_image=IMAGE, lost_to_it=THREE),
        False,
        {"lost": FOUR, **NOW},
    ),
}


@pytest.mark.parametrize(("bundle", "again", "after"), BAD_ENDS.values(), ids=list(BAD_ENDS))
def test_p7_only_the_first_bad_end_of_a_workspace_speaks_against_its_bundle(
    bundle: Bundle, again: bool, after: dict[str, Any]
) -> None:
    with_canary = replace(bundle, canary=WS)
    ended = ended_badly(with_canary, WS, rebuilt(NEWER, again=again), at(9))
    assert ended == replace(bundle, **after, seen_at=at(9))
    assert ended_badly(ended, OTHER, rebuilt(NEWER), at(8)).seen_at == at(9)


@pytest.mark.parametrize(
    ("workspace_id", "image", "so_many", "days"),
    [(WS, IMAGE, 0, 1), (OTHER, NEWER, 2, 1), (OTHER, IMAGE, 0, 4), (OTHER, IMAGE, 2, 16)],
    ids=["one that is lost", "another image", "any", "two were lost so"],
)
def test_p2_another_one_tries_where_those_that_are_lost_have_not_for_long(
    workspace_id: str, image: str, so_many: int, days: int
) -> None:
    """They may be gone, held, restored, or in a state that forbids it, and the cause be cured. Each
    that was lost so doubles the time."""
    lost = (*LOST.lost, *(f"ws-0000more{number}" for number in range(so_many)))
    waits = replace(LOST, lost=lost, lost_to_it=THREE)
    for hours, admission in ((24 * days - 1, Admission.HELD), (24 * days, Admission.GO_FIRST)):
        bundle = replace(waits, lost_at=NOON - timedelta(hours=hours))
        assert admit(bundle, image, workspace_id, NOON, TWELVE_HOURS)[1] is admission


def test_p2_where_nobody_knows_when_the_last_was_lost_another_one_tries() -> None:
    edited = replace(HELD, lost_at=None, lost_image=IMAGE)
    assert admit(edited, IMAGE, WS, NOON, TWELVE_HOURS)[1] is Admission.GO_FIRST


def test_a_rebuild_with_an_unknown_image_says_nothing_of_images() -> None:
    known = replace(HELD, lost_image=NEWER, lost_to_it=THREE)
    after = ended_badly(known, WS, rebuilt(None), at(9))
    assert after == replace(known, lost=(WS, *THREE), lost_at=NOON, seen_at=at(9))


def test_p7_one_that_healed_does_not_keep_others_from_trying_its_image() -> None:
    healed = replace(HELD, lost=(WS, *THREE), lost_image=NEWER, lost_to_it=(WS,))
    assert ended_well(healed, WS, NEWER, at(-30), NOON).lost_to_it == ()


def test_a_bundle_remembers_the_twenty_lost_last() -> None:
    many = replace(HELD, lost=tuple(fleet(MEMORY)))
    assert ended_badly(many, WS, rebuilt(NEWER), at(9)).lost == (WS, *many.lost[:-1])


def test_p8_only_the_canary_itself_makes_room_for_the_next() -> None:
    assert released(replace(TRUSTED, canary=WS), WS) == TRUSTED
    assert released(replace(TRUSTED, canary=OTHER), WS).canary == OTHER


def test_p7_who_works_again_is_lost_no_more() -> None:
    mended = without(replace(HELD, lost_to_it=THREE[1:]), frozenset(THREE[1:2]))
    assert (mended.lost, mended.lost_to_it) == ((THREE[0], THREE[2]), THREE[2:])
    assert without(HELD, frozenset({WS})) == HELD
