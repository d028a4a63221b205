"""The ledger on a table of the real shape. Signals: test_ledger_records.py; turns and audits:
test_ledger_audits.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from nonpersistent.canary import Bundle
from nonpersistent.facts import Facts, Need
from nonpersistent.ledger import Entry, Ledger, NoRoster
from nonpersistent.records import Record, to_item
from simulation.clock import VirtualClock
from tests import ledger_table
from tests.unit.support import (
    BUNDLE,
    NOON,
    OTHER,
    WS,
    Timeline,
    at,
    fleet,
    only,
    session_end,
    sign_in,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.parametrize("dynamodb", ["simulation", "moto"], indirect=True)
"""Both tables have to do what the function asks of one."""


def put(dynamodb: DynamoDBClient, item: Any) -> None:
    """Write an item, whatever it is."""
    ledger_table.put(dynamodb, "ledger", item)


@pytest.fixture
def asked(dynamodb: DynamoDBClient) -> Iterator[list[tuple[str, Any]]]:
    """The operations that are called, with their parameters."""
    asked: list[tuple[str, Any]] = []
    events: Any = dynamodb.meta.events

    def listen(params: Any, model: Any, **_: object) -> None:
        asked.append((model.name, params))

    events.register("provide-client-params.dynamodb", listen)
    yield asked
    events.unregister("provide-client-params.dynamodb", listen)


def test_p4_the_roster_is_what_terraform_wrote(ledger: Ledger, dynamodb: DynamoDBClient) -> None:
    for ids in (set[str](), {WS, OTHER}):
        written = [{"S": id_} for id_ in ids]
        put(dynamodb, {"id": {"S": "roster"}, "workspace_ids": {"L": written}})
        assert ledger.roster() == ids


@pytest.mark.parametrize("item", [None, {"id": {"S": "roster"}}])
def test_p4_a_lost_roster_is_not_an_empty_one(
    ledger: Ledger, dynamodb: DynamoDBClient, item: Any
) -> None:
    if item:
        put(dynamodb, item)
    with pytest.raises(
        NoRoster, match=r"^the ledger has no roster; apply the module again, it writes one$"
    ):
        ledger.roster()


def test_what_is_due_comes_longest_first_and_not_before_its_time(ledger: Ledger) -> None:
    ledger.record(session_end(NOON, OTHER), at(2))
    ledger.record(session_end(NOON), at(1))
    ledger.record(session_end(NOON, "ws-00000000later"), at(2, 0.001))
    ledger.record(sign_in(NOON, "ws-00000000never"), at(0))
    assert ledger.due(at(0.5)) == []
    assert ledger.due(at(2)) == [Entry(WS, at(1)), Entry(OTHER, at(2))]


OWED = Facts(
    used_at=at(-60),
    vacant_since=at(-50),
    owed_since=at(-50),
    late_at=at(90),
    user="ada",
    bundle_id=BUNDLE,
)


def test_p6_the_index_shows_what_the_gauges_need(ledger: Ledger) -> None:
    ledger.write(Record(WS, OWED, look_at=at(10), reason="canary"))
    ledger.write(Record(OTHER, replace(OWED, bundle_id="wsb-other00001"), 0, at(5), "canary"))
    ledger.write(Record("ws-000000003", OWED, 0, at(5), "grace"))
    ledger.write(Record("ws-000000004", OWED))
    ledger.ask_audit(NOON)
    shown = Entry(
        WS,
        at(10),
        phase="vacant",
        needs=Need.LATE,
        needs_at=at(90),
        reason="canary",
        user="ada",
        bundle_id=BUNDLE,
        owed_since=at(-50),
    )
    assert {entry.id for entry in ledger.planned()} == {WS, OTHER, "ws-000000003"}
    assert ledger.planned()[-1] == shown


@pytest.mark.parametrize(
    "attribute",
    [{"owed_since": {"S": "soon"}}, {"needs": {"S": "tea"}}, {"reason": {"N": "1"}}],
    ids=str,
)
def test_p8_an_entry_that_cannot_be_read_is_due_needs_a_person_and_hides_no_other(
    ledger: Ledger, dynamodb: DynamoDBClient, attribute: Any
) -> None:
    put(dynamodb, to_item(Record(OTHER, OWED, 1, at(-5))) | attribute)
    ledger.record(session_end(NOON), at(-1))
    odd = Entry(OTHER, NOON, None, Need.UNKNOWN, NOON, "unreadable_item")
    assert ledger.due(NOON) == [odd, Entry(WS, at(-1))]


def test_p8_a_record_that_cannot_be_read_is_left_out_and_set_aside(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    broken: Any = to_item(Record(OTHER, OWED, 1, at(-5))) | {"failures": {"S": "many"}}
    put(dynamodb, broken)
    ledger.record(session_end(NOON), NOON)
    assert [record.workspace_id for record in ledger.read([OTHER, WS])] == [WS]
    assert [record.workspace_id for record in ledger.everything()] == [WS]
    for look_at in (at(60), at(75)):
        ledger.set_aside(OTHER, look_at)
        [entry] = [entry for entry in ledger.planned() if entry.id == OTHER]
        assert (entry.due_at, entry.reason) == (look_at, "unreadable_item")
        assert (entry.needs, entry.needs_at) == (Need.UNKNOWN, at(60))


def test_p8_what_was_deleted_meanwhile_is_not_set_aside(ledger: Ledger) -> None:
    ledger.set_aside(OTHER, at(60))
    assert ledger.planned() == []


def test_p2_more_than_a_page_is_due(ledger: Ledger, dynamodb: DynamoDBClient) -> None:
    """A page of DynamoDB holds 1 MB, one of the simulation 7 items."""
    facts = Facts(user="x" * 300_000)
    for number in range(8):
        put(dynamodb, to_item(Record(f"ws-{number:09}", facts, 1, NOON)))
    assert dynamodb.scan(TableName="ledger")["Count"] < 8
    assert len(ledger.due(NOON)) == 8
    assert len(list(ledger.everything())) == 8


def test_records_come_in_the_order_asked_for_and_unknown_ones_are_empty(ledger: Ledger) -> None:
    ids = fleet(150)
    for id_ in ids[::-3]:
        ledger.record(sign_in(NOON, id_), NOON)
    records = ledger.read(ids)
    assert [record.workspace_id for record in records] == ids
    assert [record.version for record in records] == [1 if n % 3 == 2 else 0 for n in range(150)]


def test_p2_keys_that_dynamodb_leaves_unprocessed_are_asked_for_again(
    dynamodb: DynamoDBClient, clock: VirtualClock, time: Timeline
) -> None:
    put(dynamodb, to_item(Record(WS, version=1)))
    refusals = 8

    class Busy:
        def batch_get_item(self, RequestItems: Any) -> Any:
            nonlocal refusals
            if refusals:
                refusals -= 1
                return {"Responses": {}, "UnprocessedKeys": RequestItems}
            return dynamodb.batch_get_item(RequestItems=RequestItems)

    busy: Any = Busy()
    assert only(Ledger(busy, "ledger", clock)).version == 1
    assert time.slept == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_p3_a_write_replaces_what_was_read(ledger: Ledger) -> None:
    first = ledger.write(Record(WS, Facts(baseline_at=NOON)))
    assert first == only(ledger) == Record(WS, Facts(baseline_at=NOON), 1)
    second = ledger.write(replace(first, facts=OWED, look_at=at(5), reason="grace"))
    assert second == only(ledger) == Record(WS, OWED, 2, at(5), "grace")
    assert [due.id for due in ledger.due(at(5))] == [WS]
    ledger.write(Record(WS, Facts(), 2))
    assert ledger.due(at(5)) == []


def test_p3_a_write_fails_if_anything_was_recorded_since_the_read(ledger: Ledger) -> None:
    unknown = only(ledger)
    ledger.record(sign_in(NOON), NOON)
    assert ledger.write(unknown) is None
    known = only(ledger)
    ledger.record(session_end(NOON), NOON)
    assert ledger.write(known) is None
    assert only(ledger).facts == Facts(used_at=NOON, signed_in_at=NOON, told_at=NOON)


def test_p3_repeated_claim_a_write_whose_answer_was_lost_is_recognised(ledger: Ledger) -> None:
    """botocore repeats it, and then the condition does not hold: the item is there already."""
    written = ledger.write(Record(WS, OWED, look_at=at(5)))
    assert written
    again = replace(written, version=0)
    assert ledger.write(again) == written
    assert ledger.write(replace(again, reason="other")) is None


def test_everything_is_the_records_of_workspaces_alone(ledger: Ledger) -> None:
    ledger.record(sign_in(NOON), NOON)
    ledger.ask_audit(NOON)
    ledger.lease("me", NOON, at(1))
    ledger.write(Bundle(BUNDLE))
    assert [record.workspace_id for record in ledger.everything()] == [WS]


def test_p7_of_two_writes_of_a_bundle_one_wins(ledger: Ledger) -> None:
    fresh = ledger.bundle(BUNDLE)
    assert fresh == Bundle(BUNDLE)
    assert ledger.write(replace(fresh, image_id="wsi-1"))
    assert not ledger.write(replace(fresh, image_id="wsi-2"))
    kept = ledger.bundle(BUNDLE)
    assert kept == Bundle(BUNDLE, image_id="wsi-1", version=1)
    assert ledger.write(kept)
    assert not ledger.write(replace(kept, canary=WS))
    assert ledger.bundles([BUNDLE, "wsb-other00001"]) == [replace(kept, version=2)]


def test_p8_a_bundle_that_cannot_be_read_is_overwritten(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    put(dynamodb, {"id": {"S": BUNDLE}, "lost": {"S": WS}})
    assert ledger.write(replace(ledger.bundle(BUNDLE), canary=WS))
    assert ledger.bundle(BUNDLE) == Bundle(BUNDLE, canary=WS, version=1)


def test_p1_what_is_decided_on_is_read_consistently(
    ledger: Ledger, dynamodb: DynamoDBClient, asked: list[tuple[str, Any]]
) -> None:
    """Also what is due: its index is local."""
    put(dynamodb, {"id": {"S": "roster"}, "workspace_ids": {"L": []}})
    asked.clear()
    ledger.roster()
    ledger.read([WS])
    list(ledger.everything())
    ledger.due(NOON)
    assert [name for name, _ in asked] == ["GetItem", "BatchGetItem", "Scan", "Query"]
    for _, params in asked:
        of_table = params.get("RequestItems", {}).get("ledger", params)
        assert of_table["ConsistentRead"] is True


def test_p5_a_hundred_records_share_a_request(ledger: Ledger, asked: list[tuple[str, Any]]) -> None:
    ledger.read(fleet(230))
    assert [len(params["RequestItems"]["ledger"]["Keys"]) for _, params in asked] == [100, 100, 30]


def test_other_errors_of_dynamodb_pass(dynamodb: DynamoDBClient, clock: VirtualClock) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        Ledger(dynamodb, "elsewhere", clock).record(sign_in(NOON), NOON)
