# A key or an alarm action of another Region, at the first plan, when nothing of the module's exists. The mocked provider is in
# eu-central-1.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  workspace_ids = { anna = "ws-0123456789" }
}

run "a_topic_of_another_region_is_refused" {
  command = plan

  variables {
    operations_alarm_actions = ["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:sns:us-east-1:123456789012:operations"]
  }

  expect_failures = [aws_cloudwatch_metric_alarm.operations]
}

run "a_function_of_another_region_is_refused" {
  command = plan

  variables {
    operations_alarm_actions = ["arn:aws:lambda:us-east-1:123456789012:function:tell"]
  }

  expect_failures = [aws_cloudwatch_metric_alarm.operations]
}

run "a_key_of_another_region_is_refused" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
  }

  expect_failures = [aws_iam_role.function]
}

run "a_topic_of_another_partition_is_refused" {
  command = plan

  variables {
    operations_alarm_actions = ["arn:aws-cn:sns:eu-central-1:123456789012:operations"]
  }

  expect_failures = [aws_cloudwatch_metric_alarm.operations]
}

run "a_key_of_another_partition_is_refused" {
  command = plan

  variables {
    kms_key_arn = "arn:aws-us-gov:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
  }

  expect_failures = [aws_iam_role.function]
}

run "what_is_in_the_own_region_or_in_none" {
  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
    operations_alarm_actions = [
      "arn:aws:sns:eu-central-1:123456789012:operations",
      "arn:aws:ssm-incidents::123456789012:response-plan/desks",
      "arn:aws:aiops:eu-central-1:123456789012:investigation-group:desks",
      "arn:aws:lambda:eu-central-1:123456789012:function:ssm:live",
    ]
  }

  assert {
    condition     = aws_lambda_function.nonpersistent.kms_key_arn == var.kms_key_arn
    error_message = "It must be applied."
  }

  assert {
    condition = alltrue([for alarm in aws_cloudwatch_metric_alarm.operations :
      alarm.alarm_actions == toset(var.operations_alarm_actions) && alarm.ok_actions == toset(["arn:aws:sns:eu-central-1:123456789012:operations", "arn:aws:lambda:eu-central-1:123456789012:function:ssm:live"])
    ])
    error_message = "Each action must run on ALARM, and those that can on OK."
  }
}
