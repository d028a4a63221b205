"""The runbook against the code: sections that alarms name, and the closed list of reasons."""

from __future__ import annotations

import re

import pytest

from nonpersistent.facts import Deferral, Doubt, Verdict
from nonpersistent.journal import Line
from tests import runbook

HCL = (runbook.ROOT / "observability.tf").read_text()
[BLOCK] = re.findall(r"^  alarms = \{\n(.*?)^  \}$", HCL, re.MULTILINE | re.DOTALL)
ALARMS = set(re.findall(r"^    ([\w-]+) = \{", BLOCK, re.MULTILINE))


def test_each_alarm_has_a_section_and_each_link_leads_somewhere() -> None:
    assert len(ALARMS) == 10
    assert runbook.anchors() >= ALARMS
    assert runbook.links() <= runbook.anchors()
    assert runbook.links() >= ALARMS, "an alarm is missing in the table of contents"


def test_each_alarm_has_cause_remedy_and_a_command_of_its_name() -> None:
    for alarm in ALARMS:
        text = runbook.section(alarm)
        assert text.index("**Cause.**") < text.index("```sh ") < text.index("**Remedy.**"), alarm
        assert alarm in runbook.commands()


def test_the_deferral_reasons_are_the_same_in_code_and_document() -> None:
    assert runbook.reasons() == [*Deferral, *Doubt]


def test_the_decisions_are_the_same_in_code_and_document() -> None:
    """REBUILD is told by what became of it."""
    assert sorted(runbook.decisions()) == sorted({*Line, *Verdict} - {Verdict.REBUILD})


def test_each_command_of_the_runbook_is_tried_on_the_local_aws() -> None:
    places = ("e2e/test_runbook.py", "e2e/test_alarms.py", "scripts/test_runbook_commands.py")
    tests = "".join((runbook.ROOT / "tests" / place).read_text() for place in places)
    untried = {name for name in runbook.commands() if name != "names" and f'"{name}"' not in tests}
    assert not untried


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/operations.md",
        "SUPPORT.md",
        "examples/basic/README.md",
        "examples/local/README.md",
    ],
)
def test_no_command_needs_version_2_of_the_aws_cli(page: str) -> None:
    """What does is named beside them."""
    text = (runbook.ROOT / page).read_text()
    blocks = "".join(re.findall(r"^ *```sh.*?^ *```$", text, re.MULTILINE | re.DOTALL))
    assert "aws logs tail" not in blocks
    told = re.search(r"`aws logs tail` needs version\s2", text)
    assert told or "aws logs tail" not in text
