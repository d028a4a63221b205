# Who may do what: exactly what is needed.

mock_provider "aws" {
  source = "./tests/aws"
}

# Each document answers with its own name, so that one sees where it went.
override_data {
  target = data.aws_iam_policy_document.trust
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"trust\",\"Statement\":[]}" }
}

override_data {
  target = data.aws_iam_policy_document.remember
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"remember\",\"Statement\":[]}" }
}

override_data {
  target = data.aws_iam_policy_document.observe
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"observe\",\"Statement\":[]}" }
}

override_data {
  target = data.aws_iam_policy_document.report
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"report\",\"Statement\":[]}" }
}

override_data {
  target = data.aws_iam_policy_document.rebuild
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"rebuild\",\"Statement\":[]}" }
}

override_data {
  target = data.aws_iam_policy_document.topic
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"topic\",\"Statement\":[]}" }
}

override_data {
  target = data.aws_iam_policy_document.dead_letters
  values = { json = "{\"Version\":\"2012-10-17\",\"Id\":\"dead_letters\",\"Statement\":[]}" }
}

variables {
  name          = "fleet"
  workspace_ids = ["ws-0123456789", "ws-9876543210"]
}

run "by_id" {
  assert {
    condition = data.aws_iam_policy_document.rebuild["01"].statement[0].resources == toset([
      "arn:aws:workspaces:eu-central-1:123456789012:workspace/ws-0123456789",
      "arn:aws:workspaces:eu-central-1:123456789012:workspace/ws-9876543210",
    ])
    error_message = "P4: rebuilds must be allowed on exactly the WorkSpaces of the roster."
  }

  assert {
    condition = length(data.aws_iam_policy_document.rebuild["01"].statement) == 1 && data.aws_iam_policy_document.rebuild["01"].statement[0].actions == toset([
      "workspaces:DescribeWorkspaceSnapshots", "workspaces:RebuildWorkspaces",
    ])
    error_message = "Nothing but rebuilding and looking at snapshots is allowed by WorkSpace."
  }

  # The role: all it may do, statement by statement
  assert {
    condition = merge([for document in [data.aws_iam_policy_document.remember, data.aws_iam_policy_document.observe, data.aws_iam_policy_document.report] :
      { for statement in document.statement : statement.sid => "${join(" ", sort(statement.actions))} on ${join(" ", statement.resources)}" }
      ]...) == {
      ReadAndWriteTheLedger          = "dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Scan dynamodb:UpdateItem on arn:aws:dynamodb:eu-central-1:123456789012:table/fleet-ledger"
      AskWhatIsDue                   = "dynamodb:Query on arn:aws:dynamodb:eu-central-1:123456789012:table/fleet-ledger/index/due"
      SeeStatesConnectionsAndBundles = "workspaces:DescribeWorkspaceBundles workspaces:DescribeWorkspaces workspaces:DescribeWorkspacesConnectionStatus on *"
      WriteTheLog                    = "logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/fleet:*"
      KeepFailedInvocations          = "sqs:SendMessage on arn:aws:sqs:eu-central-1:123456789012:fleet-dead-letters"
    }
    error_message = "The role must be able to do what the function does, and nothing else."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.trust.statement : [for principal in statement.principals : "${principal.type} ${join(" ", principal.identifiers)}"]] == [["Service lambda.amazonaws.com"]]
    error_message = "Only Lambda may take the role."
  }

  assert {
    condition = { for name, policy in aws_iam_role_policy.function : name => jsondecode(policy.policy).Id } == { remember = "remember", observe = "observe", report = "report" } && alltrue([
      jsondecode(aws_iam_role.function.assume_role_policy).Id == "trust",
      jsondecode(aws_iam_policy.rebuild["01"].policy).Id == "rebuild",
      aws_iam_role_policy_attachment.rebuild["01"].policy_arn == aws_iam_policy.rebuild["01"].arn,
      jsondecode(aws_sns_topic_policy.sessions.policy).Id == "topic",
      jsondecode(aws_sqs_queue.dead_letters.policy).Id == "dead_letters",
    ])
    error_message = "Each policy must be where it belongs."
  }

  assert {
    condition     = aws_iam_role.function.name == "fleet-eu-central-1"
    error_message = "The role's name must tell Regions apart: IAM is global."
  }

  # The topic
  assert {
    condition = alltrue([
      data.aws_iam_policy_document.topic.statement[0].effect != "Deny",
      [for principal in data.aws_iam_policy_document.topic.statement[0].principals : principal.identifiers] == [toset(["cloudwatch.amazonaws.com"])],
      { for condition in data.aws_iam_policy_document.topic.statement[0].condition : "${condition.test} ${condition.variable}" => join(" ", condition.values) } == {
        "StringEquals aws:SourceAccount" = "123456789012"
        "ArnLike aws:SourceArn"          = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:fleet-session-disconnect-*"
      },
    ])
    error_message = "Only this fleet's session alarms may publish to the topic."
  }

  assert {
    condition = alltrue([for statement in [data.aws_iam_policy_document.topic.statement[1], data.aws_iam_policy_document.dead_letters.statement[2]] :
      statement.effect == "Deny" && [for condition in statement.condition : "${condition.test} ${condition.variable} ${join("", condition.values)}"] == ["Bool aws:SecureTransport false"]
    ])
    error_message = "Topic and queue must be used over TLS only."
  }

  # The dead-letter queue
  assert {
    condition = [for statement in slice(data.aws_iam_policy_document.dead_letters.statement, 0, 2) : join(" ", flatten([
      [for principal in statement.principals : tolist(principal.identifiers)],
      tolist(statement.actions),
      [for condition in statement.condition : [condition.test, condition.variable, distinct(condition.values)]],
      ]))] == [
      "sns.amazonaws.com sqs:SendMessage ArnEquals aws:SourceArn ${aws_sns_topic.sessions.arn}",
      "events.amazonaws.com sqs:SendMessage ArnEquals aws:SourceArn ${aws_cloudwatch_event_rule.sign_in.arn}",
    ]
    error_message = "Only the topic and the rules of this fleet may keep letters in the queue."
  }

  assert {
    condition     = toset(flatten([for document in [data.aws_iam_policy_document.dead_letters] : [for statement in document.statement : tolist(statement.resources)]])) == toset(["arn:aws:sqs:eu-central-1:123456789012:fleet-dead-letters"])
    error_message = "The queue's ARN, made from its name, must be the queue's."
  }

  # Who may invoke
  assert {
    condition     = aws_lambda_permission.topic.source_arn == aws_sns_topic.sessions.arn && aws_lambda_permission.topic.principal == "sns.amazonaws.com" && alltrue([for key, permission in aws_lambda_permission.rule : permission.source_arn == local.rules[key].arn && permission.principal == "events.amazonaws.com"])
    error_message = "Only the topic and the three rules may invoke the function."
  }
}

