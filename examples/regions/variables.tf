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

variable "frankfurt_alarm_actions" {
  description = "ARNs in eu-central-1, such as those of SNS topics, that are notified when something there needs a person."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "virginia_alarm_actions" {
  description = "ARNs in us-east-1, such as those of SNS topics, that are notified when something there needs a person."
  type        = list(string)
  default     = []
  nullable    = false
}
