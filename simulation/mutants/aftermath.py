"""Bugs in what follows an accepted rebuild: P3."""

from __future__ import annotations

from .bug import bugs

AFTERMATH = (
    *bugs(
        "P3",
        "rebuilder.py",
        {
            "a claim that was written unheard stays": (
                "            self._take_back(record, claim)\n",
                "",
            ),
        },
    ),
    *bugs(
        "P3",
        "claims.py",
        {
            "a restore of what never ended has ended it well": (
                "(claim.bad_since is not None or claim.was_endless)",
                "claim.bad_since is not None",
            ),
            "a rebuild that ends late has settled before its end": (
                "(claim.going_at or claim.asked_at) + LONGEST_PAUSE",
                "claim.asked_at + LONGEST_PAUSE",
            ),
            "believe the address alone": (
                "if not (traced or may_begin) and watched.watched_to == seen.looked_at:",
                "if not (traced or may_begin):",
            ),
            "a broken row of looks could not have missed it": (
                "unbroken = seen.looked_at - (claim.watched_to or claim.asked_at) <= SHORTEST",
                "unbroken = True",
            ),
            "any state without a trace proves that nothing began": (
                'if seen.state not in (claim.state, "AVAILABLE", *INTERRUPTED_STATES):',
                "if False:",
            ),
            "nobody looks when it takes too long": (
                "return min(usual, settings.next_tick(claim.asked_at + ENDS_WITHIN))",
                "return usual",
            ),
            "one that takes too long is looked at once an hour": (
                "return settings.look_after(now, BAD_FOR)",
                "return settings.look_after(now, LONGEST_PAUSE)",
            ),
            "it must begin within five minutes": (
                "BEGINS_WITHIN = timedelta(minutes=13)",
                "BEGINS_WITHIN = timedelta(minutes=5)",
            ),
            "look for the beginning too late": (
                "WATCH_EVERY = timedelta(minutes=6, seconds=30)",
                "WATCH_EVERY = timedelta(minutes=12)",
            ),
            "count one sighting of a bad state": (
                "if now - (claim.bad_since or now) < BAD_FOR:",
                "if False:",
            ),
            "never count a bad state": ("if seen.state in BAD_STATES:", "if False:"),
            "an impaired WorkSpace has ended neither way": (
                'BAD_STATES = frozenset({"ERROR", "UNHEALTHY", "IMPAIRED"})',
                'BAD_STATES = frozenset({"ERROR", "UNHEALTHY"})',
            ),
            "a bad end does not heal": (
                "    return _end_well(facts, facts.failed, now, settings, Verdict.FINISHED)",
                "    return None",
            ),
            "heal for ever": (
                "return bad_since is not None and now - bad_since <= HEALS_WITHIN",
                "return bad_since is not None",
            ),
            "repeat a failed rebuild at once": (
                "retry_at = now + BACK_OFF[min(facts.failures, len(BACK_OFF) - 1)]",
                "retry_at = now",
            ),
            "repeat every two hours": (
                "BACK_OFF[min(facts.failures, len(BACK_OFF) - 1)]",
                "BACK_OFF[0]",
            ),
            "a new image every time": (
                "return failed.image_id != seen.bundle_image and len(today) < TRIES_A_DAY",
                "return len(today) < 99",
            ),
            "a new image does not help": (
                "return failed.image_id != seen.bundle_image and len(today) < TRIES_A_DAY",
                "return False",
            ),
            "an unanswered rebuild did not take place": (
                "moved = None not in (claim.address, seen.address) and claim.address != "
                "seen.address",
                "moved = False",
            ),
            "REBUILDING leaves no trace": (
                "begun_at=now, bad_since=None)",
                "bad_since=None)",
            ),
            "what a rebuild causes is use": (
                "settled_at=ended_by + SETTLES_WITHIN,",
                "settled_at=ended_by,",
            ),
            "use during the rebuild is wiped by nothing": (
                "rebuilt_at=claim.begun_at or claim.accepted_at or claim.asked_at,",
                "rebuilt_at=claim.asked_at,",
            ),
            "a rebuild by somebody else is nothing to follow": (
                "claim = Claim(asked_at=now, accepted_at=now, begun_at=now)",
                "claim = Claim(asked_at=now - timedelta(hours=9))",
            ),
            "nobody looks after a rebuild's end": (
                "return Decision(rebuilt, verdict, settings.look_after(now, settings.patience))",
                "return Decision(rebuilt, verdict)",
            ),
        },
    ),
    *bugs(
        "P3",
        "lifecycle.py",
        {
            "the rebuild's own move of the last connection makes a debt": (
                "if is_own and after(facts.settled_at, known_at) and facts.phase in",
                "if False and facts.phase in",
            ),
            "what a failed rebuild moved is use after a request that was in vain": (
                "facts.failed.asked_at if facts.failed else next(iter(facts.asked), None)",
                "next(iter(facts.asked), None)",
            ),
            "the failed rebuild's own signals are use": (
                "in (Phase.CLEAN, Phase.FAILED):",
                "in (Phase.CLEAN,):",
            ),
            "what a person restores has healed": (
                'seen.state in ("AVAILABLE", claims.RESTORING):',
                'seen.state == "AVAILABLE":',
            ),
            "a sign-in in vain is a use": (
                "worked = seen.state in claims.USABLE_STATES and after(used_at, wiped_at)",
                "worked = after(used_at, wiped_at)",
            ),
            "a rebuild by hand that failed is wanted for ever": (
                "if facts.is_wanted_anew else None",
                "if True else None",
            ),
            "use after a failure changes nothing": (
                "if facts.phase is Phase.FAILED and _works_again(facts, seen, used_at):",
                "if False:",
            ),
        },
    ),
    *bugs(
        "P3",
        "facts.py",
        {
            "deploying is a debt": (
                "return latest(self.rebuilt_at, self.baseline_at)",
                "return self.rebuilt_at",
            ),
            "a late alarm after a rebuild is a new debt": (
                "told = after(self.told_at, settled_at + NOTICE_LAG)",
                "told = after(self.told_at, clean_at)",
            ),
        },
    ),
    *bugs(
        "P3",
        "table.py",
        {
            "a repeated write was refused": (
                'or self.get(item["id"]["S"]) == written',
                "or False",
            ),
            "a refused write took place": (
                'or self.get(item["id"]["S"]) == written',
                "or True",
            ),
        },
    ),
    *bugs(
        "P3",
        "answers.py",
        {
            "InternalServerException is a refusal": (
                "InternalServerError InternalServerException\n",
                "InternalServerError\n",
            ),
            "InternalServerError in FailedRequests is a refusal": (
                "if code in SERVER_ERRORS:\n        return Unanswered(code)",
                "if False:\n        return Unanswered(code)",
            ),
        },
    ),
    *bugs(
        "P3",
        "workspaces.py",
        {
            "take no answer for a refusal": (
                "            return Unanswered(type(error).__name__)",
                '            return Refused("no_answer", "")',
            ),
        },
    ),
    *bugs(
        "P3",
        "reconciler.py",
        {
            "believe the list of what is due": (
                "if record.is_due(now) or record in woken]",
                "]",
            ),
        },
    ),
)
