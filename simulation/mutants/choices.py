"""Bugs in further settings: images rolled out, the share rebuilt at once, events."""

from __future__ import annotations

from .bug import bugs

ROLL_OUTS = (
    *bugs(
        "P7",
        "lifecycle.py",
        {
            "roll out an image that nobody has proven": (
                "if vacant_at is None or not seen.image_proven or",
                "if vacant_at is None or",
            ),
        },
    ),
    *bugs(
        "P3",
        "lifecycle.py",
        {
            "roll out the image that it has": (
                "not seen.image_proven or seen.bundle_image == clean.image_id:",
                "not seen.image_proven:",
            ),
            "who was never rebuilt lacks each image": (
                "user=seen.user, image_id=seen.bundle_image)",
                'user=seen.user, image_id="none")',
            ),
        },
    ),
    *bugs(
        "P1",
        "lifecycle.py",
        {
            "roll out where nobody saw that nobody is connected": (
                "    vacant_at = seen.vacant_at\n    if vacant_at is None or",
                "    vacant_at = seen.vacant_at or now\n    if",
            ),
            "who comes back keeps the debt of an image": (
                "outdated_at=None if used_anew else facts.outdated_at,",
                "outdated_at=facts.outdated_at,",
            ),
        },
    ),
    *bugs(
        "P7",
        "rebuilder.py",
        {
            "roll out whatever image has come since": (
                "if decided.is_outdated and not self._bundles.rolls_out(known):",
                "if False:",
            ),
        },
    ),
    *bugs(
        "P2",
        "examiner.py",
        {
            "no audit asks for images": (
                "rolls_out = audit and self._tools.settings.roll_out_images",
                "rolls_out = False",
            ),
        },
    ),
    *bugs(
        "P3",
        "examiner.py",
        {
            "who may heal waits for the canary": (
                "if in_doubt or claims.may_heal(facts, now):",
                "if in_doubt:",
            ),
        },
    ),
    *bugs(
        "P2",
        "lifecycle.py",
        {
            "who was looked for in vain has missed nothing": (
                "baseline_at = asked_at or seen.vacant_at",
                "baseline_at = seen.vacant_at",
            ),
        },
    ),
    *bugs(
        "P2",
        "claims.py",
        {
            "a doubt makes the looks at a rebuild rarer": (
                "look_at=min(decision.look_at, next_look_at(claim, now, settings))",
                "look_at=decision.look_at",
            ),
            "a retry that never began forgets the bad end": (
                "failed=claim if began else facts.failed,",
                "failed=claim if began else None,",
            ),
        },
    ),
)

LIMITS = (
    *bugs(
        "P5",
        "rebuilder.py",
        {
            "the share forgets the rebuilds of this pass": (
                "            self.share.take()\n",
                "",
            ),
            "whoever looks between takes an older one's place": (
                "if free_at is None and not self._overtakes(facts, now):",
                "if free_at is None:",
            ),
            "an audit puts back whose rebuild failed": (
                "waits = record.reason == Deferral.BRAKE or facts.is_stuck",
                "waits = record.reason == Deferral.BRAKE",
            ),
            "the share forgets what was not answered": (
                "for moment in _open(record.facts))",
                "for moment in _open(record.facts) if record.facts.claim.accepted_at)",
            ),
            "a roll-out overtakes who waits for a place": (
                "if waits is None and self._settings.is_limited and self._gives_way():",
                "if False:",
            ),
        },
    ),
    *bugs(
        "P5",
        "examiner.py",
        {
            "a rebuild of somebody else takes no place": (
                "self._rebuilder.share.take()",
                "pass",
            ),
        },
    ),
    *bugs(
        "P8",
        "rebuilder.py",
        {
            "an endless rebuild fills the share": (
                "return sum(now - moment < ENDS_WITHIN for moment in asked)",
                "return sum(1 for _ in asked)",
            ),
        },
    ),
    *bugs(
        "P5",
        "pacing.py",
        {
            "the share is one more": (
                "max(1, int(fleet_size * self._percent / 100))",
                "max(1, int(fleet_size * self._percent / 100) + 1)",
            ),
        },
    ),
    *bugs(
        "P2",
        "pacing.py",
        {
            "a small fleet's share is none": (
                "max(1, int(fleet_size * self._percent / 100))",
                "int(fleet_size * self._percent / 100)",
            ),
        },
    ),
    *bugs(
        "P5",
        "reconciler.py",
        {
            "roll-outs come before sessions": (
                "rolls_out = entry.outdated_at is not None",
                "rolls_out = entry.outdated_at is None",
            ),
        },
    ),
)

EVENTS = (
    *bugs(
        "P8",
        "announcer.py",
        {
            "an event that times out fails the invocation": (
                "except BotoCoreError as error:",
                "except ZeroDivisionError as error:",
            ),
            "an event that is throttled fails the invocation": (
                "except ClientError as error:",
                "except ZeroDivisionError as error:",
            ),
            "wait for each event that is lost": (
                "        if self._lost:\n",
                "        if False:\n",
            ),
        },
    ),
    *bugs(
        "P6",
        "announcer.py",
        {
            "the last events are never sent": (
                "        if self._lines:\n            self._publish()\n        lost",
                "        lost",
            ),
            "a request is no event": (
                '    "rebuild_requested": "WorkSpace Rebuild Requested",\n',
                "",
            ),
            "an event is sent again with the next ones": (
                "lines, self._lines = self._lines, []",
                "lines = self._lines[-10:]",
            ),
        },
    ),
    *bugs(
        "P6",
        "tools.py",
        {
            "who is blocked is told of each time": (
                "if was is None or was.need is not Need.BLOCKED:",
                "if True:",
            ),
            "nobody is told who is blocked": (
                "if was is None or was.need is not Need.BLOCKED:",
                "if False:",
            ),
        },
    ),
)

CHOICES = (*ROLL_OUTS, *LIMITS, *EVENTS)
