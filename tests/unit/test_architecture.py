"""Dependencies point one way, modules stay small, and the payload needs nothing but AWS's SDK."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterable
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "lambda_src" / "nonpersistent"
MODULES = {path.stem: ast.parse(path.read_text()) for path in sorted(SOURCES.glob("*.py"))}
LAYERS = [
    {"__init__", "clock", "settings", "facts", "answers"},
    {"signals", "observation", "pacing", "canary"},
    {"claims", "announcer"},
    {"lifecycle", "records", "journal"},
    {"lateness", "table"},
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
MOST_LINES_OF_CODE = 3000
MOST_ARGUMENTS = 4

NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


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


def lines_of_code(name: str) -> int:
    """How many lines a module has without comments, docstrings and blank lines."""
    texts = (node for node in ast.walk(MODULES[name]) if isinstance(node, ast.Expr))
    documented = {
        line
        for text in texts
        if isinstance(text.value, ast.Constant)
        for line in range(text.lineno, (text.end_lineno or text.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO((SOURCES / f"{name}.py").read_text()).readline)
    code = (token for token in tokens if token.type not in NO_CODE and token.string)
    lines = {line for token in code for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - documented)


def test_the_function_stays_small() -> None:
    assert sum(map(lines_of_code, MODULES)) < MOST_LINES_OF_CODE


def services(modules: Iterable[ast.Module]) -> dict[str, list[str]]:
    """What the constructor of each service takes, by the service's name.

    A service does things; a value only says something, however much. What has an `__init__` of its
    own is a service; so is a dataclass that may change and has methods, and one that holds a
    service. Any other dataclass is a value.
    """
    found: dict[str, list[str]] = {}
    rest: dict[str, ast.ClassDef] = {}
    for node in (node for module in modules for node in ast.walk(module)):
        if not isinstance(node, ast.ClassDef):
            continue
        methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        own = next((each for each in methods if each.name == "__init__"), None)
        dataclass = next((ast.unparse(d) for d in node.decorator_list if is_dataclass(d)), None)
        acts = any(not is_property(each) for each in methods)
        if own is not None:
            args = own.args
            taken = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            found[node.name] = [
                each.arg for each in taken if each is not None and each.arg != "self"
            ]
        elif dataclass is not None and acts and "frozen=True" not in dataclass:
            found[node.name] = list(fields(node))
        elif dataclass is not None:
            rest[node.name] = node
    while holders := [
        name
        for name, node in rest.items()
        if any(names(a) & set(found) for a in fields(node).values())
    ]:
        found |= {name: list(fields(rest.pop(name))) for name in holders}
    return found


def is_dataclass(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).split("(")[0] in ("dataclass", "dataclasses.dataclass")


def is_property(method: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(each) for each in method.decorator_list)


def fields(node: ast.ClassDef) -> dict[str, ast.expr]:
    """Those that the constructor of a dataclass takes, with their types."""
    return {
        ast.unparse(each.target): each.annotation
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and "init=False" not in ast.unparse(each.value or each.target)
        and "ClassVar" not in names(each.annotation)
    }


def names(annotation: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


SERVICES = services(MODULES.values())


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_takes_more_than_four_things(service: str) -> None:
    assert len(SERVICES[service]) <= MOST_ARGUMENTS


def test_a_service_is_told_from_a_value() -> None:
    source = """
@dataclass
class Changes:
    one: int
    kept: int = field(default=0, init=False)
    def act(self): ...

@dataclass(frozen=True)
class Holds:
    two: Changes | None

@dataclass(frozen=True)
class HoldsAHolder:
    three: Sequence[Holds]

class Written:
    def __init__(self, one, *, two): ...

@dataclass(frozen=True)
class Value:
    one: int
    def says(self): ...

@dataclass
class Counts:
    one: int
    @property
    def double(self): ...
"""
    assert services([ast.parse(source)]) == {
        "Changes": ["one"],
        "Holds": ["two"],
        "HoldsAHolder": ["three"],
        "Written": ["one", "two"],
    }
