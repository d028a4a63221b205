output "dashboard_names" {
  description = "Names of the dashboards, by group."
  value       = { for group, fleet in local.groups : group => fleet.dashboard_name }
}

output "log_group_names" {
  description = "Names of the log groups with one line per decision, by group."
  value       = { for group, fleet in local.groups : group => fleet.log_group_name }
}

output "operations_alarm_arns" {
  description = "ARNs of the alarms that need a person, by group and by what they say."
  value       = { for group, fleet in local.groups : group => fleet.operations_alarm_arns }
}
