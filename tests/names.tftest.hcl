# Names at their length limits, and whose they are.

mock_provider "aws" {
  source = "./tests/aws"
}

run "the_longest_names_fit_what_aws_allows" {
  variables {
    name          = join("", [for i in range(40) : "n"])
    workspace_ids = { (join("", [for i in range(128) : "l"])) = "ws-0123456789" }
  }

  # In the Region with the longest name.
  override_resource {
    target = aws_sns_topic.sessions
    values = { arn = "arn:aws-us-gov:sns:ap-southeast-1:123456789012:fleet-sessions" }
  }

  assert {
    condition = alltrue([for most, names in {
      64  = concat([output.function_name, output.role_name], [for rule in local.rules : rule.name])
      80  = [output.dead_letter_queue_name]
      100 = [for permission in aws_lambda_permission.rule : permission.statement_id]
      128 = [for policy in aws_iam_policy.rebuild : policy.name]
      255 = concat([output.ledger_table_name, output.dashboard_name], values(output.alarm_names), [for alarm in aws_cloudwatch_metric_alarm.operations : alarm.alarm_name])
      256 = [output.topic_name]
      512 = [output.log_group_name]
    } : alltrue([for name in names : length(name) <= tonumber(most)])])
    error_message = "Each name must be as short as AWS wants it."
  }
}

run "the_policies_are_named_after_the_role" {
  command = plan

  variables {
    workspace_ids = ["ws-0123456789"]
  }

  assert {
    condition     = aws_iam_policy.rebuild["01"].name == "${aws_iam_role.function.name}-rebuild-01"
    error_message = "Policies are as global as the role."
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

run "a_name_that_begins_as_session_alarms_of_another_fleet_is_refused" {
  command = plan

  variables {
    name          = "kiosks-session-disconnect"
    workspace_ids = { anna = "ws-0123456789" }
  }

  expect_failures = [var.name]
}

# Roles, policies and dashboards are global in an account; everything else belongs to a Region.

run "two_regions_of_an_account_can_have_fleets_of_one_name" {
  module {
    source = "./tests/fixtures/two-regions"
  }

  override_resource {
    target = module.there.aws_sns_topic.sessions
    values = { arn = "arn:aws:sns:us-west-2:123456789012:kiosks-sessions" }
  }

  assert {
    condition = output.global_names == {
      here  = { dashboard = "kiosks-eu-central-1", role = "kiosks-eu-central-1" }
      there = { dashboard = "kiosks-us-west-2", role = "kiosks-us-west-2" }
    }
    error_message = "What is global must be named after its Region, or one fleet would overwrite the other's."
  }
}
