"""The page docs/events.md as data: the example, the rule, the types, the fields of `detail`."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "events.md").read_text()
[EVENT] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
[RULE] = re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)
TYPES = set(re.findall(r"^\| `(WorkSpaces? [A-Z][\w ]+)` \|", PAGE, re.MULTILINE))


def fields() -> dict[str, set[str]]:
    """What the table says of `detail`: by field, the last words of the types that have it."""
    [table] = re.findall(
        r"^\| in `detail` \| of \| \|\n(?:\|---)+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE
    )
    every = {type_.split()[-1] for type_ in TYPES}
    of: dict[str, set[str]] = {}
    for row in table.splitlines():
        names, types = row.split("|")[1:3]
        for name in re.findall(r"`(\w+)`", names):
            of[name] = of.get(name, set()) | (set(re.findall(r"[A-Z]\w+", types)) or every)
    return of
