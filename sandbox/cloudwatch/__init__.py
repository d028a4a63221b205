"""CloudWatch as AWS documents it: metric filters, metrics, alarms. Pure: every time is passed in.

A log line (`filters`) or a service puts datapoints (`metrics`) -> alarms are evaluated (`alarms`)
-> transitions. The local AWS evaluates moto's alarms with it; the simulation, the deployed ones.
"""

from .alarms import AlarmState, Datapoint, Rule, evaluate
from .disconnects import Disconnects
from .filters import MetricFilter, matches
from .metrics import Alarm, CloudWatch, Metric, Transition

__all__ = [
    "Alarm",
    "AlarmState",
    "CloudWatch",
    "Datapoint",
    "Disconnects",
    "Metric",
    "MetricFilter",
    "Rule",
    "Transition",
    "evaluate",
    "matches",
]
