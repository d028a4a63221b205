locals {
  metric_namespace = "NonPersistentWorkSpaces"

  # What the function's log lines count as. Each line names its fleet; a deferral also names its reason.
  metrics = {
    SessionEnds       = { pattern = "($.decision = \"recorded\") && ($.signal = \"session_end\")" }
    RebuildsRequested = { pattern = "$.decision = \"rebuild_requested\"" }
    RebuildsFinished  = { pattern = "$.decision = \"finished\"" }
    RebuildsRefused   = { pattern = "$.decision = \"refused\"" }
    RebuildsFailed    = { pattern = "$.decision = \"failed\"" }
    Deferred          = { pattern = "$.decision = \"deferred\"", dimensions = { Reason = "$.reason" } }
    Blocked           = { pattern = "$.decision = \"blocked\"" }
    ImagesProven      = { pattern = "$.decision = \"image_proven\"" }
    ImagesRefused     = { pattern = "$.decision = \"image_refused\"" }
    Reconciled        = { pattern = "($.decision = \"pass\") && ($.task = \"reconcile\")" }
    OldestDebtSeconds = { pattern = "($.decision = \"pass\") && ($.oldest_due_seconds >= 0)", value = "$.oldest_due_seconds" }
    SecondsToRebuild  = { pattern = "($.decision = \"rebuild_requested\") && ($.waited_seconds >= 0)", value = "$.waited_seconds" }
    RebuildSeconds    = { pattern = "($.decision = \"finished\") && ($.took_seconds >= 0)", value = "$.took_seconds" }
  }

  # A debt may rightly wait for the grace period, for one audit, for a new snapshot (12 h apart) and for the window (once
  # a day); two hours more are what the API's rate needs for thousands of WorkSpaces that fall due together.
  oldest_debt_seconds = sum([
    var.reconnect_grace_minutes * 60,
    var.audit_interval_minutes * 60,
    var.user_volume == "keep" ? 12 * 3600 : 0,
    var.rebuild_window == null ? 0 : 24 * 3600,
    2 * 3600,
  ])

  # What stays wrong is said again by every audit: these alarms look back one audit and a bit, so that they stay on
  # until it is right again. CloudWatch looks back no further than a day.
  periods_per_audit = min(288, ceil(var.audit_interval_minutes / 5) + 2)

  fleet    = { Fleet = var.name }
  question = "Which WorkSpaces and why: the dashboard, or the log group ${aws_cloudwatch_log_group.function.name}."

  # Their names must not begin with the prefix of the session alarms, which alone may publish to the module's topic.
  alarms = {
    dead-letters = {
      description = "An event could not be delivered or handled and is kept in the dead-letter queue ${aws_sqs_queue.dead_letters.name}. The audit does its work in the meantime."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead_letters.name }
      statistic   = "Maximum"
    }
    errors = {
      description = "The function failed. Lambda tries each event three times."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = aws_lambda_function.nonpersistent.function_name }
    }
    blocked = {
      description = "A WorkSpace cannot be rebuilt and needs a person. ${local.question}"
      metric      = "Blocked"
      periods     = local.periods_per_audit
    }
    image-refused = {
      description = "A new image failed on the WorkSpace it was proven on, and the rest of its bundle does not get it. ${local.question}"
      metric      = "ImagesRefused"
      periods     = local.periods_per_audit
    }
    overdue = {
      description = "A rebuild has been due for longer than grace, audit, snapshot, window and API rate explain. ${local.question}"
      metric      = "OldestDebtSeconds"
      statistic   = "Maximum"
      threshold   = local.oldest_debt_seconds
    }
    braked = {
      description = "Rebuilds wait because maximum_rebuilds_per_hour is reached. ${local.question}"
      metric      = "Deferred"
      dimensions  = merge(local.fleet, { Reason = "brake" })
    }
    silent = {
      description  = "The function has not reconciled for ten minutes: nothing is rebuilt."
      metric       = "Reconciled"
      comparison   = "LessThanThreshold"
      period       = 600
      missing_data = "breaching"
    }
  }

  charts = [
    { title = "Session ends and rebuilds", stat = "Sum", metrics = ["SessionEnds", "RebuildsRequested", "RebuildsFinished"] },
    { title = "Needs a look", stat = "Sum", metrics = ["RebuildsRefused", "RebuildsFailed", "Blocked", "ImagesRefused"] },
    { title = "Oldest debt (seconds)", stat = "Maximum", metrics = ["OldestDebtSeconds"] },
    { title = "From session end to rebuild, and rebuild (seconds)", stat = "p90", metrics = ["SecondsToRebuild", "RebuildSeconds"] },
  ]

  tables = [
    { title = "WorkSpaces that need a person", query = "filter decision in [\"blocked\", \"failed\", \"refused\", \"image_refused\"] | stats latest(@timestamp) as at, latest(decision) as what, latest(reason) as why by workspace_id | sort at desc" },
    { title = "What waits, and why", query = "filter decision = \"deferred\" | stats count(*) as times, latest(@timestamp) as at by workspace_id, reason | sort at desc" },
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
  alarm_description   = each.value.description
  namespace           = lookup(each.value, "namespace", local.metric_namespace)
  metric_name         = each.value.metric
  dimensions          = lookup(each.value, "dimensions", local.fleet)
  statistic           = lookup(each.value, "statistic", "Sum")
  comparison_operator = lookup(each.value, "comparison", "GreaterThanOrEqualToThreshold")
  threshold           = lookup(each.value, "threshold", 1)
  period              = lookup(each.value, "period", 300)
  evaluation_periods  = lookup(each.value, "periods", 1)
  datapoints_to_alarm = 1
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
          metrics = [for metric in chart.metrics : [local.metric_namespace, metric, "Fleet", var.name]]
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
