"""Bugs that make the function leave undone what it should do: P2."""

from __future__ import annotations

from .bug import Mutant

PROGRESS = (
    Mutant(
        "ignore FailedRequests",
        "P2",
        "answers.py",
        "if not failed:",
        "if True:",
    ),
    Mutant(
        "take the first dimension",
        "P2",
        "signals.py",
        'if dimension["name"] == "WorkspaceId"',
        "if True",
    ),
    Mutant(
        "acknowledge early: lose what cannot be recorded",
        "P2",
        "handler.py",
        "    for entry in read:\n        _record(house, entry)\n",
        "    for entry in read:\n        try:\n            _record(house, entry)\n"
        "        except Exception:\n            pass\n",
    ),
    Mutant(
        "record a time from the future as it is",
        "P2",
        "signals.py",
        "if moment <= now + CLOCK_SKEW:",
        "if True:",
    ),
    Mutant(
        "let times go back",
        "P2",
        "ledger.py",
        'news = f"(attribute_not_exists({attribute}) OR {attribute} < :at)"',
        'news = f"(attribute_not_exists({attribute}) OR {attribute} <> :at)"',
    ),
    Mutant(
        "take no answer for yes",
        "P2",
        "workspaces.py",
        "            return Unanswered(type(error).__name__)",
        "            return answers.Accepted()",
    ),
    Mutant(
        "an accepted rebuild that never began counts as done",
        "P2",
        "aftermath.py",
        "return _unclaim(facts, NEVER_BEGAN, Verdict.FAILED, now, settings)",
        "return Decision(_rebuilt(facts, asked_at), Verdict.FINISHED)",
    ),
    Mutant(
        "a failed rebuild counts as done",
        "P2",
        "aftermath.py",
        "if seen.state in FAILED_STATES:",
        "if False:",
    ),
    Mutant(
        "audit looks at nothing",
        "P2",
        "reconciler.py",
        "        rest = sorted(id_ for id_ in roster if id_ > position)",
        "        rest: list[str] = []",
    ),
    Mutant(
        "an audit begins at the end for ever",
        "P2",
        "ledger.py",
        'self._table.put({"id": {"S": AUDIT}}, "attribute_exists(id)")',
        "pass",
    ),
    Mutant(
        "an audit leaves who waits for an image to a later look",
        "P2",
        "reconciler.py",
        "return planned and record.waits_for != Deferral.PROVING",
        "return planned",
    ),
    Mutant(
        "a lost roster counts as an empty one",
        "P2",
        "ledger.py",
        'raise NoRoster("the ledger has no roster; apply the module again, it writes one")',
        "return frozenset()",
    ),
    Mutant(
        "leave unprocessed keys out",
        "P2",
        "table.py",
        '            wanted = answer.get("UnprocessedKeys")\n',
        "            wanted = None\n",
    ),
    Mutant(
        "look into an alarm two hours later",
        "P2",
        "handler.py",
        "look_at = house.settings.next_look(CLOCK.now())",
        "look_at = house.settings.next_look(CLOCK.now() + timedelta(hours=2))",
    ),
)
