"""The options of the command line, and what they accept."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from . import history, requests, status

EPILOG = """
examples:
  fleet status                                       every WorkSpace, what needs a person first
  fleet status --phase failed --phase vacant --watch
  fleet history --since 7d --user 'a*'
  fleet history --since 2026-10-01 --until 2026-11-01 --csv >october.csv
  fleet rebuild ws-0a1b2c3d4 --wait
  fleet hold ws-0a1b2c3d4 --hours 72 --reason 'ticket 4711'
  fleet release ws-0a1b2c3d4
  fleet audit
  fleet verify

exit status:
  0  all is well
  1  status: a WorkSpace among those shown needs a person, or its bundle is held; late audits and
     faults of the function itself do not count, see their alarms
     rebuild --wait, hold: a rebuild did not end well, or could not be stopped by a hold
     rebuild, hold, release: a ledger item was edited by hand and cannot be read
     verify: AWS differs from what the module assumes
  2  the command could not do what it was asked, and says why

Needs Python 3.11 or newer and boto3. docs/operations.md has the IAM policy, and says what each word
means.
"""

SHORTEST_HOLD = 0.01
"""The shortest hold, in hours: a shorter one would be over once it is recorded."""

LONGEST_HOLD = 8760.0
"""The longest hold: the hours of a year, as in the function."""

LONGEST_REASON = 200
"""The most characters of a hold's reason, as in the function."""

FIRST_DAY, LAST_DAY = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""CloudWatch Logs knows no time before the first; a later time than the last means the last."""


class _Once(argparse.Action):
    """Stores several values without duplicates."""

    def __call__(self, _parser: Any, options: argparse.Namespace, values: Any, *_: Any) -> None:
        setattr(options, self.dest, list(dict.fromkeys(values)))


def _between(least: float, most: float, what: str) -> Callable[[str], float]:
    """A type for argparse: a number of `what`, at least `least` and at most `most`."""

    def number(text: str) -> float:
        with suppress(ValueError):
            if least <= float(text) <= most:
                return float(text)
        raise argparse.ArgumentTypeError(
            f"it must be from {least:g} to {most:g} {what}; got {text!r}"
        )

    return number


def _count(text: str) -> int:
    with suppress(ValueError):
        if int(text) > 0:
            return int(text)
    raise argparse.ArgumentTypeError(f"it must be a whole number above 0; got {text!r}")


def _reason(text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST_REASON:
        raise argparse.ArgumentTypeError(f"it must have 1 to {LONGEST_REASON} characters")
    return text.strip()


def _id(text: str) -> str:
    if not requests.WORKSPACE_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a WorkSpace id (ws-...)")
    return text


def _phase(text: str) -> str:
    if not any(fnmatchcase(phase, text.lower()) for phase in status.ORDER):
        raise argparse.ArgumentTypeError(
            f"it must be one of {', '.join(status.ORDER)}, or a pattern of these; got {text!r}"
        )
    return text


def _moment(text: str) -> datetime:
    try:
        moment = history.moment(text, datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a length of time (90m, 24h, 7d) nor a date (2026-11-22)"
        ) from error
    if moment < FIRST_DAY:
        raise argparse.ArgumentTypeError(f"it must not be before 1970; got {text!r}")
    return min(moment, LAST_DAY)


def parser(commands: Mapping[str, object]) -> argparse.ArgumentParser:
    """The command line; `commands` are stored as `run`. Common options may come before or after
    the subcommand."""
    main = argparse.ArgumentParser(
        prog="fleet",
        description="Monitor and control a fleet of non-persistent WorkSpaces.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_common(main, name="workspaces-nonpersistent", region=None, form=None)
    kinds = main.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, about: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        nothing = argparse.SUPPRESS
        _add_common(sub, name=nothing, region=nothing, form=nothing)
        sub.set_defaults(run=commands[name])
        return sub

    sub = add("status", "show each WorkSpace: phase, what it waits for, image")
    phases = f"one of {', '.join(status.ORDER)}, or a pattern such as 'un*'"
    sub.add_argument("--phase", action="append", type=_phase, help=phases)
    _add_filters(sub)
    every, about = _between(0.1, 86_400, "seconds"), "refresh every SECONDS (default: 30)"
    sub.add_argument("--watch", nargs="?", const=30.0, type=every, metavar="SECONDS", help=about)
    sub = add("history", "show which WorkSpaces were rebuilt, when, why, with which image")
    dates = "90m, 24h, 7d, or 2026-11-22; a date without an offset means UTC"
    sub.add_argument("--since", type=_moment, default="24h", help=dates)
    sub.add_argument("--until", type=_moment, default="0m", help="the same (default: now)")
    _add_filters(sub)
    sub = add("rebuild", "rebuild WorkSpaces as soon as nobody is connected")
    _add_ids(sub)
    sub.add_argument("--wait", action="store_true", help="follow the rebuilds until they end")
    sub = add("hold", "keep WorkSpaces from being rebuilt for some hours")
    _add_ids(sub)
    hours, about = _between(SHORTEST_HOLD, LONGEST_HOLD, "hours"), "from 0.01 to 8760, a year"
    sub.add_argument("--hours", type=hours, required=True, help=about)
    sub.add_argument("--reason", type=_reason, required=True, help="shown with the hold")
    replace = "replace a hold even if it is longer"
    sub.add_argument("--replace", action="store_true", help=replace)
    sub = add("release", "end a hold before its time")
    _add_ids(sub)
    sub = add("audit", "start an audit now")
    sub.add_argument("--wait", action="store_true", help="wait until an audit is completed")
    sub = add("verify", "compare AWS with what the module assumes")
    at_most = "check at most this many WorkSpaces (default: 100), ten for datapoints and snapshots"
    sub.add_argument("--sample", type=_count, default=100, help=at_most)
    return main


def _add_common(parser: argparse.ArgumentParser, **defaults: str | None) -> None:
    parser.add_argument("--name", default=defaults["name"], help="the module's input `name`")
    parser.add_argument(
        "--region", default=defaults["region"], help="default: AWS_REGION, or your profile's"
    )
    form = parser.add_mutually_exclusive_group()
    for kind in ("json", "csv"):
        form.add_argument(
            f"--{kind}",
            dest="form",
            action="store_const",
            const=kind,
            default=defaults["form"],
            help=f"{kind.upper()} instead of a table, with exact times",
        )


def _add_filters(parser: argparse.ArgumentParser) -> None:
    for name, what, pattern in (
        ("user", "a name", "a*"),
        ("workspace", "an id", "ws-0a*"),
        ("bundle", "an id", "wsb-0a*"),
    ):
        about = f"{what}, or a pattern such as {pattern!r}"
        parser.add_argument(f"--{name}", action="append", help=about)


def _add_ids(parser: argparse.ArgumentParser) -> None:
    help_ = "ids of WorkSpaces"
    parser.add_argument("ids", nargs="+", type=_id, action=_Once, metavar="ws-...", help=help_)
