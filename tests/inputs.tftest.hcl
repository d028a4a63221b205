# What the inputs accept, and what each refuses.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  workspace_ids = ["ws-0123456789"]
}

# workspace_ids

run "a_list_of_ids_is_accepted" {
  command = plan

  variables {
    workspace_ids = ["ws-0123456789", "ws-9876543210"]
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "ws-0123456789 ws-9876543210"
    error_message = "an id of a list is its own label"
  }
}

run "a_set_of_ids_is_accepted" {
  command = plan

  variables {
    workspace_ids = toset(["ws-0123456789", "ws-9876543210"])
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "ws-0123456789 ws-9876543210"
    error_message = "an id of a set is its own label"
  }
}

run "a_typed_list_of_ids_is_accepted" {
  command = plan

  variables {
    workspace_ids = tolist(["ws-0123456789", "ws-9876543210"])
  }

  assert {
    condition     = length(keys(aws_cloudwatch_metric_alarm.session_disconnect)) == 2
    error_message = "one alarm per id"
  }
}

run "a_map_from_label_to_id_is_accepted" {
  command = plan

  variables {
    workspace_ids = tomap({ anna = "ws-0123456789", "Ben (2nd floor)" = "ws-9876543210" })
  }

  assert {
    condition     = join(", ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "Ben (2nd floor), anna"
    error_message = "the labels name the alarms"
  }
}

run "an_object_from_label_to_id_is_accepted" {
  command = plan

  variables {
    workspace_ids = { anna = "ws-0123456789" }
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_metric_alarm.session_disconnect)) == "anna"
    error_message = "the labels name the alarms"
  }
}

run "an_empty_list_deploys_no_alarm" {
  command = plan

  variables {
    workspace_ids = []
  }

  assert {
    condition     = length(keys(aws_cloudwatch_metric_alarm.session_disconnect)) == 0
    error_message = "no WorkSpace, no alarm"
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L == []
    error_message = "the roster is empty"
  }
}

run "an_empty_set_deploys_no_alarm" {
  command = plan

  variables {
    workspace_ids = toset([])
  }

  assert {
    condition     = length(keys(aws_cloudwatch_metric_alarm.session_disconnect)) == 0
    error_message = "no WorkSpace, no alarm"
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L == []
    error_message = "the roster is empty"
  }
}

run "an_empty_map_deploys_no_alarm" {
  command = plan

  variables {
    workspace_ids = {}
  }

  assert {
    condition     = length(keys(aws_cloudwatch_metric_alarm.session_disconnect)) == 0
    error_message = "no WorkSpace, no alarm"
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L == []
    error_message = "the roster is empty"
  }
}

