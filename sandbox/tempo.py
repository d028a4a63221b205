"""How long things take on the local AWS. Defaults are AWS's own durations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """Durations in seconds. Clocks are real; only these intervals shrink.

    Sources: WorkSpaces publishes metrics every five minutes and samples connections about as
    often; EventBridge rates are whole minutes; CloudWatch evaluates standard alarms once a
    minute; Lambda waits one, then two minutes before it retries an asynchronous event.
    """

    heartbeat: float = 0.5
    """How often the background thread looks whether something is due."""
    minute: float = 60.0
    """How long a minute of a `rate(...)` expression lasts."""
    sample_interval: float = 300.0
    """Between two samples of a desktop's connection."""
    publish_interval: float = 300.0
    """Between two publications of WorkSpaces metrics."""
    evaluation_interval: float = 60.0
    """Between two evaluations of an alarm."""
    alarm_second: float = 1.0
    """How long a second of the `Period` of an alarm on a WorkSpaces metric lasts; the periods of
    other alarms go with `minute`."""
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
        for name in ("heartbeat", "minute", "sample_interval", "publish_interval", "alarm_second"):
            if getattr(self, name) <= 0:
                raise ValueError(f"tempo: {name} must be above 0, not {getattr(self, name)}")

    @classmethod
    def quick(cls, minute: float = 2.0) -> Self:
        """For demonstrations and tests: everything in a second or a few.

        `minute` is how long a minute of a schedule lasts, in seconds.
        """
        return cls(
            heartbeat=0.1,
            minute=minute,
            sample_interval=1.0,
            publish_interval=1.0,
            evaluation_interval=0.5,
            alarm_second=0.005,
            rebuild_duration=4.0,
            start_duration=1.0,
            snapshot_interval=3600.0,
            first_snapshot=2.0,
            retry_delays=(1.0, 2.0),
        )
