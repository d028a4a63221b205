"""fleet history: who was rebuilt when, why, and with which image, from the function's log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .aws import Account
from .output import aligned, coloured, minute, span, without_empty

ASKED = ("rebuild_requested", "unanswered")
ENDED = ("finished", "believed", "failed")
CAUSES = {"session_end": "session end", "by_hand": "by hand", "roll_out": "roll-out"}
"""What to show for the reasons of the log lines `rebuild_requested`."""

TELLING = " || ".join(f'$.decision = "{decision}"' for decision in (*ASKED, *ENDED))
"""The condition of the filter pattern for log lines about rebuilds."""

READ_ON = timedelta(days=1)
"""How long after `--until` the log is read for the ends of what was requested before."""

HEADINGS = ("asked for", "WorkSpace", "user", "why", "waited", "image", "outcome", "took", "reason")


@dataclass(frozen=True)
class Rebuild:
    """A rebuild that was requested.

    why      session end, by hand, roll-out; None: AWS did not answer, or it was requested earlier
    outcome  in progress, finished (it succeeded), believed (its end could not be observed),
             failed (for `reason`)
    waited_seconds since the session's end; took_seconds until its end was observed
    """

    asked_at: datetime
    workspace_id: str
    user: str | None = None
    why: str | None = None
    waited_seconds: float | None = None
    bundle_id: str | None = None
    image_id: str | None = None
    canary: bool = False
    outcome: str = "in progress"
    ended_at: datetime | None = None
    took_seconds: float | None = None
    reason: str | None = None


def lines(account: Account, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """Yield the log lines about rebuilds from `start` to `end`, with their time as `at`."""
    pages = account.pages(
        "logs",
        "filter_log_events",
        logGroupName=f"/aws/lambda/{account.name}",
        startTime=int(start.timestamp() * 1000),
        endTime=int(end.timestamp() * 1000),
        filterPattern=f"{{ {TELLING} }}",
    )
    for page in pages:
        for event in page["events"]:
            line = json.loads(event["message"])
            if "workspace_id" in line:
                yield {**line, "at": datetime.fromtimestamp(event["timestamp"] / 1000, UTC)}


def requested(account: Account, since: datetime, until: datetime) -> list[Rebuild]:
    """The rebuilds requested from `since` to just before `until`, and those requested earlier whose
    end the log shows after `since`; oldest first."""
    told = rebuilds(lines(account, since, until + READ_ON))
    return [rebuild for rebuild in told if rebuild.asked_at < until]


def rebuilds(lines: Iterable[Mapping[str, Any]]) -> list[Rebuild]:
    """The rebuilds that the log lines describe, oldest first."""
    told: list[Rebuild] = []
    last: dict[str, int] = {}
    for line in sorted(lines, key=lambda line: line["at"]):
        id_, decision = line["workspace_id"], line["decision"]
        if decision in ASKED:
            last[id_] = len(told)
            told.append(_asked(line))
        else:
            if id_ not in last or _is_another(told[last[id_]], line):
                took = timedelta(seconds=line.get("took_seconds", 0))
                given = line.get("asked_at")
                asked_at = datetime.fromisoformat(given) if given else line["at"] - took
                last[id_] = len(told)
                bundle_id, image_id = line.get("bundle_id"), line.get("image_id")
                told.append(Rebuild(asked_at, id_, bundle_id=bundle_id, image_id=image_id))
            told[last[id_]] = _ended(told[last[id_]], line)
    return sorted(told, key=lambda rebuild: rebuild.asked_at)


def text(rebuilds: Sequence[Rebuild]) -> str:
    """The table of rebuilds, and how many there are."""
    if not rebuilds:
        return "No rebuild in this time."
    heading, *shown = aligned(without_empty(HEADINGS, [_cells(each) for each in rebuilds]))
    tones = ("bad" if each.outcome == "failed" else None for each in rebuilds)
    total = f"{len(rebuilds)} rebuild{'' if len(rebuilds) == 1 else 's'}."
    return "\n".join([heading, *map(coloured, shown, tones), "", total])


def moment(given: str, now: datetime) -> datetime:
    """Parse an age (90m, 24h, 7d), or an ISO 8601 date or time, in UTC unless it says otherwise.

    Raises ValueError for anything else.
    """
    if found := re.fullmatch(r"(\d+)([mhd])", given):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
        return now - timedelta(**{unit: int(found[1])})
    at = datetime.fromisoformat(given)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _asked(line: Mapping[str, Any]) -> Rebuild:
    reason = line.get("reason")
    return Rebuild(
        asked_at=line["at"],
        workspace_id=line["workspace_id"],
        user=line.get("user"),
        why=CAUSES.get(reason or ""),
        waited_seconds=line.get("waited_seconds"),
        bundle_id=line.get("bundle_id"),
        image_id=line.get("image_id"),
        canary=line.get("canary", False),
        reason=None if reason in CAUSES else reason,
    )


def _is_another(known: Rebuild, line: Mapping[str, Any]) -> bool:
    """Whether this is the end of a rebuild missing from the log. A failed one may heal."""
    return known.outcome != "in progress" and (
        known.outcome != "failed" or line["decision"] == "failed"
    )


def _ended(known: Rebuild, line: Mapping[str, Any]) -> Rebuild:
    return replace(
        known,
        user=line.get("user") or known.user,
        image_id=line.get("image_id") or known.image_id,
        outcome=line["decision"],
        ended_at=line["at"],
        took_seconds=line.get("took_seconds"),
        reason=line.get("reason"),
    )


def _cells(rebuild: Rebuild) -> tuple[str, ...]:
    waited, took = rebuild.waited_seconds, rebuild.took_seconds
    return (
        minute(rebuild.asked_at),
        rebuild.workspace_id,
        rebuild.user or "",
        rebuild.why or "",
        "" if waited is None else span(waited),
        f"{rebuild.image_id or ''}{' (canary)' if rebuild.canary else ''}",
        rebuild.outcome,
        "" if took is None else span(took),
        rebuild.reason or "",
    )
