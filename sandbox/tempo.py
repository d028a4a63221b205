"""How long things take on the local AWS. The defaults are AWS's own durations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """The speed of the local AWS's clock, and durations in seconds of that clock.

    Sources: WorkSpaces publishes metrics every five minutes and samples connections about as
    often; CloudWatch evaluates standard alarms once a minute; Lambda waits one, then two minutes
    before it retries an asynchronous event.
    """

    speed: float = 1.0
    """How many times as fast as real time the clock runs, for AWS and functions alike."""
    heartbeat: float = 0.5
    """How often the background thread checks what is due, in real seconds."""
    sample_interval: float = 300.0
    """The time between two samples of a desktop's connection."""
    publish_interval: float = 300.0
    """The time between two publications of WorkSpaces metrics."""
    evaluation_interval: float = 60.0
    """The time between two evaluations of an alarm."""
    rebuild_duration: float = 1200.0
    """The time from the acceptance of a rebuild to AVAILABLE."""
    start_duration: float = 60.0
    """The time from STOPPING to STOPPED, and the time that a reboot takes."""
    snapshot_interval: float = 43_200.0
    """The time between two snapshots of a user volume."""
    first_snapshot: float = 1800.0
    """The time from creation or rebuild to the first snapshot."""
    retry_delays: tuple[float, ...] = (60.0, 120.0)
    """The waits before the first and the second retry of an asynchronous invocation."""

    def __post_init__(self) -> None:
        for name in ("speed", "heartbeat", "sample_interval", "publish_interval"):
            if getattr(self, name) <= 0:
                raise ValueError(f"tempo: {name} must be above 0, not {getattr(self, name)}")

    @classmethod
    def quick(cls, minute: float = 1.0) -> Self:
        """A tempo for demos and tests: a minute lasts `minute` real seconds while nothing works
        (see clock.py), rebuilds take less time, and first snapshots come sooner."""
        return cls(
            speed=60.0 / minute, heartbeat=0.05, rebuild_duration=600.0, first_snapshot=120.0
        )
