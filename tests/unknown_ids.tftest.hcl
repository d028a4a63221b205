# WorkSpaces that the same configuration creates: their ids are unknown at plan. A map has labels, and without session alarms
# a list or a set of a known number will do.

mock_provider "aws" {
  source = "./tests/aws"
}

variables {
  ids = { anna = "ws-0123456789", ben = "ws-9876543210" }
}

run "ids_that_are_unknown_are_planned" {
  command = plan

  module {
    source = "./tests/fixtures/unknown-ids"
  }

  assert {
    condition     = join(" ", keys(output.alarm_names)) == "anna ben" && output.no_alarm_names == {} && output.alarm_names_of_sensitive_ids == output.alarm_names
    error_message = "One alarm per label must be planned, or none at all."
  }
}

run "ids_that_were_unknown_are_applied" {
  module {
    source = "./tests/fixtures/unknown-ids"
  }

  assert {
    condition     = output.alarm_names.anna == "workspaces-nonpersistent-session-disconnect-anna"
    error_message = "The label must end the alarm's name."
  }
}
