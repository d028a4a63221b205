"""What can be decided of a WorkSpace: closed lists, and the shape of a decision. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .facts import Facts, Phase


class Deferral(StrEnum):
    """Why a rebuild that is owed waits: the closed list."""

    GRACE = "grace"
    EVIDENCE = "evidence"
    STATE = "state"
    SNAPSHOT = "snapshot"
    WINDOW = "window"
    BRAKE = "brake"
    PROVING = "proving"
    THROTTLED = "throttled"
    SUPERSEDED = "superseded"


class Verdict(StrEnum):
    """What was decided of a WorkSpace."""

    BASELINE = "baseline"
    CLEAN = "clean"
    IN_USE = "in_use"
    VACANT = "vacant"
    DEFERRED = "deferred"
    REBUILD = "rebuild"
    DRY_RUN = "dry_run"
    REBUILDING = "rebuilding"
    FINISHED = "finished"
    REFUSED = "refused"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Decision:
    """The facts as they are now, what was decided, and when to look next (None: not before an
    audit or a new signal)."""

    facts: Facts
    verdict: Verdict
    look_at: datetime | None = None
    reason: str | None = None
    needs_snapshot: bool = False

    @property
    def is_blocked(self) -> bool:
        """Only a person can help, or time: nothing is tried before the next audit."""
        stuck = self.facts.phase is Phase.BLOCKED and self.look_at is None
        return self.verdict is Verdict.BLOCKED or stuck
