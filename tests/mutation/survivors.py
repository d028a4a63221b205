"""What mutmut left alive, and which of it is known to be harmless."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

HARMLESS = Path(__file__).parent / "harmless.toml"
NAME = re.compile(
    r"nonpersistent\.(?P<module>\w+)\.x(_|ǁ(?P<owner>[^ǁ]+)ǁ)(?P<function>\w+)__mutmut_\d+"
)


@dataclass(frozen=True, order=True)
class Change:
    """A mutant: a function, the text of the lines that mutmut replaced, and by what.

    Whitespace counts for nothing and lines have no numbers, so that it keeps its identity when
    the code around it changes.
    """

    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        """As an entry of harmless.toml that lacks its reason."""
        shown = (f"{name} = '''{value}'''" for name, value in vars(self).items())
        return "\n".join(("[[mutant]]", *shown, "why = ''"))


def change(name: str, diff: str) -> Change:
    """From mutmut's name of a mutant, and its unified diff."""
    found = NAME.fullmatch(name)
    assert found, name
    function = ".".join(filter(None, found.group("module", "owner", "function")))
    _, _, hunks = diff.partition("\n@@")
    return Change(function, _lines(hunks, "-"), _lines(hunks, "+"))


def harmless() -> list[Change]:
    """Those that are known, each with its reason."""
    entries = tomllib.loads(HARMLESS.read_text())["mutant"]
    return [Change(one["function"], one["was"], one["becomes"]) for one in entries if one["why"]]


def _lines(hunks: str, sign: str) -> str:
    lines = (line[1:].split() for line in hunks.splitlines() if line.startswith(sign))
    return " ".join(word for words in lines for word in words)
