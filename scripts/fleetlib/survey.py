"""Asks AWS for what verify compares. All calls only read; those of the WorkSpaces API are paced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import ledger, settings
from .aws import Account
from .judgements import Question

PAST = timedelta(hours=6)
"""How far back datapoints are read."""

LOOKED_AT = 10
"""The number of WorkSpaces whose datapoints and snapshots are read."""

NOT_ON_ANY_ROSTER = "ws-00000000"


@dataclass(frozen=True)
class Fleet:
    """The fleet as deployed."""

    name: str
    role_arn: str
    arn_prefix: str
    rate: float
    roster: tuple[str, ...]


class Survey:
    """Asks AWS about a fleet."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    def fleet(self) -> Fleet:
        """The deployed fleet. Raises botocore's ClientError if there is none of this name, and
        Problem if its ledger cannot be read."""
        name = self._account.name
        function = self._client("lambda").get_function_configuration(FunctionName=name)
        rate = settings.settings_of(function).api_rate
        _, partition, _, region, account, *_ = function["FunctionArn"].split(":")
        return Fleet(
            name=name,
            role_arn=function["Role"],
            arn_prefix=f"arn:{partition}:workspaces:{region}:{account}:workspace/",
            rate=rate,
            roster=tuple(sorted(ledger.read_some(self._account, []).roster)),
        )

    def measured(self) -> set[str]:
        """Ids of the WorkSpaces for which CloudWatch lists a SessionDisconnect metric whose only
        dimension is the WorkSpace, as the session alarms expect."""
        found = self._account.pages(
            "cloudwatch",
            "list_metrics",
            Namespace="AWS/WorkSpaces",
            MetricName="SessionDisconnect",
            Dimensions=[{"Name": "WorkspaceId"}],
        )
        return {
            dimension["Value"]
            for page in found
            for metric in page["Metrics"]
            for dimension in metric["Dimensions"]
            if [each["Name"] for each in metric["Dimensions"]] == ["WorkspaceId"]
        }

    def datapoints(self, metric: str, ids: Sequence[str], now: datetime) -> list[list[datetime]]:
        """The times of a WorkSpaces metric's datapoints: a list for each of the first ten ids."""
        queries = [
            {
                "Id": f"w{index}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/WorkSpaces",
                        "MetricName": metric,
                        "Dimensions": [{"Name": "WorkspaceId", "Value": id_}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for index, id_ in enumerate(ids[:LOOKED_AT])
        ]
        if not queries:
            return []
        answer = self._client("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=now - PAST, EndTime=now
        )
        found = {result["Id"]: result["Timestamps"] for result in answer["MetricDataResults"]}
        return [list(found.get(query["Id"], [])) for query in queries]

    def connections(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Rows of DescribeWorkspacesConnectionStatus."""
        return self._account.described("WorkspaceIds", "describe_workspaces_connection_status", ids)

    def protocols(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """The streaming protocols of each WorkSpace."""
        rows = self._account.described("WorkspaceIds", "describe_workspaces", ids)
        return {
            row["WorkspaceId"]: row.get("WorkspaceProperties", {}).get("Protocols", [])
            for row in rows
        }

    def newest_snapshots(self, ids: Sequence[str]) -> dict[str, datetime | None]:
        """When the newest snapshot of each of the first ten ids was taken; None: there is none."""
        newest = {}
        client = self._client("workspaces")
        for id_ in ids[:LOOKED_AT]:
            self._account.wait_for_workspaces()
            answer = client.describe_workspace_snapshots(WorkspaceId=id_)
            times = [taken["SnapshotTime"] for taken in answer.get("RebuildSnapshots", [])]
            newest[id_] = max(times, default=None)
        return newest

    def api_rates(self) -> dict[str, float]:
        """Quotas of the WorkSpaces API by name, in calls per second."""
        pages = self._account.pages(
            "service-quotas", "list_service_quotas", ServiceCode="workspaces"
        )
        return {
            quota["QuotaName"]: float(quota["Value"]) / float(quota["Period"]["PeriodValue"])
            for page in pages
            for quota in page["Quotas"]
            if quota.get("Period", {}).get("PeriodUnit") == "SECOND"
        }

    def logged(self, fleet: Fleet, now: datetime, **fields: str) -> int:
        """How many of the function's log lines of the last day have these fields."""
        pages = self._account.pages(
            "logs",
            "filter_log_events",
            logGroupName=f"/aws/lambda/{fleet.name}",
            startTime=int((now - timedelta(days=1)).timestamp() * 1000),
            filterPattern=f'"{next(iter(fields.values()))}"',
        )
        messages = (event["message"] for page in pages for event in page["events"])
        lines = (json.loads(message) for message in messages if message.startswith("{"))
        return sum(fields.items() <= line.items() for line in lines)

    def allowed(self, fleet: Fleet, ids: Sequence[str]) -> dict[Question, bool]:
        """What IAM's simulation says the role may do, given the WorkSpaces' own tags."""
        answers = {}
        client = self._client("iam")
        for question, id_ in _questions(fleet, ids):
            answer = client.simulate_principal_policy(
                PolicySourceArn=fleet.role_arn,
                ActionNames=[question.action],
                ResourceArns=[question.resource],
                ContextEntries=self._tags(id_),
            )
            [result] = answer["EvaluationResults"]
            answers[question] = result["EvalDecision"] == "allowed"
        return answers

    def _tags(self, workspace_id: str | None) -> list[dict[str, Any]]:
        if workspace_id is None:
            return []
        self._account.wait_for_workspaces()
        answer = self._client("workspaces").describe_tags(ResourceId=workspace_id)
        return [
            {
                "ContextKeyName": f"aws:ResourceTag/{tag['Key']}",
                "ContextKeyValues": [tag.get("Value", "")],
                "ContextKeyType": "string",
            }
            for tag in answer["TagList"]
        ]


def _questions(fleet: Fleet, ids: Sequence[str]) -> list[tuple[Question, str | None]]:
    """The questions, each with the WorkSpace whose tags apply, if there is one."""
    stranger = f"{fleet.arn_prefix}{NOT_ON_ANY_ROSTER}"
    asked: list[tuple[Question, str | None]] = [
        (Question("workspaces:DescribeWorkspacesConnectionStatus", "*", True), None),
        (Question("workspaces:RebuildWorkspaces", stranger, False), None),
    ]
    for id_ in ids[:2]:
        own = f"{fleet.arn_prefix}{id_}"
        asked.append((Question("workspaces:RebuildWorkspaces", own, True), id_))
        asked.append((Question("workspaces:TerminateWorkspaces", own, False), id_))
    return asked
