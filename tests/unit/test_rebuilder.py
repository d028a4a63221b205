"""Claim, ask once, keep what was said (P3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from nonpersistent.canary import Bundle
from nonpersistent.facts import USUAL_DELAY, Claim, Deferral, Facts, Need, Trouble
from nonpersistent.rebuilder import ASKED, CANARY_WAIT, LOOK_HOLDS
from nonpersistent.records import Record
from nonpersistent.settings import Window
from nonpersistent.signals import Kind, Signal
from tests.unit.desktops import Fault
from tests.unit.looks import CLAIM, busy, empty, failed
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at, session_end, settings, sign_in
from tests.unit.trust import LOST

SEEN = empty(NOON, address="10.0.0.1", bundle_id=BUNDLE)
TIMEOUT: Fault = ReadTimeoutError(endpoint_url="https://workspaces.us-east-1.amazonaws.com/")
IMAGE_SENT = at(0, 0.5)
"""When the rebuild is asked for if the call before it asked for the bundle's image."""


@pytest.fixture
def due(stage: Stage) -> Record:
    return stage.has(DUE, NOON)


def test_p3_the_claim_is_written_before_the_call_and_looked_after(
    stage: Stage, due: Record
) -> None:
    claims: list[Record] = []
    stage.desktops.before["RebuildWorkspaces"] = lambda: claims.append(stage.record())
    stage.rebuild(replace(due, facts=replace(DUE, late_at=at(-1))), SEEN)
    assert claims == [Record(WS, replace(DUE, claim=CLAIM), 2, at(7), ASKED)]
    accepted = replace(CLAIM, accepted_at=NOON)
    assert stage.record() == Record(WS, replace(DUE, claim=accepted), 3, at(7), ASKED)


def test_p6_an_accepted_rebuild_tells_how_long_it_was_waited_for_and_what_it_takes(
    stage: Stage, due: Record
) -> None:
    stage.rebuild(due, SEEN)
    [line] = stage.lines.all
    assert (line["decision"], line["waited_seconds"]) == ("rebuild_requested", 46 * 60)
    assert (line["user"], line["bundle_id"], line["image_id"]) == ("ada", BUNDLE, IMAGE)
    assert line["canary"] is False


def test_a_rebuild_that_was_asked_for_by_hand_waited_for_nobody(stage: Stage) -> None:
    wanted = Facts(baseline_at=at(-300), wanted_at=at(-9), vacant_since=at(-400), bundle_id=BUNDLE)
    stage.rebuild(stage.has(wanted, NOON), SEEN)
    [line] = stage.lines.of("rebuild_requested")
    assert (line["reason"], line["waited_seconds"]) == ("by_hand", 0)


@pytest.mark.parametrize(
    "news",
    [sign_in(at(-0.5)), session_end(at(-0.5)), Signal(Kind.HOLD, WS, NOON, at(60), "demo")],
    ids=["in", "end", "hold"],
)
def test_p1_a_signal_since_the_record_was_read_stops_the_rebuild(
    stage: Stage, due: Record, news: Signal
) -> None:
    stage.ledger.record(news, at(1))
    stage.rebuild(due, SEEN)
    assert stage.desktops.rebuilds() == []
    assert stage.lines.decisions == [("deferred", "superseded")]
    assert stage.record().look_at == NOON


def test_p5_the_pacer_is_waited_for_and_a_stale_decision_uses_no_call_up(
    stage: Stage, due: Record
) -> None:
    tools = stage.tools()
    rebuilder = stage.rebuilder(tools)
    rebuilder.rebuild(due, SEEN, DUE)
    assert stage.desktops.times == [NOON, IMAGE_SENT]
    other = stage.has(DUE, NOON, OTHER)
    rebuilder.rebuild(other, busy(NOON), DUE)
    assert tools.pacer.next_call_at == at(0, 1)


