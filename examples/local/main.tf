# A local AWS takes any credentials; its address comes from AWS_ENDPOINT_URL in the environment, so that this
# configuration differs from one for AWS in nothing but this block.
provider "aws" {
  region     = var.region
  access_key = "local"
  secret_key = "local"

  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

module "nonpersistent" {
  source = "../.."

  workspace_ids           = var.workspace_ids
  reconnect_grace_minutes = var.reconnect_grace_minutes
  audit_interval_minutes  = var.audit_interval_minutes
}
