"""A local AWS for WorkSpaces: moto, and what moto lacks.

An event's way: a user acts (`desktops`) -> a count (`watch.Disconnects`) -> an alarm (`alarms`,
`watch`) -> a message (`notifications`) -> a topic (moto, `moto_mends`) -> the function's queue
(`post`, `invocations`) -> a container (`runtime`, `container`) -> calls (`front_door`,
`workspaces_api`) -> the desktop.
"""

from .course import Course, Outcome
from .desktop import Desktop, Fact, Faults, Happening, LastKnown, Presence, Row, State
from .desktops import CannotConnect, Desktops, Refused
from .server import Sandbox
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
