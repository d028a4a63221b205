variable "call_center_workspace_ids" {
  description = "The WorkSpaces of the call center: a map from a label to an id."
  type        = map(string)
  nullable    = false

  # Two deployments would both rebuild it, each in its own hours.
  validation {
    condition     = length(setintersection(values(var.call_center_workspace_ids), values(var.office_workspace_ids))) == 0
    error_message = "call_center_workspace_ids must not hold a WorkSpace of office_workspace_ids: a WorkSpace belongs to one group. In both: ${join(", ", setintersection(values(var.call_center_workspace_ids), values(var.office_workspace_ids)))}."
  }
}

variable "office_workspace_ids" {
  description = "The WorkSpaces of the office: a map from a label to an id."
  type        = map(string)
  nullable    = false
}

variable "operations_alarm_actions" {
  description = "ARNs, such as those of SNS topics, that are notified when something in either group needs a person."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "timezone" {
  description = "IANA time zone of both groups."
  type        = string
  default     = "Europe/Berlin"
  nullable    = false
}
