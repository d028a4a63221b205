"""The function's settings, which are in its environment and not in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .aws import Account, Problem


@dataclass(frozen=True)
class Settings:
    """What status has to know of the module's inputs. Unless they are read, their defaults count.

    has_canaries    whether canary_after_hours is set
    api_rate        workspaces_api_rate, in calls per second
    audit_interval  audit_interval_minutes
    """

    has_canaries: bool = True
    api_rate: float = 2.0
    audit_interval: timedelta = timedelta(minutes=60)


def read(account: Account) -> Settings:
    """Read the settings. Raises botocore's errors, and Problem, see `variables`."""
    function = account.client("lambda").get_function_configuration(FunctionName=account.name)
    given = variables(function)
    minutes = given.get("AUDIT_INTERVAL_MINUTES")
    return Settings(
        has_canaries=given.get("CANARY_AFTER_HOURS") != "",
        api_rate=float(given.get("WORKSPACES_API_RATE", Settings.api_rate)),
        audit_interval=timedelta(minutes=float(minutes)) if minutes else Settings.audit_interval,
    )


def variables(function: Mapping[str, Any]) -> Mapping[str, str]:
    """The function's environment variables. Raises Problem if Lambda returns an error instead, as
    with a key that the caller may not use."""
    environment = function.get("Environment", {})
    if "Variables" not in environment:
        why = environment.get("Error", {}).get("Message", "it has none")
        raise Problem(
            f"Lambda does not show the environment of the function {function['FunctionName']} "
            f"({why}); with kms_key_arn you need kms:Decrypt on that key"
        )
    variables: Mapping[str, str] = environment["Variables"]
    return variables