def test_p1_a_look_that_is_too_old_is_not_built_on(stage: Stage, due: Record) -> None:
    stage.rebuild(due, replace(SEEN, looked_at=NOON - LOOK_HOLDS))
    assert stage.desktops.rebuilds() == [WS]
    other = stage.has(DUE, NOON, OTHER)
    late = empty(NOON - LOOK_HOLDS - timedelta(milliseconds=1))
    stage.rebuild(other, late)
    assert stage.desktops.rebuilds() == [WS]
    assert stage.lines.decisions[-1] == ("deferred", Deferral.THROTTLED)
    assert stage.record(OTHER).look_at == NOON


def test_p1_the_decision_is_made_once_more_when_the_call_may_be_made(stage: Stage) -> None:
    due = stage.has(DUE, NOON)
    stage.settings = settings(window=Window(time(11), time(12, 0, 1), "UTC"))
    tools = stage.tools()
    tools.pacer.throttled()
    stage.rebuilder(tools).rebuild(due, SEEN, DUE)
    assert stage.desktops.rebuilds() == []
    assert stage.lines.decisions == [("deferred", "window")]
    stage.rebuild(stage.has(DUE, NOON, OTHER), busy(NOON))
    assert stage.desktops.rebuilds() == []


# What AWS says.


def test_p3_an_unanswered_rebuild_stays_claimed(stage: Stage, due: Record) -> None:
    stage.desktops.faults["RebuildWorkspaces"] = [TIMEOUT]
    stage.rebuild(due, SEEN)
    assert stage.record() == Record(WS, replace(DUE, claim=CLAIM), 2, at(7), ASKED)
    assert stage.lines.decisions == [("unanswered", "ReadTimeoutError")]


@pytest.mark.parametrize("refusal", [None, "NoSnapshot"])
def test_p2_what_is_recorded_during_the_call_is_kept_with_its_outcome(
    stage: Stage, due: Record, refusal: str | None
) -> None:
    stage.desktops.desks[WS].refusal = refusal
    stage.desktops.before["RebuildWorkspaces"] = lambda: stage.ledger.record(
        session_end(at(0.1)), at(1)
    )
    stage.rebuild(due, SEEN)
    facts = stage.facts()
    assert facts.told_at == at(0.1)
    if refusal is None:
        assert facts.claim == replace(CLAIM, accepted_at=NOON)
    else:
        assert (facts.claim, facts.trouble is None) == (None, False)


OTHERS = replace(CLAIM, claimed_by="another")


@pytest.mark.parametrize(
    "found", [replace(DUE, rebuilt_at=NOON), replace(DUE, claim=OTHERS)], ids=["ended", "claimed"]
)
def test_p3_what_another_found_out_about_the_claim_stands(
    stage: Stage, due: Record, found: Facts
) -> None:
    stage.desktops.before["RebuildWorkspaces"] = lambda: stage.ledger.write(
        replace(stage.record(), facts=found, look_at=None)
    )
    stage.rebuild(due, SEEN)
    assert stage.facts() == found


def test_p8_a_claim_whose_record_has_vanished_ends_the_attempt(stage: Stage, due: Record) -> None:
    stage.desktops.before["RebuildWorkspaces"] = lambda: stage.ledger.forget(stage.record())
    stage.rebuild(due, SEEN)
    assert stage.record() == Record(WS)


# What a rebuild waits for.


@pytest.mark.parametrize(("until", "held"), [(at(30), True), (NOON, False), (None, False)])
def test_p1_a_workspace_that_an_administrator_holds_is_left_alone(
    stage: Stage, until: Any, held: bool
) -> None:
    record = stage.has(replace(DUE, held_until=until), NOON)
    decision = stage.rebuilder().held_back(record)
    assert (decision is not None) == held
    if decision:
        assert (decision.reason, decision.look_at) == (Deferral.HOLD, at(30))
        assert decision.expected_by is None


