"""What holds of the life cycle whatever is known and seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nonpersistent.decisions import Decision, Verdict
from nonpersistent.facts import Facts, Observation
from nonpersistent.lifecycle import decide, learn
from tests.unit.support import at, settings


def judge(facts: Facts, seen: Observation, **changes: Any) -> Decision:
    return decide(facts, seen, seen.looked_at, settings(**changes))


SOMETIME = st.none() | st.integers(-120, 120).map(at)
SIGHTS = st.builds(
    Observation,
    looked_at=st.integers(0, 120).map(at),
    state=st.sampled_from([None, "AVAILABLE", "STOPPED", "ERROR", "REBUILDING", "TERMINATED"]),
    missing=st.booleans(),
    connection=st.sampled_from([None, "CONNECTED", "DISCONNECTED", "UNKNOWN"]),
    checked_at=SOMETIME,
    last_connected_at=SOMETIME,
)
FACTS = st.builds(
    Facts, used_at=SOMETIME, told_at=SOMETIME, vacant_since=SOMETIME, rebuilt_at=SOMETIME
)


@given(FACTS, SIGHTS, SIGHTS)
def test_p2_learning_of_use_only_grows_and_commutes(
    facts: Facts, one: Observation, other: Observation
) -> None:
    learned = learn(learn(facts, one), other)
    assert learned.used_at == learn(learn(facts, other), one).used_at
    assert facts.used_at is None or (learned.used_at and learned.used_at >= facts.used_at)
    assert learn(learned, other) == learned or learned.vacant_since is None
    assert learned.told_at == facts.told_at


@given(FACTS, SIGHTS, st.sampled_from([0, 1, 20]))
def test_p1_a_rebuild_has_every_evidence(facts: Facts, seen: Observation, grace: int) -> None:
    decision = judge(facts, seen, grace=timedelta(minutes=grace))
    if decision.verdict is Verdict.REBUILD:
        known = decision.facts
        assert known.is_dirty
        assert known.vacant_since is not None
        assert known.used_at is None or known.used_at < known.vacant_since
        due_at = max(filter(None, (known.vacant_since, known.told_at)))
        due_at += timedelta(minutes=grace)
        assert seen.vacant_at is not None
        assert due_at <= seen.vacant_at <= seen.looked_at
        assert seen.connection != "CONNECTED"


@given(FACTS, SIGHTS)
def test_p2_every_debt_is_looked_at_again_or_left_to_an_audit_for_a_reason(
    facts: Facts, seen: Observation
) -> None:
    decision = judge(facts, seen)
    left_to_audits = {Verdict.CLEAN, Verdict.IN_USE, Verdict.BLOCKED, Verdict.REBUILD}
    if decision.look_at is None:
        assert decision.verdict in left_to_audits
    else:
        assert decision.look_at >= seen.looked_at
