"""The commands."""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from . import history, judgements, requests, settings, status, verify
from .aws import Account, Problem, explained, may_pass
from .ledger import Ledger, phase, read, read_some
from .options import parser
from .output import minute, rendered
from .survey import Survey

CLEAR = "\x1b[2J\x1b[H"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status. argparse itself exits with 2 for invalid options."""
    options = parser(COMMANDS).parse_args(arguments)
    if sys.stdout is None:
        return _sorry("standard output is closed")
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
    except OSError as error:  # nobody reads on, or a disk is full: Python must not flush again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0 if isinstance(error, BrokenPipeError) else _sorry(str(error))


def _status(options: argparse.Namespace, account: Account) -> int:
    if options.watch and options.form:
        raise Problem(
            "--watch repeats a table; --json and --csv print one document: give one of them"
        )
    code = _show_status(options, account)
    while options.watch:
        time.sleep(options.watch)
        try:
            code = _show_status(options, account)
        except (BotoCoreError, ClientError) as error:
            if not may_pass(error):
                raise
            _sorry(explained(error, account.name))
    return code


def _show_status(options: argparse.Namespace, account: Account) -> int:
    ledger, known, now = read(account), _settings(account), datetime.now(UTC)
    if not known.has_canaries:
        ledger = status.without_canaries(ledger)
    images = _images(account, status.bundle_ids(status.rows(ledger, {}, now)))
    rows = status.rows(ledger, images, now, known.api_rate)
    found = [row for row in rows if _is_chosen(row, options)]
    if options.watch and sys.stdout.isatty():
        print(CLEAR, end="")
    print(_shown(options, found, ledger, images, now))
    if not options.form:
        print(status.last_audit(ledger, known.audit_interval, now))
        if known.dry_run:
            print("Dry run: no WorkSpace is rebuilt. The log says which ones would be.")
    sys.stdout.flush()
    return int(any(row.needs for row in found) or bool(status.held(found, ledger)))


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
    if _settings(account).dry_run:
        print("fleet: dry_run is true, so the function rebuilds nothing", file=sys.stderr)
        return _show_asked(options, ledger) or int(options.wait)
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
    if not options.replace:
        requests.refuse_shorter(account, options.ids, options.hours)
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
    told = f"fleet: cannot read the function's settings, so the defaults are used: {why}"
    print(told, file=sys.stderr)
    return settings.Settings()


def _images(account: Account, bundle_ids: Sequence[str]) -> dict[str, str]:
    """The image that a rebuild would use, by bundle id; empty if AWS does not answer."""
    try:
        rows = account.described("BundleIds", "describe_workspace_bundles", bundle_ids)
    except (BotoCoreError, ClientError) as error:
        why = explained(error, account.name)
        print(f"fleet: cannot read the bundles' images: {why}", file=sys.stderr)
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


COMMANDS = {
    "status": _status,
    "history": _history,
    "rebuild": _rebuild,
    "hold": _hold,
    "release": _release,
    "audit": _audit,
    "verify": _verify,
}
