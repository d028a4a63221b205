"""Bugs that keep quiet or cry wolf, in log lines, gauges, or what needs a person: P6."""

from __future__ import annotations

from nonpersistent.facts import Verdict
from nonpersistent.journal import Line

from .bug import Mutant, bugs

DECISIONS: tuple[Verdict | Line, ...] = (
    *(verdict for verdict in Verdict if verdict is not Verdict.REBUILD),
    *Line,
)
"""Every kind of line; the decision to rebuild has none of its own, only its outcome has."""

SPOKEN = "        _LOGGER.log("

GAUGES = (
    *bugs(
        "P6",
        "gauges.py",
        {
            "a bundle is held although there are no canaries": (
                " if settings.canary_after is not None else []",
                "",
            ),
            "what needs a person later needs one now": (
                "and entry.needs_at is not None and entry.needs_at <= seen_to:",
                "and entry.needs_at is not None:",
            ),
            "a need is told that the look due before it might have averted": (
                "seen_to = now if entry.needs is Need.LATE else min(now, entry.due_at)",
                "seen_to = now",
            ),
            "the gauges show only what is due in this pass": (
                "entries, now = ledger.planned(), ledger.clock.now()",
                "now = ledger.clock.now()\n    entries = ledger.due(now)",
            ),
            "a need is told when it begins and not while it lasts": (
                "and entry.needs_at is not None and entry.needs_at <= seen_to:",
                "and entry.needs_at is not None and now - INTERVAL < entry.needs_at <= seen_to:",
            ),
            "nobody sees what is not looked at": ("if entry.due_at <= unattended:", "if False:"),
            "nobody watches the audit": (
                "audit_overdue_minutes=max(0.0, overdue.total_seconds() / 60)",
                "audit_overdue_minutes=0.0",
            ),
            "the audit is late before its interval is over": (
                "now - completed_at - settings.audit_interval",
                "now - completed_at",
            ),
            "a held bundle rings nowhere": ("held_bundles=len(held)", "held_bundles=0"),
            "an endless rebuild rings nowhere": ("endless=counts[Need.ENDLESS]", "endless=0"),
        },
    ),
    *bugs(
        "P6",
        "ledger.py",
        {
            "what the index cannot show rings nowhere": (
                "now, None, Need.UNKNOWN, now, ODD_ITEM)",
                "now)",
            ),
        },
    ),
    *bugs(
        "P6",
        "facts.py",
        {
            "a rebuild may take for ever": (
                "ENDS_WITHIN = timedelta(hours=2, minutes=12)",
                "ENDS_WITHIN = timedelta(days=9)",
            ),
            "a long rebuild needs a person at once": (
                "ENDS_WITHIN = timedelta(hours=2, minutes=12)",
                "ENDS_WITHIN = timedelta(minutes=20)",
            ),
            "a rebuild is endless though no look has shown it": (
                "if self.going_at is not None and self.going_at >= overdue_at:",
                "if overdue_at:",
            ),
            "a stop that may be a rebuild's end is told as endless": (
                "return latest(overdue_at, end_at and end_at + END_SHOWS_WITHIN)",
                "return overdue_at",
            ),
        },
    ),
    *bugs(
        "P6",
        "claims.py",
        {
            "a doubt that lasts for hours is told as what it began with": (
                "if turns_at is not None and now >= turns_at:",
                "if False:",
            ),
            "somebody who may be there is told as late, then as unknown": (
                " if before.need in TOLD_BEFORE and reason not in MAYBE_USED else None",
                " if before.need in TOLD_BEFORE else None",
            ),
            "a doubt is told for its own hours after it might be": (
                "        pause = min(pause, turns_at - now)\n",
                "        pass\n",
            ),
            "a doubt silences an alarm that rings": (
                "if told is not None and told[1] <= now:",
                "if False:",
            ),
            "a rebuild of which AWS knows nothing is one that goes on": (
                "    if seen.state is None:\n",
                "    if False:\n",
            ),
            "a doubt rings at once": (
                "DOUBT_HOLDS = timedelta(minutes=90)",
                "DOUBT_HOLDS = timedelta(0)",
            ),
            "a doubt never rings": (
                "DOUBT_HOLDS = timedelta(minutes=90)",
                "DOUBT_HOLDS = timedelta(days=9)",
            ),
            "a doubt hides why AWS refuses": (
                "before.reason if before.refused and isinstance(reason, Doubt) else reason",
                "reason",
            ),
            "a doubt is younger at each look": (
                "since = before.since\n",
                "since = now\n",
            ),
        },
    ),
    *bugs(
        "P6",
        "lateness.py",
        {
            "the brake needs a person at once": (
                "BRAKE_HOLDS = timedelta(days=3)",
                "BRAKE_HOLDS = timedelta(days=0)",
            ),
            "a debt that was late before a doubt is no longer late after it": (
                "if trouble is None or after(trouble.since, before.late_at):",
                "if trouble is None:",
            ),
            "an awaited sample hides a refusal": (
                "trouble.reason == Doubt.OLDER_SAMPLE and not facts.is_stuck",
                "trouble.reason == Doubt.OLDER_SAMPLE",
            ),
            "a refusal that was met once rings until the next try": (
                "if doubted or (is_first and decision.reason in REFUSAL_WAITS):",
                "if doubted:",
            ),
            "what AWS refuses for long rings no more while it waits": (
                "and now - trouble.since < BAD_FOR",
                "and now < trouble.needs_at",
            ),
            "a debt may wait for one window after the other": (
                "    return after(decision.expected_by, settings.next_look(opened_at))",
                "    return False",
            ),
            "a debt is late that fell due in the middle of a window": (
                "settings.rebuild_allowed_at(due_at, whole=True)",
                "settings.rebuild_allowed_at(due_at)",
            ),
            "a held bundle's others are late when the window closes": (
                "waited_for not in (*NO_LIMITS, Deferral.SNAPSHOT):",
                "False:",
            ),
            "a snapshot that never comes is waited for silently": (
                "(*NO_LIMITS, Deferral.SNAPSHOT)",
                "NO_LIMITS",
            ),
            "a doubt that is over ends what was late before": (
                "now >= trouble.needs_at and trouble.need not in TOLD_BEFORE",
                "now >= trouble.needs_at",
            ),
            "an alarm of a later session leaves the debt as old": (
                "since = latest(facts.owed_since, told_at, ",
                "since = latest(facts.owed_since, ",
            ),
            "a wait that was chosen is late": (
                "if decision.expected_by is not None and may_wait and not had_its_chance:",
                "if False:",
            ),
            "the wait for a snapshot is late once there was an outage": (
                "now < late_at or decision.reason == Deferral.SNAPSHOT",
                "now < late_at",
            ),
            "a late debt that waits for a place is not late": (
                "if is_same_debt and before.late_at is not None and before.late_at <= now:",
                "if False:",
            ),
            "a refusal that was met once rings while it waits for a place": (
                "if is_first and decision.reason in QUEUES and",
                "if False and",
            ),
            "a refusal that was met once rings during a hold": (
                "Deferral.HELD_BUNDLE, Deferral.HOLD)",
                "Deferral.HELD_BUNDLE)",
            ),
            "what is late is late no more while it waits": (
                "if decision.expected_by is not None and may_wait and not had_its_chance:",
                "if decision.expected_by is not None and not had_its_chance:",
            ),
            "who is back for a moment has waited for nothing": (
                "if not (facts.is_owed or put_off) or settings",
                "if not facts.is_owed or settings",
            ),
            "what was owed before it waited for a place has waited for it": (
                "    needs_at = now\n",
                "    needs_at = decision.facts.owed_since or now\n",
            ),
            "who waits for a place while in doubt begins to wait anew": (
                "in_doubt = decision.facts.trouble is not None",
                "in_doubt = False",
            ),
            "a dry run is late": (
                "if not (facts.is_owed or put_off) or settings.dry_run:",
                "if not (facts.is_owed or put_off):",
            ),
            "sign-ins keep a debt from ever being late": (
                "min(signed_in_at, facts.owed_since + SIGN_INS_COUNT_FOR)",
                "signed_in_at",
            ),
            "what was owed in a dry run is late": (
                "was_dry_run = before.is_owed and before.late_at is None",
                "was_dry_run = False",
            ),
        },
    ),
    *bugs(
        "P6",
        "gauges.py",
        {
            "a held bundle is none once those that were lost are restored": (
                "*(entry.bundle_id for entry in entries if entry.bundle_id)",
                "*(e.bundle_id for e in entries if e.bundle_id and e.phase == Phase.FAILED)",
            ),
            "a held bundle is none while its WorkSpaces are in use": (
                "bundle_ids = {*audit.bundle_ids, ",
                "bundle_ids = {",
            ),
        },
    ),
    *bugs(
        "P6",
        "rebuilder.py",
        {
            "a throttled rebuild has waited for nothing": (
                "trouble=before.facts.trouble, late_at=before.facts.late_at)",
                "trouble=before.facts.trouble)",
            ),
            "who waits for an image waits for a place first": (
                "if record.reason == Deferral.IMAGE:",
                "if False:",
            ),
        },
    ),
    *bugs(
        "P6",
        "bundles.py",
        {
            "a hold is over only when somebody owes a rebuild": (
                "            self._bundle(bundle_id)\n",
                "            pass\n",
            ),
        },
    ),
    *bugs(
        "P6",
        "examiner.py",
        {
            "a question about snapshots that failed is a refusal for ever": (
                "record.facts, Need.BLOCKED, newest.code, now, settings, holds=holds",
                "record.facts, Need.BLOCKED, newest.code, now, settings, Verdict.REFUSED, holds",
            ),
            "a state is not asked for that blocks who may be in use": (
                "or facts.trouble is not None",
                "or (facts.trouble is not None and facts.phase is not Phase.IN_USE)",
            ),
            "a doubt of one that waits stays one": (
                "if in_doubt or claims.may_heal(facts, now):",
                "if claims.may_heal(facts, now):",
            ),
        },
    ),
    *bugs(
        "P6",
        "lifecycle.py",
        {
            "who comes back mends what AWS refuses": (
                "if facts.is_stuck and facts.trouble is not None",
                "if False and facts.trouble is not None",
            ),
            "a sign-in before the rebuild is one after it": (
                "failed.begun_at or failed.asked_at + SHORTEST",
                "failed.begun_at or failed.asked_at",
            ),
            "a bad state after a rebuild may settle": (
                "    settling &= seen.state not in BAD_STATES\n",
                "",
            ),
            "a sign-in that nothing confirms makes the debt younger": (
                "owed_since=vacant_since if confirmed else facts.owed_since or vacant_since",
                "owed_since=vacant_since",
            ),
            "an unknown id is clean": (
                "    if seen.state_asked and seen.state is None:\n        return Doubt.NOT_FOUND\n",
                "",
            ),
            "an unknown id has a baseline": (
                "if seen.state is None or seen.state in GONE_STATES:",
                "if seen.state in GONE_STATES:",
            ),
            "a stale CONNECTED is use": (
                'if seen.connection == "CONNECTED" and seen.is_fresh and not told_later:',
                'if seen.connection == "CONNECTED" and not told_later:',
            ),
        },
    ),
    *bugs(
        "P6",
        "facts.py",
        {
            "late at the minute": (
                "USUAL_DELAY = timedelta(hours=1)",
                "USUAL_DELAY = timedelta(0)",
            ),
        },
    ),
)

LINES = tuple(
    Mutant(
        f"say nothing of: {decision.value}",
        "P6",
        "journal.py",
        SPOKEN,
        f'        if decision.value == "{decision.value}":\n            return\n{SPOKEN}',
    )
    for decision in DECISIONS
)

SILENCE = (*GAUGES, *LINES)
