"""The stage of the play: the local AWS with its desktops, and everything that was logged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox import Faults, Sandbox
from sandbox.desktop import Desktop

LogLine = dict[str, Any]

LAST_LINES = 40
"""How many lines of the log are shown when something is late."""


class Late(AssertionError):
    """Something that was expected did not happen in time."""


@dataclass(frozen=True)
class Part:
    """A user, what they do (`plot`), and what must become of their desktop (`expectation`)."""

    name: str
    plot: str
    expectation: str
    in_fleet: bool = True
    has_snapshot: bool = True
    bundle: str | None = None


class Stage:
    """The desktops by their users' names, and the function's log so far."""

    def __init__(self, aws: Sandbox, parts: tuple[Part, ...]) -> None:
        self.aws = aws
        self.parts = parts
        self.log: list[LogLine] = []
        self.ids = {
            part.name: aws.desktops.add(
                user=part.name.lower(), snapshot=part.has_snapshot, bundle_id=part.bundle
            )
            for part in parts
        }
        for part in parts:
            if not part.has_snapshot:
                aws.desktops.break_(self.ids[part.name], Faults(snapshots=False))
        aws.on_log(self.log.append)

    @property
    def fleet(self) -> dict[str, str]:
        """The module's input workspace_ids: ids by label."""
        return {part.name.lower(): self.ids[part.name] for part in self.parts if part.in_fleet}

    def name_of(self, workspace_id: object) -> str | None:
        """The name of the user of this desktop; None if it is unknown."""
        return next((name for name, id_ in self.ids.items() if id_ == workspace_id), None)

    def desktop(self, name: str) -> Desktop:
        """A copy of a user's desktop as it is now."""
        return self.aws.desktops.get(self.ids[name])

    def said(self, decision: str, name: str) -> list[LogLine]:
        """The log lines with this `decision` of the function about a user's desktop."""
        workspace_id = self.ids[name]
        return [
            line
            for line in list(self.log)
            if line.get("decision") == decision and line.get("workspace_id") == workspace_id
        ]

    def told_of_the_end(self, name: str) -> list[LogLine]:
        """The log lines in which an alarm's news of a user's session end was recorded."""
        return [line for line in self.said("recorded", name) if line["signal"] == "session_end"]

    def seen_connected(self, name: str) -> bool:
        """Whether AWS, which samples, has seen that a user is connected."""
        sample = self.desktop(name).sample
        return sample is not None and sample.state == "CONNECTED"

    def calls_about(self, name: str) -> list[str]:
        """The operations of all calls of the WorkSpaces API that named a user's desktop."""
        workspace_id = self.ids[name]
        return [call.operation for call in self.aws.calls if workspace_id in str(call.parameters)]

    def until(self, what: str, condition: Callable[[], object], minutes: float = 150) -> None:
        """Wait for a condition. Raises Late after so many minutes of the local AWS, with the last
        lines of the log."""
        deadline = self.aws.clock.now() + timedelta(minutes=minutes)
        while not condition():
            if self.aws.clock.now() > deadline:
                said = "\n".join(map(str, self.log[-LAST_LINES:]))
                raise Late(
                    f"not within {minutes:.0f} minutes: {what}. The function's last lines:\n{said}"
                )
            time.sleep(0.05)
