"""Bugs that let one poisoned WorkSpace, bundle, row or answer hold up the others: P8."""

from __future__ import annotations

from .bug import bugs

ISOLATION = (
    *bugs(
        "P8",
        "workspaces.py",
        {
            "skip the halving": (
                "                if len(batch) == 1:\n",
                "                if batch:\n",
            ),
            "one WorkSpace makes an outage": (
                "FAILURES_OF_AN_OUTAGE = 20",
                "FAILURES_OF_AN_OUTAGE = 2",
            ),
            "many WorkSpaces make an outage": (
                "self._failures += not self._others_answer",
                "self._failures += 1",
            ),
            "the probe begins with the failures before it": (
                "self._failures, self._has_answered = 0, False\n        try",
                "self._has_answered = False\n        try",
            ),
            "a probe of which a part is answered tells an outage": (
                "            if not self._has_answered:\n                raise\n",
                "            raise\n",
            ),
            "what was answered before the probe counts": (
                "self._failures, self._has_answered = 0, False\n        try",
                "self._failures = 0\n        try",
            ),
            "others that answered once answer for the whole pass": (
                "self._others_answer = others_answer",
                "self._others_answer |= others_answer",
            ),
            "read the first page only": (
                'if not answer.get("NextToken"):',
                "if True:",
            ),
            "an empty page is the last": (
                'if not answer.get("NextToken"):',
                'if not answer.get("NextToken") or not answer.get(rows):',
            ),
            "a bundle stops the pass": (
                "with suppress(Unavailable):",
                "if True:",
            ),
        },
    ),
    *bugs(
        "P7",
        "examiner.py",
        {
            "only a canary that never ends is lost": (
                "elif record.facts.claim is not None and not",
                "elif False and not",
            ),
            "one that was deleted during its rebuild is lost": (
                "claim is not None and not decision.facts.is_unseen:",
                "claim is not None:",
            ),
        },
    ),
    *bugs(
        "P8",
        "examiner.py",
        {
            "who left the roster is looked at to tell an outage": (
                "sorted(self._tools.roster() - {",
                "sorted(self._tools.members - {",
            ),
            "one that is looked at alone makes an outage": (
                "elif isinstance(unavailable, NobodyAnswered) and self._look_at_others(asked):",
                "elif False:",
            ),
            "suspects tell an outage": (
                "for record in known if not is_suspect(record.reason)]",
                "for record in known]",
            ),
            "those whose ids are first tell an outage": (
                "probe(_spread(fine, IDS_PER_CALL))",
                "probe(fine[:IDS_PER_CALL])",
            ),
            "a suspect stops the pass": (
                "            if len(asked) == 1 and is_suspect(asked[0].reason):\n",
                "            if False:\n",
            ),
        },
    ),
    *bugs(
        "P6",
        "ledger.py",
        {
            "an item that cannot be read is told of anew at each look": (
                "(attribute_not_exists(reason) OR reason <> :reason)",
                "attribute_exists(id)",
            ),
            "what is told of an item waits for what it waited for": (
                "needs = :need, needs_at = :look_at",
                "needs = :need, needs_at = if_not_exists(needs_at, :look_at)",
            ),
        },
    ),
    *bugs(
        "P8",
        "reconciler.py",
        {
            "facts that make no sense hold up their whole batch": (
                "left = (r for r in records if",
                "left = (r for r in records[:1] if",
            ),
            "examine a suspect with the others": (
                "        if is_suspect(first.reason):\n            return [first.id]\n",
                "",
            ),
            "an audit leaves out what it cannot read": (
                "[id_ for id_ in ids if id_ not in left]",
                "[r.workspace_id for r in ledger.read(ids) if r.workspace_id not in left]",
            ),
            "an unreadable item stays due": (
                "        self._tools.ledger.set_aside(id_, look_at)\n",
                "",
            ),
            "suspects come first": (
                "return is_suspect(entry.reason), not",
                "return not is_suspect(entry.reason), not",
            ),
        },
    ),
    *bugs(
        "P8",
        "records.py",
        {
            "a time that nobody lives to see can be read": (
                " or moment.year >= 2200",
                "",
            ),
            "an unreadable item stops the pass": (
                "    with suppress(*UNREADABLE):\n        return Record(",
                "    with suppress(ZeroDivisionError):\n        return Record(",
            ),
            "an unreadable bundle stops the pass": (
                "    with suppress(*UNREADABLE):\n        return read(Bundle",
                "    with suppress(ZeroDivisionError):\n        return read(Bundle",
            ),
        },
    ),
    *bugs(
        "P8",
        "claims.py",
        {
            "ask a suspect as often as the others": (
                "pause = max(shortest, min((now - since) / 2, LONGEST_PAUSE, "
                "settings.audit_interval))",
                "pause = shortest",
            ),
        },
    ),
)
