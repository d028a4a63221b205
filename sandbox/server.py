"""The local AWS as one object: `with Sandbox() as aws: ...`.

moto's stores are global to the process, so only one Sandbox runs in a process at a time. IAM is
not enforced (moto's default): a function may do more here than its role allows. The resource
policies of topics, queues, keys and functions are enforced.
"""

from __future__ import annotations

import json
import logging
import random
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from shlex import quote
from typing import Any, Self

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from .clock import Clock
from .cloudwatch import Disconnects
from .delivery.notifications import sign_in_event
from .delivery.post import Post
from .delivery.schedules import Timetable
from .desktop import Fact, Happening
from .desktops import Desktops
from .http.control import Control
from .http.front_door import FrontDoor
from .lambda_.function import Function, Result
from .lambda_.invocations import Finished, Invocations, Services
from .lambda_.runtime import Runtime
from .live import LiveDesktops
from .moto.account_answers import answered
from .moto.backends import ACCOUNT, Backends
from .moto.mends import mended
from .moto.meter import Meter
from .moto.watch import AlarmWatch, Transition, disconnect_metrics
from .states import State
from .tempo import Tempo
from .workspaces_api import Call, WorkSpacesApi

log = logging.getLogger(__name__)
LogLine = dict[str, Any]
_running = threading.Lock()


