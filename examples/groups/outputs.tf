output "dashboard_names" {
  description = "Names of the dashboards, by group."
  value       = { for group, fleet in local.groups : group => fleet.dashboard_name }
}

output "log_group_names" {
  description = "Names of the log groups with one line per decision, by group."
  value       = { for group, fleet in local.groups : group => fleet.log_group_name }
}

output "operations_alarm_arns" {
  description = "ARNs of the operations alarms, by group and name."
  value       = { for group, fleet in local.groups : group => fleet.operations_alarm_arns }
}
