locals {
  metric_namespace = "NonPersistentWorkSpaces"

  # What the function's log lines count as. Each line names its fleet; a deferral also names its reason. A WorkSpace that
  # is seen vacant waits for the grace period, so its line counts as a deferral with the reason grace.
  metrics = {
    SessionEnds       = { pattern = "($.decision = \"recorded\") && ($.signal = \"session_end\")" }
    RebuildsRequested = { pattern = "$.decision = \"rebuild_requested\"" }
    RebuildsFinished  = { pattern = "$.decision = \"finished\"" }
    RebuildsRefused   = { pattern = "$.decision = \"refused\"" }
    RebuildsFailed    = { pattern = "$.decision = \"failed\"" }
    Deferred          = { pattern = "($.decision = \"deferred\") || ($.decision = \"vacant\")", dimensions = { Reason = "$.reason" } }
    Blocked           = { pattern = "$.decision = \"blocked\"" }
    ImagesProven      = { pattern = "$.decision = \"image_proven\"" }
    ImagesRefused     = { pattern = "$.decision = \"image_refused\"" }
    Reconciled        = { pattern = "($.decision = \"pass\") && ($.task = \"reconcile\")" }
    Backlog           = { pattern = "($.decision = \"pass\") && ($.left >= 0)", value = "$.left" }
    OldestDebtSeconds = { pattern = "($.decision = \"pass\") && ($.oldest_due_seconds >= 0)", value = "$.oldest_due_seconds" }
    SecondsToRebuild  = { pattern = "($.decision = \"rebuild_requested\") && ($.waited_seconds >= 0)", value = "$.waited_seconds" }
    RebuildSeconds    = { pattern = "($.decision = \"finished\") && ($.took_seconds >= 0)", value = "$.took_seconds" }
  }

  # The closed list of decisions.Deferral; docs/operations.md explains each.
  deferral_reasons = ["grace", "evidence", "state", "snapshot", "window", "brake", "proving", "throttled", "superseded"]

  # A debt may rightly wait for the grace period, for one audit, for a new snapshot (12 h apart), for the window (once a
  # day) and behind the brake for all others; two hours more are what the API's rate needs for thousands of WorkSpaces
  # that fall due together.
  oldest_debt_seconds = sum([
    var.reconnect_grace_minutes * 60,
    var.audit_interval_minutes * 60,
    var.user_volume == "keep" ? 12 * 3600 : 0,
    var.rebuild_window == null ? 0 : 24 * 3600,
    var.maximum_rebuilds_per_hour == null ? 0 : ceil(length(local.workspaces) / var.maximum_rebuilds_per_hour) * 3600,
    2 * 3600,
  ])

  # What stays wrong is said again by every audit: these alarms look back one audit and a bit, so that they stay on
  # until it is right again. CloudWatch looks back no further than a day.
  periods_per_audit = min(288, ceil(var.audit_interval_minutes / 5) + 2)

  fleet = { Fleet = var.name }

  # Their names must not begin with the prefix of the session alarms, which alone may publish to the module's topic.
  # Each has a section of its name in the runbook: a sentence here, the commands there.
  alarms = {
    dead-letters = {
      problem    = "An event could not be delivered or handled and is kept in the queue ${aws_sqs_queue.dead_letters.name}."
      remedy     = "Read the letter's error, mend its cause, run an audit, then delete the letter."
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead_letters.name }
      statistic  = "Maximum"
    }
    errors = {
      problem    = "The function failed; Lambda tries each event three times."
      remedy     = "Read the latest ERROR line in the log group ${aws_cloudwatch_log_group.function.name} and mend what it names."
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = { FunctionName = aws_lambda_function.nonpersistent.function_name }
    }
    blocked = {
      problem = "A WorkSpace cannot be rebuilt."
      remedy  = "Run scripts/fleet-status to see which and why, and mend that WorkSpace: the next audit tries it again."
      metric  = "Blocked"
      periods = local.periods_per_audit
    }
    image-refused = {
      problem = "A new image failed on three WorkSpaces, and the rest of its bundle does not get it."
      remedy  = "Find bundle and image with scripts/fleet-status and give the bundle a mended or the previous image."
      metric  = "ImagesRefused"
      periods = local.periods_per_audit
    }
    overdue = {
      problem   = "A rebuild has been due for longer than grace, audit, snapshot, window, brake and API rate explain."
      remedy    = "Run scripts/fleet-status to see which WorkSpace waits and for what reason, and remove that reason."
      metric    = "OldestDebtSeconds"
      statistic = "Maximum"
      threshold = local.oldest_debt_seconds
    }
    braked = {
      problem    = "Rebuilds wait because maximum_rebuilds_per_hour is reached."
      remedy     = "Find out whether so many session ends are right, and raise the limit if they are."
      metric     = "Deferred"
      dimensions = merge(local.fleet, { Reason = "brake" })
    }
    # Ten periods of a minute and not one of ten: a silent period would be judged by an older one as long as CloudWatch
    # has that in view, which is a few periods more than the alarm asks for.
    silent = {
      problem      = "The function has not reconciled for ten minutes: nothing is rebuilt."
      remedy       = "Check that the rule ${aws_cloudwatch_event_rule.reconcile.name} is enabled and that the function runs."
      metric       = "Reconciled"
      comparison   = "LessThanThreshold"
      period       = 60
      periods      = 10
      datapoints   = 10
      missing_data = "breaching"
    }
  }

  # Metrics of this module by name; any other with its namespace and dimensions, as the dashboard wants it.
  charts = [
    { title = "Session ends and rebuilds", stat = "Sum", own = ["SessionEnds", "RebuildsRequested", "RebuildsFinished"] },
    { title = "WorkSpaces left due when a pass ended", stat = "Maximum", own = ["Backlog"] },
    { title = "Age of the oldest debt (seconds)", stat = "Maximum", own = ["OldestDebtSeconds"] },
    { title = "What waited, by reason", stat = "Sum", metrics = [for reason in local.deferral_reasons : [local.metric_namespace, "Deferred", "Fleet", var.name, "Reason", reason]] },
    { title = "Refused, failed, blocked", stat = "Sum", own = ["RebuildsRefused", "RebuildsFailed", "Blocked"] },
    { title = "From session end to rebuild, and the rebuild itself (seconds)", stat = "p90", own = ["SecondsToRebuild", "RebuildSeconds"] },
    { title = "Images proven and refused", stat = "Sum", own = ["ImagesProven", "ImagesRefused"] },
    { title = "Errors and dead letters", stat = "Maximum", metrics = [
      ["AWS/Lambda", "Errors", "FunctionName", aws_lambda_function.nonpersistent.function_name],
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name],
    ] },
  ]

  tables = [
    { title = "WorkSpaces that need a person", query = "filter decision in [\"blocked\", \"failed\", \"refused\"] | stats latest(@timestamp) as at, latest(decision) as what, latest(reason) as why by workspace_id | sort at desc" },
    { title = "What waits, and why", query = "filter decision in [\"deferred\", \"vacant\"] | stats latest(@timestamp) as at, latest(reason) as why, latest(due_at) as next_look by workspace_id | sort at desc" },
    { title = "Refusals and failures by reason", query = "filter decision in [\"refused\", \"failed\"] | stats count(*) as times, latest(@timestamp) as at by decision, reason | sort times desc" },
    { title = "Image proofs", query = "filter decision in [\"image_proving\", \"image_proven\", \"image_refused\"] | fields @timestamp, decision, bundle_id, image_id, workspace_id | sort @timestamp desc" },
  ]
}

