locals {
  metric_namespace = "NonPersistentWorkSpaces"
  fleet            = { Fleet = var.name }

  # Every five minutes the function writes one line, computed from the ledger, that says how the fleet is. Each of these
  # metrics is a number of that line: it is there whatever the function just did, and 0 (or small) when all is well.
  # A metric costs as much as three alarms, so what only a table shows is a query instead.
  gauges = {
    AuditOverdueMinutes = "audit_overdue_minutes"
    Blocked             = "blocked"
    Braked              = "braked"
    Endless             = "endless"
    HeldBundles         = "held_bundles"
    Late                = "late"
    Owed                = "owed"
    Rebuilding          = "rebuilding"
    Unknown             = "unknown"
  }

  # Their names must not begin with the prefix of the session alarms, which alone may publish to the module's topic.
  # Each has a section of its name in the runbook: a sentence here, the commands there.
  alarms = {
    audit-missed = {
      problem   = "No audit has been completed for an hour longer than audit_interval_minutes: session ends whose alarm was lost go unnoticed."
      remedy    = "Check that the rule ${aws_cloudwatch_event_rule.audit.name} is enabled, and look in the log for what interrupts the audits."
      metric    = "AuditOverdueMinutes"
      threshold = 60
      statistic = "Minimum" # after a pause of the function, a line before its first audit and one after it may come together
    }
    blocked = {
      problem = "A WorkSpace cannot be rebuilt, or its rebuild has failed."
      remedy  = "Run scripts/fleet status to see which and why, and repair that WorkSpace. The function tries again on its own."
      metric  = "Blocked"
    }
    braked = {
      problem = "Rebuilds have waited for more than three days because maximum_rebuilds_per_hour or maximum_rebuilding_percent is reached."
      remedy  = "Find out whether this many session ends are expected. If so, raise maximum_rebuilds_per_hour or maximum_rebuilding_percent."
      metric  = "Braked"
    }
    dead-letters = {
      problem    = "An event could not be delivered or handled and is kept in the queue ${aws_sqs_queue.dead_letters.name}."
      remedy     = "Read the message's error, fix its cause, run an audit, then delete the message."
      namespace  = "AWS/SQS"
      metric     = "ApproximateNumberOfMessagesVisible"
      dimensions = { QueueName = aws_sqs_queue.dead_letters.name }
    }
    endless = {
      problem = "A rebuild has been in progress for more than two hours."
      remedy  = "Run scripts/fleet status to see which, look at that WorkSpace in the console, and contact AWS Support if nothing changes."
      metric  = "Endless"
    }
    # One failure is tried again and says nothing; what fails for good fails three times. Periods of a minute, as longer ones
    # slide over the same failures and count them now as two, now as three.
    errors = {
      problem    = "The function failed in at least three of the last 60 minutes."
      remedy     = "Read the latest ERROR line in the log group ${aws_cloudwatch_log_group.function.name} and fix what it reports."
      namespace  = "AWS/Lambda"
      metric     = "Errors"
      dimensions = { FunctionName = aws_lambda_function.nonpersistent.function_name }
      statistic  = "Sum"
      period     = 60
      periods    = 60
      datapoints = 3
      # A minute without an invocation is one without a failure.
      missing_data = "notBreaching"
    }
    held-bundle = {
      problem = "Rebuilds of a bundle failed on three WorkSpaces, and the others of the bundle wait."
      remedy  = "Run scripts/fleet status to see which, and fix the cause (KMS key, directory, network) or update the bundle to another image. The function resumes on its own."
      metric  = "HeldBundles"
    }
    late = {
      problem = "A rebuild is later than the settings of the module explain."
      remedy  = "Run scripts/fleet status to see which WorkSpace waits and for what reason, and remove that reason."
      metric  = "Late"
    }
    # Fifteen periods of a minute and not one of fifteen: a silent period would be judged by an older one as long as
    # CloudWatch has that in view, which is a few periods more than the alarm asks for.
    silent = {
      problem      = "The function has written no line about the fleet's state for fifteen minutes: nothing is rebuilt."
      remedy       = "Check that the rule ${aws_cloudwatch_event_rule.reconcile.name} is enabled and that the function runs."
      metric       = "Owed"
      statistic    = "SampleCount"
      comparison   = "LessThanThreshold"
      period       = 60
      periods      = 15
      datapoints   = 15
      missing_data = "breaching"
    }
    unknown = {
      problem = "The function cannot tell whether a WorkSpace is in use: AWS does not show it, does not know its id or returns an error, or its ledger item cannot be read."
      remedy  = "Run scripts/fleet status to see which and why, and repair that WorkSpace or remove it from workspace_ids."
      metric  = "Unknown"
    }
  }

  # Metrics of this module by name; any other with its namespace and dimensions, as the dashboard wants it.
  charts = [
    { title = "What needs a person", own = ["Late", "Blocked", "Endless", "Unknown", "HeldBundles", "Braked"] },
    { title = "Rebuilds owed and in progress", own = ["Owed", "Rebuilding"] },
    { title = "Minutes since an audit was missed", own = ["AuditOverdueMinutes"] },
    { title = "Errors and dead letters", metrics = [
      ["AWS/Lambda", "Errors", "FunctionName", aws_lambda_function.nonpersistent.function_name],
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.dead_letters.name],
    ] },
  ]

  # A WorkSpace waits if one of the first is the latest that the log says of it, and not if it is one of the others.
  waiting     = ["deferred", "vacant", "refused", "failed"]
  not_waiting = ["clean", "in_use", "rebuild_requested", "unanswered", "rebuilding", "finished", "believed", "dry_run", "forgotten"]

  # Queries of the log. The lines of the last ten minutes that say needs_person are the present state.
  tables = [
    { title = "Needs a person now", query = "filter decision = \"needs_person\" and toMillis(@timestamp) >= now() * 1000 - 600000 | stats latest(user) as who, latest(reason) as why, latest(since) as began by needs, workspace_id, bundle_id | sort began" },
    { title = "What waits, and why", query = "filter decision in [${join(", ", [for each in concat(local.waiting, local.not_waiting) : jsonencode(each)])}] | stats latest(@timestamp) as at, latest(decision) as what, latest(user) as who, latest(reason) as why, latest(due_at) as next_look by workspace_id | filter what in [${join(", ", [for each in local.waiting : jsonencode(each)])}] | sort at desc" },
    { title = "Refused and failed", query = "filter decision in [\"failed\", \"refused\", \"unanswered\", \"not_learnt\"] | stats latest(@timestamp) as at, latest(user) as who, latest(reason) as why, count(*) as times by workspace_id, decision | sort at desc" },
    { title = "Bundles: trusted and held", query = "filter decision in [\"held_bundle\", \"trusted\"] | stats latest(@timestamp) as at, latest(decision) as what, latest(image_id) as image by bundle_id | sort at desc" },
    { title = "Rebuilds an hour", view = "timeSeries", query = "filter decision in [\"rebuild_requested\", \"finished\", \"failed\"] | stats sum(strcontains(decision, \"rebuild_requested\")) as requested, sum(strcontains(decision, \"finished\")) as ended_well, sum(strcontains(decision, \"failed\")) as ended_badly by bin(1h)" },
    { title = "Seconds from session end to rebuild, and of the rebuild (90 %)", view = "timeSeries", query = "filter decision in [\"rebuild_requested\", \"finished\"] | stats pct(waited_seconds, 90) as waited, pct(took_seconds, 90) as took by bin(1h)" },
    { title = "Errors of the function", query = "filter level = \"ERROR\" or log_level = \"ERROR\" or record.status in [\"error\", \"failure\", \"timeout\"] | fields @timestamp, @message | sort @timestamp desc | limit 20" },
  ]
}

