"""Examine WorkSpaces, 25 at a time: look, decide about each, act, write down what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from . import claims, lifecycle
from .answers import NobodyAnswered, Refused, Unavailable
from .bundles import Bundles
from .facts import (
    API_ERROR,
    NOTICE_LAG,
    Claim,
    Decision,
    Deferral,
    Facts,
    Need,
    Phase,
    Verdict,
    after,
)
from .lease import REBUILD_RESERVE
from .observation import Observation
from .rebuilder import Rebuilder
from .records import Record
from .table import KEYS_PER_READ
from .tools import Tools
from .workspaces import IDS_PER_CALL

NEEDS_STATE = frozenset({Phase.NEW, Phase.VACANT, Phase.FAILED, Phase.REBUILDING})
"""Phases whose next step depends on the WorkSpace's state, not only on who is connected."""

ENDS = frozenset({Verdict.FINISHED, Verdict.BELIEVED, Verdict.FAILED})
"""The verdicts that end a requested rebuild."""

END_KNOWN_TO = timedelta(minutes=15)
"""How soon after the last sight of REBUILDING its end must be seen to tell how long it took."""


class Examiner:
    def __init__(self, tools: Tools) -> None:
        self.bundles = Bundles(tools)
        self.ended = 0
        """Rebuilds whose end was seen: each makes room for another one."""
        self._tools = tools
        self._rebuilder = Rebuilder(tools, self.bundles)

    def examine(self, records: Sequence[Record], *, audit: bool) -> bool:
        """Ask AWS what each decision needs, and settle one after the other; False if time is up.

        An audit looks at every WorkSpace, even one whose rebuild cannot happen now in any case.
        Raises Unavailable, except about one WorkSpace that AWS is known to answer with errors.
        """
        if not self._tools.lease.goes_on():
            return False
        self.bundles.foresee(record.facts.bundle_id for record in records)
        asked = [record for record in records if audit or not self._waits(record)]
        try:
            seen = self._look(asked, audit)
        except Unavailable as unavailable:
            if len(asked) == 1 and is_suspect(asked[0].reason):
                error = Observation(self._tools.clock.now(), error=str(unavailable))
                seen = {asked[0].workspace_id: error}
            elif isinstance(unavailable, NobodyAnswered) and self._look_at_others(asked):
                seen = self._look(asked, audit, others_answer=True)
            else:
                raise
        for record in asked:
            if not self._tools.lease.goes_on(REBUILD_RESERVE):
                return False
            self._settle(record, seen[record.workspace_id])
        return True

    def _look_at_others(self, records: Sequence[Record]) -> bool:
        """Whether AWS answers about some others: it does unless there is an outage.

        False if there are none; raises Unavailable.
        """
        others = sorted(self._tools.roster() - {record.workspace_id for record in records})
        known = self._tools.ledger.read(_spread(others, KEYS_PER_READ))
        fine = [record.workspace_id for record in known if not is_suspect(record.reason)]
        if fine:
            self._tools.workspaces.probe(_spread(fine, IDS_PER_CALL))
        return bool(fine)

    def _look(
        self, records: Sequence[Record], audit: bool, *, others_answer: bool = False
    ) -> dict[str, Observation]:
        seen = self._tools.workspaces.look(
            [r.workspace_id for r in records if r.facts.phase is not Phase.REBUILDING],
            [r.workspace_id for r in records if self._needs_state(r)],
            others_answer=others_answer,
        )
        rolls_out = audit and self._tools.settings.roll_out_images
        phases = {Phase.FAILED, Phase.NEW, Phase.CLEAN} if rolls_out else {Phase.FAILED}
        bundles = {
            record.workspace_id: record.facts.bundle_id or seen[record.workspace_id].bundle_id
            for record in records
            if record.facts.phase in phases
        }
        self.bundles.foresee(bundles.values())
        for id_, bundle_id in bundles.items():
            image = self.bundles.image(bundle_id)
            proven = rolls_out and self.bundles.proves(bundle_id, image)
            seen[id_] = replace(seen[id_], bundle_image=image, image_proven=proven)
        return seen

    def _needs_state(self, record: Record) -> bool:
        facts = record.facts
        soon = facts.is_dirty and (not self._tools.settings.grace or facts.is_wanted)
        return soon or facts.phase in NEEDS_STATE or facts.trouble is not None

    def _waits(self, record: Record) -> bool:
        """Defer a rebuild that cannot happen now, without asking AWS; False if a look is needed."""
        facts, now = record.facts, self._tools.clock.now()
        if not facts.is_owed:
            return False
        in_doubt = facts.trouble is not None and facts.retry_at is None
        if in_doubt or claims.may_heal(facts, now):
            return False
        if facts.phase is Phase.FAILED:
            if lifecycle.may_be_used(facts):
                return False
            unseen = Observation(now, bundle_image=self.bundles.image(facts.bundle_id))
            if early := claims.after_failure(facts, unseen, now, self._tools.settings):
                return self._note(record, early)
        if self._is_early(facts) or self._tools.settings.rebuild_allowed_at(now) > now:
            self._settle(record, Observation(now))
            return True
        held_back = self._rebuilder.held_back(record)
        return held_back is not None and self._note(record, held_back)

    def _is_early(self, facts: Facts) -> bool:
        """Whether a look cannot change anything yet. An alarm long after the vacancy was seen may
        mean that somebody came back unnoticed: that takes a look."""
        due_at = lifecycle.owed_at(facts, self._tools.settings)
        if due_at is None or facts.vacant_since is None or self._tools.clock.now() >= due_at:
            return False
        return not after(facts.told_at, facts.vacant_since + NOTICE_LAG)

    def _settle(self, record: Record, seen: Observation) -> None:
        tools, settings = self._tools, self._tools.settings
        now = tools.clock.now()
        decision = lifecycle.decide(record.facts, seen, now, settings)
        waits = record.reason == Deferral.SNAPSHOT and not record.is_due(now)
        if decision.needs_snapshot and waits:  # an audit comes too early to ask again
            decision = replace(decision, look_at=record.look_at)
        elif decision.needs_snapshot:
            newest = tools.workspaces.newest_snapshot(record.workspace_id)
            now = tools.clock.now()
            if isinstance(newest, Refused):
                holds = claims.FAILURE_HOLDS
                decision = claims.trouble(
                    record.facts, Need.BLOCKED, newest.code, now, settings, holds=holds
                )
            else:
                seen = replace(seen, snapshot_at=newest, snapshot_asked=True)
                decision = lifecycle.decide(record.facts, seen, now, settings)
        if decision.verdict is Verdict.REBUILD:
            tools.tally.looked += 1
            self._rebuilder.rebuild(record, seen, decision.facts)
        else:
            self._note(record, decision)

    def _note(self, record: Record, decision: Decision) -> bool:
        """Write down what was decided; always returns True."""
        self._tools.tally.looked += 1
        claim = record.facts.claim or record.facts.failed
        told: dict[str, Any] = {}
        if claim is not None and decision.verdict in ENDS:
            told = {"bundle_id": record.facts.bundle_id, "image_id": claim.image_id}
            told |= {"asked_at": claim.asked_at, "took_seconds": self._took(claim)}
        is_given_up = record.facts.claim is not None and decision.facts.claim is None
        if is_given_up or decision.verdict in ENDS:
            self.bundles.conclude(record, decision)
            self._rebuilder.share.free()
            self.ended += 1
        elif record.facts.claim is None and decision.facts.claim is not None:
            self._rebuilder.share.take()  # somebody else rebuilds: that takes a place, too
        elif record.facts.claim is not None and not decision.facts.is_unseen:
            self.bundles.overdue(record)
        self._tools.write(record, decision, **told)
        return True

    def _took(self, claim: Claim) -> float | None:
        """How long a rebuild took, if the looks show it to within a quarter of an hour."""
        now = self._tools.clock.now()
        if claim.begun_at is None or now - claim.begun_at > END_KNOWN_TO:
            return None
        return (now - (claim.accepted_at or claim.asked_at)).total_seconds()


def _spread(ids: Sequence[str], count: int) -> Sequence[str]:
    """At most so many of them, from all over."""
    return ids[:: 1 + len(ids) // count]


def is_suspect(reason: str | None) -> bool:
    """Whether AWS answered with an error when asked about this WorkSpace alone."""
    return reason is not None and reason.startswith(API_ERROR)
