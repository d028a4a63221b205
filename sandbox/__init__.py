"""A local AWS for WorkSpaces: moto, and what moto lacks.

The path of an event: a user acts (`desktops`, pure) -> a count (`cloudwatch`, pure) -> an alarm
(`moto.watch`) -> a message (`delivery`) -> a topic (moto, `moto.deliveries`) -> the function's
queue and a container (`lambda_`) -> calls (`http`, `workspaces_api`) -> the desktop. `server` ties
these together; `clock` may run fast.
"""

from .course import Course, Outcome
from .desktop import Desktop, Fact, Faults, Happening
from .desktops import CannotConnect, Desktops, Refused
from .server import Sandbox
from .states import LastKnown, Presence, Row, State
from .tempo import Tempo

__all__ = [
    "CannotConnect",
    "Course",
    "Desktop",
    "Desktops",
    "Fact",
    "Faults",
    "Happening",
    "LastKnown",
    "Outcome",
    "Presence",
    "Refused",
    "Row",
    "Sandbox",
    "State",
    "Tempo",
]
