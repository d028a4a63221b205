"""The runbook against the code: sections that alarms name, and the closed list of reasons."""

from __future__ import annotations

import re

from nonpersistent.facts import Deferral
from tests import runbook

HCL = (runbook.ROOT / "observability.tf").read_text()


def test_each_alarm_has_a_section_and_each_link_leads_somewhere() -> None:
    [block] = re.findall(r"^  alarms = \{\n(.*?)^  \}$", HCL, re.MULTILINE | re.DOTALL)
    alarms = set(re.findall(r"^    ([\w-]+) = \{", block, re.MULTILINE))
    assert len(alarms) == 10
    assert alarms <= runbook.anchors()
    assert runbook.links() <= runbook.anchors()
    assert alarms <= runbook.links(), "an alarm is missing in the table of contents"


def test_the_deferral_reasons_are_the_same_in_code_and_document() -> None:
    assert runbook.reasons() == [*Deferral]


def test_each_command_of_the_runbook_is_tried_on_the_local_aws() -> None:
    tests = (runbook.ROOT / "tests" / "e2e" / "test_runbook.py").read_text()
    untried = {name for name in runbook.commands() if name != "names" and f'"{name}"' not in tests}
    assert not untried
