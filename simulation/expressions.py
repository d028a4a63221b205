"""DynamoDB's expressions, as far as a small table needs them. Each is parsed only once.

Grammar and functions as in "Condition and filter expressions" and "Update expressions" of the
DynamoDB developer guide. Anything else is a ValidationException, not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

Value = dict[str, Any]
Item = dict[str, Value]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),]|[:#]?[A-Za-z_][A-Za-z0-9_.\-]*)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class InvalidExpression(Exception):
    """An expression that DynamoDB rejects with ValidationException."""


@dataclass(frozen=True)
class Given:
    """The values and names that go with an expression."""

    values: Mapping[str, Value]
    names: Mapping[str, str]


Test = Callable[[Item, Given], bool]
Operand = Callable[[Item, Given], Value | None]
Update = Callable[[Item, Item, Given], None]
"""Reads the old item, changes the new one."""


class _Parser:
    """Reads an expression token by token. The methods below the headings are the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = []
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise InvalidExpression(f"syntax error near {text[at : at + 10]!r}")
            self.tokens.append(match.group(1))
            at = match.end()
        self.at = 0

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        """Read the next token, which must be `wanted` if that is given."""
        token = self.peek()
        if not token or (wanted is not None and token.upper() != wanted):
            raise InvalidExpression(f"expected {wanted or 'more'}, found {token!r}")
        self.at += 1
        return token

    def keyword(self, word: str) -> bool:
        """Read `word` if it comes next, and say whether it did."""
        if self.peek().upper() == word:
            self.at += 1
            return True
        return False

    # -- conditions ---------------------------------------------------------------------------

    def either(self) -> Test:
        """both [OR both]..."""
        tests = [self.both()]
        while self.keyword("OR"):
            tests.append(self.both())
        return lambda item, given: any(test(item, given) for test in tests)

    def both(self) -> Test:
        """single [AND single]..."""
        tests = [self.single()]
        while self.keyword("AND"):
            tests.append(self.single())
        return lambda item, given: all(test(item, given) for test in tests)

    def single(self) -> Test:
        """NOT single | ( either ) | attribute_exists(path) | attribute_not_exists(path)
        | begins_with(operand, operand) | operand BETWEEN operand AND operand
        | operand comparator operand"""
        if self.keyword("NOT"):
            negated = self.single()
            return lambda item, given: not negated(item, given)
        if self.keyword("("):
            inner = self.either()
            self.take(")")
            return inner
        match self.peek():
            case "attribute_exists" | "attribute_not_exists" as function:
                self.take()
                self.take("(")
                path = self.path()
                self.take(")")
                wanted = function == "attribute_exists"
                return lambda item, given: (path(given) in item) is wanted
            case "begins_with":
                self.take()
                self.take("(")
                whole, start = self.operand(), self._second()
                return lambda item, given: _text(whole(item, given)).startswith(
                    _text(start(item, given))
                )
        left = self.operand()
        if self.keyword("BETWEEN"):
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return lambda item, given: (
                _compare("<=", low(item, given), left(item, given))
                and _compare("<=", left(item, given), high(item, given))
            )
        operator = self.take()
        if operator not in _COMPARE:
            raise InvalidExpression(f"unknown operator {operator!r}")
        right = self.operand()
        return lambda item, given: _compare(operator, left(item, given), right(item, given))

    def _second(self) -> Operand:
        """, operand ): the rest of a function with two arguments."""
        self.take(",")
        operand = self.operand()
        self.take(")")
        return operand

    def path(self) -> Callable[[Given], str]:
        """name | #placeholder: an attribute of the item itself."""
        token = self.take()
        if token.startswith("#"):
            return lambda given: given.names[token]
        if token.upper() in _reserved():
            raise InvalidExpression(f"Attribute name is a reserved keyword: {token}")
        return lambda _given: token

    def operand(self) -> Operand:
        """:value | if_not_exists(path, operand) | path"""
        token = self.peek()
        if token.startswith(":"):
            self.take()
            return lambda _item, given: _value(given, token)
        if token == "if_not_exists":
            self.take()
            self.take("(")
            held = self.path()
            otherwise = self._second()
            return lambda item, given: item.get(held(given)) or otherwise(item, given)
        named = self.path()
        return lambda item, given: item.get(named(given))

    # -- updates ------------------------------------------------------------------------------

    def updates(self) -> list[Update]:
        """SET, ADD or REMOVE, each at most once, with one change [, change]..."""
        found: list[Update] = []
        seen: set[str] = set()
        while self.peek():
            clause = self.take().upper()
            if clause not in {"SET", "ADD", "REMOVE"} or clause in seen:
                raise InvalidExpression(f"unexpected clause {clause}")
            seen.add(clause)
            found.append(self._one(clause))
            while self.keyword(","):
                found.append(self._one(clause))
        return found

    def _one(self, clause: str) -> Update:
        """SET: path = operand. ADD: path operand. REMOVE: path."""
        path = self.path()
        match clause:
            case "SET":
                self.take("=")
                value = self.operand()
                return lambda old, new, given: _set(new, path(given), value(old, given))
            case "ADD":
                added = self.operand()
                return lambda old, new, given: _add(old, new, path(given), added(old, given))
            case _:
                return lambda _old, new, given: _remove(new, path(given))


def _set(new: Item, name: str, value: Value | None) -> None:
    if value is None:
        raise InvalidExpression("the provided expression refers to an attribute that is not there")
    new[name] = value


def _add(old: Item, new: Item, name: str, value: Value | None) -> None:
    if value is None or "N" not in value:
        raise InvalidExpression("ADD takes numbers here")
    before = old.get(name, {"N": "0"})
    if "N" not in before:
        raise InvalidExpression("an operand in the update expression has an incorrect data type")
    new[name] = {"N": str(int(before["N"]) + int(value["N"]))}


def _remove(new: Item, name: str) -> None:
    new.pop(name, None)


def _compare(operator: str, left: Value | None, right: Value | None) -> bool:
    """Compare two values. If the types differ or one is absent, only `<>` is true."""
    if left is None or right is None or left.keys() != right.keys():
        return operator == "<>"
    [(kind, a)], [(_, b)] = left.items(), right.items()
    if kind == "N":
        return _COMPARE[operator](float(a), float(b))
    return _COMPARE[operator](a, b)


def _text(value: Value | None) -> str:
    return str((value or {}).get("S", "\0"))


def _value(given: Given, token: str) -> Value:
    if token not in given.values:
        raise InvalidExpression(f"no value for {token}")
    return given.values[token]


@lru_cache(maxsize=1)
def _reserved() -> frozenset[str]:
    return frozenset(ReservedKeywords.get_reserved_keywords())


@lru_cache(maxsize=256)
def condition(text: str) -> Test:
    """A condition or key condition; raises InvalidExpression."""
    parser = _Parser(text)
    test = parser.either()
    if parser.peek():
        raise InvalidExpression(f"unexpected {parser.peek()!r}")
    return test


@lru_cache(maxsize=256)
def update(text: str) -> list[Update]:
    """The individual changes of an update expression; raises InvalidExpression."""
    return _Parser(text).updates()
