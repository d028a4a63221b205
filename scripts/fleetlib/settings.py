"""The function's settings, which are in its environment and not in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .aws import Account, Problem

MOST = 1e6
"""Far more than any of the numbers may be."""


@dataclass(frozen=True)
class Settings:
    """What the commands have to know of the module's inputs. Unless they are read, their defaults
    count.

    has_canaries    whether canary_after_hours is set
    api_rate        workspaces_api_rate, in calls per second
    audit_interval  audit_interval_minutes
    dry_run         dry_run
    """

    has_canaries: bool = True
    api_rate: float = 2.0
    audit_interval: timedelta = timedelta(minutes=60)
    dry_run: bool = False


def read(account: Account) -> Settings:
    """Read the settings. Raises botocore's errors, and Problem, see `settings_of`."""
    return settings_of(
        account.client("lambda").get_function_configuration(FunctionName=account.name)
    )


def settings_of(function: Mapping[str, Any]) -> Settings:
    """The settings of a function, as Lambda describes it. Raises Problem if Lambda does not show
    them, or if somebody has changed one into what the function does not accept either."""
    given = variables(function)
    minutes = Settings.audit_interval / timedelta(minutes=1)
    return Settings(
        has_canaries=given.get("CANARY_AFTER_HOURS") != "",
        api_rate=_number(given, "WORKSPACES_API_RATE", Settings.api_rate),
        audit_interval=timedelta(minutes=_number(given, "AUDIT_INTERVAL_MINUTES", minutes)),
        dry_run=given.get("DRY_RUN") == "true",
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


def _number(given: Mapping[str, str], name: str, default: float) -> float:
    text = given.get(name)
    if text is None:
        return default
    with suppress(ValueError):
        if 0 < float(text) < MOST:
            return float(text)
    raise Problem(f"{name} in the function's environment must be a number above 0; got {text!r}")
