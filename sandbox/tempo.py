"""How long things take on the local AWS. Defaults are AWS's own durations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How fast the local AWS's clock runs, and durations in its seconds.

    Sources: WorkSpaces publishes metrics every five minutes and samples connections about as
    often; CloudWatch evaluates standard alarms once a minute; Lambda waits one, then two minutes
    before it retries an asynchronous event.
    """

    speed: float = 1.0
    """How many times as fast as this machine's the clock runs, for AWS and functions alike."""
    heartbeat: float = 0.5
    """How often the background thread looks whether something is due, in real seconds."""
    sample_interval: float = 300.0
    """Between two samples of a desktop's connection."""
    publish_interval: float = 300.0
    """Between two publications of WorkSpaces metrics."""
    evaluation_interval: float = 60.0
    """Between two evaluations of an alarm."""
    rebuild_duration: float = 1200.0
    """From the acceptance of a rebuild to AVAILABLE."""
    start_duration: float = 60.0
    """From STARTING to AVAILABLE and from STOPPING to STOPPED."""
    snapshot_interval: float = 43_200.0
    """Between two snapshots of a user volume."""
    first_snapshot: float = 1800.0
    """From creation or rebuild to the first snapshot."""
    retry_delays: tuple[float, ...] = (60.0, 120.0)
    """Before the first and the second retry of an asynchronous invocation."""

    def __post_init__(self) -> None:
        for name in ("speed", "heartbeat", "sample_interval", "publish_interval"):
            if getattr(self, name) <= 0:
                raise ValueError(f"tempo: {name} must be above 0, not {getattr(self, name)}")

    @classmethod
    def quick(cls, minute: float = 1.0) -> Self:
        """For demonstrations and tests: `minute` is how many real seconds a minute lasts while
        nothing works (see clock.py), and rebuilds and first snapshots come sooner."""
        return cls(
            speed=60.0 / minute, heartbeat=0.05, rebuild_duration=600.0, first_snapshot=120.0
        )
