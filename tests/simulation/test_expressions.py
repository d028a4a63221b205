"""The table's expressions: DynamoDB's own answers, in small."""

from __future__ import annotations

import pytest

from simulation.expressions import Given, InvalidExpression, Item, condition, update

ITEM: Item = {"id": {"S": "a"}, "version": {"N": "3"}}
VALUES = Given({":one": {"N": "1"}, ":three": {"N": "3.0"}, ":b": {"S": "b"}}, {"#v": "version"})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("attribute_not_exists(id)", False),
        ("attribute_exists(#v) AND id < :b", True),
        ("version = :three", True),
        ("version = :b", False),
        ("version <> :b", True),
        ("absent < :b", False),
        ("NOT absent < :b", True),
        ("attribute_not_exists(id) OR version > :one AND id = :b", False),
        ("(attribute_exists(id) OR version > :one) AND begins_with(id, :b)", False),
        ("version BETWEEN :one AND :three", True),
    ],
)
def test_a_condition_holds_as_in_dynamodb(text: str, holds: bool) -> None:
    assert condition(text)(ITEM, VALUES) is holds


def test_an_update_reads_the_item_as_it_was() -> None:
    new = dict(ITEM)
    text = (
        "SET id = :b, same = id, origin = if_not_exists(origin, :one) ADD version :one REMOVE gone"
    )
    for change in update(text):
        change(ITEM, new, VALUES)
    assert new == {
        "id": {"S": "b"},
        "same": {"S": "a"},
        "origin": {"N": "1"},
        "version": {"N": "4"},
    }


@pytest.mark.parametrize("text", ["copy = :b", "id == :b", "id = ", "id = :b)", "size(id) > :b"])
def test_what_dynamodb_refuses_is_refused(text: str) -> None:
    with pytest.raises(InvalidExpression):
        condition(text)


def test_what_is_no_number_cannot_be_counted_on() -> None:
    [add] = update("ADD version :one")
    with pytest.raises(InvalidExpression, match="incorrect data type"):
        add({"version": {"S": "?"}}, {}, Given({":one": {"N": "1"}}, {}))
