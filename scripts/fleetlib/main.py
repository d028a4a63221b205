"""The command line."""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import history, judgements, requests, settings, status, verify
from .aws import Account, Problem, explained
from .ledger import Ledger, phase, read, read_some
from .output import minute, rendered
from .survey import Survey

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
     rebuild, hold, release: an item was changed by hand meanwhile, and cannot be read
     verify: AWS differs from what the module assumes
  2  the command could not do what it was asked, and says why

Needs Python 3.11 or newer and boto3. docs/operations.md has the IAM policy, and says what each word
means.
"""

LONGEST_HOLD = 8760.0
"""The longest hold: the hours of a year, as in the function."""

LONGEST_REASON = 200
"""The most characters of a hold's reason, as in the function."""

CLEAR = "\x1b[2J\x1b[H"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status. argparse itself exits with 2 for invalid options."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if options.form else None, errors="replace")
    try:
        code: int = options.run(options, Account(options.name, options.region))
        sys.stdout.flush()
        return code
    except Problem as problem:
        return _sorry(str(problem))
    except (BotoCoreError, ClientError) as error:
        return _sorry(explained(error, options.name))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _status(options: argparse.Namespace, account: Account) -> int:
    if options.watch and options.form:
        raise Problem(
            "--watch repeats a table; --json and --csv print one document: give one of them"
        )
    while True:
        ledger, known, now = read(account), _settings(account), datetime.now(UTC)
        if not known.has_canaries:
            ledger = status.without_canaries(ledger)
        images = _images(account, status.bundle_ids(status.rows(ledger, {}, now)))
        rows = status.rows(ledger, images, now, known.api_rate)
        found = [row for row in rows if _is_chosen(row, options)]
        if options.watch and sys.stdout.isatty():
            print(CLEAR, end="")
        print(_shown(options, found, ledger, images, now), flush=True)
        if not options.watch:
            return int(any(row.needs for row in found) or bool(status.held(found, ledger)))
        time.sleep(options.watch)


def _history(options: argparse.Namespace, account: Account) -> int:
    if options.since >= options.until:
        given = (minute(moment) for moment in (options.since, options.until))
        raise Problem("--since must be before --until; got {} and {}".format(*given))
    told = history.requested(account, options.since, options.until)
    found = [rebuild for rebuild in told if _is_chosen(rebuild, options)]
    print(rendered(history.Rebuild, found, options.form, lambda: history.text(found)))
    return 0


def _rebuild(options: argparse.Namespace, account: Account) -> int:
    """Request rebuilds. With --wait, JSON or CSV shows the final state; steps go to stderr."""
    ledger = requests.ask(account, "rebuild", options.ids)
    if not options.wait:
        return _show_asked(options, ledger)
    if not options.form:
        _show_asked(options, ledger)
    told = partial(print, file=sys.stderr if options.form else sys.stdout, flush=True)
    ended_well = requests.follow(account, ledger, options.ids, told)
    if options.form:
        _show_asked(options, read_some(account, options.ids))
    return 0 if ended_well else 1


def _hold(options: argparse.Namespace, account: Account) -> int:
    ledger = requests.ask(account, "hold", options.ids, hours=options.hours, reason=options.reason)
    code = _show_asked(options, ledger)
    under_way = [id_ for id_ in options.ids if phase(ledger.items[id_]) == "rebuilding"]
    if under_way:
        print(f"fleet: a hold cannot stop a rebuild: {' '.join(under_way)}", file=sys.stderr)
    return 1 if under_way else code


def _release(options: argparse.Namespace, account: Account) -> int:
    return _show_asked(options, requests.ask(account, "release", options.ids))


def _audit(options: argparse.Namespace, account: Account) -> int:
    audit = requests.ask_audit(account, options.wait)
    print(rendered(requests.Audit, [audit], options.form, audit.text))
    return 0


def _verify(options: argparse.Namespace, account: Account) -> int:
    survey = Survey(account)
    rows = verify.verified(survey, survey.fleet(), options.sample, datetime.now(UTC))
    print(rendered(judgements.Row, rows, options.form, lambda: verify.text(rows)))
    return int(any(row.verdict is judgements.Verdict.DIFFERS for row in rows))


def _show_asked(options: argparse.Namespace, ledger: Ledger) -> int:
    """Show the WorkSpaces of a request; 1 if the item of one can no longer be read."""
    now = datetime.now(UTC)
    asked = Ledger(tuple(options.ids), ledger.items)
    rows = status.rows(asked, {}, now)
    print(_shown(options, rows, asked, {}, now), flush=True)
    return int(any(row.phase == "unreadable" for row in rows))


def _shown(
    options: argparse.Namespace,
    rows: Sequence[status.Row],
    ledger: Ledger,
    images: dict[str, str],
    now: datetime,
) -> str:
    return rendered(status.Row, rows, options.form, lambda: status.text(rows, ledger, images, now))


