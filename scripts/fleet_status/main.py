"""The command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from nonpersistent.clock import Clock
from nonpersistent.pacing import Pacer

from .rows import rows
from .shown import as_json, table
from .survey import NotALedger, calls_needed, read_fleet, read_ledger

EPILOG = """
Reads only. Needs dynamodb:Scan on the ledger table, workspaces:DescribeWorkspaces and
workspaces:DescribeWorkspaceBundles, and kms:Decrypt if the ledger has a key of its own.
Asks the WorkSpaces API for 25 WorkSpaces a call, 2 calls a second (the account's limit, which the
function needs, too): 5,000 WorkSpaces take about 100 seconds.
"""

SLOW = 5.0
"""Seconds from which on it is said how long it takes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the table was printed, 1 if AWS did not tell, 2 for wrong options (argparse)."""
    options = _parser().parse_args(arguments)
    name = options.table or f"{options.name}-ledger"
    try:
        print(_report(options, name))
    except NotALedger:
        return _sorry(f"the table {name} is no ledger of this module: it has no roster")
    except (NoCredentialsError, PartialCredentialsError) as error:
        return _sorry(f"no AWS credentials ({error}); set AWS_PROFILE, or run `aws configure`")
    except NoRegionError:
        return _sorry("no AWS Region: give --region, or set AWS_REGION")
    except ClientError as error:
        return _sorry(_explained(error, name))
    except BotoCoreError as error:
        return _sorry(str(error))
    except BrokenPipeError:
        sys.stderr.close()
    return 0


def _report(options: argparse.Namespace, name: str) -> str:
    session, clock = boto3.session.Session(region_name=options.region), Clock()
    config = Config(retries={"mode": "standard", "total_max_attempts": 5})
    ledger = read_ledger(session.client("dynamodb", config=config), name)
    seconds = calls_needed(len(ledger.roster)) / options.rate
    if seconds > SLOW:
        print(f"{len(ledger.roster)} WorkSpaces: about {seconds:.0f} s ...", file=sys.stderr)
    workspaces = session.client("workspaces", config=config)
    found = rows(ledger, read_fleet(workspaces, ledger.roster, Pacer(options.rate, clock)))
    return as_json(found) if options.json else table(found, clock.now())


def _explained(error: ClientError, name: str) -> str:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    match code:
        case "ResourceNotFoundException":
            return (
                f"there is no table {name} in this Region and account; give the module's `name` "
                "with --name, or its output `ledger_table_name` with --table"
            )
        case "AccessDeniedException" | "UnauthorizedOperation":
            return f"{message or code}\nWhat it needs: fleet-status --help"
        case "ExpiredTokenException" | "ExpiredToken" | "UnrecognizedClientException":
            return f"AWS does not accept the credentials: {message or code}"
    return f"{error.operation_name}: {code}: {message}"


def _sorry(why: str) -> int:
    print(f"fleet-status: {why}", file=sys.stderr)
    return 1


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 50:
        raise ValueError(text)
    return rate


_rate.__name__ = "number of calls per second"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fleet-status",
        description="What is the state of my fleet, and why?",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--name",
        default="workspaces-nonpersistent",
        help="the module's input `name` (default: %(default)s)",
    )
    which.add_argument("--table", help="the module's output `ledger_table_name`")
    parser.add_argument("--region", help="AWS Region (default: as the AWS CLI's)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument(
        "--rate", type=_rate, default=2.0, help="WorkSpaces calls per second (default: 2)"
    )
    return parser
