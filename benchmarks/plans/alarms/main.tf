# The bare alarms: what nobody can do without, with the arguments that the module gives them.
provider "aws" {
  region     = "us-east-1"
  access_key = "none"
  secret_key = "none"

  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

variable "desktops" {
  description = "How many WorkSpaces there are."
  type        = number
  nullable    = false
}

locals {
  workspaces = { for number in range(var.desktops) : format("desktop-%04d", number) => format("ws-%09d", number) }
}

resource "aws_cloudwatch_metric_alarm" "session_disconnect" {
  for_each = local.workspaces

  alarm_name          = "workspaces-nonpersistent-session-disconnect-${each.key}"
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
  treat_missing_data  = "notBreaching"
  alarm_actions       = ["arn:aws:sns:us-east-1:123456789012:workspaces-nonpersistent-sessions"]
  tags                = {}
}
