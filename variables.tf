locals {
  # The widest forms the API model and AWS's naming rules allow.
  workspace_id_pattern = "^ws-[0-9a-z]{8,63}$"
  label_length         = 128
  label_pattern        = "^[ -~]+$"

  # AWS's, whatever the service.
  tag_pattern       = "^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$"
  tags_per_resource = 50

  # What IAM's policies hold, but for what they take for a wildcard or a variable: "*", "?" and "$".
  policy_character = "[ -#%-)+->@-\u00ff]"

  # CloudWatch takes at most five actions for an alarm. Those that are no topic have fewer fields, and some no Region. EC2
  # actions need a metric of an instance. OpsItems, response plans and investigations run when an alarm goes to ALARM, and at
  # no other time.
  alarm_actions         = 5
  topic_arn_pattern     = "^arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"
  action_arn_pattern    = "^arn:[a-z0-9-]+:((aiops|autoscaling|ssm-incidents):[^:\\s]*:[^:\\s]*:|lambda:[^:\\s]+:[^:\\s]+:function:|ssm:[^:\\s]+:[^:\\s]+:(opsitem:|incident))\\S+$"
  on_alarm_only_pattern = "^arn:[a-z0-9-]+:(aiops|ssm|ssm-incidents):"
  key_arn_pattern       = "^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9A-Za-z-]+$"
  boundary_arn_pattern  = "^arn:[a-z0-9-]+:iam::([0-9]{12}|aws):policy/.+$"

  # CloudWatch Logs takes these retention times and no others.
  log_retention_days = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ]

  days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
}

variable "workspace_ids" {
  description = <<-EOT
    The WorkSpaces that become non-persistent; no other WorkSpace is ever touched.
    Either a list or a set of ids (`["ws-0123456789"]`), or a map from a label of your choice to an id.
    Use the map for WorkSpaces that the same configuration creates: their ids are unknown at plan time, their labels are not. Without `session_alarms`, a list or set of unknown ids works, too, if their number is known.
    The name of a WorkSpace's alarm ends with its label, or in a list with its id. An empty collection deploys everything except session alarms and permissions to rebuild.
  EOT
  type        = any
  nullable    = false

  validation {
    condition     = can([for id in var.workspace_ids : id])
    error_message = "workspace_ids must be a list or set of WorkSpace ids, or a map from label to WorkSpace id; got a single value${can(tostring(var.workspace_ids)) ? ": ${jsonencode(var.workspace_ids)}" : ""}."
  }

  # Told by how their JSON begins, which is known although attributes of a resource are not before they are applied.
  validation {
    condition     = try(!anytrue([for id in var.workspace_ids : startswith(jsonencode(id), "{")]), true)
    error_message = "workspace_ids must hold WorkSpace ids, not resources or other objects. Write { for label, workspace in aws_workspaces_workspace.NAME : label => workspace.id }."
  }

  validation {
    condition     = alltrue([for id in try([for id in var.workspace_ids : id], []) : startswith(jsonencode(id), "{") || can(regex(local.workspace_id_pattern, id))])
    error_message = "workspace_ids must hold WorkSpace ids: \"ws-\" and 8 to 63 digits or lower-case letters, such as ws-0123456789. Invalid: ${join(", ", try([for label, id in var.workspace_ids : "${can(keys(var.workspace_ids)) ? "${jsonencode(label)} = " : ""}${jsonencode(id)}" if !can(regex(local.workspace_id_pattern, id))], []))}."
  }

  validation {
    condition     = try(length({ for id in var.workspace_ids : jsonencode(id) => true... }) == length(var.workspace_ids), true)
    error_message = "workspace_ids must name each WorkSpace once. More than once: ${join(", ", [for id, labels in try({ for label, id in var.workspace_ids : jsonencode(id) => jsonencode(label)... }, {}) : can(keys(var.workspace_ids)) ? join(", ", [for label in labels : "${label} = ${id}"]) : id if length(labels) > 1])}."
  }

  validation {
    condition     = alltrue([for label in try(keys(var.workspace_ids), []) : trimspace(label) != ""])
    error_message = "workspace_ids must not have an empty or blank label: a label ends the name of its WorkSpace's alarm. Blank: ${join(", ", [for label in try(keys(var.workspace_ids), []) : "${jsonencode(label)} for ${try(var.workspace_ids[label], "?")}" if trimspace(label) == ""])}."
  }

  validation {
    condition     = alltrue([for label in try(keys(var.workspace_ids), []) : trimspace(label) == "" || can(regex(local.label_pattern, label)) && length(label) <= local.label_length])
    error_message = "workspace_ids must have labels of at most ${local.label_length} printable ASCII characters: a label ends the name of its WorkSpace's alarm, and the topic's policy cannot allow an alarm with other characters in its name to publish. Invalid: ${join(", ", [for label in try(keys(var.workspace_ids), []) : jsonencode(label) if !can(regex(local.label_pattern, label)) || length(label) > local.label_length])}."
  }
}

