"""A debt, and how far the rebuild that was asked for has come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nonpersistent.facts import Claim, Decision, Facts
from tests.unit.looks import CLAIM, judge, sight
from tests.unit.support import BUNDLE, NOON, at

ACCEPTED = replace(CLAIM, accepted_at=at(0, 1))
BEGUN = replace(ACCEPTED, begun_at=at(5))
ILL = replace(BEGUN, bad_since=at(40))
ASKED = (NOON, at(-3000), at(-2000))
"""When rebuilds were asked for, after this one too."""
OWED = Facts(
    used_at=at(-60),
    told_at=at(-30),
    wanted_at=at(-25),
    vacant_since=at(-36),
    owed_since=at(-36),
    asked=(at(-3000), at(-2000), at(-1000)),
    held_at=at(-20),
    held_until=at(-10),
    hold_reason="released",
    bundle_id=BUNDLE,
    user="ada",
)
LOST = replace(OWED, failed=ILL, asked=ASKED, failures=1, retry_at=at(170))


def follow(claim: Claim, minutes: float, state: str | None, **details: Any) -> Decision:
    """What is decided at a look at such a claim."""
    seen = replace(sight(at(minutes), address="10.0.0.1"), state=state, **details)
    return judge(replace(OWED, claim=claim), seen)
