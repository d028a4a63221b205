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
    condition     = join(" ", sort(keys(aws_cloudwatch_metric_alarm.operations))) == "blocked braked dead-letters errors image-refused overdue silent"
    error_message = "Each thing that needs a person must have its alarm."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.operations : key => "${alarm.namespace} ${alarm.metric_name} ${jsonencode(alarm.dimensions)} ${alarm.statistic} ${alarm.period} x ${alarm.evaluation_periods}" } == {
      blocked       = "NonPersistentWorkSpaces Blocked {\"Fleet\":\"fleet\"} Sum 300 x 14"
      braked        = "NonPersistentWorkSpaces Deferred {\"Fleet\":\"fleet\",\"Reason\":\"brake\"} Sum 300 x 1"
      dead-letters  = "AWS/SQS ApproximateNumberOfMessagesVisible {\"QueueName\":\"fleet-dead-letters\"} Maximum 300 x 1"
      errors        = "AWS/Lambda Errors {\"FunctionName\":\"fleet\"} Sum 300 x 1"
      image-refused = "NonPersistentWorkSpaces ImagesRefused {\"Fleet\":\"fleet\"} Sum 300 x 14"
      overdue       = "NonPersistentWorkSpaces OldestDebtSeconds {\"Fleet\":\"fleet\"} Maximum 300 x 1"
      silent        = "NonPersistentWorkSpaces Reconciled {\"Fleet\":\"fleet\"} Sum 60 x 10"
    }
    error_message = "Each operations alarm must watch what it speaks of, and what an audit repeats for longer than an audit."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.operations["silent"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.operations["silent"].comparison_operator == "LessThanThreshold"
    error_message = "No log line at all must raise the alarm that nothing is reconciled."
  }

  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.operations : key => alarm.datapoints_to_alarm } == { blocked = 1, braked = 1, dead-letters = 1, errors = 1, image-refused = 1, overdue = 1, silent = 10 }
    error_message = "Once is enough for every alarm but one: a minute without a reconcile is no silence."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.operations : endswith(alarm.alarm_description, " Runbook: docs/operations.md#${key}") && length(alarm.alarm_description) <= 1024])
    error_message = "Each operations alarm must name its section of the runbook."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.operations : alarm.period * alarm.evaluation_periods <= 86400])
    error_message = "CloudWatch looks back no further than a day."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.operations["overdue"].threshold == (20 + 60 + 120) * 60
    error_message = "A debt is overdue two hours after grace and audit explain it."
  }

  # The metrics from the log
  assert {
    condition = alltrue([for filter in aws_cloudwatch_log_metric_filter.decision :
      filter.metric_transformation[0].namespace == "NonPersistentWorkSpaces" && filter.metric_transformation[0].dimensions.Fleet == "$.fleet"
    ])
    error_message = "Every metric must say which fleet it is of."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.decision["Deferred"].metric_transformation[0].dimensions == tomap({ Fleet = "$.fleet", Reason = "$.reason" })
    error_message = "A deferral must say its reason."
  }

  assert {
    condition = { for name, filter in aws_cloudwatch_log_metric_filter.decision : name => "${filter.metric_transformation[0].value} for ${filter.pattern}" } == {
      SessionEnds       = "1 for { ($.decision = \"recorded\") && ($.signal = \"session_end\") }"
      RebuildsRequested = "1 for { $.decision = \"rebuild_requested\" }"
      RebuildsFinished  = "1 for { $.decision = \"finished\" }"
      RebuildsRefused   = "1 for { $.decision = \"refused\" }"
      RebuildsFailed    = "1 for { $.decision = \"failed\" }"
      Deferred          = "1 for { ($.decision = \"deferred\") || ($.decision = \"vacant\") }"
      Blocked           = "1 for { $.decision = \"blocked\" }"
      ImagesProven      = "1 for { $.decision = \"image_proven\" }"
      ImagesRefused     = "1 for { $.decision = \"image_refused\" }"
      Reconciled        = "1 for { ($.decision = \"pass\") && ($.task = \"reconcile\") }"
      Backlog           = "$.left for { ($.decision = \"pass\") && ($.left >= 0) }"
      OldestDebtSeconds = "$.oldest_due_seconds for { ($.decision = \"pass\") && ($.oldest_due_seconds >= 0) }"
      SecondsToRebuild  = "$.waited_seconds for { ($.decision = \"rebuild_requested\") && ($.waited_seconds >= 0) }"
      RebuildSeconds    = "$.took_seconds for { ($.decision = \"finished\") && ($.took_seconds >= 0) }"
    }
    error_message = "The metrics must be read from the function's log lines as it writes them."
  }

  # The dashboard
  assert {
    condition     = can(jsondecode(aws_cloudwatch_dashboard.fleet[0].dashboard_body)) && output.dashboard_name == "fleet"
    error_message = "There must be a dashboard by default."
  }

  assert {
    condition     = aws_sns_topic.sessions.tags == tomap(var.tags) && aws_lambda_function.nonpersistent.tags == tomap(var.tags) && alltrue([for alarm in aws_cloudwatch_metric_alarm.session_disconnect : alarm.tags == tomap(var.tags)])
    error_message = "The tags must be on the resources."
  }
}

run "a_brake_explains_as_many_hours_as_it_needs_for_all" {
  variables {
    workspace_ids             = ["ws-000000001", "ws-000000002", "ws-000000003"]
    maximum_rebuilds_per_hour = 2
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.operations["overdue"].threshold == (20 + 60 + 120) * 60 + 2 * 3600
    error_message = "Behind the brake the last debt may rightly wait for all others."
  }
}

run "a_day_between_audits_and_no_dashboard" {
  variables {
    audit_interval_minutes = 1440
    user_volume            = "keep"
    rebuild_window         = { start = "19:00", end = "06:00", timezone = "Europe/Berlin" }
    create_dashboard       = false
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.operations : alarm.period * alarm.evaluation_periods <= 86400])
    error_message = "CloudWatch looks back no further than a day."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.operations["overdue"].threshold == 20 * 60 + (24 + 12 + 24 + 2) * 3600
    error_message = "A debt may rightly wait for a snapshot and for the window."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.audit.schedule_expression == "rate(1440 minutes)"
    error_message = "The audit must run as often as its input says."
  }

  assert {
    condition     = output.dashboard_name == null
    error_message = "Without create_dashboard there is no dashboard."
  }
}
