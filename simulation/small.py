"""A small world whose every step is a choice: one desktop, few messages, few mishaps.

During a phase, only the function's own sleeps move time. It is set between phases, when no
invocation is alive: then the world is plain data and can be copied.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ReadTimeoutError

from nonpersistent import handler
from sandbox.course import Course
from sandbox.desktop import Desktop
from sandbox.states import Presence, State
from sandbox.throttle import TokenBucket

from . import messages
from .agenda import BEGIN, Agenda
from .baton import Invocation
from .dynamodb import Table, TableError
from .expressions import Item
from .faults import Faults
from .fleet import Fleet
from .functions import Context
from .oracles import Oracles
from .scenario import Scenario
from .stepped import Budget, Message, Stepped
from .workspaces import Api

ID = "ws-000000000"
MINUTE = timedelta(minutes=1)
AUDIT = timedelta(minutes=60)
ROSTER_KEY = {"fleet": {"S": "fleet"}, "id": {"S": "roster"}}

Choice = tuple[str, str]
"""What happens, and to or by whom."""

SCENARIO = Scenario(seed=0, desktops=1, canary_after=None)
STRAIGHT = Course(takes=timedelta(minutes=20))


@dataclass
class Small:
    """The small world. It is copied between phases, never within one."""

    scenario: Scenario = SCENARIO
    course: Course = STRAIGHT
    """The course of its rebuilds, until there is peace."""
    in_turn: bool = False
    """Whether invocations run one after the other: mishaps are open then, but no order."""
    budget: Budget = field(default_factory=Budget)
    startable: dict[str, Message] = field(default_factory=dict)
    retries: list[Message] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    phase: int = 0
    started: int = 0
    """The number of invocations started so far."""
    left_at: datetime | None = None
    back_in: int = 99
    """The phase in which the user came back; they do not leave in the same one."""

    def __post_init__(self) -> None:
        self.agenda = Agenda()
        self.fleet = Fleet(random.Random(1), Faults(self.scenario))
        self.table = Table("fleet-ledger", self._now, _whole_pages, _all_keys)
        self.oracles = Oracles(self.scenario, self.fleet, timedelta(0))
        self.api = Api(self.fleet, _only_mine, Faults(self.scenario), TokenBucket(1e6, 1e6))
        self.live: dict[str, Stepped] = {}
        self.ended = False
        desktop = self.fleet.add(BEGIN, id=ID)
        desktop.next_sample_at = BEGIN + 2 * MINUTE
        desktop.faults.rebuild = self.course
        self.fleet.note_view(desktop, BEGIN)
        roster: Item = {"id": {"S": "roster"}, "workspace_ids": {"L": [{"S": ID}]}}
        self.table.write(roster, "roster")
        since_ever = {"S": "1970-01-01T00:00:00.000Z"}
        audit: Item = {"id": {"S": "audit"}, "due_at": since_ever}
        self.table.write(audit, "audit")

    @property
    def desktop(self) -> Desktop:
        return self.fleet.fleet[ID]

    # -- choices ------------------------------------------------------------------------------

    def choices(self) -> list[Choice]:
        """Everything that may happen next."""
        found: list[Choice] = []
        for name, invocation in self.live.items():
            found.append(("goes on", name))
            if invocation.call is None:
                continue
            if self.budget.has("crashes"):
                found += [("killed before", name), ("killed after", name)]
            rebuild = invocation.call[1] == "RebuildWorkspaces"
            if self.budget.has("time_outs") and rebuild:
                found += [("timed out", name), ("timed out, worked", name)]
            if self.budget.has("lost_looks") and invocation.call[0] == "workspaces" and not rebuild:
                found.append(("look lost", name))
        for name in self._may_start():
            found.append(("starts", name))
            if self.budget.has("doubles"):
                found.append(("starts, once more", name))
        can_connect = self.desktop.state is State.AVAILABLE
        if self.desktop.presence is Presence.DROPPED and self.budget.reconnects and can_connect:
            found += [("user is back", "with a sign-in"), ("user is back", "silently")]
        stayed = self.phase > self.back_in
        if self.desktop.presence is Presence.CONNECTED and self.left_at is None and stayed:
            found.append(("user", "leaves"))
        if not self.live and not (self.in_turn and self.startable):
            found.append(("phase", "ends"))
        return found

    def _may_start(self) -> list[str]:
        names = list(self.startable)
        if not self.in_turn:
            return names
        return [] if self.live else names[:1]

    def do(self, choice: Choice) -> None:
        """Take one step. A promise that it breaks is in `oracles.violations` afterwards."""
        self.path.append(" ".join(choice))
        match choice:
            case ("starts", name):
                self._start(self.startable.pop(name))
            case ("starts, once more", name):
                self.budget.spend("doubles")
                message = self.startable[name]
                self._start(replace(message, name=f"{name}, doubled"))
            case ("user is back", how):
                self.budget.reconnects -= 1
                self._reconnect(how)
            case ("user", "leaves"):
                self.leave()
            case ("phase", "ends"):
                self.ended = True
            case (what, name):
                self._step(self.live[name], what)

    def _step(self, invocation: Stepped, what: str) -> None:
        if what.startswith("killed"):
            self.budget.spend("crashes")
        elif what.startswith("timed out"):
            self.budget.spend("time_outs")
        elif what == "look lost":
            self.budget.spend("lost_looks")
        invocation.fate = what
        invocation.switch()

    def _start(self, message: Message) -> None:
        def work() -> None:
            handler.lambda_handler(message.event, Context(invocation, message.name))

        self.started += 1
        invocation = Stepped(self.agenda, self.started, work, self._end, timedelta(0), 900.0)
        invocation.name = message.name
        invocation.message = message
        self.live[message.name] = invocation
        invocation.begin()

    def _end(self, invocation: Invocation, error: BaseException | None) -> None:
        if not isinstance(invocation, Stepped) or invocation.name not in self.live:
            return
        message = self.live.pop(invocation.name).message
        if error is None:
            self.oracles.looks.survived.add(invocation.number)
        if error is None and message.evidence is not None:
            kind, at = message.evidence
            self.oracles.received(kind, ID, at, invocation, self.agenda.now)
        elif error is not None and message.attempts < 2 and "task" not in message.event:
            again = replace(message, name=f"{message.name}, again", attempts=message.attempts + 1)
            self.retries.append(again)

    def abandon(self) -> None:
        """Stop using this world: end its greenlets."""
        live, self.live = self.live, {}
        for invocation in live.values():
            invocation.killed = True
            invocation.switch()

    # -- the user -----------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Sign the user in, and offer the message about it."""
        now = self.agenda.now
        self.fleet.sign_in(ID, now)
        self.offer("sign-in", messages.sign_in(ID, now), ("sign_in", now))

    def drop(self) -> None:
        """Drop the user's connection."""
        self.fleet.drop(ID, self.agenda.now)

    def _reconnect(self, how: str) -> None:
        now = self.agenda.now
        with_event = how == "with a sign-in"
        self.back_in = self.phase
        self.fleet.reconnect(ID, now, signs_in=with_event)
        if with_event:
            self.offer("second sign-in", messages.sign_in(ID, now), ("sign_in", now))

    def leave(self) -> None:
        """Sign the user out."""
        self.left_at = self.agenda.now
        self.fleet.sign_out(ID, self.left_at)

    def offer(
        self, name: str, event: dict[str, Any], evidence: tuple[str, datetime] | None = None
    ) -> None:
        """Offer a message, which may be delivered in this phase or is lost."""
        self.startable[name] = Message(name, event, evidence)

    def offer_alarm(self, name: str) -> None:
        """Offer the alarm about the session's end as a message."""
        now = self.agenda.now
        self.offer(name, messages.session_end(ID, now, now), ("session_end", now))

    def _now(self) -> datetime:
        return self.agenda.now

    # -- the other end of the wire ------------------------------------------------------------

    def exchange(
        self, invocation: Invocation, service: str, operation: str, given: dict[str, Any], url: str
    ) -> tuple[int, dict[str, Any]]:
        """Wait before the call until a choice decides how it goes on."""
        if not isinstance(invocation, Stepped):
            raise TypeError("a small world's invocations are stepped")
        if service == "workspaces":
            self.oracles.sent(self.agenda.now)
        sent_at = self.agenda.now
        if given.get("Key") == ROSTER_KEY:
            # It never changes here: a kill or a wait at this call is the same as at the next.
            return self._effect(invocation, service, operation, given, sent_at)
        invocation.call = (service, operation, given)
        invocation.hand_over()
        fate, invocation.fate = invocation.fate, "answered"
        if fate == "killed before":
            invocation.die()
        if fate in ("timed out", "look lost"):
            raise ReadTimeoutError(endpoint_url=url)
        status, body = self._effect(invocation, service, operation, given, sent_at, fate)
        if fate == "killed after":
            invocation.die()
        invocation.history += ((operation, repr(given), repr(body), self.agenda.now),)
        if fate == "timed out, worked":
            raise ReadTimeoutError(endpoint_url=url)
        return status, body

    def _effect(
        self,
        invocation: Stepped,
        service: str,
        operation: str,
        given: dict[str, Any],
        sent_at: datetime,
        fate: str = "answered",
    ) -> tuple[int, dict[str, Any]]:
        if service == "dynamodb":
            try:
                body, wrote = self.table.call(operation, given)
            except TableError as error:
                return error.status, error.body
            if wrote:
                invocation.knew = self.oracles.signals
            return 200, body
        status, body = self.api.answer(operation, given, self.agenda.now)
        if operation != "RebuildWorkspaces":
            self.oracles.looked(operation, ID, self.agenda.now, invocation)
        elif status == 200 and not body["FailedRequests"]:
            rebuild = self.desktop.rebuilds[-1]
            if fate in ("timed out, worked", "killed after"):
                self.oracles.looks.unanswered.add((ID, rebuild.accepted_at))
            self.oracles.accepted(self.desktop, rebuild, sent_at, invocation)
        return status, body


def to_moment(text: str) -> datetime:
    """A time as the table has it, as a datetime."""
    return datetime.fromisoformat(text)


def _whole_pages() -> int:
    return 1000


def _all_keys(_keys: int) -> int:
    return 0


def _only_mine(workspace_id: str) -> bool:
    return workspace_id == ID
