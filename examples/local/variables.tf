variable "workspace_ids" {
  description = "The WorkSpaces of the local AWS that become non-persistent: a map from a label to an id."
  type        = map(string)
  nullable    = false
}

variable "audit_interval_minutes" {
  description = "How often the whole roster is checked, in minutes. The local AWS may let its minutes last a second or two."
  type        = number
  default     = 60
  nullable    = false
}

variable "reconnect_grace_minutes" {
  description = "How long a WorkSpace must have been seen vacant before it is rebuilt, in minutes. Small here, so that there is something to see."
  type        = number
  default     = 0.1
  nullable    = false
}

variable "region" {
  description = "Region of the local AWS."
  type        = string
  default     = "us-east-1"
  nullable    = false
}
