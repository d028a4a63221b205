locals {
  # Ids and labels are no secrets, wherever they come from, and no key of for_each may be one: the collection or single ids
  # may be marked as sensitive.
  workspaces = nonsensitive(var.workspace_ids)

  # By label, in a list by position. Never fails, whatever the values are: validations report bad ones.
  ids = [for id in local.workspaces : nonsensitive(trim(jsonencode(id), "\""))]

  characters_of_ids = sum(concat([0], [for id in local.ids : length(id)]))

  # One label per session alarm; a list's ids are their own labels. Only labels are keys of for_each, so ids may be unknown at plan.
  labels  = can(keys(local.workspaces)) ? keys(local.workspaces) : local.ids
  alarmed = var.session_alarms ? zipmap(local.labels, local.ids) : {}

  # Read from an ARN that the module owns: in a module with depends_on data sources are unknown at plan, and a role named
  # after an unknown Region would be replaced.
  topic_arn = split(":", aws_sns_topic.sessions.arn)
  partition = local.topic_arn[1]
  region    = local.topic_arn[3]
  account   = local.topic_arn[4]

  # For what is global in an account: with the Region in its name, two Regions can hold a fleet of the same name.
  global_name = "${var.name}-${local.region}"

  # Made from their names, so that policies need not wait for queue, ledger and function: these must not be under a key
  # before the role may use it.
  dead_letters_name = "${var.name}-dead-letters"
  dead_letters_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.dead_letters_name}"
  ledger_name       = "${var.name}-ledger"
  function_arn      = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}"
  ledger_arn        = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.ledger_name}"

  # With its days, whether it names them or not. Never fails, as validations report bad values.
  rebuild_window = var.rebuild_window == null ? null : {
    start    = try(tostring(var.rebuild_window.start), null)
    end      = try(tostring(var.rebuild_window.end), null)
    timezone = try(tostring(var.rebuild_window.timezone), null)
    days     = try([for day in var.rebuild_window.days : tostring(day)], local.days)
  }

  # Of the rebuild window; a day without one.
  window_minutes = try((
    60 * (parseint(substr(local.rebuild_window.end, 0, 2), 10) - parseint(substr(local.rebuild_window.start, 0, 2), 10) + 24) +
    parseint(substr(local.rebuild_window.end, 3, 2), 10) - parseint(substr(local.rebuild_window.start, 3, 2), 10)
  ) % 1440, 1440)

  # What the function calls itself on EventBridge, whatever the name of the deployment: `fleet` in the detail holds that.
  event_source = "workspaces-nonpersistent"

  # Only alarms whose names begin like this may publish to the topic; no other alarm of the module's does.
  session_alarm_prefix = "${var.name}-session-disconnect-"

  package  = "${path.module}/package/nonpersistent.zip"
  manifest = jsondecode(file("${path.module}/package/manifest.json"))
  # A checkout may have turned LF into CRLF; the package always holds LF.
  sources = {
    for source in fileset("${path.module}/lambda_src", "**/*.py") :
    source => sha256(replace(file("${path.module}/lambda_src/${source}"), "\r\n", "\n"))
  }

  rules = {
    sign_in   = aws_cloudwatch_event_rule.sign_in
    reconcile = aws_cloudwatch_event_rule.reconcile
    audit     = aws_cloudwatch_event_rule.audit
  }
}

# Only a warning: the snapshots of most WorkSpaces may happen to fall into the window.
check "a_snapshot_falls_into_the_window" {
  assert {
    condition     = var.user_volume != "keep" || local.window_minutes >= 13 * 60
    error_message = "With user_volume = \"keep\" rebuild_window should be open for at least 13 hours: AWS takes a snapshot every 12 hours, and a WorkSpace whose snapshots fall outside of the window may never be rebuilt; got ${try(local.rebuild_window.start, "")} to ${try(local.rebuild_window.end, "")}."
  }
}

# Only a warning: some fleets can wait.
check "audits_find_session_ends_soon" {
  assert {
    condition     = var.session_alarms || var.audit_interval_minutes <= 15
    error_message = "Without session_alarms audit_interval_minutes should be 5 to 15: only audits find the end of a session, so one can go unnoticed for so long; got ${var.audit_interval_minutes}."
  }
}

# A session ends: one alarm per WorkSpace, since only an alarm of its own says whose session it was.
resource "aws_cloudwatch_metric_alarm" "session_disconnect" {
  for_each = local.alarmed

  alarm_name          = "${local.session_alarm_prefix}${each.key}"
  alarm_description   = "A session on WorkSpace ${each.value} ended. No action is needed: the WorkSpace is rebuilt once it is seen vacant for the grace period."
  namespace           = "AWS/WorkSpaces"
  metric_name         = "SessionDisconnect"
  dimensions          = { WorkspaceId = each.value }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  # The metric is absent while nobody disconnects. Actions run on transitions only, so the alarm has to return to OK.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_sns_topic.sessions.arn]
  tags               = var.tags
}

