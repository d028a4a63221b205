"""How facts look in the table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.canary import Bundle
from nonpersistent.clock import to_millisecond
from nonpersistent.facts import Claim, Facts, Need, Trouble
from nonpersistent.records import Record, bundle_of, from_moment, record_of, to_item, to_moment
from tests.unit.support import BUNDLE, NOON, WS, at

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)).map(
    to_millisecond
)
TEXT = st.none() | st.text(min_size=1)
st.register_type_strategy(datetime, MOMENTS)
CLAIMS = st.builds(Claim, claimed_by=TEXT, state=TEXT, address=TEXT, image_id=TEXT)
FACTS = st.builds(
    Facts,
    claim=st.none() | CLAIMS,
    asked=st.lists(MOMENTS, max_size=3).map(tuple),
    failures=st.integers(0, 99),
    trouble=st.none() | st.builds(Trouble, reason=st.text(min_size=1)),
    hold_reason=TEXT,
    user=TEXT,
    bundle_id=TEXT,
    image_id=TEXT,
)


def test_a_moment_has_a_fixed_width_so_that_it_sorts() -> None:
    assert from_moment(NOON) == {"S": "2026-11-22T12:00:00.000Z"}
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert from_moment(tokyo.replace(microsecond=7999)) == {"S": "2026-11-22T12:00:00.007Z"}


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_moment_is_written_in_utc_wherever_the_code_runs() -> None:
    assert from_moment(NOON) == {"S": "2026-11-22T12:00:00.000Z"}


def test_p2_a_time_long_ago_can_be_read_again() -> None:
    long_ago = datetime(1, 1, 1, tzinfo=UTC)
    assert to_moment(from_moment(long_ago)) == long_ago


def test_p8_a_time_that_nobody_lives_to_see_cannot_be_read() -> None:
    """Somebody has written it, to hold a WorkSpace for ever: no time can be added to it."""
    with pytest.raises(ValueError, match="that cannot be: 2200-01-01"):
        to_moment({"S": "2200-01-01T00:00:00.000Z"})
    assert to_moment({"S": "2199-12-31T23:59:59.999Z"}).year == 2199


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_their_texts(one: datetime, other: datetime) -> None:
    assert (one < other) == (from_moment(one)["S"] < from_moment(other)["S"])


@given(FACTS, st.integers(1, 10**9), st.none() | MOMENTS, TEXT)
def test_p2_a_record_comes_back_as_it_was(
    facts: Facts, version: int, look_at: datetime | None, reason: str | None
) -> None:
    record = Record(WS, facts, version, look_at, reason)
    assert record_of(to_item(record)) == record


@given(
    st.builds(
        Bundle,
        bundle_id=st.just(BUNDLE),
        image_id=TEXT,
        canary=TEXT,
        lost=st.lists(st.text(min_size=1), max_size=4).map(tuple),
        version=st.integers(1, 9),
    )
)
def test_p7_a_bundle_comes_back_as_it_was(bundle: Bundle) -> None:
    assert bundle_of(BUNDLE, to_item(bundle)) == bundle


def test_what_a_signal_alone_wrote_is_a_record() -> None:
    item = {"id": {"S": WS}, "told_at": from_moment(NOON), "version": {"N": "1"}}
    assert record_of(item) == Record(WS, Facts(told_at=NOON), 1)


def test_an_item_is_of_dynamodbs_types_and_says_what_the_index_shows() -> None:
    claim = Claim(asked_at=NOON, claimed_by="an-invocation")
    trouble = Trouble(at(1), Need.BLOCKED, "ERROR", at(31))
    facts = Facts(failed=claim, asked=(NOON, at(-9)), failures=2, trouble=trouble, user="ada")
    assert to_item(Record(WS, facts, 3, at(5), "ERROR")) == {
        "id": {"S": WS},
        "version": {"N": "3"},
        "phase": {"S": "new"},
        "due_at": from_moment(at(5)),
        "reason": {"S": "ERROR"},
        "needs": {"S": "blocked"},
        "needs_at": from_moment(at(31)),
        "failed": {
            "M": {
                "asked_at": from_moment(NOON),
                "claimed_by": {"S": "an-invocation"},
                "goes_first": {"BOOL": False},
            }
        },
        "asked": {"L": [from_moment(NOON), from_moment(at(-9))]},
        "failures": {"N": "2"},
        "trouble": {
            "M": {
                "since": from_moment(at(1)),
                "need": {"S": "blocked"},
                "reason": {"S": "ERROR"},
                "needs_at": from_moment(at(31)),
                "refused": {"BOOL": False},
            }
        },
        "user": {"S": "ada"},
    }


def test_only_what_has_a_time_to_look_is_in_the_index() -> None:
    assert to_item(Record(WS)).keys() == {"id", "version", "phase", "failures"}


def test_an_empty_item_is_a_bundle_of_which_nothing_is_known() -> None:
    assert bundle_of(BUNDLE, {}) == Bundle(BUNDLE)


BROKEN: list[dict[str, Any]] = [
    {"used_at": {"S": "yesterday"}},
    {"used_at": {"S": "2026-11-22T12:00:00"}},
    {"used_at": {"N": "7"}},
    {"used_at": "2026-11-22T12:00:00Z"},
    {"failures": {"N": "many"}},
    {"failures": {"S": "1"}},
    {"asked": {"L": [{"S": "yesterday"}]}},
    {"asked": {"L": [{"N": "1"}]}},
    {"claim": {"M": {}}},
    {"claim": {"S": "yes"}},
    {"trouble": {"M": {"since": from_moment(NOON), "need": {"S": "tea"}}}},
    {"user": {"L": []}},
    {"due_at": {"S": "soon"}},
    {"reason": {"N": "1"}},
    {"version": {"S": "1"}},
]


@pytest.mark.parametrize("attribute", BROKEN, ids=str)
def test_p8_an_item_that_this_code_has_not_written_is_unreadable(attribute: Any) -> None:
    item = {"id": {"S": WS}, "version": {"N": "1"}, **attribute}
    assert record_of(item) is None


@pytest.mark.parametrize(
    "attribute", [{"proven_at": {"S": "soon"}}, {"lost": {"S": WS}}, {"version": {"N": "x"}}]
)
def test_p8_a_bundle_that_cannot_be_read_is_not_trusted_and_overwritten(attribute: Any) -> None:
    item = {"image_id": {"S": "wsi-1"}, **attribute}
    assert bundle_of(BUNDLE, item) == Bundle(BUNDLE, version=-1)
