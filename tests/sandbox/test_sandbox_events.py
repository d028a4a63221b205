"""An event's whole way through the local AWS, from a user or a clock to a function."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.times import until

from .deployed import Deployed


def test_an_event_travels_from_a_signed_out_user_to_the_function(f: Deployed) -> None:
    ada, bob = f.aws.desktops.add(user="ada"), f.aws.desktops.add(user="bob")
    topic = f.client("sns").create_topic(Name="t")["TopicArn"]
    f.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f.arn)
    f.let_in("sns.amazonaws.com", topic)
    ours = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ours-*"
    f.alarms_may_publish(topic, ArnLike={"aws:SourceArn": ours})
    for name, desktop in (("ours-ada", ada), ("foreign-bob", bob)):
        f.alarm(name, desktop, topic)
    for desktop in (ada, bob):
        f.aws.desktops.sign_in(desktop)
        f.aws.desktops.sign_out(desktop)
    rang = [("ours-ada", (topic,)), ("foreign-bob", ())]

    def alarmed() -> list[Any]:
        return [(t.alarm, t.delivered) for t in f.aws.transitions if t.new == "ALARM"]

    until(lambda: sorted(alarmed()) == sorted(rang), "both alarms")
    until(lambda: f.seen(), "the message")
    (event,) = f.seen()
    sns = event["Records"][0]["Sns"]
    message = json.loads(sns["Message"])
    assert sns["TopicArn"] == topic
    assert sns["Subject"] == 'ALARM: "ours-ada" in US East (N. Virginia)'
    assert message["Trigger"]["Dimensions"] == [{"value": ada, "name": "WorkspaceId"}]
    until(
        lambda: ("ours-ada", "OK") in [(t.alarm, t.new) for t in f.aws.transitions[2:]],
        "the alarm's return to OK",
    )
    assert len(f.seen()) == 1


def test_a_sign_in_and_a_schedule_reach_the_function(
    f: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    events = f.client("events")
    pattern = {"source": ["aws.workspaces"], "detail": {"actionType": ["successfulLogin"]}}
    sign_in = events.put_rule(Name="in", EventPattern=json.dumps(pattern))["RuleArn"]
    minute = events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="in", Targets=[{"Id": "1", "Arn": f.arn}])
    tick = {"Id": "1", "Arn": f.arn, "Input": '{"task": "reconcile"}'}
    events.put_targets(Rule="tick", Targets=[tick, {"Id": "2", "Arn": f.arn}])
    f.let_in("events.amazonaws.com", "arn:aws:events:us-east-1:123456789012:rule/*")
    desktop = f.aws.desktops.add()
    f.aws.desktops.sign_in(desktop)
    until(lambda: {"task": "reconcile"} in f.seen(), "a tick")
    until(lambda: "has no input" in caplog.text, "the tick without one")
    until(lambda: any("detail" in event for event in f.seen()), "the sign-in")
    (event,) = [event for event in f.seen() if "detail" in event]
    assert event["detail"]["workspaceId"] == desktop
    assert sign_in != minute


def test_a_service_without_permission_does_not_reach_the_function(
    f: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    topic = f.client("sns").create_topic(Name="t")["TopicArn"]
    f.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f.arn)
    f.client("sns").publish(TopicArn=topic, Message="{}")
    until(lambda: "no permission" in caplog.text, "the refusal")
    assert f.seen() == []


def test_metric_filters_and_errors_raise_operations_alarms(f: Deployed) -> None:
    f.client("logs").put_metric_filter(
        logGroupName="/aws/lambda/f",
        filterName="seen",
        filterPattern='{ $.message = "seen" }',
        metricTransformations=[
            {"metricName": "Seen", "metricNamespace": "Own", "metricValue": "1"}
        ],
    )
    f.alarm_on("Own Seen", "seen", {})
    f.alarm_on("AWS/Lambda Errors", "errors", {"FunctionName": "f"})
    f.invoke({"fail": 1})
    until(
        lambda: {"seen", "errors"} == {t.alarm for t in f.aws.transitions if t.new == "ALARM"},
        "both alarms",
    )


def test_an_alarm_cannot_publish_through_the_aws_managed_key(
    f: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    desktop = f.aws.desktops.add()
    topic = f.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    f.alarm("a", desktop, topic["TopicArn"])
    f.aws.desktops.sign_in(desktop)
    f.aws.desktops.drop(desktop)
    until(lambda: "alias/aws/sns" in caplog.text, "the silent failure")
    (raised,) = [t for t in f.aws.transitions if t.new == "ALARM"]
    assert raised.delivered == ()


@pytest.mark.parametrize(
    ("service", "action", "delivers"),
    [
        ("cloudwatch.amazonaws.com", "kms:GenerateDataKey*", True),
        ("cloudwatch.amazonaws.com", "kms:Describe*", False),
        ("events.amazonaws.com", "kms:GenerateDataKey*", False),
    ],
)
def test_an_alarm_publishes_through_a_customers_key_only_if_its_policy_says_so(
    f: Deployed, service: str, action: str, delivers: bool
) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Decrypt", action],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key = f.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    topic = f.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    desktop = f.aws.desktops.add()
    f.alarm("a", desktop, topic)
    f.alarms_may_publish(topic)
    f.aws.desktops.sign_in(desktop)
    f.aws.desktops.drop(desktop)
    until(lambda: [t for t in f.aws.transitions if t.new == "ALARM"], "the alarm")
    [raised] = [t for t in f.aws.transitions if t.new == "ALARM"]
    assert raised.delivered == ((topic,) if delivers else ())


def test_an_alarm_may_publish_to_a_topic_that_has_the_policy_of_a_new_one(f: Deployed) -> None:
    topic, desktop = f.client("sns").create_topic(Name="t")["TopicArn"], f.aws.desktops.add()
    f.alarm("a", desktop, topic)
    f.aws.desktops.sign_in(desktop)
    f.aws.desktops.drop(desktop)
    until(lambda: [t for t in f.aws.transitions if t.delivered == (topic,)], "the message")


@pytest.mark.parametrize("allowed", [True, False])
def test_what_a_rule_cannot_deliver_goes_to_its_dead_letter_queue(
    f: Deployed, caplog: pytest.LogCaptureFixture, allowed: bool
) -> None:
    arn = "arn:aws:sqs:us-east-1:123456789012:dead"
    rule = "arn:aws:events:us-east-1:123456789012:rule/tick"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule if allowed else rule + "-other"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    queue = f.client("sqs").create_queue(QueueName="dead", Attributes={"Policy": policy})
    target = {
        "Id": "1",
        "Arn": f.arn,
        "Input": '{"task": "audit"}',
        "DeadLetterConfig": {"Arn": arn},
    }
    f.client("events").put_rule(Name="tick", ScheduleExpression="rate(1 minute)")
    f.client("events").put_targets(Rule="tick", Targets=[target])
    until(lambda: "no permission" in caplog.text, "the refusal")
    if not allowed:
        until(lambda: "may not send to" in caplog.text, "the queue's refusal")
        return
    kept: list[Any] = []

    def receive() -> bool:
        answer = f.client("sqs").receive_message(QueueUrl=queue["QueueUrl"])
        kept.extend(answer.get("Messages", []))
        return bool(kept)

    until(receive, "the dead letter")
    assert kept[0]["Body"] == '{"task": "audit"}'


def test_put_events_reaches_pattern_rules_and_no_schedules(f: Deployed) -> None:
    events = f.client("events")
    events.put_rule(Name="mine", EventPattern='{"source": ["mine"]}')
    events.put_rule(Name="daily", ScheduleExpression="rate(1 day)")
    for rule in ("mine", "daily"):
        target = {"Id": "1", "Arn": f.arn, "Input": json.dumps({"rule": rule})}
        events.put_targets(Rule=rule, Targets=[target])
    f.let_in("events.amazonaws.com", "arn:aws:events:us-east-1:123456789012:rule/*")
    for source in ("other", "mine"):
        events.put_events(Entries=[{"Source": source, "DetailType": "x", "Detail": "{}"}])
    until(f.seen, "the event")
    until(lambda: f.aws.pending() == 0, "an empty queue")
    assert f.seen() == [{"rule": "mine"}]


def test_put_events_reaches_a_queue_with_the_clocks_time(f: Deployed) -> None:
    events, sqs, queue = f.client("events"), f.client("sqs"), {}
    for rule in ("mine", "other"):
        queue[rule] = sqs.create_queue(QueueName=rule)["QueueUrl"]
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
        target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{rule}"}
        events.put_targets(Rule=rule, Targets=[target])
    before = f.aws.clock.now() - timedelta(seconds=1)
    detail = {"canary": True, "reason": "a <b> c"}
    events.put_events(Entries=[{"Source": "mine", "DetailType": "x", "Detail": json.dumps(detail)}])
    [letter] = sqs.receive_message(QueueUrl=queue["mine"])["Messages"]
    event = json.loads(letter["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("mine", "x", detail)
    assert before <= datetime.fromisoformat(event["time"]) <= f.aws.clock.now()
    assert set(event) == {
        *("version", "id", "detail-type", "source", "account", "time", "region"),
        *("resources", "detail"),
    }
    assert "Messages" not in sqs.receive_message(QueueUrl=queue["other"])


def test_a_subscriptions_filter_policy_is_heeded(f: Deployed) -> None:
    topic = f.client("sns").create_topic(Name="t")["TopicArn"]
    f.client("sns").subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=f.arn,
        Attributes={"FilterPolicy": '{"kind": ["wanted"]}'},
    )
    f.let_in("sns.amazonaws.com", topic)
    for kind in ("unwanted", "wanted"):
        attribute = {"DataType": "String", "StringValue": kind}
        f.client("sns").publish(TopicArn=topic, Message=kind, MessageAttributes={"kind": attribute})
    until(f.seen, "the message")
    until(lambda: f.aws.pending() == 0, "an empty queue")
    assert [event["Records"][0]["Sns"]["Message"] for event in f.seen()] == ["wanted"]
