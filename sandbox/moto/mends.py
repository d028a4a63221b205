"""Fixes for moto 5 where it does less than AWS, or something else, while a Sandbox runs.

Deliveries to functions leave moto in `deliveries`; most of the other fixes let Terraform read back
what it wrote, as on AWS.
"""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from moto.awslambda import models as lambda_models
from moto.awslambda.policy import Policy as LambdaPolicy
from moto.cloudwatch import models as cloudwatch_models
from moto.core.responses import ActionResult, EmptyResult
from moto.dynamodb.responses import DynamoHandler
from moto.events import models as events_models
from moto.kms.models import kms_backends
from moto.logs import models as logs_models
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.responses import LogsResponse
from moto.logs.utils import EventMessageFilter
from moto.sns import models as sns_models
from moto.sqs import models as sqs_models
from moto.workspaces import models as workspaces_models

from ..clock import Clock
from ..cloudwatch import matches
from .deliveries import Deliveries, deliver_events, deliver_sns


@contextmanager
def mended(deliveries: Deliveries, clock: Clock) -> Iterator[None]:
    """Apply every fix while the block runs."""
    lambdas: Any = lambda_models.LambdaFunction
    backend: Any = lambda_models.LambdaBackend
    with ExitStack() as stack:
        for owner, name, wrap in (
            (sns_models.Subscription, "publish", deliver_sns(deliveries, clock)),
            (events_models.Rule, "send_to_targets", deliver_events(deliveries, clock)),
            (lambdas, "__init__", _keep_logging),
            (lambdas, "update_configuration", _update_logging),
            (lambdas, "update_configuration", _update_key),
            (lambdas, "get_configuration", _show_logging),
            (backend, "put_function_event_invoke_config", _replace_invoke_config),
            (LambdaPolicy, "del_statement", _one_at_a_time),
            (cloudwatch_models.CloudWatchBackend, "put_metric_alarm", _keep_alarm_state),
            (cloudwatch_models.CloudWatchBackend, "delete_alarms", _forget_alarm_tags),
            (DynamoHandler, "update_table", _update_table_key),
            (logs_models.LogsBackend, "delete_log_group", _forget_group_tags),
            (logs_models.LogsBackend, "filter_log_events", _check_pattern),
            (logs_models.LogsBackend, "put_metric_filter", _check_pattern),
            (EventMessageFilter, "__init__", _take_any_pattern),
            (EventMessageFilter, "matches", _match_as_aws),
            (sqs_models.Queue, "attributes", _show_redrive),
            (sqs_models.Queue, "_set_attributes", _keep_queue_policy),
            (workspaces_models.WorkSpaceDirectory, "to_dict", _show_workspace_type),
        ):
            stack.enter_context(_replaced(owner, name, wrap))
        for name, answer in (("associate", _associate_key), ("disassociate", _disassociate_key)):
            stack.enter_context(patch.object(LogsResponse, f"{name}_kms_key", answer, create=True))
        yield