variable "audit_interval_minutes" {
  description = "How often the whole roster is checked against the WorkSpaces API, in whole minutes. This limits how long a session end can go unnoticed if every signal of it was lost. Without `session_alarms`, every session end waits for the next audit."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.audit_interval_minutes >= 5 && var.audit_interval_minutes <= 1440 && floor(var.audit_interval_minutes) == var.audit_interval_minutes
    error_message = "audit_interval_minutes must be a whole number from 5 (connection states are sampled no more often) to 1440; got ${var.audit_interval_minutes}."
  }
}

variable "canary_after_hours" {
  description = "For how many hours after a successful rebuild the other WorkSpaces of its bundle are rebuilt without a canary. Otherwise (another image, no rebuild for so long, or one that ended badly since) one WorkSpace is rebuilt first, as the canary, and the others wait for it. Once a rebuild is seen to fail, whatever the cause, at most three more WorkSpaces are lost. null means no canary."
  type        = number
  default     = 12

  validation {
    condition     = var.canary_after_hours == null ? true : var.canary_after_hours >= 0.01 && var.canary_after_hours <= 8760
    error_message = "canary_after_hours must be a number of hours from 0.01 to 8760, a year, or null for no canary; got ${jsonencode(var.canary_after_hours)}."
  }
}

variable "create_dashboard" {
  description = "Whether to create a CloudWatch dashboard of the fleet: its alarms, what needs a person, what waits and why, rebuilds, bundles, errors."
  type        = bool
  default     = true
  nullable    = false
}

variable "dry_run" {
  description = "Whether to decide and log everything but rebuild nothing. Session alarms, ledger and log work as usual, so it shows which rebuilds would be due. The alarm `braked` does not ring, and `late` only if the function does not get to a WorkSpace."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = <<-EOT
    ARN of a customer-managed KMS key that encrypts the topic, the ledger, the dead letters, the function's environment and its logs. By default, AWS's own keys encrypt all of these except the topic, which then has no server-side encryption.
    The key's policy must let cloudwatch.amazonaws.com, sns.amazonaws.com and events.amazonaws.com call `kms:Decrypt` and `kms:GenerateDataKey*`, and logs.REGION.amazonaws.com (in China logs.REGION.amazonaws.com.cn) encrypt and decrypt. It must also let the account's IAM policies grant the use of the key, as in examples/complete, since the function's role gets its permissions that way.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || !can(regex("(^|:)alias/aws/", var.kms_key_arn))
    error_message = "kms_key_arn must not be an AWS-managed key such as alias/aws/sns: its policy cannot be changed, so CloudWatch alarms cannot publish to a topic under it, and they fail silently. Give the ARN of a customer-managed key; got ${jsonencode(var.kms_key_arn)}."
  }

  validation {
    condition     = var.kms_key_arn == null || can(regex("(^|:)alias/aws/", var.kms_key_arn)) || can(regex(local.key_arn_pattern, var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not of an alias and not a bare id: IAM policies need the key itself; got ${jsonencode(var.kms_key_arn)}."
  }
}

variable "lambda_architecture" {
  description = "Instruction set of the function, arm64 or x86_64; its package runs on both. AWS offers arm64, the cheaper one, in most Regions; for cn-northwest-1 and AWS GovCloud (US) this is not confirmed."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.lambda_architecture)
    error_message = "lambda_architecture must be \"arm64\" or \"x86_64\"; got ${jsonencode(var.lambda_architecture)}."
  }
}

variable "log_retention_days" {
  description = "How many days the function's log is kept; one of the values that CloudWatch Logs accepts."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains(local.log_retention_days, var.log_retention_days)
    error_message = "log_retention_days must be one of ${join(", ", local.log_retention_days)}; got ${var.log_retention_days}."
  }
}

