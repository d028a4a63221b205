"""Bugs that make the function do what it must not: P1, P4 and P5."""

from __future__ import annotations

from .bug import bugs

SAFETY = (
    *bugs(
        "P1",
        "facts.py",
        {
            "forget vacancy only when a sample says so": (
                "not after(self.used_at, self.vacant_since)",
                "True",
            ),
            "a request by hand is for all sessions until the next rebuild": (
                "over_at = latest(self.clean_at, self.signed_in_at)",
                "over_at = self.clean_at",
            ),
        },
    ),
    *bugs(
        "P1",
        "observation.py",
        {
            "trust an old sample": (
                "self.looked_at - self.checked_at <= FRESH",
                "self.checked_at is not None",
            ),
            "believe a sample that contradicts the last connection": (
                "if self.last_connected_at is not None and self.last_connected_at >= "
                "self.checked_at:",
                "if False:",
            ),
            "take UNKNOWN for vacant": (
                'if self.connection != "DISCONNECTED" or',
                'if self.connection == "CONNECTED" or',
            ),
            "take a stopping desktop for a stopped one": (
                'VACANT_STATES = frozenset({"STOPPED", "ERROR"})',
                'VACANT_STATES = frozenset({"STOPPED", "ERROR", "AVAILABLE"})',
            ),
        },
    ),
    *bugs(
        "P1",
        "claims.py",
        {
            "the end of a rebuild forgets who has signed in": (
                "        signed_in_at=facts.signed_in_at,\n",
                "",
            ),
        },
    ),
    *bugs(
        "P1",
        "lifecycle.py",
        {
            "who comes back unseen is still who a request by hand was for": (
                "signed_in_at=came_back_at or facts.signed_in_at,",
                "",
            ),
            "a request by hand is over as soon as its own session is seen": (
                "after(used_at, latest(*known[:2]))",
                "after(used_at, facts.wanted_at)",
            ),
            "no alarm tells of who came after a request by hand": (
                "return facts.told_at if lagging and after(facts.told_at, lagging + NOTICE_LAG) "
                "else None",
                "return None",
            ),
            "a bad state speaks for a later one": (
                'seen.state in ("AVAILABLE", claims.RESTORING):',
                "seen.state == claims.RESTORING:",
            ),
            "a sign-in after a bad end is always in vain": (
                "unused = seen_bad and not after(facts.used_at, _wiped_at(facts))",
                "unused = seen_bad",
            ),
            "act before the grace has passed": (
                "else seen_or_told + settings.grace",
                "else seen_or_told",
            ),
            "count the grace from the vacancy alone": (
                "seen_or_told = latest(facts.vacant_since, facts.told_at)",
                "seen_or_told = facts.vacant_since or facts.told_at",
            ),
            "a check before the end of the grace is enough": (
                "if vacant_at is None or vacant_at < due_at:",
                "if vacant_at is None:",
            ),
            "no use at all counts while a rebuild settles": (
                "perhaps_used_at = latest(facts.used_at, known_at, seen.connected_at)",
                "perhaps_used_at = facts.used_at",
            ),
            "a WorkSpace whose rebuild failed is vacant for ever": (
                "and seen.state in BAD_STATES\n",
                "\n",
            ),
            "rebuild from any state": (
                "if seen.state is not None and seen.state not in REBUILDABLE_STATES:",
                "if False:",
            ),
            "ignore the rebuild window": ("if opens_at > soonest:", "if False:"),
            "keep no file": (
                "if keeps and not facts.is_wanted and (",
                "if False and (",
            ),
        },
    ),
    *bugs(
        "P1",
        "rebuilder.py",
        {
            "an audit rebuilds what is held": (
                "if facts.held_until is not None and now < facts.held_until:",
                "if False:",
            ),
            "decide once, before the wait": (
                "if decision.verdict is not Verdict.REBUILD:",
                "if False:",
            ),
            "rebuild on the strength of an old look": (
                "now - seen.looked_at > LOOK_HOLDS",
                "False",
            ),
        },
    ),
    *bugs(
        "P1",
        "ledger.py",
        {
            "a sign-in whose session a look has seen before is forgotten": (
                '_is_older("signed_in_at")',
                '_is_older("used_at")',
            ),
            "a hold ends with the place on the roster": (
                "if after(record.facts.held_until, self.clock.now()):",
                "if False:",
            ),
            "skip the fence": (
                'return self._table.put(item, "version = :seen", {":seen": {"N": str(version)}})',
                'return self._table.put(item, "attribute_exists(id)")',
            ),
            "a signal leaves no trace for the fence": (
                'COUNT = "ADD version :one"',
                'COUNT = "ADD signals :one"',
            ),
        },
    ),
    *bugs(
        "P4",
        "reconciler.py",
        {
            "touch who was taken off the roster": (
                "return [record for record in records if record.workspace_id in roster]",
                "return records",
            ),
            "audit with the roster of its beginning": (
                "        known = self._on_roster(ids)\n        alone",
                "        known = self._tools.ledger.read(ids)\n        alone",
            ),
        },
    ),
    *bugs(
        "P4",
        "handler.py",
        {
            "record signals of anybody": (
                "        case Signal(kind, id_) if container.knows(id_):",
                "        case Signal(kind, id_):",
            ),
        },
    ),
    *bugs(
        "P4",
        "signals.py",
        {
            "believe an alarm of another metric": (
                'if metric.get("MetricName") != "SessionDisconnect":',
                "if False:",
            ),
            "believe an alarm that names no metric": (
                'if metric.get("Namespace") != "AWS/WorkSpaces":',
                'if metric.get("Namespace", "AWS/WorkSpaces") != "AWS/WorkSpaces":',
            ),
            "believe an alarm of another account": (
                "if account is not None and account != origin.account:",
                "if False:",
            ),
        },
    ),
    *bugs(
        "P5",
        "pacing.py",
        {
            "no pause between calls": (
                "self._clock.sleep((self.next_call_at - lead - self._clock.now()).total_seconds())",
                "pass",
            ),
            "no rest when throttled": (
                "self._pause = min(max(1.0, 2 * self._pause), LONGEST_PAUSE)",
                "self._pause = 0.0",
            ),
            "ignore the brake": (
                "if self._limit is None or len(self._taken) < self._limit:",
                "if True:",
            ),
            "who waits for the brake looks with its own place only": (
                "return max(free_at, self._taken[place - self._limit] + hours * HOUR)",
                "return self._taken[place - self._limit] + (hours + 1) * HOUR",
            ),
        },
    ),
    *bugs(
        "P5",
        "workspaces.py",
        {
            "ask on without the lease": (
                "if not self.lease.goes_on(REBUILD_RESERVE):",
                "if False:",
            ),
            "a rebuild does not count as a call": (
                "        self.pacer.sent()\n        try:\n            answer = self._client()",
                "        try:\n            answer = self._client()",
            ),
        },
    ),
    *bugs(
        "P5",
        "lease.py",
        {
            "act without having the lease": (
                "if not self._ledger.lease(self.owner, now, until):",
                "if self._ledger.lease(self.owner, now, until) is None:",
            ),
            "hand over before the next call may be made": (
                "max(now, self._pacer.next_call_at))",
                "now)",
            ),
        },
    ),
    *bugs(
        "P5",
        "ledger.py",
        {
            "everybody may have the lease": (
                '"held_by = :owner OR expires_at <= :now OR ',
                '"held_by = :owner OR expires_at <> :now OR ',
            ),
            "a lease without an end is one for ever": (
                " OR NOT expires_at BETWEEN :now AND :longest",
                " OR attribute_not_exists(id)",
            ),
        },
    ),
    *bugs(
        "P5",
        "handler.py",
        {
            "the same request is the same owner": (
                'owner = f"{context.aws_request_id} {os.urandom(8).hex()}"',
                "owner = context.aws_request_id",
            ),
            "retry inside the client": (
                "_config(3, 6, tries=1)",
                "_config(3, 6, tries=4)",
            ),
        },
    ),
    *bugs(
        "P5",
        "reconciler.py",
        {
            "the brake's places go to whoever looks first": (
                "since = entry.owed_since if self._tools.settings.is_limited else None",
                "since = None",
            ),
        },
    ),
)
