# WorkSpaces and module in one configuration. AWS chooses the ids, so they are unknown at plan time; the users' names are not.
resource "aws_workspaces_workspace" "desktop" {
  for_each = var.users

  directory_id = var.directory_id
  bundle_id    = var.bundle_id
  user_name    = each.key
  tags         = { fleet = var.name }

  # Under alias/aws/workspaces, as no other key is named. Do not disable the key: a rebuild under a disabled key leaves the
  # WorkSpace unusable.
  root_volume_encryption_enabled = true
  user_volume_encryption_enabled = true

  workspace_properties {
    running_mode                              = "AUTO_STOP"
    running_mode_auto_stop_timeout_in_minutes = 60
  }

  # What is above is for new WorkSpaces. One that exists stays as it is: Terraform would replace it, or change what an
  # administrator has changed since.
  lifecycle {
    prevent_destroy = true
    ignore_changes = [
      bundle_id,
      root_volume_encryption_enabled,
      user_volume_encryption_enabled,
      volume_encryption_key,
      workspace_properties,
    ]
  }
}

module "nonpersistent" {
  source = "../.."

  name = var.name
  # A map, not a list: its keys are known at plan time and become the labels of the alarms.
  workspace_ids = { for user, desktop in aws_workspaces_workspace.desktop : user => desktop.id }
  tags          = { fleet = var.name }
}
