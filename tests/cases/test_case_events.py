"""What events hold is what docs/events.md says of them, type by type."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from simulation.baton import Invocation
from tests import events_page
from tests.cases.scripted import DAY, HOUR, Case


def test_events_hold_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """One WorkSpace is refused; a bad image is lost on three; a good one ends well."""
    case = Case(5, publish_events=True).everybody_leaves()
    held = defaultdict[str, set[str]](set)

    def sending(given: Mapping[str, Any], by: Invocation) -> None:
        del by
        for entry in given["Entries"]:
            held[entry["DetailType"].split()[-1]] |= set(json.loads(entry["Detail"]))

    monkeypatch.setattr(case.bus, "sending", sending)
    monkeypatch.setattr(case.bus, "_loss", 0.0)
    monkeypatch.setattr(case.bus, "_entry_loss", 0.0)
    case.desktop().faults.refuse_rebuild = ("InvalidUserConfiguration.Workspace", "disabled")
    bundle = case.desktop().bundle_id
    case.fleet.set_image(bundle, "wsi-0000000bad", case.agenda.now, bad=True)
    case.plays(8 * HOUR)
    case.fleet.set_image(bundle, "wsi-0000000good", case.agenda.now)
    case.plays(DAY)
    assert held.keys() == {type_.split()[-1] for type_ in events_page.TYPES}
    said = events_page.fields()
    assert {(field, type_) for type_, fields in held.items() for field in fields} <= {
        (field, type_) for field, types in said.items() for type_ in types
    }
    assert set(said) == set.union(*held.values())
    everywhere = set.intersection(*held.values())
    assert everywhere == {field for field, types in said.items() if types == held.keys()}
