"""The runbook docs/operations.md as data: its sections, its commands, its table of reasons."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "operations.md").read_text()


def anchors() -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def links() -> set[str]:
    """The sections that the runbook itself points to."""
    return set(re.findall(r"\]\(#([^)]+)\)", TEXT))


def commands() -> dict[str, str]:
    """The shell blocks, by the word after `sh` on their fence."""
    blocks = re.findall(r"^( *)```sh ([\w-]+)\n(.*?)^\1```$", TEXT, re.MULTILINE | re.DOTALL)
    return {name: dedent(text) for _, name, text in blocks}


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def reasons() -> list[str]:
    """The first columns of the tables of reasons: deferrals, then doubts."""
    return re.findall(r"^\| `(\w+)` \|", section("Why a rebuild waits"), re.MULTILINE)


def decisions() -> list[str]:
    """The first column of the table of the log's decisions."""
    [table] = re.findall(r"^\| `decision` \| \|\n\|---\|---\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    first = [row.split("|")[1] for row in table.splitlines()]
    return [name for cell in first for name in re.findall(r"`(\w+)`", cell)]


def policy() -> dict[str, set[str]]:
    """The IAM policy of scripts/fleet: actions by statement."""
    [text] = re.findall(r"^```json policy\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return {
        statement["Sid"]: {statement["Action"]}
        if isinstance(statement["Action"], str)
        else set(statement["Action"])
        for statement in json.loads(text)["Statement"]
    }
