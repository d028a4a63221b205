"""The list of harmless mutants speaks of the code as it is; `make mutation` says if it is true."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.survivors import HARMLESS, Change, change

SOURCES = Path(__file__).parents[2] / "lambda_src" / "nonpersistent"
ENTRIES: list[dict[str, Any]] = tomllib.loads(HARMLESS.read_text())["mutant"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["function"])
def test_a_harmless_mutant_is_one_of_code_that_is_there_and_has_a_reason(
    entry: dict[str, Any],
) -> None:
    module, *_, function = entry["function"].split(".")
    source = (SOURCES / f"{module}.py").read_text()
    assert f"def {function}(" in source
    assert entry["was"] in " ".join(source.split())
    assert entry["becomes"] != entry["was"]
    assert len(entry["why"]) > 20


DIFF = """\
# nonpersistent.ledger.xǁLedgerǁlease__mutmut_7: survived
--- nonpersistent/ledger.py
+++ nonpersistent/ledger.py
@@ -1,4 +1,3 @@
 def lease(self):
-    return self.put(
-        "a -- b",
+    return self.put(
     )
"""


def test_a_mutant_is_known_by_its_function_and_what_changed() -> None:
    name = "nonpersistent.ledger.xǁLedgerǁlease__mutmut_7"
    known = change(name, DIFF)
    assert known == Change("ledger.Ledger.lease", 'return self.put( "a -- b",', "return self.put(")
    [entry] = tomllib.loads(str(known))["mutant"]
    assert entry == {**vars(known), "why": ""}
    assert change("nonpersistent.signals.x__metrics__mutmut_1", "").function == "signals._metrics"
