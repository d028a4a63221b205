"""fleet status: a row for each WorkSpace of the roster, and a line for each bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .ledger import Item, Ledger, owed_for, phase, since
from .output import aligned, coloured, minute, span, without_empty
from .reasons import MEANINGS
from .settings import Settings

ORDER = ("unreadable", "failed", "vacant", "rebuilding", "in_use", "new", "clean")
"""The phases in the order of the rows: what needs a look comes first."""

MOST_LOST = 3
"""As in the function: a bundle is held once rebuilds of so many of its WorkSpaces failed."""

ROLL_OUT = "roll_out"
"""The function's name for a roll-out, as a reason to wait and as a reason to rebuild."""

UNATTENDED = timedelta(hours=1)
"""As in the function: what is due for longer than this, and than two calls for each planned look
take, has not been looked at."""

AUDIT_LAG = timedelta(hours=1)
"""As the alarm audit-missed: how much later than the interval between audits the next may end."""

HEADINGS = ("WorkSpace", "user", "phase", "since", "due", "reason", "image", "needs", "held")


@dataclass(frozen=True)
class Row:
    """A WorkSpace as an administrator sees it. Times are UTC.

    since          the beginning of the phase; for in_use, the latest sign of use
    due_at         when the function looks next; None: not before a signal or the next audit
    owed_for       why a rebuild is owed: session_end, by_hand or roll_out
    needs          the alarm that says what it needs a person for now; None: it needs nobody
    image_id       the image of its last rebuild; next_image_id what a rebuild would take now
    """

    workspace_id: str
    user: str | None
    bundle_id: str | None
    phase: str
    since: datetime | None
    due_at: datetime | None
    reason: str | None
    owed_for: str | None
    needs: str | None
    needs_since: datetime | None
    image_id: str | None
    next_image_id: str | None
    held_until: datetime | None
    hold_reason: str | None


def without_canaries(ledger: Ledger) -> Ledger:
    """The ledger if canary_after_hours is null: without canaries, held bundles, and what an earlier
    look said of them."""
    items = {
        id_: {name: value for name, value in item.items() if not _is_of_canaries(name, value)}
        for id_, item in ledger.items.items()
    }
    return replace(ledger, items=items)


def rows(
    ledger: Ledger, images: Mapping[str, str], now: datetime, api_rate: float = Settings.api_rate
) -> list[Row]:
    """A row for each WorkSpace of the roster: what needs a person first, then by phase and due.

    `api_rate` is in calls per second.
    """
    planned = sum("due_at" in item for id_, item in ledger.items.items() if id_ != "audit")
    unattended = now - UNATTENDED - timedelta(seconds=2 * planned / api_rate)
    made = [_row(id_, ledger.items.get(id_), images, unattended, now) for id_ in ledger.roster]
    return sorted(made, key=_rank)


def text(rows: Sequence[Row], ledger: Ledger, images: Mapping[str, str], now: datetime) -> str:
    """The table, its totals, lines for the rows' bundles, and what the reasons mean."""
    if not rows:
        return "No WorkSpace matches." if ledger.roster else "No WorkSpace."
    heading, *lines = aligned(without_empty(HEADINGS, [_cells(row, now) for row in rows]))
    shown = [coloured(line, _tone(row)) for line, row in zip(lines, rows, strict=True)]
    bundles = filter(None, (_bundle(id_, ledger, images) for id_ in bundle_ids(rows)))
    met = dict.fromkeys(reason for row in rows for reason in _reasons(row) if reason in MEANINGS)
    explained = aligned([(f"  {reason}", MEANINGS[reason]) for reason in met])
    totals = _totals(rows, len(held(rows, ledger)))
    return "\n".join([heading, *shown, "", totals, *bundles, *explained])


def last_audit(ledger: Ledger, interval: timedelta, now: datetime) -> str:
    """A line that says when the last audit was completed, and if another should have been since."""
    audit = ledger.items.get("audit", {})
    completed_at = audit.get("completed_at")
    if completed_at is None:
        return "No audit has been completed yet."
    age = max(timedelta(), now - completed_at)
    is_late = age > interval + AUDIT_LAG
    remark = "; one is late: see audit-missed in docs/operations.md" if is_late else ""
    if "due_at" in audit:  # completed_at may then be the time of the first request
        return f"An audit is due or under way{remark}."
    return f"Last audit: {span(age.total_seconds())} ago{remark}."


def bundle_ids(rows: Sequence[Row]) -> list[str]:
    """The bundles of these WorkSpaces, sorted."""
    return sorted({row.bundle_id for row in rows if row.bundle_id})


def held(rows: Sequence[Row], ledger: Ledger) -> list[str]:
    """The bundles of these WorkSpaces whose rebuilds wait until a lost WorkSpace is rebuilt."""
    return [id_ for id_ in bundle_ids(rows) if len(_lost(id_, ledger)) >= MOST_LOST]


