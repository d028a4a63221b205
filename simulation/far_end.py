"""The other end of the wire: the fate of each call, and AWS's answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from . import words
from .administrators import Administrators
from .agenda import Agenda
from .baton import Invocation, current
from .dynamodb import Table, TableError
from .episodes import Episodes
from .events import SERVICE as EVENTS
from .events import Bus
from .faults import Fate, Faults
from .fleet import Fleet
from .limits import Limits, is_claimed
from .oracles import Oracles
from .telling import Telling
from .workspaces import ROWS, Api

READ_TIMEOUT = {"dynamodb": 3.0, "workspaces": 6.0, "eventbridge": 2.0}
"""By service, in seconds, as the function configures its clients."""

CONNECT_TIMEOUT = {"dynamodb": 2.0, "workspaces": 3.0, "eventbridge": 1.0}

A_MINUTE = timedelta(minutes=1)
"""More than clocks are skewed, and less than the time between two looks at a rebuild."""


class FarEnd:
    """The part of a world that the function's clients talk to."""

    agenda: Agenda
    api: Api
    bus: Bus
    episodes: Episodes
    faults: Faults
    fleet: Fleet
    limits: Limits
    administrators: Administrators
    oracles: Oracles
    rng: random.Random
    table: Table
    telling: Telling | None
    asked_at: dict[str, datetime]
    told: Callable[[], None]
    trace: Callable[..., None]
    _sent: dict[Invocation, datetime]
    _fates: dict[Invocation, Fate]

    def fate(self, service: str, operation: str, given: dict[str, Any]) -> Fate:
        """What becomes of a call that is being sent now; tells the judges of the call."""
        if service == EVENTS:
            self.bus.sending(given, current())
            return self.bus.fate()
        if service == "workspaces":
            now = self.agenda.now
            self.oracles.sent(now)
            if operation == "RebuildWorkspaces":
                self._sent[current()] = now
                [request] = given["RebuildWorkspaceRequests"]
                self.oracles.looks.in_vain[request["WorkspaceId"]] -= 1
                self.oracles.asked(request["WorkspaceId"], now)
                self.limits.asked(request["WorkspaceId"])
                self.administrators.asks(request["WorkspaceId"])
        fate = self.faults.fate(service, "ConditionExpression" in given)
        if service == "dynamodb" and "ledger_throttled" in self.episodes.current:
            fate = Fate.THROTTLED
        if operation == "RebuildWorkspaces":
            self._fates[current()] = fate
            if fate is not Fate.ANSWERED:
                [request] = given["RebuildWorkspaceRequests"]
                self.oracles.looks.in_vain[request["WorkspaceId"]] += 1
                self.limits.told(request["WorkspaceId"], fate, None)
        if fate is not Fate.ANSWERED:
            self.trace(current().name, operation, "--", fate.value)
        return fate

    def exchange(
        self, invocation: Invocation, service: str, operation: str, given: dict[str, Any], url: str
    ) -> tuple[int, dict[str, Any]]:
        """Send a call, subject to its fate; return HTTP status and body."""
        status, body = self._attempt(invocation, service, operation, given, url)
        if service == EVENTS:
            self.bus.note_lost(body, invocation)
        elif operation == "RebuildWorkspaces" and status < 500:
            [request] = given["RebuildWorkspaceRequests"]
            fate = Fate.ANSWERED if status == 200 else Fate.THROTTLED
            self.limits.told(request["WorkspaceId"], fate, body)
            if status == 200 and not body.get("FailedRequests"):
                self.bus.accepted(request["WorkspaceId"], invocation)
        return status, body

    def _attempt(
        self, invocation: Invocation, service: str, operation: str, given: dict[str, Any], url: str
    ) -> tuple[int, dict[str, Any]]:
        """Let a call have its latency and its fate; may raise what the network would cause."""
        effect = partial(self.answer, invocation, service, operation, given)
        fate = self.fate(service, operation, given)
        match fate:
            case Fate.KILLED_BEFORE:
                invocation.die()
            case Fate.UNREACHED:
                invocation.pause(CONNECT_TIMEOUT[service] * self.latency(service) * 5)
                raise EndpointConnectionError(endpoint_url=url)
            case Fate.LOST:
                invocation.pause(CONNECT_TIMEOUT[service])
                raise ConnectTimeoutError(endpoint_url=url)
            case Fate.LOST_WORKS_LATER:
                invocation.pause(READ_TIMEOUT[service])
                self.agenda.after(self.rng.uniform(0.01, 20), effect)
                raise ReadTimeoutError(endpoint_url=url)
        invocation.pause(self.latency(service))
        match fate:
            case Fate.THROTTLED:
                status, body = 400, _error(self.faults.throttling_code(service), "Rate exceeded")
            case Fate.AILING:
                status, body = 500, _error("InternalServerError", "try again")
            case Fate.AILING_WORKED:
                effect()
                status, body = 500, _error("InternalServerError", "try again")
            case _:
                status, body = effect()
        match fate:
            case Fate.KILLED_AFTER:
                invocation.die()
            case Fate.LOST_WORKED:
                invocation.pause(READ_TIMEOUT[service])
                raise ReadTimeoutError(endpoint_url=url)
        invocation.pause(self.latency(service))
        return status, body

    def latency(self, service: str) -> float:
        """One-way latency of a call, in seconds."""
        if service == EVENTS:
            return self.bus.latency()
        return self.episodes.crawls(service) or self.faults.latency(service)

    def answer(
        self, invocation: Invocation, service: str, operation: str, given: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Let a call take effect in the world; return AWS's answer as HTTP status and body."""
        if service == EVENTS:
            return self.bus.answer(given)
        if service == "dynamodb":
            return self._answer_of_table(invocation, operation, given)
        now = self.agenda.now
        self.episodes.neighbours()
        if operation == "RebuildWorkspaces":
            [request] = given["RebuildWorkspaceRequests"]
            id_ = request["WorkspaceId"]
            before = self._rebuilds(id_)
            status, body = self.api.answer(operation, given, now)
            self.trace(invocation.name, operation, id_, status, body)
            if body.get("FailedRequests"):
                self.oracles.looks.in_vain[id_] += 1
            if self._rebuilds(id_) > before:
                heard = self._fates[invocation] is Fate.ANSWERED and not body.get("FailedRequests")
                self._rebuild_accepted(id_, invocation, heard)
        else:
            status, body = self.api.answer(operation, given, now)
            self.asked_at |= dict.fromkeys(given.get("WorkspaceIds", ()), now)
            for row in body.get(ROWS.get(operation, ""), ()):
                if "WorkspaceId" in row and not self._is_a_probe(operation, row["WorkspaceId"]):
                    self.oracles.looked(operation, row["WorkspaceId"], now, invocation)
            self.trace(invocation.name, operation, "->", status, words.answer(body))
        return status, body

    def _is_a_probe(self, operation: str, id_: str) -> bool:
        """Whether a look is only to tell if AWS answers at all: no rebuild in progress is followed
        by a look before it is due."""
        item = self.table.items.get(id_, {})
        if operation != "DescribeWorkspaces" or "claim" not in item or "due_at" not in item:
            return False
        return datetime.fromisoformat(item["due_at"]["S"]) > self.agenda.now + A_MINUTE

    def _answer_of_table(
        self, invocation: Invocation, operation: str, given: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        id_ = {**given.get("Item", {}), **given.get("Key", {})}.get("id", {}).get("S", "")
        before = self.table.items.get(id_)
        try:
            body, wrote = self.table.call(operation, given)
            status = 200
        except TableError as error:
            status, body, wrote = error.status, error.body, False
        if wrote:
            invocation.knew = self.oracles.signals
            after = self.table.items.get(id_)
            if is_claimed(before, after):  # in vain, unless its request is sent
                self.oracles.looks.in_vain[id_] += 1
            self.bus.wrote(before, after, id_, invocation)
            if self.telling is not None:
                self.telling.wrote(operation, given, invocation)
        if operation not in ("Query", "GetItem", "Scan", "BatchGetItem"):
            self.trace(
                invocation.name, operation, words.request(operation, given), "->", status, body
            )
        return status, body

    def _rebuilds(self, desktop_id: str) -> int:
        desktop = self.fleet.fleet.get(desktop_id)
        return len(desktop.rebuilds) if desktop else 0

    def _rebuild_accepted(self, desktop_id: str, invocation: Invocation, heard: bool) -> None:
        desktop = self.fleet.fleet[desktop_id]
        rebuild = desktop.rebuilds[-1]
        if not heard:
            self.oracles.looks.unanswered.add((desktop_id, rebuild.accepted_at))
        self.oracles.accepted(desktop, rebuild, self._sent[invocation], invocation)
        self.told()


def _error(code: str, message: str) -> dict[str, Any]:
    return {"__type": code, "message": message}
