# The least that the module needs: which WorkSpaces become non-persistent.
module "nonpersistent" {
  source = "../.."

  workspace_ids = ["ws-0123456789", "ws-9876543210"]
}
