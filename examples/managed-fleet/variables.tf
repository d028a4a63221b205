variable "bundle_id" {
  description = "Bundle of the WorkSpaces. A rebuild takes the newest image of this bundle."
  type        = string
  nullable    = false
}

variable "directory_id" {
  description = "Directory that is registered with WorkSpaces and knows the users."
  type        = string
  nullable    = false
}

variable "users" {
  description = "Names of the users in the directory; each gets a WorkSpace."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Prefix of the names of the module's resources."
  type        = string
  default     = "managed-fleet"
  nullable    = false
}
