output "alarm_names" {
  description = "Names of the WorkSpaces' session alarms, by user."
  value       = module.nonpersistent.alarm_names
}

output "ledger_table_name" {
  description = "Name of the DynamoDB table that holds the ledger."
  value       = module.nonpersistent.ledger_table_name
}

output "log_group_name" {
  description = "Name of the log group with one line per decision."
  value       = module.nonpersistent.log_group_name
}

output "workspace_ids" {
  description = "Ids of the WorkSpaces, by user."
  value       = { for user, desktop in aws_workspaces_workspace.desktop : user => desktop.id }
}
