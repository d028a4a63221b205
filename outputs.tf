output "alarm_arns" {
  description = "ARNs of the WorkSpaces' session alarms, by label (by id if workspace_ids is a list)."
  value       = { for label, alarm in aws_cloudwatch_metric_alarm.session_disconnect : label => alarm.arn }
}

output "alarm_names" {
  description = "Names of the WorkSpaces' session alarms, by label (by id if workspace_ids is a list)."
  value       = { for label, alarm in aws_cloudwatch_metric_alarm.session_disconnect : label => alarm.alarm_name }
}

output "dashboard_name" {
  description = "Name of the fleet's dashboard; null if there is none."
  value       = one(aws_cloudwatch_dashboard.fleet[*].dashboard_name)
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue that keeps events that could not be delivered or handled."
  value       = aws_sqs_queue.dead_letters.arn
}

output "dead_letter_queue_name" {
  description = "Name of the queue that keeps events that could not be delivered or handled."
  value       = aws_sqs_queue.dead_letters.name
}

output "dead_letter_queue_url" {
  description = "URL of the queue that keeps events that could not be delivered or handled."
  value       = aws_sqs_queue.dead_letters.url
}

output "function_arn" {
  description = "ARN of the Lambda function."
  value       = aws_lambda_function.nonpersistent.arn
}

output "function_name" {
  description = "Name of the Lambda function."
  value       = aws_lambda_function.nonpersistent.function_name
}

output "ledger_table_arn" {
  description = "ARN of the DynamoDB table that holds the ledger."
  value       = aws_dynamodb_table.ledger.arn
}

output "ledger_table_name" {
  description = "Name of the DynamoDB table that holds the ledger."
  value       = aws_dynamodb_table.ledger.name
}

output "log_group_arn" {
  description = "ARN of the function's log group, with one line per decision."
  value       = aws_cloudwatch_log_group.function.arn
}

output "log_group_name" {
  description = "Name of the function's log group, with one line per decision."
  value       = aws_cloudwatch_log_group.function.name
}

output "operations_alarm_arns" {
  description = "ARNs of the operations alarms, by name without the prefix (`late`, `blocked`, ...)."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.operations : key => alarm.arn }
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.function.arn
}

output "role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.function.name
}

output "topic_arn" {
  description = "ARN of the topic that the session alarms publish to."
  value       = aws_sns_topic.sessions.arn
}

output "topic_name" {
  description = "Name of the topic that the session alarms publish to."
  value       = aws_sns_topic.sessions.name
}
