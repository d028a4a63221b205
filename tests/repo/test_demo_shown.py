"""What `make demo` prints: its table, its progress, and commands that run as they stand."""

from __future__ import annotations

import io
import re
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fleetlib.reasons import MEANINGS
from fleetlib.status import HEADINGS, ORDER
from rich.console import Console

from demo import picture, play
from demo.__main__ import WIDTH, invite
from demo.deployment import Deployment, TerraformError
from demo.play import Verdict
from demo.progress import Count, progress
from demo.timeline import SIGNALS, Line, table_of
from nonpersistent.signals import Kind

ROOT = Path(__file__).parents[2]
OUTCOMES = {
    "Olivia": "rebuilt 12 s after the session, WHILE IN USE",
    "Walter": "0 rebuilds, not connected",
    "Tara": "rebuilt 13 s after the session",
    "Nina": "refused (InvalidUserConfiguration.Workspace, ResourceUnavailable.Snapshot), then "
    "rebuilt 125 s after the session",
    "Eve": "0 rebuilds, 0 calls named it",
}
VERDICTS = [Verdict(part, OUTCOMES[part.name], part.name != "Tara") for part in play.CAST]


def console(width: int = WIDTH, *, terminal: bool = False) -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    made = Console(
        file=screen,
        width=width,
        force_terminal=terminal,
        highlight=False,
        markup=False,
        emoji=False,
    )
    return made, screen


def test_the_table_fits_a_hundred_columns_and_cuts_no_word() -> None:
    made, screen = console()
    made.print(table_of(VERDICTS, WIDTH))
    lines = screen.getvalue().splitlines()
    assert max(map(len, (line.rstrip() for line in lines))) <= 100
    shown = {word for line in lines for cell in line.split("│") for word in cell.split()}
    for verdict in VERDICTS:
        part = verdict.part
        words = " ".join((part.name, part.plot, part.expectation, verdict.outcome)).split()
        assert set(words) <= shown, part.name
    assert {"promised", "BROKEN"} <= shown


def test_every_kind_of_signal_has_words() -> None:
    assert set(SIGNALS) == set(Kind)


SAID = [
    Line(0.0, "", "", "Deployed.", "bold blue"),
    Line(1.0, "Olivia", "user", "signs out", "bold"),
    Line(1.1, "Walter", "user", "loses the network", "bold"),
    Line(1.2, "Eve", "user", "signs out", "bold"),
    Line(1.3, "Walter", "user", "signs out", "bold"),
    Line(1.4, "Olivia", "user", "signs in", "bold"),
    Line(1.5, "Olivia", "user", "signs out", "bold"),
    Line(1.6, "", "", "Deployed.", "bold blue"),
    Line(2.2, "Tara", "user", "loses the network", "bold"),
]


def test_the_picture_says_of_several_users_at_once_what_they_have_in_common() -> None:
    """But mixes up neither the order of one user's lines, nor what is a second apart."""
    told = [(line.who, line.what) for line in picture.together(SAID)]
    assert told == [
        ("", "Deployed."),
        ("Olivia Eve", "signs out"),
        ("Walter", "loses the network"),
        ("Walter", "signs out"),
        ("Olivia", "signs in"),
        ("Olivia", "signs out"),
        ("", "Deployed."),
        ("Tara", "loses the network"),
    ]