# The alarms tell the topic.
resource "aws_sns_topic" "sessions" {
  name              = "${var.name}-sessions"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags

  # AWS takes over a topic, alarm, rule or queue that exists already, and says nothing. It refuses a log group. So the
  # log group comes first: a second deployment of the same name fails there, before it touches what the first one owns.
  depends_on = [aws_cloudwatch_log_group.function]
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "SessionAlarmsOfThisFleetMayPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.sessions.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${local.session_alarm_prefix}*"]
    }
  }

  statement {
    sid       = "NobodyMayPublishWithoutTLS"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.sessions.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "sessions" {
  arn    = aws_sns_topic.sessions.arn
  policy = data.aws_iam_policy_document.topic.json
}

# The topic tells the function.
resource "aws_sns_topic_subscription" "function" {
  topic_arn = aws_sns_topic.sessions.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.nonpersistent.arn
  # What SNS cannot hand to Lambda is kept and raises the dead-letter alarm, instead of vanishing.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letters.arn })

  depends_on = [aws_lambda_permission.topic]
}

resource "aws_lambda_permission" "topic" {
  statement_id  = "TheTopicMayInvoke"
  function_name = aws_lambda_function.nonpersistent.id
  action        = "lambda:InvokeFunction"
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.sessions.arn
}

# The function records what an event says, then does what is due.
resource "aws_lambda_function" "nonpersistent" {
  # checkov:skip=CKV_AWS_50:traces would need a right on every resource; the log says what each decision took and why
  # checkov:skip=CKV_AWS_115:the lease in the ledger makes one invocation the actor; a limit would delay sign-ins, and many accounts have no concurrency to reserve
  # checkov:skip=CKV_AWS_116:an on-failure destination keeps more than a dead-letter configuration: also the error; see the event invoke config
  # checkov:skip=CKV_AWS_117:it calls AWS alone; a VPC would add NAT or endpoints, which can fail, and protect nothing
  # checkov:skip=CKV_AWS_272:the package's hash is compared with its sources on each plan; a signing profile would be the user's
  function_name    = var.name
  description      = "Rebuilds WorkSpaces after their sessions have ended."
  role             = aws_iam_role.function.arn
  handler          = "nonpersistent.handler.lambda_handler"
  runtime          = "python3.13"
  architectures    = [var.lambda_architecture]
  memory_size      = 256
  timeout          = 900 # Lambda's longest: a burst drains at the API's rate
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  kms_key_arn      = var.kms_key_arn
  tags             = var.tags

  environment {
    variables = {
      FLEET                      = var.name
      LEDGER_TABLE               = aws_dynamodb_table.ledger.name
      RECONNECT_GRACE_MINUTES    = tostring(var.reconnect_grace_minutes)
      USER_VOLUME                = var.user_volume
      DRY_RUN                    = tostring(var.dry_run)
      WORKSPACES_API_RATE        = tostring(var.workspaces_api_rate)
      AUDIT_INTERVAL_MINUTES     = tostring(var.audit_interval_minutes)
      MAXIMUM_REBUILDS_PER_HOUR  = var.maximum_rebuilds_per_hour == null ? "" : tostring(var.maximum_rebuilds_per_hour)
      REBUILD_WINDOW             = local.rebuild_window == null ? "" : jsonencode(local.rebuild_window)
      CANARY_AFTER_HOURS         = var.canary_after_hours == null ? "" : tostring(var.canary_after_hours)
      ROLL_OUT_IMAGES            = tostring(var.roll_out_images)
      MAXIMUM_REBUILDING_PERCENT = var.maximum_rebuilding_percent == null ? "" : tostring(var.maximum_rebuilding_percent)
      PUBLISH_EVENTS             = tostring(var.publish_events)
    }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.function.name
    application_log_level = "INFO"
    # Start and end of each of the day's 1,440 ticks say nothing that the decision lines do not say.
    system_log_level = "WARN"
  }

  lifecycle {
    precondition {
      condition     = local.manifest.sources == local.sources && local.manifest.zip_sha256 == filesha256(local.package)
      error_message = "package/nonpersistent.zip, package/manifest.json and lambda_src/ do not belong together (differing: ${join(", ", concat([for source in setunion(keys(local.manifest.sources), keys(local.sources)) : source if lookup(local.manifest.sources, source, "absent") != lookup(local.sources, source, "absent")], local.manifest.zip_sha256 == filesha256(local.package) ? [] : ["nonpersistent.zip"]))}). Run: python3 package/build.py"
    }
  }

  # The first event may come as soon as the function exists: by then it has its rights and its roster.
  depends_on = [
    aws_iam_role_policy.function,
    aws_iam_role_policy_attachment.rebuild,
    aws_dynamodb_table_item.roster,
  ]
}

# An invocation that fails is tried again, and kept when it keeps failing.
resource "aws_lambda_function_event_invoke_config" "nonpersistent" {
  function_name                = aws_lambda_function.nonpersistent.id
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    sid       = "TheTopicMayKeepWhatItCouldNotDeliver"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letters_arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_sns_topic.sessions.arn]
    }
  }

  statement {
    sid       = "TheRulesMayKeepWhatTheyCouldNotDeliver"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letters_arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in local.rules : rule.arn]
    }
  }

  statement {
    sid       = "NobodyMayUseTheQueueWithoutTLS"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.dead_letters_arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters_name
  message_retention_seconds = 1209600 # 14 days, SQS's longest: a person has to have the time to look
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn
  # Here and not as a resource of its own: Terraform waits half a minute for each.
  policy = data.aws_iam_policy_document.dead_letters.json
  tags   = var.tags

  # A key that is added later: the role may use it before the queue is under it.
  depends_on = [aws_iam_role_policy.function]
}

