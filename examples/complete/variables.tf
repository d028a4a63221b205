variable "workspace_ids" {
  description = "The WorkSpaces that become non-persistent: a map from a label to an id."
  type        = map(string)
  nullable    = false
}

variable "audit_interval_minutes" {
  description = "How often the whole roster is checked, in minutes."
  type        = number
  default     = 60
  nullable    = false
}

variable "canary_after_hours" {
  description = "For how many hours after a successful rebuild the others of its bundle are rebuilt without a canary; otherwise one is rebuilt first, as the canary. null means no canary."
  type        = number
  default     = 12
}

variable "create_dashboard" {
  description = "Whether to create a CloudWatch dashboard of the fleet."
  type        = bool
  default     = true
  nullable    = false
}

variable "dry_run" {
  description = "Whether to decide and log everything but rebuild nothing: for the first week on an existing fleet."
  type        = bool
  default     = false
  nullable    = false
}

variable "lambda_architecture" {
  description = "Instruction set of the function: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "log_retention_days" {
  description = "How many days the function's log is kept."
  type        = number
  default     = 365
  nullable    = false
}

variable "maximum_rebuilding_percent" {
  description = "The highest share of the WorkSpaces that may be rebuilding at once, in percent; null means no limit."
  type        = number
  default     = 25
}

variable "maximum_rebuilds_per_hour" {
  description = "At most this many rebuilds are requested within an hour; null means no brake."
  type        = number
  default     = 400
}

variable "name" {
  description = "Prefix of every resource's name."
  type        = string
  default     = "nonpersistent-desks"
  nullable    = false
}

variable "operations_emails" {
  description = "E-mail addresses that are notified when something needs a person; each has to confirm its subscription."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the function's role, where the company requires one; null means none."
  type        = string
  default     = null
}

variable "publish_events" {
  description = "Whether to send an event to EventBridge for each rebuild: for the company's chat or ticket system."
  type        = bool
  default     = false
  nullable    = false
}

variable "rebuild_window" {
  description = "Hours in which rebuilds may happen, as {start, end, timezone, days}, on all days or those on which the window opens; null means at any time."
  type        = any # the module refuses a misspelt attribute, which an object type would drop
  default     = { start = "18:00", end = "07:00", timezone = "Europe/Berlin" }
}

variable "reconnect_grace_minutes" {
  description = "How long a WorkSpace must have been seen vacant before it is rebuilt, in minutes."
  type        = number
  default     = 30
  nullable    = false
}

variable "region" {
  description = "Region of the WorkSpaces."
  type        = string
  default     = "eu-central-1"
  nullable    = false
}

variable "roll_out_images" {
  description = "Whether a WorkSpace that nobody uses gets a new image at night, without waiting for its next session."
  type        = bool
  default     = true
  nullable    = false
}

variable "session_alarms" {
  description = "Whether to deploy an alarm for each WorkSpace, which reports the end of a session; without them, only audits find it."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource that can have tags."
  type        = map(string)
  default     = { service = "nonpersistent-desks" }
  nullable    = false
}

variable "user_volume" {
  description = "keep waits for a snapshot newer than the session's end, roll_back does not."
  type        = string
  default     = "keep"
  nullable    = false
}

variable "workspace_tag" {
  description = "The tag that all these WorkSpaces carry, as {key, value}; null means permissions by exact id."
  type        = object({ key = string, value = string })
  default     = null
}

variable "workspaces_api_rate" {
  description = "How many calls per second the module makes to the WorkSpaces API; what is left of 2 is for the company's other tools."
  type        = number
  default     = 1.5
  nullable    = false
}
