# Everything that a company asks for: a key of its own, people who are told, permissions by tag, hours for rebuilds.

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Names, not references: the key has to exist before the module's resources that are under it.
  log_group_arn = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/aws/lambda/${var.name}"
}

# One key for topic, ledger, dead letters, logs and the function's environment. In its policy the resource * means this
# key and no other.
resource "aws_kms_key" "fleet" {
  description         = "Encrypts the data of the non-persistent WorkSpaces fleet ${var.name}."
  enable_key_rotation = true
  tags                = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecidesByIAMWhoMayUseTheKey"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      # The alarms publish to the topic; SNS and EventBridge put into the queue what they could not deliver. There is no
      # condition on the account: under kms:CallerAccount alarms cannot publish, and nobody says so. The topic and the
      # queue have policies of their own, which admit this fleet's alarms, topic and rules alone.
      {
        Sid       = "AlarmsTopicAndRulesMaySendEncrypted"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
      },
      {
        Sid       = "TheLogOfTheFleetMayBeEncrypted"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.${data.aws_partition.current.dns_suffix}" }
        Action    = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arn } }
      },
    ]
  })
}

resource "aws_kms_alias" "fleet" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.fleet.key_id
}

# Who is told when something needs a person.
resource "aws_sns_topic" "operations" {
  name              = "${var.name}-operations"
  kms_master_key_id = aws_kms_key.fleet.arn
  tags              = var.tags

  # AWS takes over a topic that exists already, and says nothing. It refuses an alias. So the alias comes first: a second
  # deployment of the same name fails there, with a key of its own and before it touches the topic of the first one.
  depends_on = [aws_kms_alias.fleet]
}

data "aws_iam_policy_document" "operations" {
  statement {
    sid       = "AlarmsOfThisAccountMayPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.operations.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "operations" {
  arn    = aws_sns_topic.operations.arn
  policy = data.aws_iam_policy_document.operations.json
}

resource "aws_sns_topic_subscription" "operations" {
  for_each = var.operations_emails

  topic_arn = aws_sns_topic.operations.arn
  protocol  = "email"
  endpoint  = each.key
}

module "nonpersistent" {
  source = "../.."

  name          = var.name
  workspace_ids = var.workspace_ids
  tags          = var.tags

  # When a session end becomes a rebuild, and what the rebuild may cost.
  reconnect_grace_minutes    = var.reconnect_grace_minutes
  user_volume                = var.user_volume
  rebuild_window             = var.rebuild_window
  maximum_rebuilds_per_hour  = var.maximum_rebuilds_per_hour
  maximum_rebuilding_percent = var.maximum_rebuilding_percent
  canary_after_hours         = var.canary_after_hours
  roll_out_images            = var.roll_out_images
  dry_run                    = var.dry_run

  # What tells the end of a session, and how much of the account's WorkSpaces API it takes.
  session_alarms         = var.session_alarms
  audit_interval_minutes = var.audit_interval_minutes
  workspaces_api_rate    = var.workspaces_api_rate

  # Permissions. With the tag, which every WorkSpace of workspace_ids carries, ids need not fit into policies.
  kms_key_arn              = aws_kms_key.fleet.arn
  permissions_boundary_arn = var.permissions_boundary_arn
  workspace_tag            = var.workspace_tag

  # What people see.
  operations_alarm_actions = [aws_sns_topic.operations.arn]
  create_dashboard         = var.create_dashboard
  publish_events           = var.publish_events
  log_retention_days       = var.log_retention_days

  # Where it runs.
  lambda_architecture = var.lambda_architecture
}
