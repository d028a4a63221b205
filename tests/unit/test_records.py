"""How facts look in the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.clock import to_millisecond
from nonpersistent.facts import Facts
from nonpersistent.images import Proof
from nonpersistent.records import (
    Record,
    from_item,
    from_moment,
    proof_from_item,
    proof_to_item,
    to_item,
    to_moment,
)
from tests.unit.support import BUNDLE, NOON, WS, at

MOMENTS = st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)).map(to_millisecond)
MAYBE = st.none() | MOMENTS
TEXT = st.none() | st.text(min_size=1)
FACTS = st.builds(
    Facts,
    used_at=MAYBE,
    told_at=MAYBE,
    vacant_since=MAYBE,
    asked_at=MAYBE,
    accepted_at=MAYBE,
    rebuilt_at=MAYBE,
    baseline_at=MAYBE,
    begun=st.booleans(),
    address=TEXT,
    bundle_id=TEXT,
    proving=st.booleans(),
    attempts=st.integers(0, 99),
    reason=TEXT,
)


def test_a_moment_has_a_fixed_width_so_that_it_sorts() -> None:
    assert from_moment(NOON) == {"S": "2026-11-22T12:00:00.000Z"}
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert from_moment(tokyo.replace(microsecond=7999)) == {"S": "2026-11-22T12:00:00.007Z"}


def test_p2_a_time_long_ago_can_be_read_again() -> None:
    """A message may carry year 1; a record that cannot be read stops every pass."""
    long_ago = datetime(1, 1, 1, tzinfo=UTC)
    assert to_moment(from_moment(long_ago)) == long_ago


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_their_texts(one: datetime, other: datetime) -> None:
    assert (one < other) == (from_moment(one)["S"] < from_moment(other)["S"])


@given(FACTS, st.integers(1, 10**9), MAYBE)
def test_p2_a_record_comes_back_as_it_was(
    facts: Facts, version: int, look_at: datetime | None
) -> None:
    record = Record(WS, facts, version, look_at)
    assert from_item(to_item(record)) == record


IMAGES = st.lists(st.text(min_size=1), max_size=4).map(tuple)
PAIRS = st.tuples(st.text("wsi-0a", min_size=1), st.text(min_size=1))
FAILED = st.lists(PAIRS, max_size=4).map(tuple)
TRYING = st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=3)


@given(st.builds(Proof, st.just(BUNDLE), TEXT, IMAGES, TRYING, FAILED, st.integers(0, 9)))
def test_p7_a_proof_comes_back_as_it_was(proof: Proof) -> None:
    assert proof_from_item(BUNDLE, proof_to_item(proof)) == proof


def test_what_a_signal_alone_wrote_is_a_record() -> None:
    item = {"id": {"S": WS}, "told_at": from_moment(NOON), "version": {"N": "1"}}
    assert from_item(item) == Record(WS, Facts(told_at=NOON), 1)


def test_only_what_has_a_time_to_look_is_in_the_index() -> None:
    assert "due_at" not in to_item(Record(WS))
    planned = to_item(Record(WS, look_at=at(5)))
    assert planned["due_at"] == from_moment(at(5))


def test_an_empty_item_is_an_empty_proof() -> None:
    assert proof_from_item(BUNDLE, {}) == Proof(BUNDLE)
