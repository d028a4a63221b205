"""`python -m sandbox`: run a local AWS until Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import logging
import math
import signal
import sys
import threading

from .server import Sandbox
from .tempo import Tempo


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; return 0, or 1 if it cannot start, with the reason on stderr."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    minute = options.minute or (1.0 if options.quick else 60.0)
    tempo = Tempo.quick(minute) if options.quick else Tempo(speed=60 / minute)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        sandbox = Sandbox(tempo, host=options.host, port=options.port)
        with sandbox as aws:
            ids = [aws.desktops.add() for _ in range(options.workspaces)]
            print(_welcome(aws, ids), flush=True)
            stop.wait()
    except OSError as problem:
        print(_unusable(options.host, options.port, problem), file=sys.stderr)
        return 1
    print("The local AWS has ended.")
    return 0


def _unusable(host: str, port: int, problem: OSError) -> str:
    """Say in one line what cannot be used, why, and what to do."""
    match problem.errno:
        case errno.EADDRINUSE:
            why = "the port is in use; take another one with --port (make sandbox PORT=...)"
        case errno.EACCES:
            why = "only root may use this port; take one above 1023 with --port"
        case _:
            why = f"{problem.strerror}; --host takes an address of this machine"
    return f"sandbox: {host}:{port}: {why}"


def _welcome(aws: Sandbox, ids: list[str]) -> str:
    exports = "\n".join(aws.exports())
    first = ids[0] if ids else "ID"
    return f"""The local AWS answers at {aws.endpoint}

Point the AWS CLI and Terraform at it:
{exports}

WorkSpaces: {" ".join(ids) or "none"}
See them:   curl {aws.endpoint}/sandbox/desktops
Be a user:  curl -X POST {aws.endpoint}/sandbox/desktops/{first}/sign-in
            (or sign-out, drop, reconnect)
Ctrl-C ends it; nothing is kept."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A local AWS with WorkSpaces, alarms, schedules and functions that run. "
        "Nothing leaves this machine and nothing is kept.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=5000, help="0 takes a free one (%(default)s)")
    parser.add_argument(
        "--workspaces", type=_count, default=3, metavar="N", help="desktops to begin with"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a minute lasts a second, and rebuilds and samples take fewer of them",
    )
    parser.add_argument(
        "--minute",
        type=_seconds,
        metavar="SECONDS",
        help="how long a minute of the local AWS lasts (60; with --quick 1)",
    )
    return parser


def _port(text: str) -> int:
    number = _number(text)
    if number != int(number) or not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 0 to 65535, not {text}; 0 takes a free port"
        )
    return int(number)


def _seconds(text: str) -> float:
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text}")
    return value


def _count(text: str) -> int:
    value = _number(text)
    if value != int(value) or value < 0:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 on, not {text}")
    return int(value)


def _number(text: str) -> float:
    """Parse a finite number; anything else becomes -1, which no option accepts."""
    try:
        value = float(text)
    except ValueError:
        return -1
    return value if math.isfinite(value) else -1


if __name__ == "__main__":
    sys.exit(main())
