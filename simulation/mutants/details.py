"""Bugs in what is easily overlooked: skipped hours, rates, the content of claims and log lines."""

from __future__ import annotations

from .bug import bugs

DETAILS = (
    *bugs(
        "P2",
        "settings.py",
        {
            "a window in the hour that clocks skip never opens": (
                "if closes <= opens:  # it lies in the hour that clocks skip, or begins there",
                "if False:",
            ),
        },
    ),
    *bugs(
        "P1",
        "settings.py",
        {
            "a window opens on any day": (
                "            if day.weekday() not in self.days:\n                continue\n",
                "",
            ),
        },
    ),
    *bugs(
        "P5",
        "claims.py",
        {
            "a refusal is asked again as soon as the grace allows": (
                "shortest = SAMPLE_INTERVAL if verdict is Verdict.REFUSED else settings.patience",
                "shortest = settings.patience",
            ),
        },
    ),
    *bugs(
        "P5",
        "answers.py",
        {
            "a newer throttling code is a refusal": (
                "    TooManyRequestsException TransactionInProgressException\n",
                "",
            ),
        },
    ),
    *bugs(
        "P5",
        "rebuilder.py",
        {
            "a stale decision uses a slot of the rate up": (
                "        tools.pacer.wait(CLAIM_TAKES)\n",
                "        tools.pacer.wait(CLAIM_TAKES)\n        tools.pacer.sent()\n",
            ),
        },
    ),
    *bugs(
        "P7",
        "rebuilder.py",
        {
            "the claim does not say which image it takes": (
                "            image_id=image,\n        )\n",
                "        )\n",
            ),
        },
    ),
    *bugs(
        "P6",
        "examiner.py",
        {
            "an end took as long as nobody looked": (
                "END_KNOWN_TO = timedelta(minutes=15)",
                "END_KNOWN_TO = timedelta(days=9)",
            ),
        },
    ),
    *bugs(
        "P6",
        "lateness.py",
        {
            "who waits for a place is late or not, from one night to the next": (
                "or decision.reason in (Deferral.WINDOW, Deferral.CANARY)",
                "or decision.reason == Deferral.CANARY",
            ),
            "who waits for a canary waits anew for a place": (
                "or decision.reason in (Deferral.WINDOW, Deferral.CANARY)",
                "or decision.reason == Deferral.WINDOW",
            ),
            "days on which the window does not open count for the brake": (
                "needs_at = settings.rebuild_allowed_at(needs_at) + timedelta(days=1)",
                "needs_at = needs_at + timedelta(days=1)",
            ),
        },
    ),
    *bugs(
        "P6",
        "handler.py",
        {
            "a pass that is cut off says nothing": (
                "    finally:\n        if task or tally.due:",
                "    except ():\n        pass\n    else:\n        if task or tally.due:",
            ),
        },
    ),
    *bugs(
        "P1",
        "workspaces.py",
        {
            "a look is as young as its last answer": (
                "looked_at = self._first_answer_at or self._clock.now()",
                "looked_at = self._clock.now()",
            ),
        },
    ),
    *bugs(
        "P6",
        "lifecycle.py",
        {
            "who uses what is never rebuilt needs no person": (
                "        if facts.failed is not None or facts.failures < 2:",
                "        if True:",
            ),
            "no doubt is kept while the window is closed": (
                "(facts.trouble is None and not cannot_tell)",
                "facts.trouble is None",
            ),
        },
    ),
)
