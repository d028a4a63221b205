"""fleet status: the table that it prints, its filters, its other formats, its exit status."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import (
    ReadTimeoutError,
)
from fleetlib import status
from fleetlib.aws import Account
from fleetlib.main import main

from nonpersistent.facts import Claim, Need, Trouble
from tests.scripts.fleet_world import World
from tests.unit.support import BUNDLE, IMAGE, NOON, OTHER, WS, at


def test_the_command_prints_a_table_and_says_by_its_status_whether_a_person_is_needed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.roster(WS, OTHER)
    world.knows(OTHER, user="bob", rebuilt_at=at(-5), image_id=IMAGE)
    world.knows(rebuilt_at=at(-5), image_id="wsi-old", held_at=NOON, held_until=at(10**7))
    world.knows_bundle(canary=WS, lost=(OTHER, WS))
    out = world.runs("status").out
    assert f"wsi-old -> {IMAGE}" in out
    assert "\x1b" not in out
    assert re.search(r"until 20\d\d-\d\d-\d\d \d\d:\d\dZ$", out, re.MULTILINE)
    assert "2 WorkSpaces: 2 clean. None needs a person.\n" in out
    spread = f"{BUNDLE}: 1 of 2 have {IMAGE}, 1 another"
    assert f"{spread}; canary {WS}; rebuilds failed on {OTHER} {WS}" in out
    stuck = Trouble(at(-90), Need.BLOCKED, "IMPAIRED", at(-60))
    world.knows(used_at=at(-99), vacant_since=at(-95), trouble=stuck, reason="IMPAIRED")
    assert main(["--name", "desks", "status"]) == 1
    assert "blocked" in capsys.readouterr().out.splitlines()[1]


def test_a_held_bundle_of_a_workspace_that_is_shown_needs_a_person(world: World) -> None:
    """Its line counts all its WorkSpaces, whichever are shown."""
    world.roster(WS, OTHER)
    world.knows(rebuilt_at=at(-5), image_id=IMAGE)
    world.knows(OTHER, user="bob", rebuilt_at=at(-5), bundle_id="wsb-other")
    world.knows_bundle(lost=(OTHER, WS, "ws-333333333"))
    out = world.runs("status", "--user=Anna", exits=1).out
    assert "1 WorkSpace: 1 clean. None needs a person; 1 bundle is held.\n" in out
    assert f"{BUNDLE}: 1 of 1 have {IMAGE}; held, rebuilds failed on" in out
    world.runs("status", "--user=Bob")
    world.knows(OTHER, user="bob", rebuilt_at=at(-5))
    told = world.runs("status", "--user=bob", exits=1)
    assert f"{BUNDLE}: 1 of 2 have {IMAGE}, 1 an unknown one; held" in told.out


def test_without_canaries_nothing_is_held(world: World) -> None:
    """The ledger still has what was found while there were canaries."""
    now = datetime.now(UTC)
    ago, distant = now - timedelta(hours=2), now + timedelta(hours=1)
    owing: dict[str, Any] = {"used_at": ago, "vacant_since": ago, "owed_since": ago, "late_at": now}
    world.roster(WS, OTHER)
    world.knows(look_at=distant, reason="held_bundle", **owing)
    world.knows(OTHER, look_at=distant, reason="canary", **owing | {"late_at": distant})
    world.knows_bundle(canary=OTHER, lost=("ws-111111111", "ws-222222222", "ws-333333333"))
    assert "1 needs a person; 1 bundle is held" in world.runs("status", exits=1).out
    world.environment["CANARY_AFTER_HOURS"] = ""
    out = world.runs("status").out
    assert "None needs a person.\n" in out
    assert not re.search("held|canary", out)


def test_if_aws_does_not_show_the_settings_the_defaults_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    undecrypted = {"FunctionName": "desks", "Environment": {"Error": {"Message": "no kms:Decrypt"}}}
    monkeypatch.setattr(world, "get_function_configuration", lambda **_: undecrypted)
    world.knows(rebuilt_at=at(-5))
    world.knows_bundle(lost=("ws-111111111", "ws-222222222", "ws-333333333"))
    told = world.runs("status", exits=1)
    assert told.err.startswith(
        "fleet: cannot read the function's settings, so the defaults are used: Lambda"
    )
    assert "1 bundle is held" in told.out


def test_if_aws_does_not_say_the_images_the_rest_is_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_out(*_: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="https://workspaces")

    world.knows(rebuilt_at=at(-5))
    monkeypatch.setattr(Account, "described", time_out)
    told = world.runs("status")
    assert told.err.startswith("fleet: cannot read the bundles' images: Read timeout")
    assert "1 clean. None needs a person." in told.out
    assert BUNDLE not in told.out


def test_how_far_a_roll_out_has_come_and_who_owes_a_rebuild_for_it(world: World) -> None:
    ids = [f"ws-00000000{n}" for n in range(5)]
    world.roster(*ids)
    owing: dict[str, Any] = {"outdated_at": at(-30), "vacant_since": at(-30), "owed_since": at(-30)}
    old: dict[str, Any] = {"rebuilt_at": at(-900), "image_id": "wsi-old"}
    distant = datetime.now(UTC) + timedelta(hours=1)
    world.knows(ids[0], rebuilt_at=at(-5), image_id=IMAGE)
    world.knows(ids[1], look_at=distant, reason="roll_out", **old, **owing)
    world.knows(ids[2], look_at=distant, reason="share", **old, **owing)
    world.knows(ids[3], look_at=distant, reason="share", used_at=at(-60), vacant_since=at(-30))
    world.knows(ids[4], **old)
    out = world.runs("status").out
    shown = {line.split()[0]: line for line in out.splitlines() if line}
    assert "  roll_out  " in shown[ids[1]]
    assert "  roll_out, share  " in shown[ids[2]]
    assert "  share  " in shown[ids[3]]
    assert shown[f"{BUNDLE}:"] == f"{BUNDLE}: 1 of 5 have {IMAGE}, 3 another, 1 an unknown one"
    assert {"roll_out", "share"} <= set(shown)
    rows = {row["workspace_id"]: row for row in json.loads(world.runs("status", "--json").out)}
    found = [(rows[id_]["reason"], rows[id_]["owed_for"]) for id_ in ids]
    assert found == [
        (None, None),
        ("roll_out", "roll_out"),
        ("share", "roll_out"),
        ("share", "session_end"),
        (None, None),
    ]


def test_json_and_csv_have_exact_times_and_filters_choose(world: World) -> None:
    world.roster(WS, OTHER)
    world.knows(rebuilt_at=at(-5))
    world.knows(OTHER, user="bob", used_at=at(-5))
    shown = {row["workspace_id"]: row for row in json.loads(world.runs("status", "--json").out)}
    assert shown[WS]["since"] == "2026-11-22T11:55:00Z"
    assert shown[OTHER]["phase"] == "in_use"
    for chosen in ("--user=B*", "--phase=in_use", f"--workspace={OTHER.upper()}"):
        told = world.runs("status", "--csv", "--bundle=WSB-*", chosen)
        [row] = csv.DictReader(io.StringIO(told.out))
        assert (row["workspace_id"], row["next_image_id"]) == (OTHER, IMAGE)


@pytest.mark.parametrize(
    ("interval", "minutes", "remark"),
    [
        ("60", 119, ""),
        ("60", 121, "; one is late: see audit-missed in docs/operations.md"),
        ("1440", 1499, ""),
        (None, 121, "; one is late: see audit-missed in docs/operations.md"),
    ],
)
def test_the_last_line_says_how_old_the_last_audit_is(
    world: World, interval: str | None, minutes: int, remark: str
) -> None:
    world.knows(rebuilt_at=at(-5))
    if interval:
        world.environment["AUDIT_INTERVAL_MINUTES"] = interval
    world.ledger.end_audit(datetime.now(UTC) - timedelta(minutes=minutes))
    last = world.runs("status").out.splitlines()[-1]
    assert re.fullmatch(rf"Last audit: \d+ (min|h) ago{re.escape(remark)}\.", last)
    world.ledger.ask_audit(datetime.now(UTC))
    last = world.runs("status").out.splitlines()[-1]
    assert last == f"An audit is due or under way{remark}."
    for form in ("--json", "--csv"):
        assert "audit" not in world.runs("status", form).out
    hold = world.runs("hold", WS, "--hours=1", "--reason=x").out
    assert "audit" not in hold


def test_a_dry_run_is_said(world: World) -> None:
    world.knows(used_at=at(-90), vacant_since=at(-60), owed_since=at(-60))
    said = "Dry run: no WorkSpace is rebuilt. The log says which ones would be.\n"
    assert said not in world.runs("status").out
    world.environment["DRY_RUN"] = "true"
    assert world.runs("status").out.endswith(said)
    assert "Dry run" not in world.runs("status", "--csv").out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKSPACES_API_RATE", "0"),
        ("WORKSPACES_API_RATE", "fast"),
        ("WORKSPACES_API_RATE", "nan"),
        ("AUDIT_INTERVAL_MINUTES", "inf"),
        ("AUDIT_INTERVAL_MINUTES", ""),
    ],
)
def test_a_setting_that_nobody_can_use_is_named(world: World, name: str, value: str) -> None:
    world.knows(baseline_at=at(-9))
    world.environment[name] = value
    told = world.runs("status")
    assert "1 WorkSpace: 1 clean." in told.out
    assert (
        f"{name} in the function's environment must be a number above 0; got {value!r}" in told.err
    )


def test_no_workspace_is_said_and_needs_nobody(world: World) -> None:
    audit = "No audit has been completed yet.\n"
    assert world.runs("status", "--user=nobody").out == f"No WorkSpace matches.\n{audit}"
    world.roster()
    assert world.runs("status").out == f"No WorkSpace.\n{audit}"
    assert json.loads(world.runs("status", "--json").out) == []


@pytest.mark.parametrize("phase", ["dirty", "in-use", ""])
def test_a_phase_that_does_not_exist_is_refused(
    phase: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["--name=desks", "status", "--phase=clean", f"--phase={phase}"])
    assert refusal.value.code == 2
    error = capsys.readouterr().err
    assert f"--phase: it must be one of {', '.join(status.ORDER)}, or a pattern of these" in error
    assert f"; got {phase!r}\n" in error


@pytest.mark.parametrize("phase", ["in*", "In_Use", "IN*"])
def test_a_phase_may_be_a_pattern_in_any_case(world: World, phase: str) -> None:
    world.knows(used_at=at(-5))
    assert "1 WorkSpace: 1 in_use." in world.runs("status", f"--phase={phase}").out


def test_a_terminal_gets_colours_and_nothing_else_that_steers_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    reason = "\x1b[2Jticket"
    claim = Claim(asked_at=datetime.now(UTC))
    world.knows(claim=claim, held_at=NOON, held_until=at(10**7), hold_reason=reason)
    line = world.runs("status").out.splitlines()[1]
    assert line.startswith("\x1b[36m")
    assert line.count("\x1b") == 2
    assert "?[2Jticket" in line
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in world.runs("status").out


def test_no_cell_is_a_formula_of_a_spreadsheet(world: World) -> None:
    world.knows(user="=HYPERLINK('x')", baseline_at=at(-9))
    [row] = csv.DictReader(io.StringIO(world.runs("status", "--csv").out))
    assert row["user"] == "'=HYPERLINK('x')"
