"""The Lambda service's containers: warm ones are reused, concurrent invocations get one each, and
a change of code or configuration replaces them.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import threading
import uuid
import zipfile
from pathlib import Path

from ..clock import Clock
from .container import Container, LineListener
from .function import Function, Result


class Closed(Exception):
    """The runtime is shutting down."""


class Runtime:
    """Runs functions, at most `most` invocations at a time."""

    def __init__(
        self, endpoint: str, on_line: LineListener, clock: Clock, *, most: int = 10
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._on_line = on_line
        self._room = threading.Semaphore(most)
        self._lock = threading.Lock()
        self._idle: list[Container] = []
        self._busy: list[Container] = []
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-lambda-"))
        self._closed = False

    def invoke(self, function: Function, payload: bytes, request_id: str | None = None) -> Result:
        """Run a function and wait for its result; meanwhile a fast clock slows down.

        Raises Closed during shutdown.
        """
        with self._room, self._clock.slow():
            container = self._take(function)
            try:
                return container.invoke(payload, request_id or str(uuid.uuid4()))
            finally:
                self._give_back(container)

    def kill(self, function_name: str | None = None) -> int:
        """Kill a function's containers (None: all), busy or idle; return how many there were.

        Their invocations end as function errors, as when an execution environment dies.
        """
        with self._lock:
            found = [
                container
                for container in (*self._busy, *self._idle)
                if function_name in (None, container.function.name)
            ]
        for container in found:
            container.kill()
        return len(found)

    def containers(self) -> list[tuple[str, int]]:
        """The function name and the process id of each container."""
        with self._lock:
            return [(c.function.name, c.pid) for c in (*self._busy, *self._idle)]

    def close(self) -> None:
        """Kill all containers; from then on `invoke` raises Closed."""
        with self._lock:
            self._closed = True
            containers = [*self._busy, *self._idle]
            self._idle.clear()
        for container in containers:
            container.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take(self, function: Function) -> Container:
        stale: list[Container] = []
        taken: Container | None = None
        with self._lock:
            if self._closed:
                raise Closed
            for container in list(self._idle):
                if container.function.arn != function.arn:
                    continue
                fits = container.alive and container.function.fingerprint == function.fingerprint
                if fits and taken is None:
                    taken = container
                    self._idle.remove(container)
                elif not fits:
                    stale.append(container)
                    self._idle.remove(container)
            if taken is None:
                taken = self._start(function)
            self._busy.append(taken)
        for container in stale:
            container.close()
        return taken

    def _give_back(self, container: Container) -> None:
        with self._lock:
            if container in self._busy:
                self._busy.remove(container)
            keep = container.alive and not self._closed
            if keep:
                self._idle.append(container)
        if not keep:
            container.close()

    def _start(self, function: Function) -> Container:
        digest = hashlib.sha256(function.code).hexdigest()[:16]
        task_root = self._folder / digest
        if not task_root.exists():
            with zipfile.ZipFile(io.BytesIO(function.code)) as archive:
                archive.extractall(task_root)
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        return Container(function, task_root, home, self._endpoint, self._on_line, self._clock)
