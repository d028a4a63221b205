"""An image that is proven, a rebuild that went first with it, and who is lost to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from nonpersistent.canary import Admission, Bundle
from nonpersistent.facts import Claim
from nonpersistent.records import Record
from tests.unit.stage import DUE, Stage
from tests.unit.support import BUNDLE, IMAGE, NEWER, NOON, WS, at

TRUSTED = Bundle(BUNDLE, image_id=IMAGE, proven_at=at(-60))
PROVEN = Bundle(BUNDLE, image_id=NEWER, proven_at=at(-60))
CLAIM = Claim(asked_at=NOON, accepted_at=NOON, image_id=IMAGE)
UNDER_WAY = Claim(asked_at=at(-30), accepted_at=at(-30), begun_at=at(-20))
FIRST = replace(CLAIM, goes_first=True)
LOST = ("ws-000000001", "ws-000000002", "ws-000000003")
GO, GO_FIRST, WAIT = Admission.GO, Admission.GO_FIRST, Admission.WAIT
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def known(id_: str = WS, **facts: Any) -> Record:
    """A record of a WorkSpace that owes a rebuild."""
    return Record(id_, replace(DUE, **facts))


def kept(stage: Stage) -> Bundle:
    """What the ledger says of the bundle, however often it was written."""
    return replace(stage.ledger.bundle(BUNDLE), version=0)
