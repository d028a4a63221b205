output "alarm_names" {
  description = "Names of the WorkSpaces' session alarms, by id."
  value       = module.nonpersistent.alarm_names
}

output "function_name" {
  description = "Name of the Lambda function."
  value       = module.nonpersistent.function_name
}

output "log_group_name" {
  description = "Name of the log group with one line per decision."
  value       = module.nonpersistent.log_group_name
}
