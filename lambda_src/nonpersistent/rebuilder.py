"""The rebuild itself: claim it, request it once, record AWS's response (P3).

The claim is a conditional write, the fence: it fails if anything was recorded since the WorkSpace
was read. Wherever the function crashes after it, the WorkSpace's own state later shows whether
AWS got the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from . import claims, lifecycle
from .answers import Accepted, Refused, Throttled, Unanswered
from .bundles import Bundles
from .canary import Admission
from .facts import ENDS_WITHIN, Claim, Decision, Deferral, Facts, Phase, Verdict
from .lateness import reckon
from .ledger import Entry
from .observation import Observation
from .pacing import HOUR, Brake, Share
from .records import Record
from .settings import TICK
from .tools import Tools

LOOK_HOLDS = timedelta(minutes=1)
"""How long after a look a rebuild may still be requested on its evidence."""

CLAIM_TAKES = timedelta(milliseconds=20)
"""How long it takes to write a claim, so that the call that follows comes at the API's rate."""

CANARY_WAIT = timedelta(minutes=10)
"""How long until a WorkSpace that waits for others of its bundle, or of the fleet, is due again."""

ASKED = "asked"
"""The reason while nothing is known about a requested rebuild: no look has followed yet."""


class Rebuilder:
    """Requests rebuilds, one at a time: at the API's rate, within the brake, a canary first."""

    def __init__(self, tools: Tools, bundles: Bundles) -> None:
        self._tools = tools
        self._bundles = bundles
        self._settings = tools.settings
        percent = tools.settings.maximum_rebuilding_percent
        self.share = Share(percent, self._under_way, tools.clock)
        self._sessions_wait = False

    def held_back(self, record: Record) -> Decision | None:
        """Why a rebuild would have to wait whatever a look might show; None if it would not."""
        now = self._tools.clock.now()
        return self._limited(record, now) or self._not_admitted(
            record.facts, self._bundles.admit(record, only_ask=True), now
        )

    def rebuild(self, record: Record, seen: Observation, decided: Facts) -> None:
        """Rebuild a WorkSpace whose rebuild was decided.

        This waits for the pacer, so the decision is made again with the time as it is then.
        """
        tools, known = self._tools, replace(record, facts=decided)
        if limited := self._limited(known, tools.clock.now()):
            tools.write(record, limited)
            return
        if decided.is_outdated and not self._bundles.rolls_out(known):
            tools.write(record, lifecycle.keep_image(decided))
            return
        admission = self._bundles.admit(known)
        if waits := self._not_admitted(known.facts, admission, tools.clock.now()):
            tools.write(record, waits)
            return
        image = self._bundles.image(known.facts.bundle_id)
        tools.pacer.wait(CLAIM_TAKES)
        now = tools.clock.now()
        decision = lifecycle.decide(record.facts, seen, now, self._settings)
        if decision.verdict is Verdict.REBUILD and now - seen.looked_at > LOOK_HOLDS:
            decision = Decision(decision.facts, Verdict.DEFERRED, now, Deferral.THROTTLED)
        if decision.verdict is not Verdict.REBUILD:
            self._bundles.release(known)
            tools.write(record, decision)
            return
        claim = Claim(
            asked_at=now,
            claimed_by=tools.lease.owner,
            goes_first=admission is Admission.GO_FIRST,
            state=seen.state,
            address=seen.address,
            image_id=image,
        )
        facts = replace(decision.facts, claim=claim, late_at=None)
        look_at = claims.next_look_at(claim, now, self._settings)
        claimed = tools.ledger.write(replace(record, facts=facts, look_at=look_at, reason=ASKED))
        if claimed is None:
            self._take_back(record, claim)
            self._bundles.release(known)
            self._tell(Verdict.DEFERRED, record, reason=Deferral.SUPERSEDED)
            return
        self._ask(record, claimed, claim)

    def _take_back(self, before: Record, claim: Claim) -> None:
        """Undo a claim that was refused because of a signal but may have been written: DynamoDB's
        answer got lost, and botocore's repetition was refused. AWS was not asked."""
        now = self._tools.clock.now()
        for kept in self._tools.ledger.read([before.workspace_id]):
            if kept.facts.claim == claim:
                self._keep(kept, lambda facts: _taken_back(before, facts, now))

    def _ask(self, before: Record, claimed: Record, claim: Claim) -> None:
        outcome = self._tools.workspaces.rebuild(claimed.workspace_id)
        now = self._tools.clock.now()
        if isinstance(outcome, Accepted | Unanswered):
            self._brake.take(claim.asked_at)
            self.share.take()
        match outcome:
            case Accepted():
                self._keep(claimed, lambda facts: self._accepted(facts, now))
                self._tools.tally.rebuilt += 1
                waited = now - (lifecycle.evident_at(claimed.facts) or now)
                self._tell(
                    Verdict.REQUESTED,
                    claimed,
                    reason=_why(claimed.facts),
                    waited_seconds=waited.total_seconds(),
                    bundle_id=claimed.facts.bundle_id,
                    image_id=claim.image_id,
                    canary=claim.goes_first,
                )
            case Refused(code, message):
                self._keep(claimed, lambda facts: self._refused(before, facts, code, now))
                self._bundles.release(claimed)
                self._tell(Verdict.REFUSED, claimed, reason=code, detail=message)
                refused = self._refused(before, claimed.facts, code, now)
                self._tools.tell_blocked(before, refused.facts)
            case Throttled():
                self._keep(claimed, lambda facts: _taken_back(before, facts, now))
                self._bundles.release(claimed)
                self._tell(Verdict.DEFERRED, claimed, reason=Deferral.THROTTLED)
            case _:
                self._tell(Verdict.UNANSWERED, claimed, reason=outcome.detail)

    def _accepted(self, facts: Facts, now: datetime) -> Decision:
        assert facts.claim is not None
        claim = replace(facts.claim, accepted_at=now)
        look_at = claims.next_look_at(claim, now, self._settings)
        kept = facts.trouble if facts.failures else None
        known = replace(facts, claim=claim, trouble=kept)
        return Decision(known, Verdict.REBUILDING, look_at, ASKED)

    def _refused(self, before: Record, facts: Facts, code: str, now: datetime) -> Decision:
        """The decision after a refusal; trouble from before the claim keeps its age."""
        known = _unclaimed(before, facts)
        return claims.refuse(known, code, now, self._settings)

    def _keep(self, claimed: Record, change: Callable[[Facts], Decision]) -> None:
        """Write the outcome, repeatedly if signals are recorded meanwhile.

        The claim belongs to this invocation until its outcome is known. If the lease was too short
        and another invocation resolved the claim, its result stands.
        """
        record, tools = claimed, self._tools
        while True:
            decision = change(record.facts)
            now = tools.clock.now()
            facts = reckon(record.facts, decision, now, self._settings, tools.allowance)
            outcome = replace(record, facts=facts, look_at=decision.look_at, reason=decision.reason)
            if tools.ledger.write(outcome):
                return
            [record] = tools.ledger.read([record.workspace_id])
            claim, ours = record.facts.claim, claimed.facts.claim
            if claim is None or ours is None or claim.claimed_by != ours.claimed_by:
                return

    def _not_admitted(self, facts: Facts, admission: Admission, now: datetime) -> Decision | None:
        if admission is Admission.IMAGE_UNKNOWN:
            return self._without_image(facts, now)
        why = {Admission.WAIT: Deferral.CANARY, Admission.HELD: Deferral.HELD_BUNDLE}.get(admission)
        return self._wait(facts, why, now) if why is not None else None

    def _without_image(self, facts: Facts, now: datetime) -> Decision:
        look_at = self._settings.look_after(now, self._settings.patience)
        return Decision(facts, Verdict.DEFERRED, look_at, Deferral.IMAGE)

    def _limited(self, record: Record, now: datetime) -> Decision | None:
        facts = record.facts
        if facts.held_until is not None and now < facts.held_until:
            look_at = self._settings.next_look(facts.held_until)
            return Decision(facts, Verdict.DEFERRED, look_at, Deferral.HOLD)
        if record.reason == Deferral.IMAGE:  # first of all its image must be known
            admission = self._bundles.admit(record, only_ask=True)
            if admission is Admission.IMAGE_UNKNOWN:
                return self._without_image(facts, now)
        waits = self._without_place(record, now)
        if not facts.is_outdated:
            self._sessions_wait |= waits is not None
            return waits
        if waits is None and self._settings.is_limited and self._gives_way():
            return self._wait(facts, Deferral.ROLL_OUT, now)
        return waits

    def _gives_way(self) -> bool:
        """Whether a WorkSpace whose session ended waits for a place: it comes before roll-outs."""
        return self._sessions_wait or any(
            entry.reason in (Deferral.SHARE, Deferral.BRAKE) and entry.outdated_at is None
            for entry in self._tools.ledger.planned()
        )

    def _without_place(self, record: Record, now: datetime) -> Decision | None:
        facts = record.facts
        if self.share.is_full(len(self._tools.members)):
            return self._wait(facts, Deferral.SHARE, now)
        free_at = self._brake.hold_back(now)
        if free_at is None and not self._overtakes(facts, now):
            return None
        free_at = free_at or now
        # To the minute: at the common moments of looking, a younger debt could come first.
        look_at = self._settings.next_tick(free_at)
        waits = record.reason == Deferral.BRAKE or facts.is_stuck
        if waits and record.look_at is not None and now < record.look_at:
            look_at = min(look_at, record.look_at)  # an audit must not put it back
        return Decision(facts, Verdict.DEFERRED, look_at, Deferral.BRAKE, expected_by=look_at)

    def _overtakes(self, facts: Facts, now: datetime) -> bool:
        """Whether an older debt that waits for the brake is looked at within a minute."""
        if self._settings.maximum_rebuilds_per_hour is None or facts.owed_since is None:
            return False
        return any(
            entry.owed_since is not None
            and entry.owed_since < facts.owed_since
            and now < entry.due_at <= now + TICK
            for entry in self._braked
        )

    def _wait(self, facts: Facts, why: Deferral, now: datetime) -> Decision:
        return lifecycle.defer(facts, why, now + CANARY_WAIT, self._settings)

    def _tell(self, verdict: Verdict, record: Record, **fields: Any) -> None:
        self._tools.journal.write(verdict, record.workspace_id, user=record.facts.user, **fields)

    @cached_property
    def _brake(self) -> Brake:
        """The brake with the rebuilds of the last hour, which are read only if there is a limit."""
        limit = self._settings.maximum_rebuilds_per_hour
        if limit is None:
            return Brake(None)
        since, known = self._tools.clock.now() - HOUR, self._tools.ledger.everything()
        asked = (at for record in known for at in (*record.facts.asked, *_open(record.facts)))
        return Brake(limit, [moment for moment in asked if moment > since])

    @cached_property
    def _braked(self) -> list[Entry]:
        """The debts that were waiting for the brake when the pass began."""
        planned = self._tools.ledger.planned()
        return [entry for entry in planned if entry.reason == Deferral.BRAKE]

    def _under_way(self) -> int:
        """How many rebuilds are under way, without those that take too long and need a person."""
        ledger, now = self._tools.ledger, self._tools.clock.now()
        ids = [entry.id for entry in ledger.planned() if entry.phase == Phase.REBUILDING]
        asked = (moment for record in ledger.read(ids) for moment in _open(record.facts))
        return sum(now - moment < ENDS_WITHIN for moment in asked)


def _why(facts: Facts) -> str:
    if facts.is_wanted:
        return "by_hand"
    return Deferral.ROLL_OUT if facts.outdated_at is not None else "session_end"


def _open(facts: Facts) -> list[datetime]:
    """When the rebuild that has not ended was requested; empty if there is none."""
    return [facts.claim.asked_at] if facts.claim is not None else []


def _unclaimed(before: Record, facts: Facts) -> Facts:
    """Undo a claim that came to nothing: trouble and lateness are as before it."""
    return replace(facts, claim=None, trouble=before.facts.trouble, late_at=before.facts.late_at)


def _taken_back(before: Record, facts: Facts, now: datetime) -> Decision:
    known = _unclaimed(before, facts)
    return Decision(known, Verdict.DEFERRED, now, Deferral.THROTTLED)