def texts(svg: str) -> list[str]:
    """The texts of a picture, each in one line."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).replace("\N{NO-BREAK SPACE}", " ") for text in found]


def test_the_picture_has_every_word_and_takes_nothing_from_the_network() -> None:
    svg = picture.draw(SAID, VERDICTS, date(2026, 1, 31))
    shown = {word for text in texts(svg) for word in text.split()}
    for verdict in VERDICTS:
        part = verdict.part
        words = " ".join((part.name, part.plot, part.expectation, verdict.outcome)).split()
        assert set(words) <= shown, part.name
    assert {word for line in SAID for word in line.what.split()} <= shown
    assert {"promised", "BROKEN", "2026-01-31"} <= shown
    assert re.findall(r"(?:https?:)?//[^\s\"')<]+", svg) == ["http://www.w3.org/2000/svg"]


def test_the_picture_in_the_docs_shows_a_run_that_kept_every_promise() -> None:
    shown = " ".join(texts((ROOT / "docs" / "demo.svg").read_text("utf-8")))
    assert "make demo, 20" in shown
    assert "BROKEN" not in shown
    words = set(shown.split())
    for part in play.CAST:
        assert {part.name, *part.plot.split(), *part.expectation.split()} <= words, part.name


def test_the_sample_in_the_readme_is_what_fleet_status_prints_today() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    heading, *lines = readme.split("$ scripts/fleet status\n")[1].split("```")[0].splitlines()
    assert heading.split() == [name for name in HEADINGS if name in heading.split()]
    rows = [re.split(r" {2,}", line) for line in lines if line.startswith("ws-")]
    assert {row[1] for row in rows} == {part.name.lower() for part in play.CAST if part.in_fleet}
    assert {len(row) for row in rows} == {len(heading.split())}
    assert {row[2] for row in rows} <= set(ORDER)
    reasons = dict.fromkeys(row[5] for row in rows if row[5] in MEANINGS)
    assert [line.split(maxsplit=1) for line in lines if line.startswith("  ")] == [
        [reason, MEANINGS[reason]] for reason in reasons
    ]
    assert re.fullmatch(r"Last audit: .* ago\.", lines[-1])


def test_what_keep_offers_is_installed_by_make_demo() -> None:
    """Whether it runs: tests/e2e/test_runbook.py. curl is the one program that has to be there."""
    needed = (ROOT / "demo" / "requirements.txt").read_text()
    assert "\nawscli==" in needed


def test_keep_prints_commands_that_run_as_they_stand() -> None:
    """Also those with what is markup, or the name of a symbol, elsewhere."""
    commands = [
        "aws logs filter-log-events --query 'events[].[message]' --output text " + 80 * "x",
        "echo [red]brackets[/red] :warning:",
    ]
    made, screen = console()
    invite(made, commands)
    lines = [line.strip() for line in screen.getvalue().splitlines()]
    assert [line for line in lines if line in commands] == commands


def test_progress_counts_what_terraform_has_made() -> None:
    count = Count()
    assert str(count) == "planning"
    for line in (
        "Plan: 34 to add, 0 to change, 1 to destroy.",
        "module.m.aws_sqs_queue.dead_letters: Creating...",
        "module.m.aws_sqs_queue.dead_letters: Creation complete after 25s [id=q]",
        "module.m.aws_sqs_queue.old: Destruction complete after 0s",
    ):
        count.hear(line)
    assert str(count) == "2 of 35 resources"


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_progress_is_a_line_on_a_terminal_and_nothing_elsewhere(terminal: bool) -> None:
    made, screen = console(terminal=terminal)
    with progress(made, "terraform apply") as told:
        told("Plan: 34 to add, 0 to change, 0 to destroy.")
    assert ("terraform apply" in screen.getvalue()) is terminal


TERRAFORM = """#!{python}
import sys
print("Plan: 2 to add, 0 to change, 0 to destroy.")
print("Error: no" if "fail" in sys.argv[1] else "made", file=sys.stderr)
sys.exit("fail" in sys.argv[1])
"""


def test_what_terraform_prints_is_heard_and_kept_for_its_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "terraform"
    program.write_text(TERRAFORM.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr("demo.deployment.TERRAFORM", program)
    heard: list[str] = []
    Deployment(tmp_path / "fine", tmp_path, {}, {}).apply(heard.append)
    assert sorted(heard) == ["Plan: 2 to add, 0 to change, 0 to destroy.", "made"]
    with pytest.raises(TerraformError, match=r"terraform apply failed:(.|\n)*Error: no"):
        Deployment(tmp_path / "fail", tmp_path, {}, {}).apply(heard.append)


CHANGES = """#!/bin/sh
echo 'Plan: 0 to add, 1 to change, 0 to destroy.'
case " $* " in *' plan '*' -detailed-exitcode '*) exit 2 ;; esac
"""
"""What Terraform says and how it ends when an apply would change something."""


def test_a_deployment_that_an_apply_would_change_is_not_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "terraform"
    program.write_text(CHANGES)
    program.chmod(0o755)
    monkeypatch.setattr("demo.deployment.TERRAFORM", program)
    with pytest.raises(TerraformError, match="1 to change"):
        Deployment(tmp_path, tmp_path, {}, {}).is_settled()
