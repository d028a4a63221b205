"""What the local AWS does as AWS does it, where moto does less or something else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import Sandbox
from sandbox.cloudwatch import Metric
from sandbox.moto import backends as moto_backends

from .deployed import Deployed

GROUP = "/aws/lambda/f"
TAG = [{"Key": "team", "Value": "desks"}]


def test_apply_again_tags_of_a_deleted_alarm_do_not_come_back(f: Deployed) -> None:
    cloudwatch = f.client("cloudwatch")
    f.alarm("a", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:none")
    [alarm] = cloudwatch.describe_alarms()["MetricAlarms"]
    cloudwatch.tag_resource(ResourceARN=alarm["AlarmArn"], Tags=TAG)
    cloudwatch.delete_alarms(AlarmNames=["a", "absent"])
    f.alarm("a", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:none")
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == []


def test_apply_again_tags_of_a_deleted_log_group_do_not_come_back(f: Deployed) -> None:
    logs = f.client("logs")
    logs.create_log_group(logGroupName="g", tags={"team": "desks"})
    [group] = logs.describe_log_groups(logGroupNamePrefix="g")["logGroups"]
    logs.delete_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="g")
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {}
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName="absent")


def test_verify_local_metrics_that_aws_and_users_publish_are_read_together(f: Deployed) -> None:
    f.invoke({})
    cloudwatch = f.client("cloudwatch")
    datum = {"MetricName": "Invocations", "Value": 2.0, "Timestamp": f.aws.clock.now()}
    dimensions = [{"Name": "FunctionName", "Value": "f"}]
    cloudwatch.put_metric_data(
        Namespace="AWS/Lambda", MetricData=[{**datum, "Dimensions": dimensions}]
    )
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Invocations", "Dimensions": dimensions}
    now = f.aws.clock.now()
    answer = cloudwatch.get_metric_data(
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        MetricDataQueries=[
            {"Id": "m", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}
        ],
    )
    assert sum(answer["MetricDataResults"][0]["Values"]) == 3.0


def test_verify_local_a_metric_is_listed_long_after_its_last_datapoint(
    aws: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that no alarm looks at any more are forgotten, but for the newest of each metric."""
    monkeypatch.setattr(moto_backends, "DATAPOINTS", 20)
    backends, now = moto_backends.Backends(aws.region), aws.clock.now()
    rare, busy = (Metric.of("AWS/WorkSpaces", name, {}) for name in ("Rare", "Busy"))
    for hours in (72, 71):
        backends.put_metric(rare, 1, now - timedelta(hours=hours))
    for minutes in range(30, 0, -1):
        backends.put_metric(busy, 1, now - timedelta(minutes=minutes))
    backends.forget_metrics(now - timedelta(minutes=10))
    found = backends.datapoints(now - timedelta(days=9))
    assert [point.at for point in found[rare]] == [now - timedelta(hours=71)]
    assert 1 <= len(found[busy]) <= 10


def test_filter_pattern_that_is_none_is_refused(f: Deployed) -> None:
    logs = f.client("logs")
    transformation = {"metricName": "M", "metricNamespace": "N", "metricValue": "1"}
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        logs.filter_log_events(logGroupName=GROUP, filterPattern="{ $.a }")
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        logs.put_metric_filter(
            logGroupName=GROUP,
            filterName="f",
            filterPattern="{ $.a = }",
            metricTransformations=[transformation],
        )


def test_a_table_comes_under_another_key_and_off_it(f: Deployed) -> None:
    tables, key = f.client("dynamodb"), f.client("kms").create_key()["KeyMetadata"]["Arn"]
    tables.create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def update(**specification: Any) -> Any:
        changed = tables.update_table(TableName="t", SSESpecification=specification)
        return changed["TableDescription"].get("SSEDescription")

    def shown() -> Any:
        return tables.describe_table(TableName="t")["Table"].get("SSEDescription")

    under = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert update(Enabled=True, SSEType="KMS", KMSMasterKeyId=key) == under | {"Status": "UPDATING"}
    assert shown() == under
    tables.update_table(TableName="t", DeletionProtectionEnabled=True)
    assert shown() == under
    update(Enabled=True)
    aws_managed = shown()["KMSMasterKeyArn"]
    assert aws_managed != key
    assert update(Enabled=False) is None
    assert shown() is None


def test_a_function_comes_under_another_key_and_off_it(f: Deployed) -> None:
    key = f.client("kms").create_key()["KeyMetadata"]["Arn"]
    for given in (key, ""):
        f.functions.update_function_configuration(FunctionName="f", KMSKeyArn=given)
        f.functions.update_function_configuration(FunctionName="f", Timeout=3)
        shown = f.functions.get_function_configuration(FunctionName="f")
        assert shown.get("KMSKeyArn", "") == given


def test_a_log_group_comes_under_a_key_that_exists_and_off_it(f: Deployed) -> None:
    logs, key = f.client("logs"), f.client("kms").create_key()["KeyMetadata"]["Arn"]

    def shown() -> Any:
        [group] = logs.describe_log_groups(logGroupNamePrefix="keyed")["logGroups"]
        return group.get("kmsKeyId")

    logs.create_log_group(logGroupName="keyed")
    logs.associate_kms_key(logGroupName="keyed", kmsKeyId=key)
    assert shown() == key
    logs.disassociate_kms_key(logGroupName="keyed")
    assert shown() is None
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.associate_kms_key(logGroupName="keyed", kmsKeyId=key[:-4] + "none")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.associate_kms_key(logGroupName="absent", kmsKeyId=key)
