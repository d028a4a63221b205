"""The one address of the local AWS: who answers which request.

WorkSpaces operations go to the model, Invoke to the runtime, /sandbox to the control paths, and
everything else to moto. DynamoDB requests are serialized, because moto checks a condition and
writes in two steps; on AWS a conditional write is atomic.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from ..api_model import ApiError, plain
from ..lambda_.function import Result
from ..live import LiveDesktops
from ..workspaces_answers import Answer
from ..workspaces_api import WorkSpacesApi
from .control import PREFIX, Control

log = logging.getLogger(__name__)
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 404: "Not Found"}


class FrontDoor:
    """The WSGI application that passes each request on."""

    def __init__(
        self,
        desktops: LiveDesktops,
        api: WorkSpacesApi,
        control: Control,
        invoke: Callable[[str, bytes, str], Result | None],
    ) -> None:
        """`invoke` takes function, payload and invocation type; it returns None if the event was
        queued, and raises KeyError for an unknown function."""
        self._desktops = desktops
        self._api = api
        self._control = control
        self._invoke = invoke
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._dynamodb = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if path == PREFIX or path.startswith(PREFIX + "/"):
            status, body = self._control.answer(environ["REQUEST_METHOD"], path)
            return _respond(start_response, status, body)
        if target.startswith("WorkspacesService."):
            return self._workspaces(environ, start_response, target.partition(".")[2])
        if environ["REQUEST_METHOD"] == "POST" and (found := _INVOKE.fullmatch(path)):
            return self._invocation(environ, start_response, unquote(found[1]))
        if target.startswith("DynamoDB"):
            with self._dynamodb:
                return list(self._moto(environ, start_response))
        answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer

    def _workspaces(
        self, environ: Environ, start_response: StartResponse, operation: str
    ) -> Iterable[bytes]:
        body = _body(environ)
        try:
            parameters = _parsed(body)
            with self._desktops.hold() as (_, now):
                answer = self._api.call(
                    operation, parameters, now, lambda: self._ask_moto(environ, body)
                )
            status, content = 200, plain(answer)
        except ApiError as error:
            status, content = error.status, _error(error.code, error.message)
        except Exception as fault:
            log.exception("%s could not be answered", operation)
            status, content = 500, _error("InternalServerException", str(fault))
        extra = [("x-amzn-errortype", content["__type"])] if "__type" in content else []
        text = json.dumps(content).encode()
        return _respond(start_response, status, text, extra, "application/x-amz-json-1.1")

    def _ask_moto(self, environ: Environ, body: bytes) -> Answer:
        """Ask moto about a call that the model does not answer; raises ApiError for its errors."""
        seen: dict[str, Any] = {}

        def note(status: str, *_: Any) -> Callable[[bytes], None]:
            seen["status"] = int(status.split()[0])
            return lambda _: None

        environ = environ | {"wsgi.input": io.BytesIO(body)}
        text = b"".join(self._moto(environ, note))
        with contextlib.suppress(ValueError):
            answer = json.loads(text or b"{}")
            if seen["status"] == 200:
                return dict(answer)
            kind = str(answer.get("__type", "InternalServerError")).split("#")[-1]
            message = answer.get("message") or answer.get("Message") or ""
            raise ApiError(kind, str(message), seen["status"])
        raise ApiError("UnknownOperationException", "moto does not know it either")

    def _invocation(
        self, environ: Environ, start_response: StartResponse, name: str
    ) -> Iterable[bytes]:
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        payload = _body(environ) or b"{}"
        try:
            json.loads(payload)
        except ValueError:
            text = json.dumps({"Type": "User", "message": "Could not parse request body"})
            return _respond(start_response, 400, text.encode(), _kind("InvalidRequestContent"))
        try:
            result = None if kind == "DryRun" else self._invoke(name, payload, kind)
        except KeyError:
            text = json.dumps({"Type": "User", "message": f"Function not found: {name}"})
            return _respond(start_response, 404, text.encode(), _kind("ResourceNotFound"))
        if result is None:
            return _respond(start_response, 204 if kind == "DryRun" else 202, b"")
        headers = [("X-Amz-Executed-Version", "$LATEST")]
        if result.failed:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        return _respond(start_response, 200, result.payload, headers)


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return bytes(environ["wsgi.input"].read(length)) if length else b""


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(body or b"{}")
    except ValueError as broken:
        raise ApiError("SerializationException", str(broken)) from None
    if not isinstance(parameters, dict):
        raise ApiError("SerializationException", "Start of structure expected")
    return parameters


def _error(code: str, message: str) -> dict[str, str]:
    return {"__type": code, "message": message}


def _kind(name: str) -> list[tuple[str, str]]:
    return [("x-amzn-ErrorType", f"{name}Exception")]


def _respond(
    start_response: StartResponse,
    status: int,
    body: bytes,
    headers: Iterable[tuple[str, str]] = (),
    content_type: str = "application/json",
) -> Iterable[bytes]:
    everything = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("x-amzn-RequestId", str(uuid.uuid4())),
        *headers,
    ]
    start_response(f"{status} {_REASONS.get(status, 'Error')}", everything)
    return [body]
