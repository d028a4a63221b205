"""Write the module's policies to a folder, a file each, for parliament.

    python -m tests.policies FOLDER

Without those of two kinds that it does not know: trust policies, which have no resource, and key
policies, whose resource is always *. test_policies.py says in words what these allow.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from sandbox import Sandbox

from .rendered import fleet_on

BY_TAG = {"key": "fleet", "value": "desks"}


def main(folder: Path) -> None:
    """Permissions by id, with events, and by tag, without them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, Sandbox() as aws:
        fleet = fleet_on(aws, Path(scratch), "aws")
        found = {
            f"{variant} {address}": policy
            for variant, planned in (
                ("by id", fleet.planned(publish_events=True)),
                ("by tag", fleet.planned(workspace_tag=BY_TAG)),
            )
            for address, policy in planned.policies.items()
            if all("Resource" in statement for statement in policy["Statement"])
        }
    for name, policy in found.items():
        path = folder / (re.sub(r"[^a-z0-9]+", "-", name).strip("-") + ".json")
        path.write_text(json.dumps(policy, indent=2))
    print(f"{len(found)} policies")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
