# The module with its defaults, planned without an account: nothing here asks AWS.
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

module "nonpersistent" {
  source = "../../.."

  workspace_ids = { for number in range(var.desktops) : format("desktop-%04d", number) => format("ws-%09d", number) }
  # The ids of larger fleets do not fit into IAM policies.
  workspace_tag = var.desktops > 440 ? { key = "Fleet", value = "benchmark" } : null
}
