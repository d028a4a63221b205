"""The session alarms: SessionDisconnect is published every five minutes, evaluated every minute.

Only a transition to ALARM notifies. The model is the sandbox's; the rule is the deployed one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sandbox.cloudwatch import Alarm, AlarmState, Disconnects, Metric
from sandbox.cloudwatch import CloudWatch as Model

from .deployed import deployed


class CloudWatch:
    """The session alarms, one for each WorkSpace, by its id."""

    def __init__(
        self,
        notify: Callable[[str, datetime], None],
        stuck: Callable[[str], bool],
        lag: Callable[[], float],
    ) -> None:
        """`notify` is called with the id and the time of a transition to ALARM; `stuck` says
        whether an alarm stays in ALARM; `lag` returns by how many seconds metrics are late."""
        self._model = Model(stuck)
        self._rule = deployed().session_rule
        self._disconnects = Disconnects()
        self._notify = notify
        self._lag = lag

    def add_alarm(self, workspace_id: str) -> None:
        """Add an alarm as it is some minutes after `terraform apply`: in state OK."""
        self._model.add(Alarm(workspace_id, _metric(workspace_id), self._rule), AlarmState.OK)

    def remove_alarm(self, workspace_id: str) -> None:
        self._model.remove(workspace_id)

    def count(self, workspace_id: str) -> None:
        """Count the end of a session."""
        self._disconnects.add(workspace_id)

    def publish(self, now: datetime, later: Callable[[float, Callable[[], None]], None]) -> None:
        """If the interval is over, publish a datapoint for each WorkSpace with a disconnect."""
        self._disconnects.since = self._disconnects.since or now - self._disconnects.interval
        since, counts = self._disconnects.due(now) or (now, {})
        if not counts:
            return

        def put() -> None:
            for workspace_id, count in counts.items():
                self._model.put(_metric(workspace_id), float(count), since)

        later(self._lag(), put)

    def evaluate(self, now: datetime) -> None:
        """Evaluate every alarm whose state can have changed."""
        for transition in self._model.evaluate(now):
            if transition.new is AlarmState.ALARM:
                self._notify(transition.alarm, now)


def _metric(workspace_id: str) -> Metric:
    return Metric.of("AWS/WorkSpaces", "SessionDisconnect", {"WorkspaceId": workspace_id})
