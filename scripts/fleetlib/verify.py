"""fleet verify: does AWS behave as the module assumes, for this fleet? Read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from . import judgements
from .aws import DENIALS
from .judgements import Row
from .output import aligned
from .survey import Fleet, Survey

HEADINGS = ("assumption", "verdict", "what was seen", "next step")


def verified(survey: Survey, fleet: Fleet, sample: int, now: datetime) -> list[Row]:
    """A row for each assumption, based on at most `sample` WorkSpaces; if AWS does not answer, the
    verdict is `not seen`."""
    ids = fleet.roster[:: max(1, len(fleet.roster) // sample)][:sample]
    connections = cache(lambda: survey.connections(ids))

    def publishing() -> Row:
        regular = survey.datapoints("Available", ids, now)
        return judgements.publishing(regular, survey.datapoints("SessionDisconnect", ids, now))

    def sampling() -> Row:
        return judgements.sampling(connections(), len(ids), now)

    def last_connected() -> Row:
        times = zip(ids, survey.datapoints("SessionDisconnect", ids, now), strict=False)
        ends = {id_: max(points) for id_, points in times if points}
        return judgements.last_connected(connections(), ends)

    def quota() -> Row:
        rebuilt = survey.logged(fleet, now, decision="rebuild_requested")
        throttled = survey.logged(fleet, now, reason="throttled", decision="deferred")
        return judgements.quota(_rates(survey), rebuilt, throttled, fleet.rate)

    checks: dict[str, Callable[[], Row]] = {
        "metrics": lambda: judgements.metrics(fleet.roster, survey.measured(), connections(), now),
        "publishing": publishing,
        "sampling": sampling,
        "last_connected": last_connected,
        "snapshots": lambda: judgements.snapshots(survey.newest_snapshots(ids), now),
        "quota": quota,
        "role": lambda: judgements.role(survey.allowed(fleet, ids)),
        "protocol": lambda: judgements.protocol(survey.protocols(ids)),
    }
    return [tried(name, check) for name, check in checks.items()]


def text(rows: Sequence[Row]) -> str:
    """The rows below their headings, then the WorkSpaces that a row is about."""
    cells = ((row.assumption, row.verdict.value, row.seen, row.then) for row in rows)
    which = [f"{row.assumption}: {' '.join(row.which)}" for row in rows if row.which]
    return "\n".join([*aligned([HEADINGS, *cells]), *([""] if which else []), *which])


def _rates(survey: Survey) -> dict[str, float]:
    """The API's quotas; none if AWS does not answer, as throttling in the log still counts."""
    try:
        return survey.api_rates()
    except (BotoCoreError, ClientError, ResponseParserError):
        return {}


def tried(name: str, check: Callable[[], Row]) -> Row:
    """What a check finds; if AWS does not answer it, a row that says so."""
    try:
        return check()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        then = "docs/operations.md has the policy" if code in DENIALS else "run this again"
        return judgements.not_told(name, f"{error.operation_name}: {code}", then)
    except ResponseParserError:  # a local AWS without this operation
        return judgements.not_told(name, "AWS does not answer this question")
    except BotoCoreError as error:
        return judgements.not_told(name, str(error))
