"""SessionDisconnect, published every five minutes; one alarm per WorkSpace, evaluated each minute.

Only a transition to ALARM notifies. The evaluation itself is the sandbox's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.alarms import AlarmState, Datapoint, Rule, evaluate

RULE = Rule(
    period=300.0,
    threshold=1.0,
    comparison="GreaterThanOrEqualToThreshold",
    statistic="Sum",
    evaluation_periods=1,
    datapoints_to_alarm=1,
    missing="notBreaching",
)
"""The module's alarm, see main.tf."""

REACH = timedelta(minutes=20)
"""How far back an evaluation looks."""


class CloudWatch:
    """Counts, datapoints and alarm states by WorkSpace id."""

    def __init__(
        self,
        notify: Callable[[str, datetime, str], None],
        stuck: Callable[[str], bool],
        lag: Callable[[], float],
    ) -> None:
        """`notify` gets the id, the time of a transition to ALARM and its reason; `stuck` says
        that an alarm stays in ALARM; `lag` is how many seconds late metrics are published."""
        self.states: dict[str, AlarmState] = {}
        self._counts: Counter[str] = Counter()
        self._since: datetime | None = None
        self._points: dict[str, list[Datapoint]] = defaultdict(list)
        self._notify = notify
        self._stuck = stuck
        self._lag = lag

    def add_alarm(self, workspace_id: str) -> None:
        self.states[workspace_id] = AlarmState.OK

    def remove_alarm(self, workspace_id: str) -> None:
        self.states.pop(workspace_id, None)

    def count(self, workspace_id: str) -> None:
        """A session has ended."""
        self._counts[workspace_id] += 1

    def publish(self, now: datetime, later: Callable[[float, Callable[[], None]], None]) -> None:
        """The interval is over: a datapoint for each WorkSpace with a disconnect, none else."""
        since, self._since = self._since or now - timedelta(minutes=5), now
        counts, self._counts = self._counts, Counter()
        if not counts:
            return

        def put() -> None:
            for workspace_id, count in counts.items():
                self._points[workspace_id].append(Datapoint(since, float(count)))

        later(self._lag(), put)

    def evaluate(self, now: datetime) -> None:
        """Every alarm that has data, or is in ALARM."""
        for workspace_id, old in list(self.states.items()):
            points = self._points.get(workspace_id)
            if not points and old is AlarmState.OK:
                continue
            points = [point for point in points or [] if now - point.at <= REACH]
            self._points[workspace_id] = points
            verdict = evaluate(RULE, points, old, now)
            if old is AlarmState.ALARM and self._stuck(workspace_id):
                continue
            self.states[workspace_id] = verdict.state
            if verdict.state is AlarmState.ALARM and old is not AlarmState.ALARM:
                self._notify(workspace_id, now, verdict.reason)
