# A session end reaches the function, and what needs a person reaches a person.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  name                     = "fleet"
  workspace_ids            = { anna = "ws-0123456789", ben = "ws-9876543210" }
  operations_alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:operations"]
  tags                     = { owner = "desktops" }
}

run "deployed" {
  # The session alarms
  assert {
    condition = alltrue([for label, id in var.workspace_ids :
      aws_cloudwatch_metric_alarm.session_disconnect[label].namespace == "AWS/WorkSpaces" &&
      aws_cloudwatch_metric_alarm.session_disconnect[label].metric_name == "SessionDisconnect" &&
      aws_cloudwatch_metric_alarm.session_disconnect[label].dimensions == tomap({ WorkspaceId = id })
    ])
    error_message = "Each WorkSpace must have an alarm on its own SessionDisconnect."
  }

  assert {
    condition = alltrue([for alarm in aws_cloudwatch_metric_alarm.session_disconnect :
      alarm.statistic == "Sum" && alarm.comparison_operator == "GreaterThanOrEqualToThreshold" && alarm.threshold == 1 &&
      alarm.period == 300 && alarm.evaluation_periods == 1 && alarm.datapoints_to_alarm == 1
    ])
    error_message = "One disconnect within one period of the metric must be enough."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.session_disconnect : alarm.treat_missing_data == "notBreaching"])
    error_message = "A session alarm must return to OK when the metric is absent, or the next session end is no transition."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.session_disconnect : alarm.alarm_actions == toset([aws_sns_topic.sessions.arn])])
    error_message = "A session alarm must tell the topic, and nobody else."
  }

  assert {
    condition     = output.alarm_names == { anna = "fleet-session-disconnect-anna", ben = "fleet-session-disconnect-ben" }
    error_message = "The label must end the alarm's name."
  }

  # The operations alarms
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.operations : !startswith(alarm.alarm_name, local.session_alarm_prefix)])
    error_message = "No operations alarm may have a name that lets it publish to the module's topic."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.operations : alarm.alarm_actions == toset(var.operations_alarm_actions)])
    error_message = "Every operations alarm must tell operations_alarm_actions."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.operations : key => join(" ", [
      alarm.namespace, alarm.metric_name, jsonencode(alarm.dimensions), alarm.statistic,
      { GreaterThanOrEqualToThreshold = ">=", LessThanThreshold = "<" }[alarm.comparison_operator], alarm.threshold,
      "in", alarm.datapoints_to_alarm, "of", alarm.evaluation_periods, "x", alarm.period, alarm.treat_missing_data,
      ]) } == {
      audit-missed = "NonPersistentWorkSpaces AuditOverdueMinutes {\"Fleet\":\"fleet\"} Minimum >= 60 in 1 of 1 x 600 ignore"
      blocked      = "NonPersistentWorkSpaces Blocked {\"Fleet\":\"fleet\"} Maximum >= 1 in 1 of 1 x 600 ignore"
      braked       = "NonPersistentWorkSpaces Braked {\"Fleet\":\"fleet\"} Maximum >= 1 in 1 of 1 x 600 ignore"
      dead-letters = "AWS/SQS ApproximateNumberOfMessagesVisible {\"QueueName\":\"fleet-dead-letters\"} Maximum >= 1 in 1 of 1 x 600 ignore"
      endless      = "NonPersistentWorkSpaces Endless {\"Fleet\":\"fleet\"} Maximum >= 1 in 1 of 1 x 600 ignore"
      errors       = "AWS/Lambda Errors {\"FunctionName\":\"fleet\"} Sum >= 1 in 3 of 60 x 60 notBreaching"
      held-bundle  = "NonPersistentWorkSpaces HeldBundles {\"Fleet\":\"fleet\"} Maximum >= 1 in 1 of 1 x 600 ignore"
      late         = "NonPersistentWorkSpaces Late {\"Fleet\":\"fleet\"} Maximum >= 1 in 1 of 1 x 600 ignore"
      silent       = "NonPersistentWorkSpaces Owed {\"Fleet\":\"fleet\"} SampleCount < 1 in 15 of 15 x 60 breaching"
      unknown      = "NonPersistentWorkSpaces Unknown {\"Fleet\":\"fleet\"} Maximum >= 1 in 1 of 1 x 600 ignore"
    }
    error_message = "Each operations alarm must watch what it speaks of, and stay as it is while nothing is said."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.operations : endswith(alarm.alarm_description, " Runbook: docs/operations.md#${key}") && length(alarm.alarm_description) <= 1024])
    error_message = "Each operations alarm must name its section of the runbook."
  }

  # The metrics from the log
  assert {
    condition = { for name, filter in aws_cloudwatch_log_metric_filter.gauge : name => join(" ", [
      filter.metric_transformation[0].namespace, filter.metric_transformation[0].name, filter.metric_transformation[0].value,
      jsonencode(filter.metric_transformation[0].dimensions), filter.pattern,
      ]) } == { for name, field in {
      AuditOverdueMinutes = "audit_overdue_minutes"
      Blocked             = "blocked"
      Braked              = "braked"
      Endless             = "endless"
      HeldBundles         = "held_bundles"
      Late                = "late"
      Owed                = "owed"
      Rebuilding          = "rebuilding"
      Unknown             = "unknown"
    } : name => "NonPersistentWorkSpaces ${name} $.${field} {\"Fleet\":\"$.fleet\"} { $.decision = \"gauges\" }" }
    error_message = "The metrics must be read from the function's gauges, each for its fleet."
  }

  assert {
    condition     = 0.30 * length(aws_cloudwatch_log_metric_filter.gauge) + 0.10 * length(aws_cloudwatch_metric_alarm.operations) + 3.00 <= 7.50
    error_message = "What a fleet costs without any WorkSpace must leave something of 8 USD a month for function, table and log."
  }

  # The dashboard
  assert {
    condition     = output.dashboard_name == "fleet-eu-central-1"
    error_message = "There must be a dashboard by default, and its name must tell Regions apart: dashboards are global."
  }

  assert {
    condition     = toset(flatten([for chart in local.charts : lookup(chart, "own", [])])) == toset(keys(local.gauges))
    error_message = "The charts must show each metric of the module, and no other."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.fleet[0].dashboard_body).start == "-P7D"
    error_message = "The tables must find what was written before a weekend: the default is three hours."
  }

  assert {
    condition     = aws_sns_topic.sessions.tags == tomap(var.tags) && aws_lambda_function.nonpersistent.tags == tomap(var.tags) && alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.session_disconnect), values(aws_cloudwatch_metric_alarm.operations)) : alarm.tags == tomap(var.tags)])
    error_message = "The tags must be on the resources."
  }
}

run "without_a_dashboard_and_with_other_settings_the_alarms_are_the_same" {
  variables {
    audit_interval_minutes    = 1440
    user_volume               = "keep"
    maximum_rebuilds_per_hour = 2
    rebuild_window            = { start = "18:00", end = "07:00", timezone = "Europe/Berlin" }
    create_dashboard          = false
  }

  assert {
    condition     = output.dashboard_name == null
    error_message = "Without create_dashboard there must be no dashboard."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.audit.schedule_expression == "rate(1440 minutes)"
    error_message = "The audit must run as often as its input says."
  }

  assert {
    condition     = [for alarm in aws_cloudwatch_metric_alarm.operations : alarm.threshold] == [for key in keys(aws_cloudwatch_metric_alarm.operations) : key == "audit-missed" ? 60 : 1]
    error_message = "The function reckons what is late; a threshold must not depend on a setting."
  }
}

run "an_action_that_knows_the_fleet" {
  module {
    source = "./tests/fixtures/knowing-action"
  }

  assert {
    condition     = startswith(output.display_name, "workspaces-nonpersistent-ledger workspaces-nonpersistent ")
    error_message = "An action may know ledger, function and dead letters."
  }
}