variable "maximum_rebuilding_percent" {
  description = "The highest share of the fleet's WorkSpaces that may be rebuilding at once, in percent, but always at least one WorkSpace. The others wait, oldest first; an alarm rings after three days. A rebuild that takes longer than two hours does not count: it needs a person and has its own alarm. null, the default, means no such limit."
  type        = number
  default     = null

  validation {
    condition     = var.maximum_rebuilding_percent == null ? true : var.maximum_rebuilding_percent >= 0.01 && var.maximum_rebuilding_percent <= 100
    error_message = "maximum_rebuilding_percent must be a number from 0.01 to 100, or null for no limit (dry_run rebuilds nothing at all); got ${jsonencode(var.maximum_rebuilding_percent)}."
  }
}

variable "maximum_rebuilds_per_hour" {
  description = "A brake: at most this many rebuilds are requested within an hour. The others wait, oldest first; an alarm rings after three days. The count includes, for each WorkSpace in workspace_ids, its last three rebuilds and the one in progress. null, the default, means no brake."
  type        = number
  default     = null

  validation {
    condition     = var.maximum_rebuilds_per_hour == null ? true : var.maximum_rebuilds_per_hour >= 1 && var.maximum_rebuilds_per_hour <= 100000 && floor(var.maximum_rebuilds_per_hour) == var.maximum_rebuilds_per_hour
    error_message = "maximum_rebuilds_per_hour must be a whole number from 1 to 100000, or null for no brake (dry_run rebuilds nothing at all); got ${jsonencode(var.maximum_rebuilds_per_hour)}."
  }
}

variable "name" {
  description = "Prefix of every resource's name. Two deployments in one Region of an account need names that differ by more than upper and lower case: to IAM they are the same. Changing it later replaces every resource, and the ledger's contents are lost: docs/operations.md explains how to rename a fleet."
  type        = string
  default     = "workspaces-nonpersistent"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]{0,39}$", var.name))
    error_message = "name must begin with a letter and have at most 40 letters, digits, \"-\" or \"_\", so that every name made from it fits AWS's limits; got ${jsonencode(var.name)}."
  }

  validation {
    condition     = !strcontains(var.name, "session-disconnect")
    error_message = "name must not contain \"session-disconnect\", or its alarms could have the names of another fleet's session alarms; got ${jsonencode(var.name)}."
  }
}

variable "operations_alarm_actions" {
  description = "ARNs of alarm actions, in the alarms' own Region, that run when an operations alarm goes to ALARM, because something needs a person, and when it returns to OK: SNS topics, Lambda functions, Auto Scaling policies. OpsItems, response plans and investigation groups run on ALARM alone. CloudWatch must be allowed to run them: a topic must not be encrypted with alias/aws/sns, a customer-managed key must let cloudwatch.amazonaws.com call kms:Decrypt and kms:GenerateDataKey*, and a Lambda function needs a permission for lambda.alarms.cloudwatch.amazonaws.com. docs/operations.md has a section for each alarm."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.operations_alarm_actions : can(regex(local.topic_arn_pattern, arn)) || can(regex(local.action_arn_pattern, arn))])
    error_message = "operations_alarm_actions must hold ARNs of these CloudWatch alarm actions: SNS topics (arn:aws:sns:REGION:ACCOUNT:TOPIC), Lambda functions, Auto Scaling policies, OpsItems, response plans or investigation groups. Invalid: ${join(", ", [for arn in var.operations_alarm_actions : jsonencode(arn) if !can(regex(local.topic_arn_pattern, arn)) && !can(regex(local.action_arn_pattern, arn))])}."
  }

  validation {
    condition     = length(var.operations_alarm_actions) <= local.alarm_actions
    error_message = "operations_alarm_actions must hold at most ${local.alarm_actions} ARNs: a CloudWatch alarm takes no more; got ${length(var.operations_alarm_actions)}."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the IAM policy that is the permissions boundary of the function's role; null, the default, means none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex(local.boundary_arn_pattern, var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy (arn:aws:iam::ACCOUNT:policy/NAME) or null; got ${jsonencode(var.permissions_boundary_arn)}."
  }
}

variable "publish_events" {
  description = "Whether to send events to the default event bus of EventBridge: for each rebuild that is requested, ends, fails or is blocked, and for each bundle that is held. docs/events.md describes them."
  type        = bool
  default     = false
  nullable    = false
}

