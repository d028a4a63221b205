"""Page and picture are what results.json says: no figure in them is typed by hand."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from benchmarks import document, report

RESULTS: dict[str, Any] = json.loads(document.RESULTS.read_text())


def test_the_page_is_what_the_results_give() -> None:
    assert document.TARGET.read_text() == document.render(RESULTS)


def test_a_section_has_no_column_that_is_empty() -> None:
    for section in report.sections(RESULTS):
        for number, heading in enumerate(section.columns, 1):
            cells = [row[number] for row in section.rows]
            assert any(cells), f"{section.title}: {heading}"
            assert {len(row) for row in section.rows} == {len(section.columns) + 1}


def test_the_picture_was_drawn_from_these_results() -> None:
    assert document.fingerprint(RESULTS) in document.PICTURE.read_text()


def test_the_picture_of_other_results_has_another_fingerprint() -> None:
    other = copy.deepcopy(RESULTS)
    other["bursts"]["naive"][0]["curve"][-1][0] += 1
    assert document.fingerprint(other) != document.fingerprint(RESULTS)


@pytest.mark.parametrize(
    ("kind", "cause"), [("image", "a bad image"), ("key", "a disabled KMS key")]
)
def test_a_week_tells_what_users_felt_and_how_far_a_cause_reached(kind: str, cause: str) -> None:
    weeks = [
        {"kind": kind, "function": function, "canary": canary, "window": None}
        | {"desktops": 50, "days": 7, "reached by the cause": reached, "minutes locked out": 1200}
        | {"minutes of use that a rebuild ended": 8.3 if function == "naive" else 0.0}
        for function, canary, reached in (
            ("ours", True, 2),
            ("ours", False, 49),
            ("naive", True, 50),
        )
    ]
    [section] = report.sections({"weeks": weeks})
    assert section.title == f"calm week with {cause}: 50 desktops, 7 days"
    assert ("desktops that the cause reached", "2", "49", "50", "3") in section.rows
    assert ("minutes locked out", "1,200", "1,200", "1,200", "") in section.rows
    assert ("reconnections lost", "0", "0", "0", "") in section.rows
    assert (report.LONGEST_USE, "0.0", "0.0", "8.3", "1") in section.rows


def test_a_plan_is_told_as_a_ratio() -> None:
    size = {
        "desktops": 1000,
        "resources": {"module": 1048, "alarms": 1000},
        "medians in seconds": {"module": 6.6, "alarms": 6.0},
        "ratio": 1.1,
    }
    plans = {"terraform": "1.11.4", "provider": "5.100.0", "runs of each": 5, "sizes": [size]}
    [section] = report.sections({"plans": plans})
    assert section.rows == [("1,000 WorkSpaces", "6.6 s, 1,048", "6.0 s, 1,000", "1.10")]
