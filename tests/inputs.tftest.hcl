# What the inputs accept. What each refuses, and in which words: tests/policies/test_refusals.py.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  workspace_ids = ["ws-0123456789"]
}

# workspace_ids: each kind of collection makes an alarm per WorkSpace, and the roster.

run "a_list_of_ids" {
  command = plan

  variables {
    workspace_ids = ["ws-9876543210", "ws-0123456789"]
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "ws-0123456789 ws-9876543210"
    error_message = "An id of a list must be its own label."
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L == [{ S = "ws-9876543210" }, { S = "ws-0123456789" }]
    error_message = "The roster must hold the ids of a list as they come."
  }
}

run "a_set_of_ids" {
  command = plan

  variables {
    workspace_ids = toset(["ws-9876543210", "ws-0123456789"])
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "ws-0123456789 ws-9876543210"
    error_message = "An id of a set must be its own label."
  }
}

run "a_map_from_label_to_id" {
  command = plan

  variables {
    workspace_ids = tomap({ anna = "ws-9876543210", "Ben (2nd floor)" = "ws-0123456789" })
  }

  assert {
    condition     = { for label, alarm in aws_cloudwatch_metric_alarm.session_disconnect : label => alarm.dimensions.WorkspaceId } == { anna = "ws-9876543210", "Ben (2nd floor)" = "ws-0123456789" }
    error_message = "Each label must have the alarm of its own WorkSpace."
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L == [{ S = "ws-0123456789" }, { S = "ws-9876543210" }]
    error_message = "The roster must hold the ids in the order of their labels."
  }
}

run "nobody" {
  command = plan

  variables {
    workspace_ids = {}
  }

  assert {
    condition     = length(keys(aws_cloudwatch_metric_alarm.session_disconnect)) == 0 && length(keys(aws_iam_policy.rebuild)) == 0
    error_message = "Without a WorkSpace there must be neither an alarm nor a right to rebuild."
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L == []
    error_message = "The roster must be empty."
  }
}

run "nobody_with_a_tag" {
  command = plan

  variables {
    workspace_ids = {}
    workspace_tag = { key = "fleet", value = "kiosk" }
  }

  assert {
    condition     = length(keys(aws_iam_policy.rebuild)) == 0
    error_message = "Without a WorkSpace there must be no right to rebuild, whatever carries the tag."
  }
}

run "ids_and_a_tag_that_are_sensitive" {
  command = plan

  variables {
    workspace_ids = sensitive([sensitive("ws-9876543210"), "ws-0123456789"])
    workspace_tag = { key = "fleet", value = sensitive("kiosk") }
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "ws-0123456789 ws-9876543210" && keys(aws_iam_policy.rebuild) == ["01"]
    error_message = "They are no secrets to the module, so they must be keys of its alarms and policies."
  }
}

run "without_session_alarms" {
  command = plan

  variables {
    workspace_ids          = ["ws-0123456789", "ws-9876543210"]
    session_alarms         = false
    audit_interval_minutes = 5
  }

  assert {
    condition     = length(keys(aws_cloudwatch_metric_alarm.session_disconnect)) == 0 && output.alarm_names == {}
    error_message = "There must be no alarm per WorkSpace."
  }

  assert {
    condition     = keys(aws_iam_policy.rebuild) == ["01"] && length(jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L) == 2
    error_message = "The WorkSpaces must be on the roster and in the policy all the same."
  }
}

# The bounds of the other inputs.

run "the_least_of_each" {
  command = plan

  variables {
    audit_interval_minutes     = 5
    canary_after_hours         = 0.01
    kms_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
    lambda_architecture        = "arm64"
    log_retention_days         = 1
    maximum_rebuilding_percent = 0.01
    maximum_rebuilds_per_hour  = 1
    name                       = "f"
    operations_alarm_actions   = ["arn:aws:sns:eu-central-1:123456789012:operations"]
    permissions_boundary_arn   = "arn:aws:iam::aws:policy/PowerUserAccess"
    rebuild_window             = { start = "23:50", end = "00:05", timezone = "UTC", days = ["sun"] }
    reconnect_grace_minutes    = 0
    tags                       = { k = "" }
    user_volume                = "roll_back"
    workspace_ids              = { l = "ws-01234567" }
    workspace_tag              = { key = "k", value = "v" }
    workspaces_api_rate        = 0.1
  }
}

run "the_most_of_each" {
  command = plan

  variables {
    audit_interval_minutes     = 1440
    canary_after_hours         = 8760
    kms_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/mrk-1234567890abcdef1234567890abcdef"
    lambda_architecture        = "x86_64"
    log_retention_days         = 3653
    maximum_rebuilding_percent = 100
    maximum_rebuilds_per_hour  = 100000
    name                       = join("", [for i in range(40) : "n"])
    operations_alarm_actions = [
      "arn:aws:sns:eu-central-1:123456789012:operations",
      "arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1:autoScalingGroupName/desks:policyName/more",
      "arn:aws:lambda:eu-central-1:123456789012:function:tell:live",
      "arn:aws:ssm:eu-central-1:123456789012:opsitem:3#CATEGORY=Performance",
      "arn:aws:ssm-incidents::123456789012:response-plan/desks",
    ]
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/path/boundary"
    rebuild_window           = { start = "18:00", end = "07:00", timezone = "America/Argentina/Buenos_Aires", days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }
    reconnect_grace_minutes  = 1440
    roll_out_images          = true
    tags                     = merge({ for i in range(49) : "Team_${i} /.:=+-@ü" => "" }, { (join("", [for i in range(128) : "k"])) = join("", [for i in range(256) : "v"]) })
    user_volume              = "keep"
    workspace_ids            = { (join("", [for i in range(128) : "~"])) = format("ws-%063d", 1) }
    workspace_tag            = { key = "aws:cloudformation:${join("", [for i in range(108) : "ÿ"])}", value = "kiosk ${join("", [for i in range(249) : "~"])}" }
    workspaces_api_rate      = 50
  }
}

run "none_and_fractions" {
  command = plan

  variables {
    canary_after_hours         = null
    kms_key_arn                = null
    maximum_rebuilding_percent = null
    maximum_rebuilds_per_hour  = null
    name                       = "My-fleet_2"
    permissions_boundary_arn   = null
    rebuild_window             = null
    reconnect_grace_minutes    = 0.1
    roll_out_images            = false
    workspace_tag              = null
  }
}

# What is accepted with a warning.

run "a_window_too_short_for_a_snapshot" {
  command = plan

  variables {
    user_volume    = "keep"
    rebuild_window = { start = "18:01", end = "07:00", timezone = "UTC" }
  }

  expect_failures = [check.a_snapshot_falls_into_the_window]
}

run "no_session_alarms_and_rare_audits" {
  command = plan

  variables {
    session_alarms         = false
    audit_interval_minutes = 16
  }

  expect_failures = [check.audits_find_session_ends_soon]
}

# Without a warning.
run "no_session_alarms_and_audits_that_are_just_often_enough" {
  command = plan

  variables {
    session_alarms         = false
    audit_interval_minutes = 15
  }
}