class Sandbox:
    """The local AWS, from `start` to `stop`; as a context manager it starts and stops itself."""

    def __init__(
        self,
        tempo: Tempo | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        seed: int | None = None,
    ) -> None:
        """`port` 0 picks a free port; `seed` makes ids and addresses reproducible."""
        self.tempo = tempo or Tempo()
        self.region = region
        self.account = ACCOUNT
        model = Desktops(self.tempo, random.Random(seed))
        self.clock = Clock(self.tempo.speed)
        self.desktops = LiveDesktops(model, self.clock)
        self.api = WorkSpacesApi(model)
        self.transitions: list[Transition] = []
        self.invocations: list[Finished] = []
        self._host = host
        self._port = port
        self._backends = Backends(region)
        self._disconnects = Disconnects(timedelta(seconds=self.tempo.publish_interval))
        self._alarms = AlarmWatch(self._backends, self.tempo, self.transitions.append)
        self._timetable = Timetable()
        self._meter = Meter(self._backends)
        self._on_log: list[Callable[[LogLine], None]] = []
        self._stack = ExitStack()
        self._stopping = threading.Event()

    # -- lifecycle ----------------------------------------------------------------------------

    def start(self) -> Self:
        """Start servers and threads. Raises RuntimeError if a Sandbox runs in this process already,
        and OSError if the address cannot be used."""
        if not _running.acquire(blocking=False):
            raise RuntimeError("a Sandbox runs in this process already")
        try:
            self._stack.callback(_running.release)
            self._backends.reset()
            self._stack.callback(self._backends.reset)
            door = FrontDoor(self.desktops, self.api, Control(self.desktops), self._invoke)
            with socket.create_server((self._host, self._port), backlog=128) as bound:
                port = bound.getsockname()[1]
                self._server = make_server(
                    self._host,
                    port,
                    door,
                    threaded=True,
                    request_handler=_Quiet,
                    fd=bound.fileno(),
                )
            self._stack.callback(self._server.server_close)
            self.endpoint = f"http://{_reachable(self._host)}:{port}"
            self._runtime = Runtime(self.endpoint, self._line, self.clock)
            self._queue = Invocations(
                Services(
                    find=self._backends.function,
                    rules=self._backends.retry_rules,
                    run=self._runtime.invoke,
                    send=lambda arn, record, function: self._post.send_failure(
                        arn, record, function
                    ),
                    finished=self._finished,
                ),
                self.tempo.retry_delays,
                self.clock,
            )
            self._post = Post(self._backends, self._queue.submit)
            self._stack.callback(self._queue.join)
            self._stack.callback(self._runtime.close)
            self._stack.callback(self._queue.close)
            self._stack.enter_context(mended(self._post, self.clock))
            self._stack.enter_context(answered())
            self._thread(self._serve, self._server.shutdown)
            self._thread(self._heart, self._stopping.set)
        except BaseException:
            self._stack.close()
            raise
        return self

    def stop(self) -> None:
        """End all threads and processes, and remove all files. May be called twice."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- observing ----------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """All calls of the WorkSpaces API so far."""
        return list(self.api.calls)

    def environment(self) -> dict[str, str]:
        """Variables that point the AWS CLI, boto3 and Terraform here and set Python's clock."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.clock.environment(),
        }

    def exports(self) -> list[str]:
        """The same variables as export commands for a shell."""
        return [f"export {name}={quote(text)}" for name, text in self.environment().items()]

    def on_log(self, callback: Callable[[LogLine], None]) -> None:
        """Call back with every line of a function's log: its JSON fields, or {"message": text}.

        `function` and `log_stream` are added. It may be called from any thread.
        """
        self._on_log.append(callback)

    # -- acting -------------------------------------------------------------------------------

    def submit(self, function: str, payload: object) -> str:
        """Queue an asynchronous invocation; return its request id."""
        return self._queue.submit(function, json.dumps(payload).encode())

    def pending(self) -> int:
        """The number of asynchronous events that wait, also for a retry, or run."""
        return self._queue.pending()

    def kill(self, function: str | None = None) -> int:
        """Kill a function's containers (None: all), busy or idle; return how many there were."""
        return self._runtime.kill(function)

    def containers(self) -> list[tuple[str, int]]:
        """The function name and the process id of each container."""
        return self._runtime.containers()

    # -- internals ----------------------------------------------------------------------------

    def _thread(self, run: Callable[[], None], end: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=f"sandbox {run.__name__}", daemon=True)
        thread.start()
        self._stack.callback(thread.join, 10)
        self._stack.callback(end)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def _heart(self) -> None:
        while not self._stopping.wait(self.tempo.heartbeat):
            now = self.clock.now()
            for step in (self._users, self._metrics, self._alarms.look, self._schedules):
                try:
                    step(now)
                except Exception:
                    log.exception("the sandbox's background work failed; it goes on")

    def _users(self, _: datetime) -> None:
        with self.desktops.hold() as (model, now):
            model.tick(now)
            facts = model.collect()
        for fact in facts:
            self._happened(fact)

    def _metrics(self, now: datetime) -> None:
        self._meter.queues(now)
        published = self._disconnects.due(now)
        if published is None:
            return
        since, counts = published
        with self.desktops.hold() as (model, _):
            ended = [(model.fleet[id], n) for id, n in counts.items() if id in model.fleet]
            healthy = [id for id, desk in model.fleet.items() if desk.state is State.AVAILABLE]
        self._meter.health(healthy, since)
        for desktop, count in ended:
            for metric in disconnect_metrics(desktop):
                self._backends.put_metric(metric, count, since)

    def _schedules(self, now: datetime) -> None:
        rules = {rule.name: rule for rule in self._backends.event_rules()}
        rates = [(rule.name, rule.schedule) for rule in rules.values() if rule.schedule]
        for name in self._timetable.due(rates, now):
            self._post.fire(rules[name])

    def _happened(self, fact: Fact) -> None:
        if fact.what is Happening.SESSION_ENDED:
            self._disconnects.add(fact.desktop_id)
        if fact.what is Happening.SIGNED_IN:
            event = sign_in_event(
                fact.desktop_id, fact.directory_id, self.region, self.account, fact.at
            )
            for rule in self._backends.event_rules():
                if rule.matches(event):
                    self._post.fire(rule, event)

    def _invoke(self, name: str, payload: bytes, kind: str) -> Result | None:
        function = self._backends.function(name)
        if function is None:
            raise KeyError(name)
        if kind == "Event":
            self._queue.submit(function.arn, payload)
            return None
        return self._queue.run_now(function, payload)

    def _line(self, function: Function, stream: str, line: str) -> None:
        now = self.clock.now()
        self._backends.write_log(function.log_group, stream, line, now)
        try:
            fields = json.loads(line)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            fields = {"message": line}
        self._meter.line(function.log_group, fields, now)
        for callback in self._on_log:
            callback(fields | {"function": function.name, "log_stream": stream})

    def _finished(self, invocation: Finished) -> None:
        self.invocations.append(invocation)
        self._meter.invocation(invocation)


class _Quiet(MotoRequestHandler):
    """Handles requests without logging each one."""

    def log_request(self, *_: object) -> None:
        pass


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host
