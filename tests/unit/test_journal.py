"""One line per decision."""

from __future__ import annotations

import logging

import pytest

from nonpersistent.facts import Deferral, Verdict
from nonpersistent.journal import WORRYING, Journal, Line
from tests.unit.stage import Lines
from tests.unit.support import NOON, WS


def test_p6_a_line_carries_its_fields_at_the_top_level(lines: Lines) -> None:
    Journal("desks").write(
        Verdict.DEFERRED, WS, reason=Deferral.GRACE, due_at=NOON, took_seconds=None, looked=0
    )
    [line] = lines.all
    assert line["fleet"] == "desks"
    assert line["decision"] == "deferred"
    assert line["workspace_id"] == WS
    assert line["reason"] == "grace"
    assert line["due_at"] == "2026-11-22T12:00:00+00:00"
    assert line["looked"] == 0
    assert "took_seconds" not in line
    assert line["message"] == f"{WS}: deferred (grace)"
    assert line["levelno"] == logging.INFO


def test_a_line_that_is_about_no_workspace_names_none(lines: Lines) -> None:
    Journal("desks").write(Verdict.REQUESTED)
    [line] = lines.all
    assert line["message"] == "rebuild requested"
    assert "workspace_id" not in line


@pytest.mark.parametrize("decision", [*Verdict, *Line], ids=str)
def test_p6_what_may_need_a_person_is_a_warning(lines: Lines, decision: Line | Verdict) -> None:
    Journal("desks").write(decision, WS)
    worrying = {
        "refused",
        "failed",
        "unanswered",
        "not_learnt",
        "held_bundle",
        "blocked",
        "events_lost",
        "needs_person",
    }
    assert {each.value for each in WORRYING} == worrying
    assert lines.all[0]["levelname"] == ("WARNING" if decision.value in worrying else "INFO")


def test_the_log_does_not_begin_with_lines_of_botocore() -> None:
    """Its level INFO tells at each cold start where the credentials came from."""
    credentials = logging.getLogger("botocore.credentials")
    assert not credentials.isEnabledFor(logging.INFO)
    assert credentials.isEnabledFor(logging.WARNING)


def test_p6_lines_are_written_whatever_the_level_of_the_root(lines: Lines) -> None:
    assert logging.getLogger("nonpersistent").level == logging.INFO
    Journal("desks").write(Line.PASS)
    assert lines.decisions == [("pass", None)]
