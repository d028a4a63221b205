output "alarm_names" {
  description = "Names of the WorkSpaces' session alarms, by label (by id if workspace_ids is a list)."
  value       = module.nonpersistent.alarm_names
}

output "dashboard_name" {
  description = "Name of the fleet's dashboard; null without one."
  value       = module.nonpersistent.dashboard_name
}

output "dead_letter_queue_url" {
  description = "URL of the queue that keeps the events that could not be delivered or handled."
  value       = module.nonpersistent.dead_letter_queue_url
}

output "function_name" {
  description = "Name of the Lambda function."
  value       = module.nonpersistent.function_name
}

output "ledger_table_name" {
  description = "Name of the DynamoDB table that holds the ledger."
  value       = module.nonpersistent.ledger_table_name
}

output "log_group_name" {
  description = "Name of the log group with one line per decision."
  value       = module.nonpersistent.log_group_name
}

output "operations_alarm_arns" {
  description = "ARNs of the operations alarms, by name without the prefix (`late`, `blocked`, ...)."
  value       = module.nonpersistent.operations_alarm_arns
}

output "topic_arn" {
  description = "ARN of the topic that the session alarms publish to."
  value       = module.nonpersistent.topic_arn
}