def _settings(account: Account) -> settings.Settings:
    """The function's settings; the defaults if AWS does not show them."""
    try:
        return settings.read(account)
    except Problem as problem:
        why = str(problem)
    except (BotoCoreError, ClientError) as error:
        why = explained(error, account.name)
    print(f"fleet: no settings, so the defaults count: {why}", file=sys.stderr)
    return settings.Settings()


def _images(account: Account, bundle_ids: Sequence[str]) -> dict[str, str]:
    """The image that a rebuild would use, by bundle id; empty if AWS does not answer."""
    try:
        rows = account.described("BundleIds", "describe_workspace_bundles", bundle_ids)
    except (BotoCoreError, ClientError) as error:
        print(f"fleet: no images: {explained(error, account.name)}", file=sys.stderr)
        return {}
    return {row["BundleId"]: row["ImageId"] for row in rows if "ImageId" in row}


def _is_chosen(row: status.Row | history.Rebuild, options: argparse.Namespace) -> bool:
    """Whether a row matches a pattern of each filter that is given, whatever their case."""
    filters = {
        "phase": getattr(options, "phase", None),
        "user": options.user,
        "workspace_id": options.workspace,
        "bundle_id": options.bundle,
    }
    return all(
        any(fnmatchcase((getattr(row, name) or "").lower(), each.lower()) for each in patterns)
        for name, patterns in filters.items()
        if patterns
    )


def _sorry(why: str) -> int:
    print(f"fleet: {why}", file=sys.stderr)
    return 2


class _Once(argparse.Action):
    """Stores several values without duplicates."""

    def __call__(self, _parser: Any, options: argparse.Namespace, values: Any, *_: Any) -> None:
        setattr(options, self.dest, list(dict.fromkeys(values)))


def _up_to(most: float, what: str) -> Callable[[str], float]:
    """A type for argparse: a number of `what` above 0, at most `most`."""

    def number(text: str) -> float:
        with suppress(ValueError):
            if 0 < float(text) <= most:
                return float(text)
        raise argparse.ArgumentTypeError(f"it must be above 0, up to {most:g} {what}; got {text!r}")

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
    if not any(fnmatchcase(phase, text) for phase in status.ORDER):
        raise argparse.ArgumentTypeError(
            f"it must be one of {', '.join(status.ORDER)}; got {text!r}"
        )
    return text


def _moment(text: str) -> datetime:
    try:
        return history.moment(text, datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a length of time (90m, 24h, 7d) nor a date (2026-11-22)"
        ) from error


def parser() -> argparse.ArgumentParser:
    """The command line. Common options may come before or after the subcommand."""
    main = argparse.ArgumentParser(
        prog="fleet",
        description="See and steer a fleet of non-persistent WorkSpaces.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_common(main, name="workspaces-nonpersistent", region=None, form=None)
    kinds = main.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: object, about: str) -> argparse.ArgumentParser:
        sub = kinds.add_parser(name, help=about, description=f"{about}.")
        nothing = argparse.SUPPRESS
        _add_common(sub, name=nothing, region=nothing, form=nothing)
        sub.set_defaults(run=run)
        return sub

    sub = add("status", _status, "show each WorkSpace: phase, what it waits for, image")
    phases = ", ".join(status.ORDER)
    sub.add_argument("--phase", action="append", type=_phase, help=f"one of {phases}")
    _add_filters(sub)
    every, about = _up_to(86_400, "seconds"), "refresh every SECONDS (default: 30)"
    sub.add_argument("--watch", nargs="?", const=30.0, type=every, metavar="SECONDS", help=about)
    sub = add("history", _history, "show who was rebuilt when, why, and with which image")
    dates = "90m, 24h, 7d, or 2026-11-22; a date without an offset means UTC"
    sub.add_argument("--since", type=_moment, default="24h", help=dates)
    sub.add_argument("--until", type=_moment, default="0m", help="the same (default: now)")
    _add_filters(sub)
    sub = add("rebuild", _rebuild, "rebuild WorkSpaces as soon as nobody is connected")
    _add_ids(sub)
    sub.add_argument("--wait", action="store_true", help="follow the rebuilds until they end")
    sub = add("hold", _hold, "keep WorkSpaces from being rebuilt for some hours")
    _add_ids(sub)
    hours = _up_to(LONGEST_HOLD, "hours")
    sub.add_argument("--hours", type=hours, required=True, help="at most 8760, a year")
    sub.add_argument("--reason", type=_reason, required=True, help="shown wherever the hold is")
    sub = add("release", _release, "end a hold before its time")
    _add_ids(sub)
    sub = add("audit", _audit, "look at every WorkSpace now, not with the next audit")
    sub.add_argument("--wait", action="store_true", help="wait until an audit is completed")
    sub = add("verify", _verify, "compare AWS with what the module assumes")
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
    for name in ("user", "workspace", "bundle"):
        parser.add_argument(f"--{name}", action="append", help="a name, or a pattern such as 'a*'")


def _add_ids(parser: argparse.ArgumentParser) -> None:
    help_ = "ids of WorkSpaces"
    parser.add_argument("ids", nargs="+", type=_id, action=_Once, metavar="ws-...", help=help_)
