# The least that the module needs: which WorkSpaces become non-persistent.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "nonpersistent" {
  source = "../.."

  workspace_ids = ["ws-0123456789", "ws-9876543210"]
}
