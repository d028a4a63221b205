"""fleet-status: each phase, each reason, each image."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from fleet_status.rows import MEANING, ORDER, UNSEEN, Row, rows
from fleet_status.shown import as_json, span, table
from fleet_status.survey import Fleet, Ledger

from nonpersistent.decisions import Deferral
from nonpersistent.facts import Phase
from nonpersistent.images import Proof
from nonpersistent.records import Record
from tests.scripts.one_workspace import BUNDLE, IMAGE, NOON, OTHER, PROOF, VACANT, WS, at, record


def row(record: Record | None, proof: Proof | None = None, **described: Any) -> Row:
    """The row of one WorkSpace."""
    found = {"WorkspaceId": WS, "UserName": "anna", "BundleId": BUNDLE, "State": "AVAILABLE"}
    [made] = rows(
        Ledger((WS,), {WS: record} if record else {}, {BUNDLE: proof} if proof else {}),
        Fleet({WS: found | described}, {BUNDLE: IMAGE}),
    )
    return made


@pytest.mark.parametrize(
    ("given", "phase", "since", "reason"),
    [
        (None, "unseen", None, "not_seen_yet"),
        (record(baseline_at=at(-9)), "clean", at(-9), "baseline"),
        (record(baseline_at=at(-9), rebuilt_at=at(-5)), "clean", at(-5), "rebuilt"),
        (record(used_at=at(-3)), "in_use", at(-3), "used"),
        (record(used_at=at(-3), told_at=at(-1)), "in_use", at(-1), "evidence"),
        (record(told_at=at(-1)), "in_use", at(-1), "evidence"),
        (record(at(5), "grace", **VACANT), "vacant", at(-30), "grace"),
        (record(at(5), "window", attempts=1, reason="E", **VACANT), "vacant", at(-30), "window"),
        (record(at(5), "E", attempts=1, reason="E", **VACANT), "vacant", at(-30), "E (1 of 3)"),
        (record(**VACANT), "vacant", at(-30), "dry_run"),
        (record(attempts=3, reason="E", **VACANT), "blocked", at(-30), "E (3 of 3)"),
        (record(asked_at=at(-2), **VACANT), "rebuilding", at(-2), "unanswered"),
        (record(asked_at=at(-2), accepted_at=at(-1), **VACANT), "rebuilding", at(-2), "accepted"),
        (
            record(asked_at=at(-2), accepted_at=at(-1), proving=True, **VACANT),
            "rebuilding",
            at(-2),
            "accepted, proves the image",
        ),
    ],
)
def test_a_row_says_phase_since_and_why(
    given: Record | None, phase: str, since: datetime | None, reason: str
) -> None:
    made = row(given)
    assert (made.phase, made.since, made.reason) == (phase, since, reason)
    assert (made.workspace_id, made.user) == (WS, "anna")
    assert made.due_at == (given.look_at if given else None)


@pytest.mark.parametrize("state", ["TERMINATED", "TERMINATING"])
def test_a_workspace_that_goes_says_so(state: str) -> None:
    assert row(record(**VACANT), State=state).reason == state


def test_a_workspace_that_aws_does_not_know_says_so() -> None:
    [made] = rows(Ledger((WS,), {WS: record(**VACANT)}, {}), Fleet())
    assert (made.reason, made.user, made.image) == ("not_found", None, "-")


@pytest.mark.parametrize(
    ("proof", "image"),
    [
        (None, IMAGE),
        (replace(PROOF, proven=IMAGE), f"{IMAGE} proven"),
        (PROOF, f"{IMAGE} new, not tried"),
        (replace(PROOF, earlier=(IMAGE,)), f"{IMAGE} proven"),
        (replace(PROOF, trials={IMAGE: OTHER}), f"{IMAGE} on trial: {OTHER}"),
        (
            replace(PROOF, trials={"wsi-x": OTHER}, failed=(("wsi-x", OTHER),)),
            f"{IMAGE} new, not tried",
        ),
        (replace(PROOF, failed=(("wsi-x", WS), (IMAGE, WS))), f"{IMAGE} new, not tried, 1 failed"),
        (
            replace(PROOF, failed=tuple((IMAGE, f"ws-00000000{n}") for n in range(3))),
            f"{IMAGE} bad",
        ),
    ],
)
def test_the_image_says_what_is_known_of_its_proof(proof: Proof | None, image: str) -> None:
    assert row(record(**VACANT), proof).image == image


def test_what_needs_a_look_comes_first_and_workspaces_off_the_roster_not_at_all() -> None:
    facts = {
        "ws-clean000": record(rebuilt_at=at(0)),
        "ws-later000": record(at(9), "grace", **VACANT),
        "ws-sooner00": record(at(1), "grace", **VACANT),
        "ws-blocked0": record(attempts=3, reason="E", **VACANT),
        "ws-using000": record(used_at=at(0)),
        "ws-building": record(asked_at=at(0)),
        "ws-offlist0": record(**VACANT),
    }
    roster = (*sorted(set(facts) - {"ws-offlist0"}), "ws-unseen00")
    shown = [made.workspace_id for made in rows(Ledger(roster, facts, {}), Fleet())]
    assert shown == [
        "ws-blocked0",
        "ws-sooner00",
        "ws-later000",
        "ws-building",
        "ws-using000",
        "ws-unseen00",
        "ws-clean000",
    ]


def test_each_deferral_reason_is_explained() -> None:
    assert set(Deferral) <= set(MEANING)


def test_the_table_explains_the_reasons_it_shows() -> None:
    made = [row(record(at(5), "grace", **VACANT)), row(record(rebuilt_at=at(-300)))]
    text = table(made, NOON).splitlines()
    assert text[0].split() == ["WorkSpace", "user", "phase", "since", "due", "reason", "image"]
    assert text[1].split("  ")[0] == WS
    assert "30 min ago  in 5 min  grace" in text[1]
    assert "5 h ago     -         rebuilt" in text[2]
    assert text[4] == "2 WorkSpaces: 1 vacant, 1 clean."
    assert text[5] == f"  grace  {MEANING[Deferral.GRACE]}"
    assert len(text) == 6


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (record(at(-1), "state", **VACANT), "now"),
        (record(at(0), "state", **VACANT), "now"),
        (record(at(3), "state", **VACANT), "in 3 min"),
        (record(attempts=3, reason="E", **VACANT), "next audit"),
        (record(asked_at=at(-1), accepted_at=at(-1), **VACANT), "next audit"),
        (record(used_at=at(-1)), "-"),
        (record(rebuilt_at=at(-1)), "-"),
    ],
)
def test_due_says_when_the_function_looks_next(given: Record, due: str) -> None:
    heading, line, *_ = table([row(given)], NOON).splitlines()
    start, end = heading.index("due"), heading.index("reason")
    assert line[start:end].strip() == due


def test_json_has_exact_times() -> None:
    [made] = json.loads(as_json([row(record(at(5), "grace", **VACANT))]))
    assert made["due_at"] == "2026-11-22T12:05:00+00:00"
    assert made["since"] == "2026-11-22T11:30:00+00:00"
    assert made["image_id"] == IMAGE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_a_span_has_its_largest_sensible_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_no_phase_is_without_a_place_in_the_order() -> None:
    assert {*ORDER} == {*Phase, UNSEEN}
