"""A Lambda execution environment: a process that runs AWS's own runtime client (`awslambdaric`),
and the small HTTP server that provides the Runtime API to it.

Source: "Using the Lambda runtime API" in the Lambda developer guide.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from ..clock import Clock
from ..delivery.notifications import iso_milliseconds
from .function import Function, Result, environment_of

LineListener = Callable[[Function, str, str], None]
"""Called with the function, the log stream and the line."""


@dataclass(slots=True)
class _Work:
    request_id: str
    payload: bytes
    deadline: float
    done: threading.Event = field(default_factory=threading.Event)
    answer: bytes = b""
    failed: bool = False


class Container:
    """Runs one invocation at a time, until its process has ended (`alive` is then false)."""

    def __init__(
        self,
        function: Function,
        task_root: Path,
        home: Path,
        endpoint: str,
        on_line: LineListener,
        clock: Clock,
    ) -> None:
        self.function = function
        self._clock = clock
        today = clock.now().strftime("%Y/%m/%d")
        self.log_stream = f"{today}/[$LATEST]{uuid.uuid4().hex}"
        self._on_line = on_line
        self._waiting: queue.Queue[_Work | None] = queue.Queue()
        self._current: _Work | None = None
        self._server = _RuntimeApi(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        environment = environment_of(function, endpoint, self.log_stream, str(home))
        environment["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{self._server.server_port}"
        environment["LAMBDA_TASK_ROOT"] = str(task_root)
        environment |= clock.environment(str(task_root))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", function.handler],
            cwd=task_root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the runtime client, which leads its own process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return self._process.poll() is None

    def invoke(self, payload: bytes, request_id: str) -> Result:
        """Run the function with an event; if it does not answer in time it is killed, as on AWS.

        The timeout is in real time, however fast the clock runs.
        """
        started = time.monotonic()
        timeout = self.function.timeout
        work = self._current = _Work(request_id, payload, self._deadline(timeout))
        self._platform("platform.start", {"requestId": request_id, "version": "$LATEST"})
        self._waiting.put(work)
        while not work.done.wait(0.05):
            if time.monotonic() - started >= timeout:
                self.kill()
                text = f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
                return self._report(work, Result.error("Sandbox.Timedout", text, timeout))
            if not self.alive:
                status = self._process.returncode
                how = f"signal: {-status}" if status < 0 else f"exit status {status}"
                text = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
                seconds = time.monotonic() - started
                return self._report(work, Result.error("Runtime.ExitError", text, seconds))
        seconds = time.monotonic() - started
        return self._report(work, Result(work.answer, work.failed, seconds))

    def kill(self) -> None:
        """Kill the process, and everything that it has started, at once."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Kill the process, stop the server, and wait until its last line has been read."""
        self.kill()
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._reader.join(5)

    def next_work(self) -> _Work | None:
        """Wait for the next event; None: the container is closing."""
        return self._waiting.get()

    def answered(self, request_id: str, body: bytes, *, failed: bool) -> None:
        """Take the answer to the current event; one to an earlier event is ignored. An empty
        `request_id` means that the function could not be loaded."""
        work = self._current
        if work is not None and request_id in (work.request_id, ""):
            work.answer, work.failed = body, failed
            work.done.set()

    def _deadline(self, timeout: float) -> float:
        return self._clock.now().timestamp() + timeout * self._clock.speed

    def _report(self, work: _Work, result: Result) -> Result:
        self._current = None
        error = json.loads(result.payload) if result.failed else {}
        timed_out = error.get("errorType") == "Sandbox.Timedout"
        status = "timeout" if timed_out else "error" if result.failed else "success"
        record = {
            "requestId": work.request_id,
            "status": status,
            "metrics": {"durationMs": round(result.seconds * 1000, 3)},
        }
        self._platform("platform.report", record)
        return result

    def _platform(self, kind: str, record: dict[str, Any]) -> None:
        """Log a line of Lambda's own, of level INFO, if the function is configured for it."""
        function = self.function
        if function.log_format == "JSON" and function.system_log_level in ("INFO", "DEBUG"):
            now = iso_milliseconds(self._clock.now())
            line = json.dumps({"time": now, "type": kind, "record": record})
            self._on_line(self.function, self.log_stream, line)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip():
                self._on_line(self.function, self.log_stream, line.rstrip("\n"))
        self._process.stdout.close()


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, container: Container) -> None:
        self.container = container
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: it is expected that a killed process breaks its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        container = cast(_RuntimeApi, self.server).container
        work = container.next_work()
        if work is None:
            self.close_connection = True
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": work.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(work.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": container.function.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):x}-{uuid.uuid4().hex[:24]}",
            "Lambda-Runtime-Client-Context": "{}",
            "Lambda-Runtime-Cognito-Identity": "{}",
        }
        self._answer(200, work.payload, headers)

    def do_POST(self) -> None:
        container = cast(_RuntimeApi, self.server).container
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.path.strip("/").split("/")[2:]:
            case ["invocation", request_id, "response"]:
                container.answered(request_id, body, failed=False)
            case ["invocation", request_id, "error"]:
                container.answered(request_id, body, failed=True)
            case ["init", "error"]:
                container.answered("", body, failed=True)
        self._answer(202, b"{}", {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
