# Two groups of WorkSpaces with hours of their own: a deployment of the module for each.
#
# AWS allows 2 calls of the WorkSpaces API per second, for the account and Region. The two deployments do not know of each
# other, so each is given its part: with the default of 2 for both they would throttle each other.

module "office" {
  source = "../.."

  name          = "office"
  workspace_ids = var.office_workspace_ids

  # Everybody is at home at night; files that were made in the day are kept.
  rebuild_window      = { start = "18:00", end = "07:00", timezone = var.timezone, days = ["mon", "tue", "wed", "thu", "fri"] }
  user_volume         = "keep"
  workspaces_api_rate = 1

  operations_alarm_actions = var.operations_alarm_actions
}

module "call_center" {
  source = "../.."

  name          = "call-center"
  workspace_ids = var.call_center_workspace_ids

  # Two shifts, on all days. At most half of the WorkSpaces are rebuilt at once: early arrivals may need theirs.
  rebuild_window             = { start = "22:30", end = "05:30", timezone = var.timezone }
  maximum_rebuilding_percent = 50
  workspaces_api_rate        = 1

  operations_alarm_actions = var.operations_alarm_actions
}

locals {
  groups = { office = module.office, call-center = module.call_center }
}
