"""The page on events against the configuration and the function, and its rule against itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
[EVENT] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
[RULE] = re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)
TYPES = set(re.findall(r"^\| `(WorkSpaces? [A-Z][\w ]+)` \|", PAGE, re.MULTILINE))
[SOURCE] = re.findall(r'^  event_source = "(.+)"$', (ROOT / "main.tf").read_text(), re.MULTILINE)


def fields() -> set[str]:
    """What the table says of `detail`."""
    [table] = re.findall(r"^\| in `detail` \| \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    first = [row.split("|")[1] for row in table.splitlines()]
    return {name for cell in first for name in re.findall(r"`(\w+)`", cell)}


def test_the_event_has_the_source_that_the_policy_allows_and_fields_of_the_table() -> None:
    event = json.loads(EVENT)
    assert event["source"] == SOURCE
    assert event["detail-type"] in TYPES
    assert {"fleet", "at"} <= event["detail"].keys() <= fields()


def test_the_rule_is_hcl_and_matches_events_that_there_are() -> None:
    hcl2.loads(RULE)
    [pattern] = re.findall(r"event_pattern = jsonencode\(\{\n(.*?)\n  \}\)", RULE, re.DOTALL)
    wanted: dict[str, Any] = hcl2.loads(pattern + "\n")
    assert SOURCE in pattern
    types = re.findall(r'"(WorkSpaces? .+?)"', str(wanted["detail-type"]).replace("'", '"'))
    assert types
    assert set(types) <= TYPES
    paths = set(re.findall(r'"\$\.detail\.(\w+)"', RULE))
    assert paths
    assert paths <= fields()