variable "rebuild_window" {
  description = <<-EOT
    Hours in which rebuilds may happen, as `{start = "19:00", end = "06:00", timezone = "Europe/Berlin", days = ["mon", "tue"]}`; a rebuild that is due at another time waits. null, the default, means at any time.
    A window may span midnight. `days` are the days on which it opens, "mon" to "sun", by default all; a window that opens on a Friday at 19:00 is open until Saturday at 06:00.
    Where a canary goes first (`canary_after_hours`), the others follow when its rebuild has ended, so choose a window of several hours.
  EOT
  # An object type would silently drop a misspelt attribute: `day` instead of `days` would open the window on every day.
  type    = any
  default = null

  validation {
    condition     = var.rebuild_window == null || try(length(setsubtract(keys(var.rebuild_window), ["start", "end", "timezone", "days"])) == 0, false)
    error_message = "rebuild_window must be null or an object with start, end, timezone and, optionally, days, and no other attributes; got ${jsonencode(var.rebuild_window)}."
  }

  validation {
    condition     = var.rebuild_window == null || alltrue([for time in [try(var.rebuild_window.start, ""), try(var.rebuild_window.end, "")] : can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", time))])
    error_message = "rebuild_window.start and rebuild_window.end must be times of the day from 00:00 to 23:59 as HH:MM; got ${jsonencode(try(var.rebuild_window.start, null))} and ${jsonencode(try(var.rebuild_window.end, null))}."
  }

  validation {
    condition     = var.rebuild_window == null || try(var.rebuild_window.start, "") != try(var.rebuild_window.end, " ")
    error_message = "rebuild_window.start and rebuild_window.end must differ; leave rebuild_window out to allow rebuilds at any time. Both are ${jsonencode(try(var.rebuild_window.start, null))}."
  }

  # What is no time of the day is refused above.
  validation {
    condition = try(var.rebuild_window.start == var.rebuild_window.end || (
      60 * (parseint(substr(var.rebuild_window.end, 0, 2), 10) - parseint(substr(var.rebuild_window.start, 0, 2), 10) + 24) +
      parseint(substr(var.rebuild_window.end, 3, 2), 10) - parseint(substr(var.rebuild_window.start, 3, 2), 10)
    ) % 1440 >= 15, true)
    error_message = "rebuild_window must be open for at least 15 minutes: the function looks at waiting WorkSpaces every five, and could miss a shorter window; got ${jsonencode(try(var.rebuild_window.start, null))} to ${jsonencode(try(var.rebuild_window.end, null))}."
  }

  validation {
    condition     = var.rebuild_window == null || try(contains(local.timezones, tostring(var.rebuild_window.timezone)), false)
    error_message = "rebuild_window.timezone must be the name of an IANA time zone (case-sensitive), such as UTC or Europe/Berlin; got ${jsonencode(try(var.rebuild_window.timezone, null))}."
  }

  validation {
    condition = var.rebuild_window == null || (
      try(var.rebuild_window.days, null) == null ? true : try(
        length(setsubtract(var.rebuild_window.days, local.days)) == 0 &&
        length(distinct(var.rebuild_window.days)) == length(var.rebuild_window.days) &&
        length(var.rebuild_window.days) > 0,
      false)
    )
    error_message = "rebuild_window.days must name at least one day of ${join(", ", local.days)}, each once; leave it out for all of them; got ${jsonencode(try(var.rebuild_window.days, null))}."
  }
}

variable "reconnect_grace_minutes" {
  description = "How long a WorkSpace must have been seen vacant before it is rebuilt, in minutes; fractions are allowed. The default, 20, is how long clients try to resume an interrupted session unless configured otherwise. 0 rebuilds at once, even while a client is trying to reconnect."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.reconnect_grace_minutes >= 0 && var.reconnect_grace_minutes <= 1440
    error_message = "reconnect_grace_minutes must be a number of minutes from 0 to 1440; got ${var.reconnect_grace_minutes}."
  }
}

variable "roll_out_images" {
  description = <<-EOT
    Whether a WorkSpace that nobody uses gets a new image of its bundle without waiting for its next session, once a rebuild with that image has succeeded. Rebuild window, `maximum_rebuilds_per_hour` and `maximum_rebuilding_percent` still apply, and WorkSpaces whose sessions ended come first. A WorkSpace in use gets it after its session.
    An audit finds the WorkSpaces with an older image. A WorkSpace that the module has not rebuilt yet counts as having the image that its bundle has when this is set; one whose last rebuild used an older image is rebuilt. Requires `canary_after_hours`.
  EOT
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.roll_out_images || var.canary_after_hours != null
    error_message = "roll_out_images must be false while canary_after_hours is null: only an image that a canary has proven is rolled out; got ${jsonencode(var.roll_out_images)}."
  }
}

