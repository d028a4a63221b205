output "dashboard_names" {
  description = "Names of the dashboards, by Region."
  value       = { for region, fleet in local.fleets : region => fleet.dashboard_name }
}

output "log_group_names" {
  description = "Names of the log groups with one line per decision, by Region."
  value       = { for region, fleet in local.fleets : region => fleet.log_group_name }
}

output "operations_alarm_arns" {
  description = "ARNs of the operations alarms, by Region and name."
  value       = { for region, fleet in local.fleets : region => fleet.operations_alarm_arns }
}