def _is_of_canaries(name: str, value: object) -> bool:
    return name in ("canary", "lost") or (
        name in ("reason", "needs") and value in ("canary", "held_bundle")
    )


def _row(
    id_: str, item: Item | None, images: Mapping[str, str], unattended: datetime, now: datetime
) -> Row:
    item = {"reason": "not_seen_yet"} if item is None else item
    due_at, needs, needs_since = item.get("due_at"), item.get("needs"), item.get("needs_at")
    reason = item.get("reason") if item.get("phase", phase(item)) == phase(item) else None
    # A look that was due before the need began might have shown that there is none.
    seen_to = now if needs == "late" or due_at is None else min(now, due_at)
    if needs is None or needs_since is None or needs_since > seen_to:
        needs = needs_since = None
        if due_at is not None and due_at <= unattended:
            needs, needs_since, reason = "late", due_at, "not_looked_at"
    is_held = "held_until" in item and item["held_until"] > now
    return Row(
        workspace_id=id_,
        user=item.get("user"),
        bundle_id=item.get("bundle_id"),
        phase=phase(item),
        since=since(item),
        due_at=due_at,
        reason=reason,
        owed_for=owed_for(item),
        needs=needs,
        needs_since=needs_since,
        image_id=item.get("image_id"),
        next_image_id=images.get(item.get("bundle_id", "")),
        held_until=item["held_until"] if is_held else None,
        hold_reason=item.get("hold_reason") if is_held else None,
    )


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    image, following = row.image_id or "?", row.next_image_id
    until = f"until {minute(row.held_until)}" if row.held_until else ""
    return (
        row.workspace_id,
        row.user or "",
        row.phase,
        f"{span(max(0.0, (now - row.since).total_seconds()))} ago" if row.since else "",
        _due(row, now),
        ", ".join(_reasons(row)),
        f"{image} -> {following}" if following and following != image else row.image_id or "",
        row.needs or "",
        f"{until}: {row.hold_reason}" if until and row.hold_reason else until,
    )


def _reasons(row: Row) -> list[str]:
    """For a roll-out, this comes first, as no session has ended; then what it waits for."""
    rolls_out = ROLL_OUT if row.owed_for == ROLL_OUT else None
    return [*dict.fromkeys(filter(None, (rolls_out, row.reason)))]


def _due(row: Row, now: datetime) -> str:
    if row.due_at is None:
        return ""
    left = (row.due_at - now).total_seconds()
    return "now" if left <= 0 else f"in {span(left)}"


def _totals(rows: Sequence[Row], held: int) -> str:
    counts, needy = Counter(row.phase for row in rows), sum(row.needs is not None for row in rows)
    parts = [f"{counts[phase]} {phase}" for phase in ORDER if counts[phase]]
    total = f"{len(rows)} WorkSpace{'' if len(rows) == 1 else 's'}"
    person = f"{needy or 'None'} need{'s' if needy < 2 else ''} a person"
    bundles = f"; {held} bundle{' is' if held == 1 else 's are'} held" if held else ""
    return f"{total}: {', '.join(parts)}. {person}{bundles}."


def _bundle(id_: str, ledger: Ledger, images: Mapping[str, str]) -> str:
    """A bundle's line: how many WorkSpaces of the roster have its image, its canary, and failed
    rebuilds; empty if none of these is known."""
    known = [ledger.items.get(workspace_id, {}) for workspace_id in ledger.roster]
    own = [item for item in known if item.get("bundle_id") == id_]
    parts = [_spread(own, images[id_])] if id_ in images else []
    if canary := ledger.items.get(id_, {}).get("canary"):
        parts.append(f"canary {canary}")
    if lost := _lost(id_, ledger):
        held = "held, " if len(lost) >= MOST_LOST else ""
        parts.append(f"{held}rebuilds failed on {' '.join(lost)}")
    return f"{id_}: {'; '.join(parts)}" if parts else ""


def _lost(bundle_id: str, ledger: Ledger) -> Sequence[str]:
    lost: Sequence[str] = ledger.items.get(bundle_id, {}).get("lost", ())
    return lost


def _spread(own: Sequence[Item], image: str) -> str:
    """How many WorkSpaces have the image that a rebuild would use. An unknown one is from before
    the module was deployed."""
    counts = Counter(item.get("image_id") for item in own)
    have, unknown = counts[image], counts[None]
    another = len(own) - have - unknown
    parts = [f"{have} of {len(own)} have {image}"]
    parts += [f"{another} another"] if another else []
    parts += [f"{unknown} an unknown one"] if unknown else []
    return ", ".join(parts)


def _tone(row: Row) -> str | None:
    if row.needs:
        return "bad"
    return {"rebuilding": "working", "vacant": "waiting", "failed": "waiting"}.get(row.phase)


def _rank(row: Row) -> tuple[bool, int, bool, datetime | None, str]:
    """The sort key of a row; in each phase, those without a due time come last."""
    place = ORDER.index(row.phase)
    return row.needs is None, place, row.due_at is None, row.due_at, row.workspace_id
