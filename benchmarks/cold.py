"""One cold start, in a process of its own: `python cold.py MODE FOLDER` prints JSON.

FOLDER holds the function as it is deployed, without byte code: the package has none, and Lambda
cannot keep any. MODE is `baseline` (import boto3 and create one client), `signal` (import the
handler and record a session's end, the first decision), `tick` (an idle minute), `look` (decide
about one WorkSpace that is due) or `pass` (decide about 5,000 of them). The function's settings are
in the environment.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

ACCOUNT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
}
OLD = "2026-03-02T08:00:00.000Z"


class Answers:
    """Canned answers in place of the network."""

    def __init__(self, fleet: int, due: int) -> None:
        self._ids = [f"ws-{number:09d}" for number in range(fleet)]
        self._due = due

    def send(self, request: Any, event_name: str, **_: Any) -> Any:
        """Answer a request, instead of sending it, by the method named after its operation."""
        from botocore.awsrequest import AWSResponse

        operation = event_name.rsplit(".", 1)[-1]
        given = json.loads(request.body)
        answer: dict[str, Any] = getattr(self, operation, lambda _: {})(given)
        return AWSResponse(request.url, 200, {}, _Body(json.dumps(answer).encode()))  # type: ignore[arg-type]

    def GetItem(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["Key"]["id"]["S"] != "roster":
            return {}
        ids = [{"S": id_} for id_ in self._ids]
        return {"Item": {"id": {"S": "roster"}, "workspace_ids": {"L": ids}}}

    def Query(self, _given: dict[str, Any]) -> dict[str, Any]:
        due = [{"id": {"S": id_}, "due_at": {"S": OLD}} for id_ in self._ids[: self._due]]
        self._due = 0
        return {"Items": due}

    def BatchGetItem(self, given: dict[str, Any]) -> dict[str, Any]:
        [(table, request)] = given["RequestItems"].items()
        items = [
            {
                "id": key["id"],
                "version": {"N": "1"},
                "told_at": {"S": OLD},
                "due_at": {"S": OLD},
            }
            for key in request["Keys"]
        ]
        return {"Responses": {table: items}, "UnprocessedKeys": {}}

    def DescribeWorkspacesConnectionStatus(self, given: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {
                "WorkspaceId": id_,
                "ConnectionState": "DISCONNECTED",
                "ConnectionStateCheckTimestamp": time.time() - 60,
            }
            for id_ in given["WorkspaceIds"]
        ]
        return {"WorkspacesConnectionStatus": rows}


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Any:
        yield self._content


class Context:
    """The part of Lambda's context object that the handler uses."""

    aws_request_id = "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:fleet"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def event(mode: str) -> dict[str, Any]:
    """The event that invokes the function."""
    if mode != "signal":
        return {"task": "reconcile"}
    message = {
        "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM",
        "StateChangeTime": "2026-03-02T10:06:41.123+0000",
        "Trigger": {
            "Namespace": "AWS/WorkSpaces",
            "MetricName": "SessionDisconnect",
            "Dimensions": [{"name": "WorkspaceId", "value": "ws-000000000"}],
        },
    }
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}]}


def without_network(client: Any, answers: Answers) -> None:
    """Let `answers` answer a client's requests, unsigned."""
    import botocore

    client.meta.events.register("before-send", answers.send)
    client.meta.events.register("choose-signer", lambda **_: botocore.UNSIGNED)


def start(mode: str) -> None:
    """Do what is timed."""
    if mode == "baseline":
        import boto3

        boto3.client("workspaces")
        return
    from nonpersistent import handler

    answers = Answers(5000 if mode == "pass" else 50, {"look": 1, "pass": 5000}.get(mode, 0))
    for maker in (handler._dynamodb, handler._workspaces):
        _wrap(handler, maker, answers)
    if mode == "pass":
        handler.CLOCK = _hasty(handler)
    handler.lambda_handler(event(mode), Context())


def _wrap(handler: Any, maker: Any, answers: Answers) -> None:
    """Let the function create its own clients, when it needs them, but answer their requests."""

    def make() -> Any:
        client = maker()
        if not hasattr(client, "is_answered"):
            client.is_answered = True
            without_network(client, answers)
        return client

    setattr(handler, maker.__name__, make)


def _hasty(handler: Any) -> Any:
    """A clock on which waiting takes no time."""

    class Hasty(handler.Clock):  # type: ignore[misc]
        def sleep(self, seconds: float) -> None:
            pass

    return Hasty()


def main() -> None:
    mode, folder = sys.argv[1:]
    os.environ |= ACCOUNT
    sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
    begun = time.process_time()
    start(mode)
    took = time.process_time() - begun
    print(json.dumps({"seconds": took, "peak_bytes": peak_bytes()}))


def peak_bytes() -> int:
    """The peak memory of this process. getrusage would report at least that of its parent."""
    status = Path("/proc/self/status")
    if status.is_file():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


if __name__ == "__main__":
    main()
