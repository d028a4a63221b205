# How many WorkSpaces fit into the role's policies. What these say, and that one more is refused: tests/policies.
#
# Only they are planned: hundreds of alarms would say nothing more and take their time.

mock_provider "aws" {
  source = "./tests/aws"
}

run "four_hundred_and_forty_ids_of_the_longest_form_just_fit" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(440) : format("ws-%063d", number)]
  }

  assert {
    condition     = local.ids_that_always_fit == 44 && length(aws_iam_policy.rebuild) == 10 && local.longest_pack <= local.characters_for_arns
    error_message = "Ten policies hold 44 ids of any form each."
  }
}

run "four_hundred_and_forty_one_do_not" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = [for number in range(441) : format("ws-%063d", number)]
  }

  expect_failures = [aws_iam_role.function]
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

run "with_a_tag_any_number_needs_one_policy" {
  command = plan

  plan_options {
    target = [aws_iam_role_policy_attachment.rebuild]
  }

  variables {
    workspace_ids = flatten([for thousand in range(5) : [for number in range(1000) : format("ws-%d%08d", thousand, number)]])
    workspace_tag = { key = "fleet", value = "kiosk" }
  }

  assert {
    condition     = keys(aws_iam_policy.rebuild) == ["01"]
    error_message = "A tag needs one policy, whatever the number of WorkSpaces."
  }
}

# How many ids fit into the roster.

run "five_thousand_ids_of_the_longest_form_do_not_fit_into_the_roster" {
  command = plan

  plan_options {
    target = [aws_dynamodb_table_item.roster]
  }

  variables {
    workspace_ids = flatten([for thousand in range(5) : [for number in range(1000) : format("ws-%d%062d", thousand, number)]])
    workspace_tag = { key = "fleet", value = "kiosk" }
  }

  expect_failures = [aws_dynamodb_table_item.roster]
}

run "five_thousand_ids_of_todays_form_do" {
  command = plan

  plan_options {
    target = [aws_dynamodb_table_item.roster]
  }

  variables {
    workspace_ids = flatten([for thousand in range(5) : [for number in range(1000) : format("ws-%d%08d", thousand, number)]])
    workspace_tag = { key = "fleet", value = "kiosk" }
  }

  assert {
    condition     = length(jsondecode(aws_dynamodb_table_item.roster.item).workspace_ids.L) == 5000
    error_message = "All of them must be on the roster."
  }
}