def test_the_brake_counts_what_this_pass_rebuilds(stage: Stage, due: Record) -> None:
    stage.settings = settings(maximum_rebuilds_per_hour=1)
    other = stage.has(DUE, NOON, OTHER)
    rebuilder = stage.rebuild(due, SEEN)
    held = rebuilder.held_back(other)
    assert held
    assert (held.reason, held.look_at) == (Deferral.BRAKE, at(60))
    rebuilder.rebuild(other, SEEN, DUE)
    assert stage.desktops.rebuilds() == [WS]
    assert stage.record(OTHER).reason == "brake"


def _canary(stage: Stage) -> None:
    stage.has(replace(DUE, claim=replace(CLAIM, goes_first=True)), None, OTHER)
    stage.ledger.write(Bundle(BUNDLE, canary=OTHER))


def _held(stage: Stage) -> None:
    stage.has_lost(*LOST)
    stage.ledger.write(Bundle(BUNDLE, lost=LOST, lost_at=NOON))


def _unknown(stage: Stage) -> None:
    stage.desktops.images = {}


@pytest.mark.parametrize(
    ("prepare", "reason", "minutes"),
    [
        (_canary, Deferral.CANARY, 10),
        (_held, Deferral.HELD_BUNDLE, 10),
        (_unknown, Deferral.IMAGE, 5),
    ],
)
def test_p7_others_wait_for_the_canary_for_a_held_bundle_or_an_unknown_image(
    canaries: Stage, prepare: Callable[[Stage], None], reason: Deferral, minutes: float
) -> None:
    assert timedelta(minutes=10) == CANARY_WAIT
    due = canaries.has(DUE, NOON)
    prepare(canaries)
    decision = canaries.rebuilder().held_back(due)
    canaries.time.now = NOON
    assert decision
    assert (decision.reason, decision.look_at) == (reason, at(minutes))
    assert (decision.expected_by is None) == (reason is Deferral.IMAGE)
    canaries.rebuild(due, SEEN)
    assert canaries.desktops.rebuilds() == []
    assert canaries.lines.decisions == [("deferred", reason)]


def test_p7_the_canary_is_marked_and_followed(canaries: Stage) -> None:
    due = canaries.has(DUE, NOON)
    canaries.rebuilder().rebuild(due, SEEN, DUE)
    claim = canaries.facts().claim
    assert claim
    assert claim.goes_first
    assert canaries.lines.of("rebuild_requested")[0]["canary"] is True
    assert canaries.ledger.bundle(BUNDLE).canary == WS


@pytest.mark.parametrize("why", ["stale", "refused", "throttled", "in use"])
def test_p8_a_canary_that_is_not_rebuilt_makes_room_for_the_next(canaries: Stage, why: str) -> None:
    due = canaries.has(DUE, NOON)
    if why == "stale":
        canaries.ledger.record(sign_in(at(-0.5)), NOON)
    if why == "refused":
        canaries.desktops.desks[WS].refusal = "NoSnapshot"
    if why == "throttled":
        canaries.desktops.faults["RebuildWorkspaces"] = [(400, "ThrottlingException")]
    canaries.rebuild(due, busy(NOON) if why == "in use" else SEEN)
    assert canaries.ledger.bundle(BUNDLE).canary is None


def test_p7_an_unanswered_canary_keeps_its_place(canaries: Stage) -> None:
    due = canaries.has(DUE, NOON)
    canaries.desktops.faults["RebuildWorkspaces"] = [TIMEOUT]
    canaries.rebuild(due, SEEN)
    assert canaries.ledger.bundle(BUNDLE).canary == WS


# What was in the way before AWS was asked for it, and AWS's answer.

LATE_AT = at(-40) + timedelta(minutes=20) + USUAL_DELAY
REFUSED = Trouble(at(-60), Need.BLOCKED, "NoSnapshot", at(-30), refused=True)
DOUBTED = Trouble(at(-60), Need.UNKNOWN, "no_row", at(30))
STUCK = replace(DUE, trouble=DOUBTED, late_at=LATE_AT)
FAILED = failed(
    replace(DUE, used_at=at(-400), told_at=None, vacant_since=at(-390)),
    Claim(asked_at=at(-300)),
    at(-200),
    retry_at=at(-9),
    late_at=at(-46) + timedelta(minutes=20) + USUAL_DELAY,
)