# Owned by the module: so it has a retention time and a key, and the function needs no right to make log groups.
resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_cloudwatch_log_metric_filter" "decision" {
  for_each = local.metrics

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.function.name
  pattern        = "{ ${each.value.pattern} }"

  metric_transformation {
    namespace  = local.metric_namespace
    name       = each.key
    value      = lookup(each.value, "value", "1")
    unit       = endswith(each.key, "Seconds") || startswith(each.key, "Seconds") ? "Seconds" : "Count"
    dimensions = merge({ Fleet = "$.fleet" }, lookup(each.value, "dimensions", {}))
  }
}

resource "aws_cloudwatch_metric_alarm" "operations" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.problem} ${each.value.remedy} Runbook: docs/operations.md#${each.key}"
  namespace           = lookup(each.value, "namespace", local.metric_namespace)
  metric_name         = each.value.metric
  dimensions          = lookup(each.value, "dimensions", local.fleet)
  statistic           = lookup(each.value, "statistic", "Sum")
  comparison_operator = lookup(each.value, "comparison", "GreaterThanOrEqualToThreshold")
  threshold           = lookup(each.value, "threshold", 1)
  period              = lookup(each.value, "period", 300)
  evaluation_periods  = lookup(each.value, "periods", 1)
  datapoints_to_alarm = lookup(each.value, "datapoints", 1)
  treat_missing_data  = lookup(each.value, "missing_data", "notBreaching")
  alarm_actions       = var.operations_alarm_actions
  ok_actions          = var.operations_alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_dashboard" "fleet" {
  count = var.create_dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type       = "alarm"
        width      = 24
        height     = 3
        properties = { title = "Needs a person", alarms = [for key in sort(keys(local.alarms)) : aws_cloudwatch_metric_alarm.operations[key].arn] }
      }],
      [for chart in local.charts : {
        type   = "metric"
        width  = 12
        height = 6
        properties = {
          title   = chart.title
          region  = local.region
          stat    = chart.stat
          period  = 300
          view    = "timeSeries"
          metrics = try(chart.metrics, [for metric in chart.own : [local.metric_namespace, metric, "Fleet", var.name]])
        }
      }],
      [for table in local.tables : {
        type   = "log"
        width  = 12
        height = 8
        properties = {
          title  = table.title
          region = local.region
          view   = "table"
          query  = "SOURCE '${aws_cloudwatch_log_group.function.name}' | ${table.query}"
        }
      }],
    )
  })
}
