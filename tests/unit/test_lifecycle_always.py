"""What holds whatever is known of a WorkSpace, and whatever is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.facts import Claim, Facts, Verdict
from nonpersistent.lifecycle import learn, owed_at
from nonpersistent.observation import Observation
from tests.unit.looks import judge
from tests.unit.support import at, settings

SOMETIME = st.none() | st.integers(-120, 120).map(at)
STATES = [None, "AVAILABLE", "STOPPED", "ERROR", "UNHEALTHY", "REBUILDING", "TERMINATED"]
SIGHTS = st.builds(
    Observation,
    looked_at=st.integers(0, 120).map(at),
    state=st.sampled_from(STATES),
    state_asked=st.booleans(),
    connection=st.sampled_from([None, "CONNECTED", "DISCONNECTED", "UNKNOWN"]),
    checked_at=SOMETIME,
    last_connected_at=SOMETIME,
)
FACTS = st.builds(
    Facts,
    used_at=SOMETIME,
    told_at=SOMETIME,
    wanted_at=SOMETIME,
    vacant_since=SOMETIME,
    rebuilt_at=SOMETIME,
    baseline_at=SOMETIME,
)
CLAIMED = st.builds(
    Claim,
    asked_at=st.integers(-120, 0).map(at),
    accepted_at=SOMETIME,
    begun_at=SOMETIME,
    watched_to=SOMETIME,
    bad_since=SOMETIME,
    state=st.sampled_from(STATES),
    goes_first=st.booleans(),
)


@given(FACTS, SIGHTS, SIGHTS)
def test_p2_learning_of_use_only_grows_and_commutes(
    facts: Facts, one: Observation, other: Observation
) -> None:
    learned = learn(learn(facts, one), other)
    assert learned.used_at == learn(learn(facts, other), one).used_at
    assert facts.used_at is None or (learned.used_at and learned.used_at >= facts.used_at)
    assert learn(learned, other) == learned or learned.vacant_since is None
    assert (learned.told_at, learned.wanted_at) == (facts.told_at, facts.wanted_at)


@given(FACTS, SIGHTS, st.sampled_from([0, 1, 20]))
def test_p1_a_rebuild_has_every_evidence(facts: Facts, seen: Observation, grace: int) -> None:
    decision = judge(facts, seen, grace=timedelta(minutes=grace))
    if decision.verdict is Verdict.REBUILD:
        known = decision.facts
        assert known.is_dirty
        assert known.vacant_since is not None
        assert known.used_at is None or known.used_at < known.vacant_since
        due_at = owed_at(known, settings(grace=timedelta(minutes=grace)))
        assert seen.vacant_at is not None
        assert due_at is not None
        assert due_at <= seen.vacant_at <= seen.looked_at
        assert seen.connection != "CONNECTED" or not seen.is_fresh


@given(FACTS, SIGHTS)
def test_p2_every_debt_is_looked_at_again(facts: Facts, seen: Observation) -> None:
    decision = judge(facts, seen)
    owes_nothing = {Verdict.BASELINE, Verdict.CLEAN, Verdict.IN_USE, Verdict.REBUILD}
    if decision.look_at is None:
        assert decision.verdict in owes_nothing
    else:
        assert decision.look_at >= seen.looked_at


@given(FACTS, CLAIMED, SIGHTS)
def test_p3_a_rebuild_that_was_asked_for_is_followed_to_its_end_before_another_one(
    facts: Facts, claim: Claim, seen: Observation
) -> None:
    decision = judge(replace(facts, claim=claim), seen)
    assert decision.verdict is not Verdict.REBUILD
    assert decision.facts.used_at == facts.used_at
    if decision.facts.claim is not None:
        assert decision.verdict in (Verdict.REBUILDING, Verdict.DEFERRED)
    if decision.verdict not in (Verdict.FINISHED, Verdict.BELIEVED):
        assert decision.look_at is not None
        assert decision.look_at >= seen.looked_at
