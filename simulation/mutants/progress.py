"""Bugs that keep the function from doing what it should: P2."""

from __future__ import annotations

from .bug import bugs

PROGRESS = (
    *bugs(
        "P2",
        "answers.py",
        {
            "ignore FailedRequests": ("if not failed:", "if True:"),
            "take throttling for a refusal": (
                "    if code in THROTTLING:\n",
                "    if False:\n",
            ),
        },
    ),
    *bugs(
        "P2",
        "signals.py",
        {
            "a request counts from when it is handled": (
                '_workspace_id(id_), _moment(event.get("asked_at"), now)',
                "_workspace_id(id_), now",
            ),
            "take the first dimension": (
                'case {"name": "WorkspaceId", "value": str(id_)}:',
                'case {"value": str(id_)}:',
            ),
            "record a time from the future as it is": (
                "if moment <= now + CLOCK_SKEW:",
                "if True:",
            ),
        },
    ),
    *bugs(
        "P2",
        "handler.py",
        {
            "acknowledge early: lose what cannot be recorded": (
                "            refused = error\n",
                "            pass\n",
            ),
            "look into an alarm two hours later": (
                "container.settings.next_look(now) if told",
                "container.settings.next_look(now + timedelta(hours=2)) if told",
            ),
        },
    ),
    *bugs(
        "P2",
        "ledger.py",
        {
            "let times go back": (
                'return f"(attribute_not_exists({attribute}) OR {attribute} < :at)"',
                'return f"(attribute_not_exists({attribute}) OR {attribute} <> :at)"',
            ),
            "a message may put a look off": (
                'update = f"{tell}, due_at = if_not_exists(due_at, :look_at) {COUNT}"',
                'update = f"{tell}, due_at = :look_at {COUNT}"',
            ),
            "an audit begins at the end for ever": (
                'self._table.put({"id": {"S": AUDIT}, **ended})',
                "pass",
            ),
            "a lost roster counts as an empty one": (
                'raise NoRoster("the ledger has no roster; apply the module again, it writes one")',
                "return frozenset()",
            ),
            "forget whoever was off the roster once": (
                'return self._table.delete(record.workspace_id, "version = :seen", version)',
                "return self._table.delete("
                'record.workspace_id, "version <> :seen OR version = :seen", version)',
            ),
        },
    ),
    *bugs(
        "P2",
        "workspaces.py",
        {
            "take no answer for yes": (
                "            return Unanswered(type(error).__name__)",
                "            return answers.Accepted()",
            ),
        },
    ),
    *bugs(
        "P2",
        "claims.py",
        {
            "an accepted rebuild that did not take place counts as done": (
                "    if not (traced or may_begin) and watched.watched_to == seen.looked_at:\n"
                "        return fail(facts, watched, NOT_BEGUN, now, settings)\n",
                "",
            ),
            "a stop or reboot hides that nothing began": (
                '"AVAILABLE", *INTERRUPTED_STATES):',
                '"AVAILABLE"):',
            ),
            "a rebuild that nobody heard of counts as done": (
                "    if claim.accepted_at is not None:\n",
                "    if True:\n",
            ),
            "nothing is tried again": ("now >= facts.retry_at or", "False or"),
            "a doubt is looked into once": (
                "return Decision(stuck, verdict, settings.look_after(now, pause), reason)",
                "return Decision(stuck, verdict, None, reason)",
            ),
        },
    ),
    *bugs(
        "P2",
        "facts.py",
        {
            "an absent WorkSpace is clean": (
                "return Phase.NEW if self.clean_at is None else Phase.CLEAN",
                "return Phase.CLEAN",
            ),
            "nobody asked for a rebuild": (
                "or outdated or self.is_wanted",
                "or outdated",
            ),
        },
    ),
    *bugs(
        "P2",
        "reconciler.py",
        {
            "audit looks at nothing": (
                "rest = sorted(id_ for id_ in self._tools.roster() if id_ > position)",
                "rest: list[str] = []",
            ),
            "audit leaves to a late look whose session has ended": (
                "min(next_audit, now + LONGEST_PAUSE) if phase is Phase.IN_USE else next_audit",
                "next_audit",
            ),
            "audit looks at nobody whose rebuild failed": (
                "record.reason in UNSEEN_WAITS or phase is Phase.FAILED:",
                "record.reason in UNSEEN_WAITS:",
            ),
            "audit looks at nobody of a held bundle": (
                "{Deferral.HELD_BUNDLE, Deferral.IMAGE, Deferral.BRAKE, Deferral.SHARE}",
                "{Deferral.IMAGE, Deferral.BRAKE, Deferral.SHARE}",
            ),
            "audit looks at nobody who waits": (
                "return record.look_at > soon and phase is not Phase.REBUILDING",
                "return False",
            ),
            "a place that became free goes to whoever looks first": (
                "woken += [e for e in planned if e.reason == Deferral.SHARE][:ended]",
                "pass",
            ),
            "nobody is woken when the canary has ended": (
                "others = {Deferral.CANARY, Deferral.HELD_BUNDLE}",
                "others = set()",
            ),
            "who waited for a held bundle is not woken": (
                "others = {Deferral.CANARY, Deferral.HELD_BUNDLE}",
                "others = {Deferral.CANARY}",
            ),
        },
    ),
    *bugs(
        "P2",
        "table.py",
        {
            "leave unprocessed keys out": (
                '            wanted = answer.get("UnprocessedKeys")\n',
                "            wanted = None\n",
            ),
            "read one page of what is due": (
                '            if "LastEvaluatedKey" not in page:',
                "            if True:",
            ),
        },
    ),
)
