"""Who acts, and how far an audit is: what the ledger keeps of the function itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nonpersistent.ledger import Audit, Entry, Ledger
from nonpersistent.records import from_moment
from tests import ledger_table
from tests.unit.support import NOON, WS, at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.parametrize("dynamodb", ["simulation", "moto"], indirect=True)
"""Both tables have to do what the function asks of one."""


def test_p5_one_acts_at_a_time(ledger: Ledger) -> None:
    assert ledger.lease("me", NOON, at(2))
    assert not ledger.lease("you", at(1.99), at(5))
    assert ledger.lease("me", at(1), at(3))
    assert not ledger.lease("you", at(2), at(5))
    assert ledger.lease("you", at(3), at(5))
    assert not ledger.lease("me", at(4), at(5))


@pytest.mark.parametrize(
    ("expires_at", "free"),
    [({"S": "2199-01-01T00:00:00.000Z"}, True), (None, True), (from_moment(at(15)), False)],
    ids=["in years", "never", "as late as an invocation may end"],
)
def test_p8_an_item_that_nobody_can_have_written_is_no_lease(
    ledger: Ledger, dynamodb: DynamoDBClient, expires_at: Any, free: bool
) -> None:
    odd = {"id": {"S": "lease"}, "held_by": {"S": "somebody"}}
    odd |= {"expires_at": expires_at} if expires_at else {}
    ledger_table.put(dynamodb, "ledger", odd)
    assert ledger.lease("me", NOON, at(2)) is free


def test_p2_an_audit_is_due_from_the_first_time_it_is_asked_for(ledger: Ledger) -> None:
    assert ledger.audit() == Audit()
    ledger.ask_audit(NOON)
    ledger.ask_audit(at(60))
    assert ledger.due(at(60)) == [Entry("audit", NOON)]
    assert ledger.audit() == Audit(completed_at=NOON)


def test_p8_an_item_of_the_audit_that_cannot_be_read_begins_it_anew(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    odd = {"completed_at": {"L": []}, "seen_up_to": {"N": "7"}}
    ledger_table.put(dynamodb, "ledger", {"id": {"S": "audit"}, **odd})
    assert ledger.audit() == Audit()
    ledger.end_audit(at(7))
    assert ledger.audit() == Audit(completed_at=at(7))


def test_p8_an_audit_that_somebody_made_look_like_a_workspace_stays_one(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    odd = {"phase": {"S": "rebuilding"}, "reason": {"S": "api:InternalFailure"}}
    audit = {"id": {"S": "audit"}, "due_at": from_moment(NOON), **odd}
    ledger_table.put(dynamodb, "ledger", audit)
    assert ledger.due(NOON) == [Entry("audit", NOON)]


def test_p2_an_audit_goes_on_where_it_was(ledger: Ledger) -> None:
    ledger.ask_audit(NOON)
    ledger.move_audit(WS)
    assert ledger.audit() == Audit(WS, NOON)
    ledger.end_audit(at(7), {"wsb-2", "wsb-1"})
    ended = Audit(completed_at=at(7), bundle_ids=("wsb-1", "wsb-2"))
    assert (ledger.audit(), ledger.due(at(60))) == (ended, [])
    ledger.ask_audit(at(60))
    assert ledger.audit().bundle_ids == ended.bundle_ids
    assert ledger.due(at(60)) == [Entry("audit", at(60))]
    assert ledger.audit().completed_at == at(7)
