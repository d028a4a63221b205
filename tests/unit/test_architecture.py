"""Dependencies point one way, modules stay small, and the payload needs nothing but AWS's SDK."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "lambda_src" / "nonpersistent"
MODULES = {path.stem: ast.parse(path.read_text()) for path in sorted(SOURCES.glob("*.py"))}
LAYERS = [
    {"__init__", "clock", "settings", "facts", "canary", "answers"},
    {"signals", "observation", "pacing"},
    {"claims", "announcer"},
    {"lifecycle", "lateness", "records", "journal"},
    {"table"},
    {"ledger"},
    {"lease"},
    {"workspaces"},
    {"tools"},
    {"bundles", "gauges"},
    {"rebuilder"},
    {"examiner"},
    {"reconciler"},
    {"handler"},
]
"""From the bottom up: a module imports only from layers below its own."""

PURE = ["canary", "claims", "facts", "lateness", "lifecycle", "observation", "settings", "signals"]
"""What decides: it knows neither AWS nor what time it is."""

LONGEST = 320
MOST_ARGUMENTS = 4


def imports(name: str) -> tuple[set[str], set[str]]:
    """Our modules and the others' packages that a module imports when it runs."""
    ours: set[str] = set()
    others: set[str] = set()
    typing_only = {
        id(inner)
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(MODULES[name]):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            ours |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            others.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
    return ours, others


def test_every_module_has_a_layer() -> None:
    assert set().union(*LAYERS) == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_below(name: str) -> None:
    [level] = [level for level, layer in enumerate(LAYERS) if name in layer]
    ours, _ = imports(name)
    assert ours <= set().union(*LAYERS[:level])


@pytest.mark.parametrize("name", PURE)
def test_what_decides_knows_neither_aws_nor_the_time(name: str) -> None:
    ours, others = imports(name)
    taken_from_clock = {
        alias.name
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.ImportFrom) and node.module == "clock"
        for alias in node.names
    }
    assert ours <= {*PURE, "clock"}
    assert taken_from_clock <= {"to_millisecond"}
    assert not others & {"boto3", "botocore", "os", "socket", "logging", "urllib", "pathlib"}
    assert "time" not in others


@pytest.mark.parametrize("name", MODULES)
def test_only_the_clock_knows_the_time(name: str) -> None:
    calls = {
        ast.unparse(node.func) for node in ast.walk(MODULES[name]) if isinstance(node, ast.Call)
    }
    looked_up = {"datetime.now", "datetime.utcnow", "datetime.today", "time.time", "time.sleep"}
    assert name == "clock" or not calls & looked_up


@pytest.mark.parametrize("name", MODULES)
def test_only_the_standard_library_and_the_sdk_are_imported(name: str) -> None:
    _, others = imports(name)
    assert others <= {*sys.stdlib_module_names, "boto3", "botocore"}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_stays_small(name: str) -> None:
    assert len((SOURCES / f"{name}.py").read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("name", MODULES)
def test_no_constructor_takes_more_than_four_things(name: str) -> None:
    constructors = [
        node
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    ]
    assert all(len(each.args.args) - 1 <= MOST_ARGUMENTS for each in constructors)