run "by_tag_and_with_a_key" {
  variables {
    workspace_tag = { key = "fleet", value = "kiosk" }
    kms_key_arn   = "arn:aws:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
  }

  assert {
    condition = keys(data.aws_iam_policy_document.rebuild) == ["tagged"] && [for condition in data.aws_iam_policy_document.rebuild["tagged"].statement[0].condition : condition] == [
      { test = "StringEquals", variable = "aws:ResourceTag/fleet", values = tolist(["kiosk"]) }
    ]
    error_message = "With workspace_tag, rebuilds must be allowed by the tag."
  }

  assert {
    condition     = data.aws_iam_policy_document.rebuild["tagged"].statement[0].resources == toset(["arn:aws:workspaces:eu-central-1:123456789012:workspace/*"])
    error_message = "The tag must be asked of WorkSpaces, of this account and Region."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.remember.statement : statement.resources if statement.sid == "UseTheKeyOfTheFleet"] == [toset([var.kms_key_arn])]
    error_message = "The role must be able to use the key, and no other."
  }
}

run "an_empty_fleet_may_rebuild_nothing" {
  variables {
    workspace_ids = []
  }

  assert {
    condition     = length(aws_iam_policy.rebuild) == 0
    error_message = "No WorkSpace, no right."
  }
}

# Only the policies are planned here: hundreds of alarms would say nothing more and take their time.

run "a_hundred_ids_of_the_longest_form_fit" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(100) : format("ws-%063d", number)]
  }

  assert {
    condition     = length(aws_iam_policy.rebuild) == 3 && local.longest_pack <= local.characters_for_arns
    error_message = "44 ids of any form fit into a policy."
  }
}

run "five_hundred_ids_fit_into_ten_policies" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(500) : format("ws-%09d", number)]
  }

  assert {
    condition     = length(aws_iam_policy.rebuild) == 10 && length(aws_iam_role_policy_attachment.rebuild) == 10
    error_message = "A role can have ten policies."
  }
}

run "one_id_needs_one_policy" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(1) : format("ws-%09d", number)]
  }

  assert {
    condition     = length(aws_iam_policy.rebuild) == 1 && length(aws_iam_role_policy_attachment.rebuild) == 1 && local.longest_pack <= local.characters_for_arns
    error_message = "One id, one policy."
  }
}

run "a_hundred_ids_need_three_policies" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(100) : format("ws-%09d", number)]
  }

  assert {
    condition     = length(aws_iam_policy.rebuild) == 3 && length(aws_iam_role_policy_attachment.rebuild) == 3 && local.longest_pack <= local.characters_for_arns
    error_message = "A hundred ids fit into three policies."
  }
}

run "seven_hundred_and_forty_ids_of_todays_form_just_fit" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(740) : format("ws-%09d", number)]
  }

  assert {
    condition     = length(aws_iam_policy.rebuild) == 10 && length(aws_iam_role_policy_attachment.rebuild) == 10 && local.longest_pack <= local.characters_for_arns
    error_message = "A role can have ten policies."
  }
}

run "ids_that_do_not_fit_are_refused" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(741) : format("ws-%09d", number)]
  }

  expect_failures = [aws_iam_role.function]
}

run "ids_that_do_not_fit_are_accepted_with_a_tag" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(741) : format("ws-%09d", number)]
    workspace_tag = { key = "fleet", value = "kiosk" }
  }

  assert {
    condition     = keys(aws_iam_policy.rebuild) == ["tagged"]
    error_message = "A tag needs one policy, whatever the number of WorkSpaces."
  }
}

run "a_thousand_ids_are_refused" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(1000) : format("ws-%09d", number)]
  }

  expect_failures = [aws_iam_role.function]
}

run "five_thousand_ids_are_accepted_with_a_tag" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = flatten([for thousand in range(5) : [for number in range(1000) : format("ws-%d%08d", thousand, number)]])
    workspace_tag = { key = "fleet", value = "kiosk" }
  }

  assert {
    condition     = keys(aws_iam_policy.rebuild) == ["tagged"] && data.aws_iam_policy_document.rebuild["tagged"].statement[0].resources == toset(["arn:aws:workspaces:eu-central-1:123456789012:workspace/*"])
    error_message = "A tag needs one policy, whatever the number of WorkSpaces."
  }
}
