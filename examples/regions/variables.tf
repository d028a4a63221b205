variable "frankfurt_workspace_ids" {
  description = "The WorkSpaces in eu-central-1: a map from a label to an id."
  type        = map(string)
  nullable    = false
}

variable "virginia_workspace_ids" {
  description = "The WorkSpaces in us-east-1: a map from a label to an id."
  type        = map(string)
  nullable    = false
}

variable "name" {
  description = "Prefix of every resource's name, in both Regions."
  type        = string
  default     = "regional-desks"
  nullable    = false
}