# The ledger: what is known of each WorkSpace, and what is due.
resource "aws_dynamodb_table" "ledger" {
  # checkov:skip=CKV_AWS_119:kms_key_arn sets a customer key; without it AWS's own key encrypts
  name         = local.ledger_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "fleet" # the same for all items: an index that is local to a key can be read consistently
  range_key    = "id"
  tags         = var.tags

  attribute {
    name = "fleet"
    type = "S"
  }

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "due_at"
    type = "S"
  }

  # Only items with a time to look are in the index, so an idle minute reads nothing, whatever the size of the fleet. With
  # what the gauges count, so that they need not read each item.
  local_secondary_index {
    name               = "due"
    range_key          = "due_at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["phase", "needs", "needs_at", "reason", "user", "bundle_id", "owed_since", "outdated_at"]
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = var.kms_key_arn != null # false means under a key that AWS owns, not unencrypted
    kms_key_arn = var.kms_key_arn
  }

  # A key that is added later: the function goes on reading and writing while the table is put under it.
  depends_on = [aws_iam_role_policy.function]
}

# In the table, because an environment variable holds too few ids.
resource "aws_dynamodb_table_item" "roster" {
  table_name = aws_dynamodb_table.ledger.id # unknown while the table is replaced: so the item is written again
  hash_key   = aws_dynamodb_table.ledger.hash_key
  range_key  = aws_dynamodb_table.ledger.range_key
  item = jsonencode({
    fleet         = { S = "fleet" }
    id            = { S = "roster" }
    workspace_ids = { L = [for id in local.ids : { S = id }] }
  })

  lifecycle {
    precondition {
      condition     = local.characters_of_ids <= 300000
      error_message = "workspace_ids must have ids of at most 300,000 characters together: an item of the ledger holds 400 kB. Deploy the module a second time, under another name, for some of them; got ${length(local.ids)} ids of ${local.characters_of_ids} characters."
    }
  }
}

# Besides the alarms: sign-ins, and two schedules that need no signal at all.
resource "aws_cloudwatch_event_rule" "sign_in" {
  name        = "${var.name}-sign-in"
  state       = "ENABLED" # said, so that an apply undoes a pause
  description = "A user signed in to a WorkSpace: it is in use, whatever was due."
  event_pattern = jsonencode({
    source      = ["aws.workspaces"]
    detail-type = ["WorkSpaces Access"]
    detail      = { actionType = ["successfulLogin"] }
  })
  tags = var.tags

  depends_on = [aws_cloudwatch_log_group.function] # as for the topic
}

resource "aws_cloudwatch_event_rule" "reconcile" {
  name                = "${var.name}-reconcile"
  state               = "ENABLED" # as above
  description         = "Does what is due."
  schedule_expression = "rate(1 minute)"
  tags                = var.tags

  depends_on = [aws_cloudwatch_log_group.function] # as for the topic
}

resource "aws_cloudwatch_event_rule" "audit" {
  name                = "${var.name}-audit"
  state               = "ENABLED" # as above
  description         = "Checks the whole roster, so that a session end is found although every signal of it was lost."
  schedule_expression = "rate(${var.audit_interval_minutes} minutes)"
  tags                = var.tags

  depends_on = [aws_cloudwatch_log_group.function] # as for the topic
}

resource "aws_cloudwatch_event_target" "function" {
  for_each = local.rules

  rule  = each.value.name
  arn   = aws_lambda_function.nonpersistent.arn
  input = each.key == "sign_in" ? null : jsonencode({ task = each.key })

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [aws_lambda_permission.rule]
}

resource "aws_lambda_permission" "rule" {
  for_each = local.rules

  statement_id  = "TheRule-${each.key}-MayInvoke"
  function_name = aws_lambda_function.nonpersistent.id
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = each.value.arn
}
