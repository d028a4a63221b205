"""Write every policy of the module to a folder, a file each: `python -m tests.policies FOLDER`."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from sandbox import Sandbox

from .rendered import KEY, fleet_on, key_policy_on

BY_TAG = {"key": "fleet", "value": "desks"}


def main(folder: Path) -> None:
    """The module's by id, by tag and with a key; and the key's own."""
    folder.mkdir(parents=True, exist_ok=True)
    key = KEY.format(partition="aws", region="us-east-1")
    with tempfile.TemporaryDirectory() as scratch, Sandbox() as aws:
        places = [Path(scratch, name) for name in ("fleet", "complete")]
        for place in places:
            place.mkdir()
        fleet = fleet_on(aws, places[0])
        found = {
            f"{variant} {address}": policy
            for variant, planned in (
                ("by id", fleet.planned()),
                ("by tag", fleet.planned(workspace_tag=BY_TAG, kms_key_arn=key)),
            )
            for address, policy in planned.policies.items()
        }
        found["complete key"] = key_policy_on(aws, places[1])
    for name, policy in found.items():
        path = folder / (re.sub(r"[^a-z0-9]+", "-", name).strip("-") + ".json")
        path.write_text(json.dumps(policy, indent=2))
    print(f"{len(found)} policies")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
