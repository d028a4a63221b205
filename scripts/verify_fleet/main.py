"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from columns import aligned

from nonpersistent.clock import Clock
from nonpersistent.pacing import Pacer

from . import judgements
from .asked import Account, Fleet
from .judgements import Row, Verdict

HEADINGS = ("assumption", "verdict", "what was seen", "then")

EPILOG = """
Changes nothing. Needs, for reading: lambda:GetFunctionConfiguration, dynamodb:GetItem (and
kms:Decrypt if the ledger or the log has a key), cloudwatch:ListMetrics and GetMetricData,
logs:FilterLogEvents, workspaces:DescribeWorkspaces, DescribeWorkspacesConnectionStatus,
DescribeWorkspaceSnapshots and DescribeTags, servicequotas:ListServiceQuotas,
iam:SimulatePrincipalPolicy. Without one of them the row says "not seen". docs/assumptions.md says
what follows from each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if nothing differs from what the module assumes, 1 if something does or AWS does not
    tell of the fleet, 2 for wrong options (argparse)."""
    options = _parser().parse_args(arguments)
    clock = Clock()
    try:
        # boto3 reads AWS_DEFAULT_REGION only.
        region = options.region or os.environ.get("AWS_REGION")
        session = boto3.session.Session(region_name=region)
        account = Account(session, Pacer(1.0, clock))
        fleet = account.fleet(options.name)
    except KeyError:
        return _sorry(f"{options.name} is no fleet of this module: it has no roster")
    except (BotoCoreError, ClientError) as error:
        return _sorry(f"cannot read the fleet {options.name}: {error}")
    rows = verified(account, fleet, options.sample, clock.now())
    print(table(rows))
    return int(any(row.verdict is Verdict.DIFFERS for row in rows))


def verified(account: Account, fleet: Fleet, sample: int, now: datetime) -> list[Row]:
    """A row per assumption; one that AWS does not tell of is not seen."""
    ids = fleet.roster[:: max(1, len(fleet.roster) // sample)][:sample]
    connections = cache(lambda: account.connections(ids))

    def publishing() -> Row:
        regular = account.datapoints("Available", ids, now)
        return judgements.publishing(regular, account.datapoints("SessionDisconnect", ids, now))

    def sampling() -> Row:
        return judgements.sampling(connections(), len(ids), now)

    def last_connected() -> Row:
        times = zip(ids, account.datapoints("SessionDisconnect", ids, now), strict=False)
        ends = {id_: max(points) for id_, points in times if points}
        return judgements.last_connected(connections(), ends)

    def quota() -> Row:
        rebuilt = account.logged(fleet, now, decision="rebuild_requested")
        throttled = account.logged(fleet, now, reason="throttled", decision="deferred")
        return judgements.quota(_rates(account), rebuilt, throttled, fleet.rate)

    checks: dict[str, Callable[[], Row]] = {
        "metrics": lambda: judgements.metrics(fleet.roster, account.measured(), connections(), now),
        "publishing": publishing,
        "sampling": sampling,
        "last_connected": last_connected,
        "snapshots": lambda: judgements.snapshots(account.newest_snapshots(ids), now),
        "quota": quota,
        "role": lambda: judgements.role(account.allowed(fleet, ids)),
        "protocol": lambda: judgements.protocol(account.protocols(ids)),
    }
    return [_tried(name, check) for name, check in checks.items()]


def table(rows: Sequence[Row]) -> str:
    """The rows below their headings, then the WorkSpaces that a row is about."""
    cells = ((row.assumption, row.verdict.value, row.seen, row.then) for row in rows)
    which = [f"{row.assumption}: {' '.join(row.which)}" for row in rows if row.which]
    return "\n".join([*aligned([HEADINGS, *cells]), *([""] if which else []), *which])


def _rates(account: Account) -> dict[str, float]:
    """Without Service Quotas, throttling still tells."""
    try:
        return account.api_rates()
    except (BotoCoreError, ClientError, ResponseParserError):
        return {}


def _tried(name: str, check: Callable[[], Row]) -> Row:
    try:
        return check()
    except ClientError as error:
        return judgements.not_told(
            name, f"{error.operation_name}: {error.response['Error']['Code']}"
        )
    except ResponseParserError:  # a local AWS that does not know the operation
        return judgements.not_told(name, "AWS does not answer this question")
    except BotoCoreError as error:
        return judgements.not_told(name, str(error))


def _sorry(why: str) -> int:
    print(f"verify: {why}", file=sys.stderr)
    return 1


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_count.__name__ = "number of WorkSpaces"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify",
        description="Does AWS behave as the module assumes, for my fleet?",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--name",
        default="workspaces-nonpersistent",
        help="the module's input `name` (default: %(default)s)",
    )
    parser.add_argument(
        "--region", help="AWS Region (default: AWS_REGION, AWS_DEFAULT_REGION or your profile's)"
    )
    parser.add_argument(
        "--sample", type=_count, default=100, help="WorkSpaces to look at (default: %(default)s)"
    )
    return parser
