"""A local AWS for WorkSpaces: moto, and what moto lacks.

An event's way: a user acts (`desktops`) -> a count (`watch.Disconnects`) -> an alarm (`alarms`,
`watch`) -> a message (`notifications`) -> a topic (moto, `moto_mends`) -> the function's queue
(`post`, `invocations`) -> a container (`runtime`, `container`) -> calls (`front_door`,
`workspaces_api`) -> the desktop.
"""

from .desktop import Desktop, Fact, Faults, Happening, Outcome, Presence, Row, State
from .desktops import CannotConnect, Desktops, Refused
from .server import Sandbox
from .tempo import Tempo

__all__ = [
    "CannotConnect",
    "Desktop",
    "Desktops",
    "Fact",
    "Faults",
    "Happening",
    "Outcome",
    "Presence",
    "Refused",
    "Row",
    "Sandbox",
    "State",
    "Tempo",
]