def ask(stage: Stage, facts: Facts, refusal: str | None = None) -> None:
    """Ask for the rebuild of a WorkSpace that nobody uses."""
    stage.rebuild(stage.has(facts, NOON, refusal=refusal), empty(NOON, bundle_id=BUNDLE))


def test_p6_a_refusal_is_kept_and_told(stage: Stage) -> None:
    ask(stage, DUE, "NoSnapshot")
    trouble = Trouble(NOON, Need.BLOCKED, "NoSnapshot", at(30), refused=True)
    known = replace(DUE, trouble=trouble, late_at=LATE_AT)
    assert stage.record() == Record(WS, known, 3, at(5), "NoSnapshot")
    assert stage.lines.decisions == [("refused", "NoSnapshot"), ("blocked", "NoSnapshot")]
    assert stage.lines.all[0]["detail"] == ""


@pytest.mark.parametrize(
    ("before", "told"),
    [(REFUSED, []), (DOUBTED, [("blocked", "NoSnapshot")])],
    ids=["refused before", "a doubt that this look has ended"],
)
def test_p6_a_refusal_of_what_was_stuck_before_makes_its_trouble_older(
    stage: Stage, before: Trouble, told: list[tuple[str, str]]
) -> None:
    ask(stage, replace(DUE, trouble=before), "NoSnapshot")
    assert stage.facts().trouble == REFUSED
    assert stage.record().look_at == at(30)
    assert stage.lines.decisions == [("refused", "NoSnapshot"), *told]


@pytest.mark.parametrize("facts", [FAILED, STUCK], ids=["failed", "stuck"])
def test_p5_a_throttled_rebuild_is_due_again_at_once_and_counts_as_nothing(
    stage: Stage, facts: Facts
) -> None:
    stage.desktops.faults["RebuildWorkspaces"] = [(400, "ThrottlingException")]
    ask(stage, facts)
    assert stage.record() == Record(WS, facts, 3, NOON, "throttled")
    assert stage.lines.decisions == [("deferred", "throttled")]


@pytest.mark.parametrize(
    ("facts", "kept"),
    [(replace(DUE, trouble=REFUSED), None), (FAILED, FAILED.trouble)],
    ids=["refused before", "failed before"],
)
def test_p6_acceptance_ends_all_trouble_but_that_of_a_rebuild_that_failed(
    stage: Stage, facts: Facts, kept: Trouble | None
) -> None:
    ask(stage, facts)
    assert stage.facts().trouble == kept
    assert stage.facts().claim == Claim(
        asked_at=NOON,
        accepted_at=NOON,
        claimed_by="an-invocation",
        state="AVAILABLE",
        image_id=IMAGE,
    )


def test_p3_a_claim_whose_answer_was_lost_before_a_signal_came_is_taken_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore repeats the write, DynamoDB refuses it: AWS is not asked for the rebuild yet."""
    stage.has(DUE, NOON)
    put_item = stage.client.put_item

    def refused(**request: Any) -> Any:
        answer = put_item(**request)
        if "claim" not in request["Item"]:
            return answer
        monkeypatch.setattr(stage.client, "put_item", put_item)
        stage.ledger.record(session_end(at(-1)), at(5))
        code = "ConditionalCheckFailedException"
        raise ClientError({"Error": {"Code": code, "Message": "it is newer"}}, "PutItem")

    monkeypatch.setattr(stage.client, "put_item", refused)
    stage.run()
    assert stage.lines.decisions == [("deferred", "superseded")]
    assert stage.facts().claim is None
    stage.passes(at(40))
    assert stage.desktops.rebuilds() == [WS]
    assert "failed" not in [decision for decision, _ in stage.lines.decisions]
