"""One row per WorkSpace: phase, since, due, reason, image. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from nonpersistent import images
from nonpersistent.decisions import Deferral
from nonpersistent.facts import ATTEMPTS, GONE_STATES, Facts, Phase, after, latest
from nonpersistent.images import Admission, Proof, failures
from nonpersistent.records import Record

from .survey import Fleet, Ledger

UNSEEN = "unseen"
"""The phase of a WorkSpace that no audit has seen yet: it has no record."""

ORDER = (Phase.BLOCKED, Phase.VACANT, Phase.REBUILDING, Phase.IN_USE, UNSEEN, Phase.CLEAN)
"""What needs a look comes first."""

DRY_RUN = "dry_run"

MEANING: dict[str, str] = {
    Deferral.GRACE: "vacant, but not yet for the whole grace period",
    Deferral.EVIDENCE: "no connection check yet that says nobody is connected",
    Deferral.STATE: "the WorkSpace is in a state that allows no rebuild",
    Deferral.SNAPSHOT: "no snapshot of the user volume yet that is newer than the session",
    Deferral.WINDOW: "the rebuild window is closed",
    Deferral.BRAKE: "maximum_rebuilds_per_hour is reached",
    Deferral.PROVING: "its bundle's image is on trial, or bad",
    Deferral.THROTTLED: "AWS throttled the rebuild",
    Deferral.SUPERSEDED: "something was recorded while the function looked",
    DRY_RUN: "would be rebuilt, but for dry_run",
    "not_found": "AWS does not know this WorkSpace",
    "used": "a sign-in or a connection was seen then, and no session end since",
    "accepted": "AWS accepted the rebuild; the next audit sees how it ended",
    "unanswered": "AWS did not answer; the WorkSpace's state will tell",
    "baseline": "not used since the module saw it first",
    "not_seen_yet": "the next audit sees it",
}
"""What the reasons mean, for the lines below the table. docs/operations.md says more."""


@dataclass(frozen=True)
class Row:
    """A WorkSpace as an administrator sees it. Times are UTC.

    since      the beginning of the phase
    due_at     when the function looks next; None: not before a signal or the next audit
    image_id   what a rebuild would take now; `image` is that with what is known of its proof
    """

    workspace_id: str
    user: str | None
    phase: str
    since: datetime | None
    due_at: datetime | None
    reason: str | None
    image_id: str | None
    image: str
    state: str | None


def rows(ledger: Ledger, fleet: Fleet) -> list[Row]:
    """A row for each WorkSpace of the roster: what needs a look first, then by due time and id."""
    made = [_row(id_, ledger, fleet) for id_ in ledger.roster]
    return sorted(made, key=_rank)


def meanings(reasons: Iterable[str | None]) -> dict[str, str]:
    """The reasons that need an explanation, each once, in the order of MEANING."""
    given = {reason for reason in reasons if reason}
    return {reason: meaning for reason, meaning in MEANING.items() if reason in given}


def _row(id_: str, ledger: Ledger, fleet: Fleet) -> Row:
    record, found = ledger.records.get(id_), fleet.workspaces.get(id_)
    described = found or {}
    state = described.get("State")
    bundle_id = described.get("BundleId") or (record and record.facts.bundle_id)
    image_id = fleet.images.get(bundle_id) if bundle_id else None
    proof = ledger.proofs.get(bundle_id) if bundle_id else None
    if found is None:
        reason: str | None = "not_found"
    elif state in GONE_STATES:
        reason = state
    else:
        reason = _reason(record)
    return Row(
        workspace_id=id_,
        user=described.get("UserName"),
        phase=record.facts.phase.value if record else UNSEEN,
        since=_since(record.facts) if record else None,
        due_at=record.look_at if record else None,
        reason=reason,
        image_id=image_id,
        image=_image(image_id, proof, id_),
        state=state,
    )


def _since(facts: Facts) -> datetime | None:
    match facts.phase:
        case Phase.CLEAN:
            return facts.clean_at
        case Phase.IN_USE:
            return latest(facts.used_at, facts.told_at)
        case Phase.REBUILDING:
            return facts.asked_at
        case _:
            return facts.vacant_since


def _reason(record: Record | None) -> str | None:
    """Why the WorkSpace is in its phase; a reason of decisions.Deferral where a rebuild waits."""
    if record is None:
        return "not_seen_yet"
    facts = record.facts
    refused = f"{facts.reason} ({facts.attempts} of {ATTEMPTS})" if facts.attempts else None
    match facts.phase:
        case Phase.CLEAN:
            return "rebuilt" if facts.clean_at == facts.rebuilt_at else "baseline"
        case Phase.IN_USE if after(facts.told_at, facts.used_at) or facts.used_at is None:
            return Deferral.EVIDENCE
        case Phase.IN_USE:
            return "used"
        case Phase.REBUILDING:
            how = "accepted" if facts.accepted_at else "unanswered"
            return f"{how}, proves the image" if facts.proving else how
        case Phase.BLOCKED:
            return refused
        case Phase.VACANT if record.waits_for and record.waits_for != facts.reason:
            return record.waits_for
        case Phase.VACANT:
            return refused or (DRY_RUN if record.look_at is None else None)
    raise ValueError(facts.phase)


def _image(image_id: str | None, proof: Proof | None, workspace_id: str) -> str:
    if image_id is None:
        return "-"
    if proof is None or proof.proven is None:
        return image_id
    if proof.knows(image_id):
        return f"{image_id} proven"
    _, admission = images.admit(proof, image_id, workspace_id)
    if admission is Admission.BAD:
        return f"{image_id} bad"
    failed, on = failures(proof, image_id), proof.trials.get(image_id)
    ended = f", {failed} failed" if failed else ""
    return f"{image_id} {f'on trial: {on}' if on else 'new, not tried'}{ended}"


def _rank(row: Row) -> tuple[int, bool, datetime | None, str]:
    """By phase, then by due time; those without one last."""
    return (ORDER.index(row.phase), row.due_at is None, row.due_at, row.workspace_id)