# Owned by the module: so it has a retention time and a key, and the function needs no right to make log groups.
resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_cloudwatch_log_metric_filter" "gauge" {
  for_each = local.gauges

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.function.name
  pattern        = "{ $.decision = \"gauges\" }"

  metric_transformation {
    namespace  = local.metric_namespace
    name       = each.key
    value      = "$.${each.value}"
    dimensions = { Fleet = "$.fleet" }
  }
}

# Each says whether something needs a person now, so a number of the gauges above is enough: one fault, one ALARM, one OK.
# A gauge that is missing says nothing (that is what `silent` is for), so an alarm stays as it is until the next. Gauges
# come every five to six minutes. Periods of ten are never empty: instead of an empty one CloudWatch judges an older one,
# which may hold lines from before and after a change, and so rings again for what is over.
resource "aws_cloudwatch_metric_alarm" "operations" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.problem} ${each.value.remedy} Runbook: docs/operations.md#${each.key}"
  namespace           = lookup(each.value, "namespace", local.metric_namespace)
  metric_name         = each.value.metric
  dimensions          = lookup(each.value, "dimensions", local.fleet)
  statistic           = lookup(each.value, "statistic", "Maximum")
  comparison_operator = lookup(each.value, "comparison", "GreaterThanOrEqualToThreshold")
  threshold           = lookup(each.value, "threshold", 1)
  period              = lookup(each.value, "period", 600)
  evaluation_periods  = lookup(each.value, "periods", 1)
  datapoints_to_alarm = lookup(each.value, "datapoints", 1)
  treat_missing_data  = lookup(each.value, "missing_data", "ignore")
  alarm_actions       = var.operations_alarm_actions
  ok_actions          = [for arn in var.operations_alarm_actions : arn if !can(regex(local.on_alarm_only_pattern, arn))]
  tags                = var.tags

  lifecycle {
    # Not on the role: a function among these actions may need to know the ledger or the dead letters. One alarm speaks for all.
    precondition {
      condition     = each.key != "silent" || alltrue([for arn in var.operations_alarm_actions : try(split(":", arn)[1] == data.aws_partition.current.partition && contains(["", data.aws_region.current.id], split(":", arn)[3]), true)])
      error_message = "operations_alarm_actions must hold actions of the alarms' own partition and Region, ${data.aws_partition.current.partition} and ${data.aws_region.current.id}: CloudWatch cannot run those of others. Invalid: ${join(", ", [for arn in var.operations_alarm_actions : jsonencode(arn) if !try(split(":", arn)[1] == data.aws_partition.current.partition && contains(["", data.aws_region.current.id], split(":", arn)[3]), true)])}."
    }
  }

  # What they watch has to be on its way before they look: `silent` would ring otherwise.
  depends_on = [
    aws_cloudwatch_event_target.function,
    aws_cloudwatch_log_metric_filter.gauge,
  ]
}

resource "aws_cloudwatch_dashboard" "fleet" {
  count = var.create_dashboard ? 1 : 0

  # Dashboards are global in an account, as IAM is.
  dashboard_name = local.global_name
  dashboard_body = jsonencode({
    # A line is written when something changes, and a window that is closed over a weekend makes a debt wait for days.
    start = "-P7D"
    widgets = concat(
      [{
        type       = "alarm"
        width      = 24
        height     = 3
        properties = { title = "Alarms", alarms = [for key in sort(keys(local.alarms)) : aws_cloudwatch_metric_alarm.operations[key].arn] }
      }],
      [for chart in local.charts : {
        type   = "metric"
        width  = 12
        height = 6
        properties = {
          title   = chart.title
          region  = local.region
          stat    = "Maximum"
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
          view   = lookup(table, "view", "table")
          query  = "SOURCE '${aws_cloudwatch_log_group.function.name}' | ${table.query}"
        }
      }],
    )
  })
}
