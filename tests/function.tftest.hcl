# The function, what it is told, and what becomes of what it cannot handle.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  name          = "fleet"
  workspace_ids = { anna = "ws-9876543210", ben = "ws-0123456789" }
}

run "by_default" {
  assert {
    condition = aws_lambda_function.nonpersistent.environment[0].variables == tomap({
      FLEET                      = "fleet"
      LEDGER_TABLE               = "fleet-ledger"
      RECONNECT_GRACE_MINUTES    = "20"
      USER_VOLUME                = "roll_back"
      DRY_RUN                    = "false"
      WORKSPACES_API_RATE        = "2"
      AUDIT_INTERVAL_MINUTES     = "60"
      MAXIMUM_REBUILDS_PER_HOUR  = ""
      REBUILD_WINDOW             = ""
      CANARY_AFTER_HOURS         = "12"
      ROLL_OUT_IMAGES            = "false"
      MAXIMUM_REBUILDING_PERCENT = ""
      PUBLISH_EVENTS             = "false"
    })
    error_message = "The environment must hold every default, as a string."
  }

  assert {
    condition     = aws_lambda_function.nonpersistent.runtime == "python3.13" && aws_lambda_function.nonpersistent.handler == "nonpersistent.handler.lambda_handler" && aws_lambda_function.nonpersistent.timeout == 900 && aws_lambda_function.nonpersistent.architectures == tolist(["arm64"])
    error_message = "The function must run its package."
  }

  assert {
    condition     = aws_lambda_function.nonpersistent.logging_config[0].log_format == "JSON" && aws_lambda_function.nonpersistent.logging_config[0].log_group == aws_cloudwatch_log_group.function.name
    error_message = "The function must log JSON into the module's log group: metrics are read from it."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.retention_in_days == 365
    error_message = "The log must be kept for a year by default."
  }

  assert {
    condition     = aws_lambda_function.nonpersistent.source_code_hash == filebase64sha256("package/nonpersistent.zip")
    error_message = "A new package must be deployed."
  }

  # Failed invocations
  assert {
    condition     = aws_lambda_function_event_invoke_config.nonpersistent.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.nonpersistent.maximum_event_age_in_seconds == 21600
    error_message = "An event must be tried three times and wait six hours at most."
  }

  assert {
    condition = alltrue([
      aws_lambda_function_event_invoke_config.nonpersistent.destination_config[0].on_failure[0].destination == aws_sqs_queue.dead_letters.arn,
      jsondecode(aws_sns_topic_subscription.function.redrive_policy).deadLetterTargetArn == aws_sqs_queue.dead_letters.arn,
      alltrue([for target in aws_cloudwatch_event_target.function : target.dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn]),
    ])
    error_message = "What fails at any hop must be kept in the dead-letter queue."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.message_retention_seconds == 1209600 && aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    error_message = "Dead letters must be kept for 14 days, encrypted."
  }

  # Schedules and sign-ins
  assert {
    condition     = aws_cloudwatch_event_rule.reconcile.schedule_expression == "rate(1 minute)" && aws_cloudwatch_event_rule.audit.schedule_expression == "rate(60 minutes)"
    error_message = "It must reconcile every minute and audit every hour."
  }

  assert {
    condition     = [for rule in local.rules : rule.state] == ["ENABLED", "ENABLED", "ENABLED"]
    error_message = "An apply must undo a pause."
  }

  assert {
    condition     = aws_cloudwatch_event_target.function["reconcile"].input == jsonencode({ task = "reconcile" }) && aws_cloudwatch_event_target.function["audit"].input == jsonencode({ task = "audit" }) && aws_cloudwatch_event_target.function["sign_in"].input == null
    error_message = "A schedule must say its task, a sign-in must arrive as it is."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.sign_in.event_pattern) == { source = ["aws.workspaces"], "detail-type" = ["WorkSpaces Access"], detail = { actionType = ["successfulLogin"] } }
    error_message = "The rule must match sign-ins to WorkSpaces and nothing else."
  }

  # The ledger
  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item) == { fleet = { S = "fleet" }, id = { S = "roster" }, workspace_ids = { L = [{ S = "ws-9876543210" }, { S = "ws-0123456789" }] } }
    error_message = "The roster must hold the ids, in the order of their labels."
  }

  # A name is known from the configuration, and would show no replacement.
  assert {
    condition = aws_dynamodb_table_item.roster.table_name == aws_dynamodb_table.ledger.id && alltrue([
      for name in concat([aws_lambda_permission.topic.function_name, aws_lambda_function_event_invoke_config.nonpersistent.function_name], [for permission in aws_lambda_permission.rule : permission.function_name]) :
      name == aws_lambda_function.nonpersistent.id
    ])
    error_message = "What belongs to a table or function that is replaced must be made again in the same apply."
  }

  assert {
    condition     = aws_dynamodb_table.ledger.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.ledger.point_in_time_recovery[0].enabled
    error_message = "The ledger must be paid per request and recoverable."
  }

  assert {
    condition     = one([for index in aws_dynamodb_table.ledger.local_secondary_index : "${index.name} by ${index.range_key}, ${index.projection_type} ${join(" ", sort(index.non_key_attributes))}"]) == "due by due_at, INCLUDE bundle_id needs needs_at outdated_at owed_since phase reason user"
    error_message = "The index must list what is due by its time, with what the gauges count."
  }
}

