output "dashboard_name" {
  description = "Name of the fleet's dashboard."
  value       = module.nonpersistent.dashboard_name
}

output "dead_letter_queue_url" {
  description = "URL of the queue that keeps events that could not be delivered or handled."
  value       = module.nonpersistent.dead_letter_queue_url
}

output "function_name" {
  description = "Name of the Lambda function."
  value       = module.nonpersistent.function_name
}

output "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the fleet's data."
  value       = aws_kms_key.fleet.arn
}

output "ledger_table_name" {
  description = "Name of the DynamoDB table that holds the ledger."
  value       = module.nonpersistent.ledger_table_name
}

output "operations_alarm_arns" {
  description = "ARNs of the operations alarms, by name without the prefix (`late`, `blocked`, ...)."
  value       = module.nonpersistent.operations_alarm_arns
}

output "operations_topic_arn" {
  description = "ARN of the topic that the operations alarms publish to."
  value       = aws_sns_topic.operations.arn
}

output "topic_arn" {
  description = "ARN of the topic that the session alarms publish to."
  value       = module.nonpersistent.topic_arn
}
