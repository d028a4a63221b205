"""A subset of AWS's evaluation of resource policies: may a service do something to a resource?

It knows Effect, Principal, Action, Resource and the condition operators that resource policies of
topics, queues and functions use. Anything else never allows a request: an Allow with an unknown
operator does not apply, a Deny with one does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """`service` (such as `sns.amazonaws.com`) requests `action` on `resource`."""

    service: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys and their values, such as aws:SourceArn."""


def allows(policy: Mapping[str, Any], request: Request) -> bool:
    """Whether a statement allows the request and none denies it."""
    applying = [
        statement["Effect"]
        for statement in _list(policy.get("Statement"))
        if _applies(statement, request)
    ]
    return "Deny" not in applying and "Allow" in applying


def may_use_key(policy: Mapping[str, Any], service: str, key_arn: str) -> bool:
    """Whether a key's policy lets a service send to a topic or queue encrypted with the key.

    Source: "Key management" in the SNS developer guide and in the SQS developer guide.
    """
    actions = ("kms:Decrypt", "kms:GenerateDataKey")
    return all(allows(policy, Request(service, action, key_arn)) for action in actions)


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    if not _names(statement.get("Principal"), request.service):
        return False
    if not _any_like(statement.get("Action"), request.action, fold=True):
        return False
    resource = statement.get("Resource")
    if resource is not None and not _any_like(resource, request.resource):
        return False
    return _conditions_hold(statement, request.context)


def _names(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in _list(principal.get("Service")) or "*" in _list(principal.get("AWS"))


def _conditions_hold(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    known = {key.lower(): value for key, value in context.items()}
    for operator, wanted in (statement.get("Condition") or {}).items():
        for key, patterns in wanted.items():
            held = _holds(operator, known.get(key.lower()), [str(p) for p in _list(patterns)])
            if held is None:
                held = statement["Effect"] == "Deny"
            if not held:
                return False
    return True


def _holds(operator: str, value: str | None, patterns: list[str]) -> bool | None:
    """Whether a condition holds; None if the operator is unknown."""
    if operator == "Null":
        return str(value is None).lower() in [pattern.lower() for pattern in patterns]
    if operator.startswith("ForAllValues:"):  # here a key has at most one value
        return value is None or _holds(operator.removeprefix("ForAllValues:"), value, patterns)
    match operator:
        case "StringEquals":
            return value in patterns
        case "StringLike" | "ArnLike" | "ArnEquals":
            return value is not None and _any_like(patterns, value)
        case "Bool":
            return value is not None and value.lower() in [each.lower() for each in patterns]
    return None


def _any_like(patterns: Any, value: str, *, fold: bool = False) -> bool:
    flags = re.IGNORECASE if fold else 0
    return any(re.fullmatch(_regex(str(p)), value, flags) for p in _list(patterns))


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
