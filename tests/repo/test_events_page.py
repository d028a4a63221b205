"""The page on events against the configuration and the function, and its rule against itself."""

from __future__ import annotations

import json
import re
from typing import Any

import hcl2

from nonpersistent.announcer import DETAIL_TYPES
from tests.events_page import EVENT, PAGE, ROOT, RULE, TYPES, fields

[SOURCE] = re.findall(r'^  event_source = "(.+)"$', (ROOT / "main.tf").read_text(), re.MULTILINE)


def test_the_types_and_decisions_are_those_of_the_function() -> None:
    assert set(DETAIL_TYPES.values()) == TYPES
    [row] = re.findall(r"^\| `decision` \|.*$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) - {"decision"} == set(DETAIL_TYPES)


def test_the_event_has_the_source_that_the_policy_allows_and_fields_of_the_table() -> None:
    event = json.loads(EVENT)
    assert event["source"] == SOURCE
    assert event["detail-type"] in TYPES
    detail, type_ = event["detail"], event["detail-type"].split()[-1]
    assert {"fleet", "decision", "workspace_id"} <= set(detail)
    assert set(detail) <= {field for field, types in fields().items() if type_ in types}
    assert DETAIL_TYPES[detail["decision"]] == event["detail-type"]


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
    assert paths <= set(fields())