run "with_every_option" {
  variables {
    reconnect_grace_minutes    = 0.1
    user_volume                = "keep"
    dry_run                    = true
    workspaces_api_rate        = 0.5
    audit_interval_minutes     = 5
    maximum_rebuilds_per_hour  = 30
    rebuild_window             = { start = "18:00", end = "07:00", timezone = "Europe/Berlin", days = ["mon", "fri"] }
    canary_after_hours         = 0.5
    roll_out_images            = true
    maximum_rebuilding_percent = 12.5
    publish_events             = true
    lambda_architecture        = "x86_64"
    log_retention_days         = 7
    kms_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
    permissions_boundary_arn   = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition = aws_lambda_function.nonpersistent.environment[0].variables == tomap({
      FLEET                      = "fleet"
      LEDGER_TABLE               = "fleet-ledger"
      RECONNECT_GRACE_MINUTES    = "0.1"
      USER_VOLUME                = "keep"
      DRY_RUN                    = "true"
      WORKSPACES_API_RATE        = "0.5"
      AUDIT_INTERVAL_MINUTES     = "5"
      MAXIMUM_REBUILDS_PER_HOUR  = "30"
      REBUILD_WINDOW             = "{\"days\":[\"mon\",\"fri\"],\"end\":\"07:00\",\"start\":\"18:00\",\"timezone\":\"Europe/Berlin\"}"
      CANARY_AFTER_HOURS         = "0.5"
      ROLL_OUT_IMAGES            = "true"
      MAXIMUM_REBUILDING_PERCENT = "12.5"
      PUBLISH_EVENTS             = "true"
    })
    error_message = "The environment must hold every option, as a string."
  }

  assert {
    condition = alltrue([for key in [
      aws_sns_topic.sessions.kms_master_key_id,
      aws_sqs_queue.dead_letters.kms_master_key_id,
      aws_dynamodb_table.ledger.server_side_encryption[0].kms_key_arn,
      aws_lambda_function.nonpersistent.kms_key_arn,
      aws_cloudwatch_log_group.function.kms_key_id,
    ] : key == var.kms_key_arn])
    error_message = "Everything that can be must be under the customer's key."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.retention_in_days == 7 && aws_iam_role.function.permissions_boundary == var.permissions_boundary_arn && aws_lambda_function.nonpersistent.architectures == tolist(["x86_64"])
    error_message = "Retention, boundary and architecture must be as given."
  }
}

run "without_a_canary" {
  command = plan

  variables {
    canary_after_hours = null
  }

  assert {
    condition     = aws_lambda_function.nonpersistent.environment[0].variables.CANARY_AFTER_HOURS == ""
    error_message = "No canary must be an empty string."
  }
}

run "a_window_opens_on_all_days_unless_it_says_on_which" {
  command = plan

  variables {
    rebuild_window = { start = "19:00", end = "06:00", timezone = "UTC" }
  }

  assert {
    condition     = jsondecode(aws_lambda_function.nonpersistent.environment[0].variables.REBUILD_WINDOW).days == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    error_message = "Without days the window must open on each."
  }
}

run "days_that_are_null_are_all_days" {
  command = plan

  variables {
    rebuild_window = { start = "19:00", end = "06:00", timezone = "UTC", days = null }
  }

  assert {
    condition     = jsondecode(aws_lambda_function.nonpersistent.environment[0].variables.REBUILD_WINDOW).days == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    error_message = "Days that are null must be as days left out."
  }
}

run "a_window_may_be_of_any_type_that_says_the_same" {
  command = plan

  variables {
    rebuild_window = { start = "19:00", end = "06:00", timezone = "UTC", days = toset(["fri", "mon"]) }
  }

  assert {
    condition     = jsondecode(aws_lambda_function.nonpersistent.environment[0].variables.REBUILD_WINDOW) == { start = "19:00", end = "06:00", timezone = "UTC", days = ["fri", "mon"] }
    error_message = "A set of days must do as well as a list."
  }
}

run "a_map_is_a_window_on_all_days" {
  command = plan

  variables {
    rebuild_window = tomap({ start = "19:00", end = "06:00", timezone = "UTC" })
  }

  assert {
    condition     = jsondecode(aws_lambda_function.nonpersistent.environment[0].variables.REBUILD_WINDOW) == { start = "19:00", end = "06:00", timezone = "UTC", days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }
    error_message = "A map must do as well as an object."
  }
}
