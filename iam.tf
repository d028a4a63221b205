locals {
  # A managed policy holds 6,144 characters and a role ten of them. Region and partition are unknown at the first plan
  # and ids may be, but how many policies there are has to be known, so sizes are counted with the longest of each:
  # "arn:aws-us-gov:workspaces:ap-southeast-1:123456789012:workspace/" has 64 characters, quotes and comma 3, an id up
  # to 66, and everything around the ARNs fewer than 256.
  policies_per_role   = 10
  characters_for_arns = 6144 - 256
  characters_per_arn  = 64 + 3
  ids_that_always_fit = floor(local.characters_for_arns / (local.characters_per_arn + 66))

  # Packs that always fit; a fleet too large for ten of them is spread evenly, and the precondition counts its real ids.
  ids_per_policy = max(local.ids_that_always_fit, ceil(length(local.ids) / local.policies_per_role))
  packs          = chunklist(local.ids, local.ids_per_policy)
  longest_pack   = max(0, [for ids in local.packs : sum([for id in ids : local.characters_per_arn + length(id)])]...)

  workspace_arn = "arn:${local.partition}:workspaces:${local.region}:${local.account}:workspace/"
  # The first policy is there with a tag and without: it is changed in place, so that no rebuild meets a role without rights.
  tagged = nonsensitive(var.workspace_tag != null)
  rebuildable = local.tagged && length(local.ids) > 0 ? { "01" = ["${local.workspace_arn}*"] } : {
    for index, ids in local.packs : format("%02d", index + 1) => [for id in ids : "${local.workspace_arn}${id}"]
  }

  role_policies = {
    remember = data.aws_iam_policy_document.remember
    observe  = data.aws_iam_policy_document.observe
    report   = data.aws_iam_policy_document.report
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "LambdaMayTakeThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# Known at the first plan, unlike local.region and local.partition.
data "aws_region" "current" {}

data "aws_partition" "current" {}

resource "aws_iam_role" "function" {
  name                 = local.global_name
  description          = "Role of the function that rebuilds the WorkSpaces of ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = local.tagged || local.longest_pack <= local.characters_for_arns
      error_message = "workspace_ids has ${length(local.ids)} ids, and the ARNs of so many do not fit into the ${local.policies_per_role} policies of 6,144 characters that a role can have. Tag all these WorkSpaces and set workspace_tag = {key, value}: permissions then use the tag."
    }

    # Here, and not where it is used: the role is one, and made early.
    precondition {
      condition     = try(split(":", var.kms_key_arn)[1] == data.aws_partition.current.partition && split(":", var.kms_key_arn)[3] == data.aws_region.current.id, true)
      error_message = "kms_key_arn must be a key of the module's own Region, ${data.aws_region.current.id}: the module's resources cannot use a key of another Region or partition (here ${data.aws_partition.current.partition}); got ${jsonencode(var.kms_key_arn)}."
    }
  }
}

# Remember: the ledger, and the key that it and the dead letters are under.
data "aws_iam_policy_document" "remember" {
  statement {
    sid = "ReadAndWriteTheLedger"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Scan",
      "dynamodb:UpdateItem",
    ]
    resources = [local.ledger_arn]
  }

  statement {
    sid       = "AskWhatIsDue"
    actions   = ["dynamodb:Query"]
    resources = ["${local.ledger_arn}/index/due"]
  }

  # Blocks, not policies of their own: whether there is a key may be unknown at plan. Why these are enough, and certain to
  # work: docs/assumptions.md.
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseTheKeyThroughLedgerAndQueue"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = [for service in ["dynamodb", "sqs"] : "${service}.*.amazonaws.com*"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "DecryptTheEnvironmentOfTheFunction"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
        values   = [local.function_arn]
      }
    }
  }
}

# Observe: see the WorkSpaces.
data "aws_iam_policy_document" "observe" {
  statement {
    sid = "SeeStatesConnectionsAndBundles"
    actions = [
      "workspaces:DescribeWorkspaceBundles",
      "workspaces:DescribeWorkspaces",
      "workspaces:DescribeWorkspacesConnectionStatus",
    ]
    # These calls are asked for many WorkSpaces at once; AWS accepts no narrower resource.
    resources = ["*"]
  }
}

# Report: the log, what failed for good, and events where they are wanted.
data "aws_iam_policy_document" "report" {
  statement {
    sid       = "WriteTheLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
  }

  statement {
    sid       = "KeepFailedInvocations"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letters_arn]
  }

  dynamic "statement" {
    for_each = var.publish_events ? [true] : []

    content {
      sid       = "PublishEventsUnderTheModulesSource"
      actions   = ["events:PutEvents"]
      resources = ["arn:${local.partition}:events:${local.region}:${local.account}:event-bus/default"]

      # One call may hold events of several sources: the key is an array (Service Authorization Reference, EventBridge),
      # and "for all values" alone would accept a call without it (EventBridge User Guide, IAM policy conditions).
      condition {
        test     = "ForAllValues:StringEquals"
        variable = "events:source"
        values   = [local.event_source]
      }

      condition {
        test     = "Null"
        variable = "events:source"
        values   = ["false"]
      }
    }
  }
}

resource "aws_iam_role_policy" "function" {
  for_each = local.role_policies

  name   = each.key
  role   = aws_iam_role.function.name
  policy = each.value.json
}

# Rebuild: exactly the WorkSpaces on the roster, or those with the tag.
data "aws_iam_policy_document" "rebuild" {
  for_each = local.rebuildable

  statement {
    sid       = "RebuildTheseWorkSpaces"
    actions   = ["workspaces:DescribeWorkspaceSnapshots", "workspaces:RebuildWorkspaces"]
    resources = each.value

    dynamic "condition" {
      for_each = local.tagged ? [var.workspace_tag] : []

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.value.key}"
        values   = [condition.value.value]
      }
    }
  }
}

resource "aws_iam_policy" "rebuild" {
  for_each = local.rebuildable

  name        = "${local.global_name}-rebuild-${each.key}"
  description = "The WorkSpaces that ${var.name} may rebuild."
  policy      = data.aws_iam_policy_document.rebuild[each.key].json
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "rebuild" {
  for_each = local.rebuildable

  role       = aws_iam_role.function.name
  policy_arn = aws_iam_policy.rebuild[each.key].arn
}
