plugin "terraform" {
  enabled = true
  preset  = "all"
}

plugin "aws" {
  enabled = true
  version = "0.48.0"
  source  = "github.com/terraform-linters/tflint-ruleset-aws"
}

# The root module's files are named after what flows through them, not after a standard list.
rule "terraform_standard_module_structure" {
  enabled = false
}
