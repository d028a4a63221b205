# WorkSpaces in two Regions, in one configuration: a provider and a deployment of the module for each.

provider "aws" {
  alias  = "frankfurt"
  region = "eu-central-1"
}

provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
}

# The same name in both: what is global in an account, as roles are, has the Region in its name.
module "frankfurt" {
  source = "../.."

  providers = { aws = aws.frankfurt }

  name           = var.name
  workspace_ids  = var.frankfurt_workspace_ids
  rebuild_window = { start = "19:00", end = "06:00", timezone = "Europe/Berlin" }

  operations_alarm_actions = var.frankfurt_alarm_actions
}

module "virginia" {
  source = "../.."

  providers = { aws = aws.virginia }

  name           = var.name
  workspace_ids  = var.virginia_workspace_ids
  rebuild_window = { start = "19:00", end = "06:00", timezone = "America/New_York" }

  operations_alarm_actions = var.virginia_alarm_actions
}

locals {
  fleets = { eu-central-1 = module.frankfurt, us-east-1 = module.virginia }
}
