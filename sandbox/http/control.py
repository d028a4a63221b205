"""Act as a user with curl: a few paths next to AWS's own.

GET  /sandbox/desktops              every desktop (/sandbox/desktops/ID: one of them)
POST /sandbox/desktops              a new desktop
POST /sandbox/desktops/ID/sign-in   (sign-out, drop, reconnect, snapshot)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..desktop import Desktop
from ..desktops import CannotConnect
from ..live import LiveDesktops

Reply = tuple[int, Any]
PREFIX = "/sandbox"


class Control:
    """Answers the paths under /sandbox."""

    def __init__(self, desktops: LiveDesktops) -> None:
        self._desktops = desktops
        self._acts: dict[str, Callable[[str], None]] = {
            "sign-in": desktops.sign_in,
            "sign-out": desktops.sign_out,
            "drop": desktops.drop,
            "reconnect": desktops.reconnect,
            "snapshot": desktops.take_snapshot,
        }

    def answer(self, method: str, path: str) -> tuple[int, bytes]:
        """Answer a request with an HTTP status and a JSON text."""
        try:
            status, body = self._route(method, path.removeprefix(PREFIX).strip("/").split("/"))
        except KeyError as unknown:
            status, body = 404, {"error": f"there is no desktop {unknown}"}
        except CannotConnect as reason:
            status, body = 409, {"error": str(reason)}
        return status, (json.dumps(body, indent=2) + "\n").encode()

    def _route(self, method: str, parts: list[str]) -> Reply:
        match [method, *parts]:
            case ["GET", "desktops"]:
                return 200, [_shown(desktop) for desktop in self._desktops.all()]
            case ["POST", "desktops"]:
                return 201, _shown(self._desktops.get(self._desktops.add()))
            case ["GET", "desktops", desktop_id]:
                return 200, _shown(self._desktops.get(desktop_id))
            case ["POST", "desktops", desktop_id, act] if act in self._acts:
                self._acts[act](desktop_id)
                return 200, _shown(self._desktops.get(desktop_id))
        known = ", ".join(self._acts)
        return 404, {"error": f"try GET {PREFIX}/desktops or POST {PREFIX}/desktops/ID/({known})"}


def _shown(desktop: Desktop) -> dict[str, Any]:
    return {
        "id": desktop.id,
        "user": desktop.user,
        "state": desktop.state,
        "presence": desktop.presence,
        "bundle": desktop.bundle_id,
        "image": desktop.image_id,
        "address": desktop.ip_address,
        "root_volume": desktop.root_volume,
        "user_volume": desktop.user_volume,
        "snapshot_at": desktop.snapshot.at.isoformat() if desktop.snapshot else None,
        "rebuilds": [
            {"accepted_at": r.accepted_at.isoformat(), "user_was": r.presence, "image": r.image_id}
            for r in desktop.rebuilds
        ],
    }
