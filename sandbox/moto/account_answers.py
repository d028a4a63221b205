"""Questions about the account that moto does not answer: what a role may do, and quotas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse
from moto.servicequotas.responses import ServiceQuotasResponse

from ..delivery.policies import Request, allows

ANYBODY = "*"
"""The principal of a role's policies, whose statements name none, as they apply to the role."""


@contextmanager
def answered() -> Iterator[None]:
    """Let moto answer these questions while the block runs."""
    with (
        patch.object(IamResponse, "simulate_principal_policy", _simulate, create=True),
        patch.object(ServiceQuotasResponse, "list_service_quotas", _quotas, create=True),
    ):
        yield


def may(documents: Iterable[Mapping[str, Any]], action: str, resource: str, **context: str) -> bool:
    """Whether a role with these policies may do `action`: one policy allows it, none denies it."""
    statements = [
        {**statement, "Principal": ANYBODY}
        for document in documents
        for statement in document["Statement"]
    ]
    return allows({"Statement": statements}, Request("", action, resource, context))


def _simulate(self: Any) -> ActionResult:
    """SimulatePrincipalPolicy, for a role's policies and its permissions boundary."""
    role = self.backend.get_role_by_arn(self._get_param("PolicySourceArn"))
    attached = [_document(policy) for policy in role.managed_policies.values()]
    own = [*map(json.loads, role.policies.values()), *attached]
    boundary = role.permissions_boundary_arn
    limits = [_document(self.backend.managed_policies[boundary])] if boundary else None
    context = {
        entry["ContextKeyName"]: entry["ContextKeyValues"][0]
        for entry in self._get_param("ContextEntries") or []
    }
    results = []
    for action in self._get_param("ActionNames"):
        for resource in self._get_param("ResourceArns") or ["*"]:
            allowed = all(
                may(documents, action, resource, **context)
                for documents in (own, limits)
                if documents is not None
            )
            decision = "allowed" if allowed else "implicitDeny"
            results.append(
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": decision,
                }
            )
    return ActionResult({"EvaluationResults": results})


def _document(policy: Any) -> dict[str, Any]:
    versions = {version.version_id: version for version in policy.versions}
    return dict(json.loads(versions[policy.default_version_id].document))


def _quotas(_: Any) -> str:
    """ListServiceQuotas: it lists none; in most accounts none of the quotas is a rate."""
    return json.dumps({"Quotas": []})