@contextmanager
def _replaced(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    original = owner.__dict__[name]
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _keep_logging(original: Any) -> Any:
    def init(self: Any, account_id: str, spec: Any, *rest: Any, **named: Any) -> None:
        self.logging_config = dict(spec.get("LoggingConfig") or {})
        original(self, account_id, spec, *rest, **named)

    return init


def _update_logging(original: Any) -> Any:
    def update(self: Any, config_updates: Any) -> Any:
        if config_updates.get("LoggingConfig"):
            self.logging_config = dict(config_updates["LoggingConfig"])
        return original(self, config_updates)

    return update


def _update_key(original: Any) -> Any:
    """moto ignores a new key for a function's environment; AWS takes it."""

    def update(self: Any, config_updates: Any) -> Any:
        if "KMSKeyArn" in config_updates:
            self.kms_key_arn = config_updates["KMSKeyArn"] or None
        return original(self, config_updates)

    return update


def _show_logging(original: Any) -> Any:
    """moto returns a function without LoggingConfig; AWS always returns one."""

    def show(self: Any, *rest: Any, **named: Any) -> Any:
        logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        logging |= {key: value for key, value in self.logging_config.items() if value}
        if logging["LogFormat"] == "JSON":
            logging.setdefault("ApplicationLogLevel", "INFO")
            logging.setdefault("SystemLogLevel", "INFO")
        return original(self, *rest, **named) | {"LoggingConfig": logging}

    return show


def _replace_invoke_config(original: Any) -> Any:
    """moto adds a second configuration and still returns the first; AWS replaces it."""

    def put(self: Any, function_name: str, config: Any) -> Any:
        self.get_function(function_name).event_invoke_config.clear()
        return original(self, function_name, config)

    return put


def _one_at_a_time(original: Any) -> Any:
    """Concurrent removals race in moto: one shortens the list that the other iterates over, which
    then misses its own statement."""
    lock = threading.Lock()

    def alone(self: Any, *arguments: Any, **options: Any) -> Any:
        with lock:
            return original(self, *arguments, **options)

    return alone


def _show_redrive(original: Any) -> Any:
    """moto returns a redrive policy with spaces that were not in it."""

    def show(self: Any) -> Any:
        attributes = original.fget(self)
        if self.redrive_policy:
            compact = json.dumps(self.redrive_policy, separators=(",", ":"))
            attributes["RedrivePolicy"] = compact
        return attributes

    return property(show)


def _keep_queue_policy(original: Any) -> Any:
    """moto drops a queue's policy when other attributes are set."""

    def set_attributes(self: Any, attributes: Any, *rest: Any, **named: Any) -> None:
        policy = getattr(self, "_policy_json", None)
        original(self, attributes, *rest, **named)
        if policy and "Policy" not in attributes:
            self._policy_json = policy

    return set_attributes


def _keep_alarm_state(original: Any) -> Any:
    """moto sets every alarm that is put to OK; on AWS a new one begins in INSUFFICIENT_DATA, and
    one that is changed keeps its state."""

    def put(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        before = self.alarms.get(name)
        alarm = original(self, name, *rest, **named)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
        else:
            for attribute in ("state_value", "state_reason", "state_updated_timestamp", "history"):
                setattr(alarm, attribute, getattr(before, attribute))
        return alarm

    return put


def _forget_alarm_tags(original: Any) -> Any:
    """moto keeps the tags of a deleted alarm: a new one of the same name would have them."""

    def delete(self: Any, alarm_names: list[str]) -> None:
        gone = [self.alarms[name].alarm_arn for name in alarm_names if name in self.alarms]
        original(self, alarm_names)
        for arn in gone:
            self.tagger.delete_all_tags_for_resource(arn)

    return delete


def _forget_group_tags(original: Any) -> Any:
    """moto keeps the tags of a deleted log group, too."""

    def delete(self: Any, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        original(self, log_group_name)
        self.tagger.delete_all_tags_for_resource(group.arn)

    return delete


def _associate_key(self: Any) -> ActionResult:
    """AssociateKmsKey, which moto lacks. As on AWS, the key has to exist."""
    key = str(self._get_param("kmsKeyId"))
    if key.split("/")[-1] not in kms_backends[self.current_account][self.region].keys:
        raise InvalidParameterException(f"The specified KMS key does not exist: {key}")
    _group_of(self).kms_key_id = key
    return EmptyResult()


def _disassociate_key(self: Any) -> ActionResult:
    """DisassociateKmsKey, which moto lacks."""
    _group_of(self).kms_key_id = None
    return EmptyResult()


def _group_of(request: Any) -> Any:
    group = request.logs_backend.groups.get(request._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException
    return group


def _update_table_key(original: Any) -> Any:
    """moto keeps the key with which a table was created. AWS answers UPDATING; here the status is
    ENABLED from the next call on. With an AWS owned key there is no SSEDescription."""

    def update(self: Any) -> Any:
        answer, given = original(self), self.body.get("SSESpecification")
        if given is None:
            return answer
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        default = partial(table._get_default_encryption_key, self.current_account, self.region)
        key = (given.get("KMSMasterKeyId") or default()) if given.get("Enabled") else None
        table.sse_specification = {"Enabled": True, "KMSMasterKeyId": key} if key else None
        described = table.describe()
        if key:
            described["TableDescription"]["SSEDescription"]["Status"] = "UPDATING"
        return type(answer)(described)

    return update


def _check_pattern(original: Any) -> Any:
    """moto accepts any text as a filter pattern; AWS refuses invalid ones."""

    def checked(self: Any, *given: Any, **named: Any) -> Any:
        bound = inspect.signature(original).bind(self, *given, **named)
        try:
            matches(bound.arguments["filter_pattern"] or "", "")
        except ValueError as problem:
            raise InvalidParameterException(f"Invalid filter pattern: {problem}") from None
        return original(self, *given, **named)

    return checked


def _take_any_pattern(_: Any) -> Any:
    def init(self: Any, pattern: str | None) -> None:
        self.pattern = pattern or ""

    return init


def _match_as_aws(_: Any) -> Any:
    """moto matches only words: with a JSON pattern it finds every event."""

    def match(self: Any, message: str) -> bool:
        return matches(self.pattern, message)

    return match


def _show_workspace_type(original: Any) -> Any:
    """moto's directories lack WorkspaceType, so that Terraform would replace them."""

    def show(self: Any) -> Any:
        return original(self) | {"WorkspaceType": "PERSONAL"}

    return show
