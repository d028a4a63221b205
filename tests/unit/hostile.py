"""The cases of tests/fixtures/hostile.json: what Lambda gets, and what must be said of it.

A case is a base with changes, by path: of the notification's `record`, of the `alarm` in it, or
of a `sign_in`. Or it is a whole `message`, an alarm's `metric_math`, several `records`, an
`event`. In any of these, {"alarm": changes} and its like are a changed base (or a part of one),
`json_of` is JSON as text, and long texts and deep lists are repetitions.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import reduce
from pathlib import Path
from typing import Any

FILE = json.loads((Path(__file__).parents[1] / "fixtures" / "hostile.json").read_text())
BASES: dict[str, Any] = FILE["bases"]
CASES: dict[str, dict[str, Any]] = FILE["cases"]
IGNORED = {name: case for name, case in CASES.items() if "says" in case}
DATED = {name: case for name, case in CASES.items() if "recorded_at" in case}


def event(name: str) -> Any:
    """The event of a case as Lambda gets it."""
    match CASES[name]:
        case {"event": whole}:
            return spelled_out(whole)
        case {"sign_in": changes}:
            return changed("sign_in", changes)
        case {"records": list(records)}:
            return {"Records": [_record(record) for record in records]}
        case {"records": {"list_of": record, "times": int(times)}}:
            return {"Records": [_record(record)] * times}
        case record:
            return {"Records": [_record(record)]}


def reasons(name: str) -> list[str]:
    """Why each record of a case is ignored."""
    return list(spelled_out(IGNORED[name]["says"]))


def _record(given: Any) -> Any:
    match given:
        case {"record": changes}:
            return changed("record", changes)
        case {"message": message}:
            return changed("record", {"Sns.Message": message})
        case {"metric_math": parts}:
            trigger = {"Trigger": {"metric_math": {"Metrics": parts}}}
            return _record({"alarm": trigger | given.get("alarm", {})})
        case {"alarm": changes}:
            return changed("record", {"Sns.Message": {"json_of": {"alarm": changes}}})
    return spelled_out(given)


def changed(place: str, changes: dict[str, Any]) -> Any:
    """A base, or a part of one, with other values at these paths."""
    name, *inner = place.split(".")
    value = reduce(_step, inner, deepcopy(BASES[name]))
    for path, new in changes.items():
        *outer, last = path.split(".")
        parent = reduce(_step, outer, value)
        if new == {"absent": True}:
            del parent[last]
        else:
            parent[int(last) if isinstance(parent, list) else last] = new
    return spelled_out(value)


def _step(value: Any, key: str) -> Any:
    return value[int(key) if isinstance(value, list) else key]


def spelled_out(value: Any) -> Any:
    """What a part of a fixture stands for."""
    match value:
        case {"repeat": str(text), "times": int(times)}:
            return text * times
        case {"join": list(parts)}:
            return "".join(map(spelled_out, parts))
        case {"list_of": item, "times": int(times)}:
            return [spelled_out(item)] * times
        case {"nested": leaf, "times": int(times)}:
            for _ in range(times):
                leaf = {"detail": [leaf]}
            return leaf
        case {"json_of": inner}:
            return json.dumps(spelled_out(inner))[: value.get("length")]
        case dict():
            if len(value) == 1 and (place := next(iter(value))).split(".")[0] in BASES:
                return changed(place, value[place])
            return {key: spelled_out(inner) for key, inner in value.items()}
        case list():
            return [spelled_out(inner) for inner in value]
    return value
