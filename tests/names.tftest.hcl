# Names at their length limits: the longest name and label in the Region with the longest name.

mock_provider "aws" {
  source = "./tests/aws"
}

override_resource {
  target = aws_sns_topic.sessions
  values = { arn = "arn:aws-us-gov:sns:ap-southeast-1:123456789012:fleet-sessions" }
}

variables {
  name          = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
  workspace_ids = { (join("", [for i in range(128) : "l"])) = "ws-0123456789" }
}

run "the_longest_names_fit_what_aws_allows" {
  assert {
    condition = alltrue([
      length(aws_lambda_function.nonpersistent.function_name) <= 64,
      length(aws_iam_role.function.name) <= 64,
      length(aws_sqs_queue.dead_letters.name) <= 80,
      length(aws_sns_topic.sessions.name) <= 256,
      length(aws_dynamodb_table.ledger.name) <= 255,
      length(aws_cloudwatch_dashboard.fleet[0].dashboard_name) <= 255,
      length(aws_cloudwatch_log_group.function.name) <= 512,
    ])
    error_message = "Function and role may have 64 characters, a queue 80, table and dashboard 255, a topic 256, a log group 512."
  }

  assert {
    condition     = alltrue([for rule in local.rules : length(rule.name) <= 64])
    error_message = "A rule's name may have 64 characters."
  }

  assert {
    condition     = alltrue([for policy in aws_iam_policy.rebuild : length(policy.name) <= 128])
    error_message = "A managed policy's name may have 128 characters."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.session_disconnect), values(aws_cloudwatch_metric_alarm.operations)) : length(alarm.alarm_name) <= 255])
    error_message = "An alarm's name may have 255 characters."
  }

  assert {
    condition     = length(output.role_name) == length(var.name) + length("-ap-southeast-1")
    error_message = "The role's name must end with the Region: IAM is global."
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.rule : length(permission.statement_id) <= 100])
    error_message = "A statement's id may have 100 characters."
  }
}

run "two_names_share_no_name" {
  variables {
    name          = "kiosks"
    workspace_ids = { anna = "ws-0123456789" }
  }

  assert {
    condition = alltrue([for name in concat(
      values(output.alarm_names),
      [for alarm in aws_cloudwatch_metric_alarm.operations : alarm.alarm_name],
      [for rule in local.rules : rule.name],
      [for policy in aws_iam_policy.rebuild : policy.name],
      [output.function_name, output.role_name, output.dead_letter_queue_name, output.topic_name],
      [output.ledger_table_name, output.dashboard_name, trimprefix(output.log_group_name, "/aws/lambda/")],
    ) : name == "kiosks" || startswith(name, "kiosks-")])
    error_message = "Every name must begin with the fleet's own: two fleets live side by side."
  }
}
