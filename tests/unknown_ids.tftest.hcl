# WorkSpaces that the same configuration creates: a map's ids may be unknown at plan.

mock_provider "aws" {
  source = "./tests/aws"
}

run "ids_that_are_unknown_are_planned_by_label" {
  command = plan

  module {
    source = "./tests/fixtures/unknown-ids"
  }

  variables {
    ids = { anna = "ws-0123456789", ben = "ws-9876543210" }
  }

  assert {
    condition     = join(" ", keys(output.alarm_names)) == "anna ben"
    error_message = "One alarm per label must be planned."
  }
}

run "ids_that_were_unknown_are_applied" {
  module {
    source = "./tests/fixtures/unknown-ids"
  }

  variables {
    ids = { anna = "ws-0123456789", ben = "ws-9876543210" }
  }

  assert {
    condition     = output.alarm_names.anna == "workspaces-nonpersistent-session-disconnect-anna"
    error_message = "The label must end the alarm's name."
  }
}