run "workspace_ids_refuses_a_single_id" {
  command = plan

  variables {
    workspace_ids = "ws-0123456789"
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_a_number" {
  command = plan

  variables {
    workspace_ids = 5
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_twice" {
  command = plan

  variables {
    workspace_ids = ["ws-0123456789", "ws-0123456789"]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_under_two_labels" {
  command = plan

  variables {
    workspace_ids = { anna = "ws-0123456789", ben = "ws-0123456789" }
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_without_its_prefix" {
  command = plan

  variables {
    workspace_ids = ["0123456789"]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_in_upper_case" {
  command = plan

  variables {
    workspace_ids = ["WS-0123456789"]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_that_is_too_short" {
  command = plan

  variables {
    workspace_ids = ["ws-0123456"]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_with_a_line_end" {
  command = plan

  variables {
    workspace_ids = ["ws-0123456789\n"]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_empty_id" {
  command = plan

  variables {
    workspace_ids = [""]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_that_is_null" {
  command = plan

  variables {
    workspace_ids = [null]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_id_that_is_a_list" {
  command = plan

  variables {
    workspace_ids = [["ws-0123456789"]]
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_a_malformed_id_in_a_map" {
  command = plan

  variables {
    workspace_ids = { anna = "wks-0123456789" }
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_an_empty_label" {
  command = plan

  variables {
    workspace_ids = { "" = "ws-0123456789" }
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_a_blank_label" {
  command = plan

  variables {
    workspace_ids = { "  " = "ws-0123456789" }
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_a_label_with_a_control_character" {
  command = plan

  variables {
    workspace_ids = { "anna\tb" = "ws-0123456789" }
  }

  expect_failures = [var.workspace_ids]
}

run "workspace_ids_refuses_a_label_that_is_too_long" {
  command = plan

  variables {
    workspace_ids = { (join("", [for i in range(129) : "x"])) = "ws-0123456789" }
  }

  expect_failures = [var.workspace_ids]
}

# The other inputs: each run sets several, and each of them has to be refused on its own.

run "the_least_of_each_input_is_accepted" {
  command = plan

  variables {
    audit_interval_minutes    = 5
    kms_key_arn               = "arn:aws:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
    log_retention_days        = 1
    maximum_rebuilds_per_hour = 1
    name                      = "f"
    operations_alarm_actions  = ["arn:aws:sns:eu-central-1:123456789012:operations"]
    permissions_boundary_arn  = "arn:aws:iam::aws:policy/PowerUserAccess"
    rebuild_window            = { start = "00:00", end = "23:59", timezone = "UTC" }
    reconnect_grace_minutes   = 0
    user_volume               = "keep"
    workspace_tag             = { key = "k", value = "v" }
    workspaces_api_rate       = 0.1
  }
}

run "the_most_of_each_input_is_accepted" {
  command = plan

  variables {
    audit_interval_minutes    = 1440
    kms_key_arn               = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1234567890abcdef1234567890abcdef"
    log_retention_days        = 3653
    maximum_rebuilds_per_hour = 100000
    name                      = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    operations_alarm_actions  = []
    permissions_boundary_arn  = "arn:aws:iam::123456789012:policy/path/boundary"
    rebuild_window            = { start = "19:00", end = "06:00", timezone = "America/Argentina/Buenos_Aires" }
    reconnect_grace_minutes   = 1440
    user_volume               = "roll_back"
    workspace_tag             = { key = "fleet of", value = "kiosk desktops" }
    workspaces_api_rate       = 50
  }
}

run "none_and_fractions_are_accepted" {
  command = plan

  variables {
    kms_key_arn               = null
    maximum_rebuilds_per_hour = null
    name                      = "My-fleet_2"
    permissions_boundary_arn  = null
    rebuild_window            = { start = "01:00", end = "02:00", timezone = "Etc/GMT+5" }
    reconnect_grace_minutes   = 0.1
    workspace_tag             = null
  }
}

run "what_is_too_small_is_refused" {
  command = plan

  variables {
    audit_interval_minutes    = 4
    kms_key_arn               = ""
    log_retention_days        = 0
    maximum_rebuilds_per_hour = 0
    name                      = ""
    operations_alarm_actions  = [""]
    permissions_boundary_arn  = ""
    rebuild_window            = { start = "19:00", end = "19:00", timezone = "UTC" }
    reconnect_grace_minutes   = -0.1
    user_volume               = ""
    workspace_tag             = { key = "", value = "v" }
    workspaces_api_rate       = 0
  }

  expect_failures = [
    var.audit_interval_minutes,
    var.kms_key_arn,
    var.log_retention_days,
    var.maximum_rebuilds_per_hour,
    var.name,
    var.operations_alarm_actions,
    var.permissions_boundary_arn,
    var.rebuild_window,
    var.reconnect_grace_minutes,
    var.user_volume,
    var.workspace_tag,
    var.workspaces_api_rate,
  ]
}

run "what_is_too_large_is_refused" {
  command = plan

  variables {
    audit_interval_minutes  = 1441
    log_retention_days      = 4000
    name                    = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    rebuild_window          = { start = "19:00", end = "24:00", timezone = "UTC" }
    reconnect_grace_minutes = 1441
    workspace_tag           = { key = "k", value = join("", [for i in range(257) : "v"]) }
    workspaces_api_rate     = 50.1
  }

  expect_failures = [
    var.audit_interval_minutes,
    var.log_retention_days,
    var.name,
    var.rebuild_window,
    var.reconnect_grace_minutes,
    var.workspace_tag,
    var.workspaces_api_rate,
  ]
}

run "a_fraction_of_what_is_whole_is_refused" {
  command = plan

  variables {
    audit_interval_minutes    = 7.5
    maximum_rebuilds_per_hour = 1.5
  }

  expect_failures = [
    var.audit_interval_minutes,
    var.maximum_rebuilds_per_hour,
  ]
}

run "what_is_negative_is_refused" {
  command = plan

  variables {
    audit_interval_minutes    = -60
    maximum_rebuilds_per_hour = -1
    workspaces_api_rate       = -2
  }

  expect_failures = [
    var.audit_interval_minutes,
    var.maximum_rebuilds_per_hour,
    var.workspaces_api_rate,
  ]
}

run "another_word_is_refused" {
  command = plan

  variables {
    kms_key_arn              = "fleet"
    log_retention_days       = 91
    name                     = "1fleet"
    operations_alarm_actions = ["operations"]
    permissions_boundary_arn = "boundary"
    rebuild_window           = { start = "evening", end = "morning", timezone = "UTC" }
    user_volume              = "wipe"
  }

  expect_failures = [
    var.kms_key_arn,
    var.log_retention_days,
    var.name,
    var.operations_alarm_actions,
    var.permissions_boundary_arn,
    var.rebuild_window,
    var.user_volume,
  ]
}

run "an_aws_managed_key_is_refused" {
  command = plan

  variables {
    kms_key_arn    = "alias/aws/sns"
    name           = "my fleet"
    rebuild_window = { start = "7:00", end = "19:00", timezone = "UTC" }
    workspace_tag  = { key = "fleet", value = "" }
  }

  expect_failures = [
    var.kms_key_arn,
    var.name,
    var.rebuild_window,
    var.workspace_tag,
  ]
}

run "an_aws_managed_key_by_arn_is_refused" {
  command = plan

  variables {
    kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:alias/aws/sns"
    name           = "my.fleet"
    rebuild_window = { start = "19:60", end = "20:00", timezone = "UTC" }
    workspace_tag  = { key = "fl*", value = "v" }
  }

  expect_failures = [
    var.kms_key_arn,
    var.name,
    var.rebuild_window,
    var.workspace_tag,
  ]
}

run "an_alias_of_a_key_is_refused" {
  command = plan

  variables {
    kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:alias/fleet"
    name           = "fläche"
    rebuild_window = { start = "19:00", end = "20:00", timezone = "" }
    workspace_tag  = { key = "fleet", value = "*" }
  }

  expect_failures = [
    var.kms_key_arn,
    var.name,
    var.rebuild_window,
    var.workspace_tag,
  ]
}

run "an_arn_of_another_kind_is_refused" {
  command = plan

  variables {
    kms_key_arn              = "12345678-90ab-cdef-1234-567890abcdef"
    permissions_boundary_arn = "arn:aws:iam::123456789012:role/boundary"
    rebuild_window           = { start = "19:00", end = "20:00", timezone = "+01:00" }
    workspace_tag            = { key = "fleet", value = "$${aws:username}" }
  }

  expect_failures = [
    var.kms_key_arn,
    var.permissions_boundary_arn,
    var.rebuild_window,
    var.workspace_tag,
  ]
}

run "a_path_as_time_zone_is_refused" {
  command = plan

  variables {
    rebuild_window = { start = "19:00", end = "20:00", timezone = "../etc/localtime" }
  }

  expect_failures = [
    var.rebuild_window,
  ]
}

run "nothing_in_an_object_is_refused" {
  command = plan

  variables {
    rebuild_window = { start = null, end = "20:00", timezone = "UTC" }
    workspace_tag  = { key = "fleet", value = null }
  }

  expect_failures = [
    var.rebuild_window,
    var.workspace_tag,
  ]
}

run "nothing_as_time_zone_is_refused" {
  command = plan

  variables {
    rebuild_window = { start = "19:00", end = "20:00", timezone = null }
    workspace_tag  = { key = null, value = "v" }
  }

  expect_failures = [
    var.rebuild_window,
    var.workspace_tag,
  ]
}
