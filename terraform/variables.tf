variable "name" {
  description = <<-EOT
    Name of this deployment: the state machine's name, and the prefix of everything else. Two deployments in one account
    and region need two names. Defaults to `faregate`.
  EOT
  type        = string
  default     = "faregate"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "Write a name of 3 to 32 lower-case letters, digits and hyphens that starts with a letter, such as \"faregate-dev\"."
  }
}

variable "tags" {
  description = <<-EOT
    Tags for every resource, in addition to `application = "faregate"` and `deployment = <name>`, which they may
    override. Defaults to none.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    # The key has three tags of its own.
    condition     = length(var.tags) <= 47 && alltrue([for name, value in var.tags : length(name) <= 128 && length(value) <= 256])
    error_message = "Write at most 47 tags (AWS allows 50, the module adds up to three), with names of up to 128 characters and values of up to 256."
  }
}

variable "kms_key" {
  description = <<-EOT
    A KMS key of your own (`{ arn }`) for tables, logs, queues, topic, state machines, environments and connection. It
    must carry the tag `EventBridgeApiDestinations = "true"`, and its policy must contain the statements of
    `terraform/kms.tf`. By default the module creates a key that rotates every year.
  EOT
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.kms_key == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key.arn))
    error_message = "Write kms_key.arn as the ARN of a key (arn:…:kms:…:key/…); an alias cannot be named in a policy."
  }
}

variable "package" {
  description = <<-EOT
    Where the built code is. `make package` builds it.

    - `function_zip`: path of the code of all functions. Defaults to `build/function.zip` of the repository.
    - `layer_zip`: path of the provider SDKs for `invoke_model`. Defaults to `build/layer-<architecture>.zip` of the
      repository.
    - `bucket`: an S3 bucket of your own that holds both, as `function_key` and `layer_key`; no path is read then.
      Terraform detects a new build by its key, or by `function_version` and `layer_version`, the object versions in S3.
      By default the paths are used.
    - `code_signing_config_arn`: the code signing configuration that Lambda checks the function zip against. By default
      signatures are not checked.
  EOT
  type = object({
    function_zip = optional(string)
    layer_zip    = optional(string)
    bucket = optional(object({
      name             = string
      function_key     = string
      layer_key        = string
      function_version = optional(string)
      layer_version    = optional(string)
    }))
    code_signing_config_arn = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.package.bucket == null || (var.package.function_zip == null && var.package.layer_zip == null)
    error_message = "Write either package.bucket or the paths of the zips: the code comes from one place."
  }

  validation {
    condition     = var.package.code_signing_config_arn == null || can(regex("^arn:[a-z-]+:lambda:.*:code-signing-config:", coalesce(var.package.code_signing_config_arn, "-")))
    error_message = "Write package.code_signing_config_arn as the ARN of a code signing configuration (arn:…:lambda:…:code-signing-config:…)."
  }
}

variable "permissions_boundary_arn" {
  description = <<-EOT
    IAM policy that bounds every role of the module. By default roles have no boundary.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::", coalesce(var.permissions_boundary_arn, "-")))
    error_message = "Write permissions_boundary_arn as the ARN of an IAM policy (arn:…:iam::…:policy/…)."
  }
}