variable "session_alarms" {
  description = "Whether to deploy a CloudWatch alarm for each WorkSpace, which reports the end of a session within minutes. Without them, only audits find session ends, so set `audit_interval_minutes` to 5 to 15. This saves 0.10 USD per WorkSpace and month, and the time that Terraform spends on each alarm."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "tags must not have keys that begin with \"aws:\", which AWS reserves. Invalid: ${join(", ", [for key in keys(var.tags) : jsonencode(key) if startswith(lower(key), "aws:")])}."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && length(value == null ? "" : value) <= 256])
    error_message = "tags must have keys of 1 to 128 characters and values of at most 256. Invalid: ${join(", ", [for key, value in var.tags : jsonencode(key) if length(key) < 1 || length(key) > 128 || length(value == null ? "" : value) > 256])}."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : can(regex(local.tag_pattern, key)) && can(regex(local.tag_pattern, value == null ? "" : value))])
    error_message = "tags must have keys and values of letters, digits, spaces and _ . : / = + - @. Invalid: ${join(", ", [for key, value in var.tags : jsonencode(key) if !can(regex(local.tag_pattern, key)) || !can(regex(local.tag_pattern, value == null ? "" : value))])}."
  }

  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags must have keys that differ by more than upper and lower case: to IAM they are the same. Invalid: ${join(", ", flatten([for same in values({ for key in keys(var.tags) : lower(key) => jsonencode(key)... }) : same if length(same) > 1]))}."
  }

  validation {
    condition     = length(var.tags) <= local.tags_per_resource
    error_message = "tags must hold at most ${local.tags_per_resource} tags: AWS takes no more for a resource; got ${length(var.tags)}."
  }
}

variable "user_volume" {
  description = "What may happen to the user volume (D: or /home), which a rebuild rolls back to its last snapshot, up to 12 hours old. \"roll_back\" does not wait for a snapshot. \"keep\" waits for a snapshot newer than the session's end, so that no file of the user is lost; a rebuild that an administrator requests does not wait. A snapshot may take 12 hours, so a `rebuild_window` should then be open for at least 13: a WorkSpace whose snapshots fall outside of the window may never be rebuilt."
  type        = string
  default     = "roll_back"
  nullable    = false

  validation {
    condition     = contains(["roll_back", "keep"], var.user_volume)
    error_message = "user_volume must be \"roll_back\" or \"keep\"; got ${jsonencode(var.user_volume)}."
  }
}

variable "workspace_tag" {
  description = "A tag, as {key, value}, that all WorkSpaces of workspace_ids carry. IAM then allows rebuilds by this tag instead of by exact id: use it for fleets whose ids do not fit into the role's policies. workspace_ids alone still determines which WorkSpaces are touched. null, the default, means by exact id."
  type = object({
    key   = string
    value = string
  })
  default = null

  validation {
    condition     = var.workspace_tag == null || can(regex("^${local.policy_character}{1,127}$", var.workspace_tag.key)) && try(trimspace(var.workspace_tag.key) == var.workspace_tag.key, false)
    error_message = "workspace_tag.key must have 1 to 127 characters from U+0020 to U+00FF (IAM policies accept no others), without \"*\", \"?\" or \"$\", and must not begin or end with a space; got ${jsonencode(try(var.workspace_tag.key, null))}."
  }

  validation {
    condition     = var.workspace_tag == null || can(regex("^${local.policy_character}{1,255}$", var.workspace_tag.value)) && try(trimspace(var.workspace_tag.value) == var.workspace_tag.value, false)
    error_message = "workspace_tag.value must have 1 to 255 characters from U+0020 to U+00FF (IAM policies accept no others), without \"*\", \"?\" or \"$\", and must not begin or end with a space; got ${jsonencode(try(var.workspace_tag.value, null))}."
  }
}

variable "workspaces_api_rate" {
  description = "How many calls per second the module makes to the WorkSpaces API. AWS allows 2 per account and Region, shared with all other tools: a lower rate leaves room for them."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.workspaces_api_rate >= 0.1 && var.workspaces_api_rate <= 50
    error_message = "workspaces_api_rate must be from 0.1 to 50 calls per second: below 0.1, a connection check is too old by the time of the rebuild (to rebuild nothing, set dry_run); got ${var.workspaces_api_rate}."
  }
}
