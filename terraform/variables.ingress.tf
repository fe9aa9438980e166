variable "api" {
  description = <<-EOT
    An HTTP door: an API Gateway REST API on the same workflow, rows and costs; see `docs/api.md`. Left out: none.

    - `auth`: how callers prove who they are; their tenant follows from it, never from a body.
      `AUTHORIZER`: a Bearer key, as OpenAI's clients send it, made by `python -m router keys create`; stored as a hash.
      `API_KEY`: an `x-api-key` of API Gateway with limits of its own; its value stands in Terraform's state.
      `COGNITO`: a token of a user pool. `IAM`: Signature Version 4.
    - `keys`: for `API_KEY`, by name: the `tenant`, `rate_limit` a second, `burst_limit`, and a `quota` (`limit` calls a
      `period`: `DAY`, `WEEK` or `MONTH`). Left out: 10 a second, bursts of 20, no quota.
    - `tenants`: for `IAM`, from the ARN of a role (without its path) or user to a tenant; for `COGNITO`, from a value of the
      claim to a tenant, where the claim does not name it itself.
    - `default_tenant`: whose the requests are of callers that `tenants` does not know. Left out: they get a 403.
    - `user_pool_arns`, `tenant_claim`: for `COGNITO`. Left out: the claim is `custom:tenant`; a user must not be able to
      write it.
    - `key_cache_seconds`: how long the gateway knows a Bearer key, and a revoked one still. Left out: 60.
    - `throttle`: calls a second and burst over all callers. Left out: 50, 100.
    - `account_logging`: give API Gateway the role it logs with, which is one for all APIs of account and region. Left
      out: true; set it to false where another stack owns that setting.
    - `web_acl_arn`: a WAF web ACL of yours for the stage. Left out: none.
    - `cors`: which pages in a browser may call and read. `allow_origins`: as a browser sends them, `https://app.example.com`,
      or `*` alone. `allow_credentials`: also pages that send cookies, such as a web ACL's; the door reads none. It needs
      one origin. `max_age_seconds`: how long a browser remembers the permission. Left out: no pages; no cookies, 3600.
  EOT
  type = object({
    auth = string
    keys = optional(map(object({
      tenant      = string
      rate_limit  = optional(number, 10)
      burst_limit = optional(number, 20)
      quota       = optional(object({ limit = number, period = optional(string, "MONTH") }))
    })), {})
    tenants           = optional(map(string), {})
    default_tenant    = optional(string)
    user_pool_arns    = optional(list(string), [])
    tenant_claim      = optional(string, "custom:tenant")
    key_cache_seconds = optional(number, 60)
    throttle = optional(object({
      rate_limit  = optional(number, 50)
      burst_limit = optional(number, 100)
    }), {})
    account_logging = optional(bool, true)
    web_acl_arn     = optional(string)
    cors = optional(object({
      allow_origins     = list(string)
      allow_credentials = optional(bool, false)
      max_age_seconds   = optional(number, 3600)
    }))
  })
  default = null

  validation {
    condition     = var.api == null ? true : contains(["IAM", "API_KEY", "COGNITO", "AUTHORIZER"], var.api.auth)
    error_message = "Write api.auth as \"IAM\", \"API_KEY\", \"COGNITO\" or \"AUTHORIZER\"."
  }

  validation {
    condition     = var.api == null || var.workflow.type == "STANDARD"
    error_message = "The HTTP door needs workflow.type = \"STANDARD\": an Express run tells nobody why it refused a request."
  }

  validation {
    condition     = var.api == null ? true : (var.api.auth == "API_KEY") == (length(var.api.keys) > 0)
    error_message = "Write api.keys with auth = \"API_KEY\", at least one, and with no other: { web = { tenant = \"acme\" } }."
  }

  validation {
    condition     = var.api == null ? true : (var.api.auth == "COGNITO") == (length(var.api.user_pool_arns) > 0)
    error_message = "Write api.user_pool_arns with auth = \"COGNITO\", at least one, and with no other."
  }

  validation {
    condition     = var.api == null ? true : var.api.auth != "IAM" || length(var.api.tenants) > 0 || var.api.default_tenant != null
    error_message = "Write api.tenants for auth = \"IAM\", { \"arn:aws:iam::…:role/web\" = \"acme\" }, or a default_tenant: every call would be a 403."
  }

  validation {
    condition     = var.api == null ? true : length(var.api.tenants) == 0 || contains(["IAM", "COGNITO"], var.api.auth)
    error_message = "Write api.tenants with auth = \"IAM\" or \"COGNITO\" alone: a key names its tenant itself."
  }

  validation {
    condition = var.api == null ? true : alltrue([
      for tenant in concat(values(var.api.tenants), values(var.api.keys)[*].tenant, var.api.default_tenant[*]) :
      can(regex("^[0-9A-Za-z_.@-]{1,64}$", tenant))
    ])
    error_message = "Write each tenant of api with up to 64 letters, digits, _, ., @ and -."
  }

  validation {
    condition = var.api == null ? true : alltrue([
      for key in values(var.api.keys) : contains(["DAY", "WEEK", "MONTH"], try(key.quota.period, "DAY")) && try(key.quota.limit, 1) >= 1
    ])
    error_message = "Write a key's quota as { limit = 10000, period = \"DAY\" }; a period is DAY, WEEK or MONTH."
  }

  validation {
    condition = var.api == null ? true : alltrue([
      for limits in concat(values(var.api.keys), [var.api.throttle]) : limits.rate_limit > 0 && limits.burst_limit >= 1
    ])
    error_message = "Write rate_limit above 0 and burst_limit from 1: 0 would refuse every call."
  }

  validation {
    condition     = var.api == null ? true : var.api.key_cache_seconds >= 0 && var.api.key_cache_seconds <= 3600
    error_message = "Write api.key_cache_seconds from 0 to 3600."
  }

  validation {
    condition = try(var.api.cors, null) == null ? true : (
      length(var.api.cors.allow_origins) > 0 && length(distinct(var.api.cors.allow_origins)) == length(var.api.cors.allow_origins) && alltrue([
        for origin in var.api.cors.allow_origins :
        origin == "*" || can(regex("^[a-z][0-9a-z+.-]*://[0-9a-z.-]+(:[0-9]{1,5})?$", origin)) && !can(regex("^(https:.*:443|http:.*:80)$", origin))
      ])
    )
    error_message = "Write api.cors.allow_origins as browsers send them, each once: scheme and host in lower case, a port where it is not the usual one, nothing after it: [\"https://app.example.com\", \"http://localhost:3000\"]; or [\"*\"]."
  }

  validation {
    condition     = try(var.api.cors, null) == null ? true : length(var.api.cors.allow_origins) == 1 || !contains(var.api.cors.allow_origins, "*")
    error_message = "Write \"*\" alone in api.cors.allow_origins, or each origin without it."
  }

  validation {
    condition     = !try(var.api.cors.allow_credentials, false) ? true : length(var.api.cors.allow_origins) == 1 && var.api.cors.allow_origins[0] != "*"
    error_message = "Write one origin with api.cors.allow_credentials, [\"https://app.example.com\"]: browsers take no \"*\" with cookies, and the gateway's own errors can name one origin alone. Callers prove who they are by a header, for which allow_credentials may be left out."
  }

  validation {
    condition     = try(var.api.cors, null) == null ? true : var.api.cors.max_age_seconds >= 0 && var.api.cors.max_age_seconds <= 86400
    error_message = "Write api.cors.max_age_seconds from 0 to 86400."
  }
}

variable "queue" {
  description = <<-EOT
    A queue (SQS) whose messages are requests: `ingest` starts an execution for each. `queue = {}` makes it.

    - `maximum_concurrency`: batches of ten messages that are started at a time, from 2 to 1000; the fewer, the slower a
      burst reaches the models. Left out: 5.
    - `alarm_age_seconds`: age of the oldest message above which the alarm is raised. Left out: 900.

    Left out: no queue.
  EOT
  type = object({
    maximum_concurrency = optional(number, 5)
    alarm_age_seconds   = optional(number, 900)
  })
  default = null

  validation {
    condition     = var.queue == null ? true : var.queue.maximum_concurrency >= 2 && var.queue.maximum_concurrency <= 1000 && floor(var.queue.maximum_concurrency) == var.queue.maximum_concurrency
    error_message = "Write queue.maximum_concurrency as a whole number from 2 to 1000, as Lambda takes it."
  }

  validation {
    condition     = var.queue == null ? true : var.queue.alarm_age_seconds >= 60 && var.queue.alarm_age_seconds < 1209600
    error_message = "Write queue.alarm_age_seconds from 60 to 1209599: after 14 days SQS deletes a message."
  }
}

variable "batch" {
  description = <<-EOT
    A second state machine that runs files of prompts (JSONL or CSV), which `python -m router batch` puts into the answers
    bucket. `batch = {}` makes it.

    - `concurrency`: prompts that run at a time, over all chunks of a batch, in steps of 10. Left out: 100.
    - `tolerated_failure_percentage`: share of the chunks that may be impossible to run before the batch is given up; a
      prompt that fails is a result and does not count. Left out: 10.

    Left out: no batches.
  EOT
  type = object({
    concurrency                  = optional(number, 100)
    tolerated_failure_percentage = optional(number, 10)
  })
  default = null

  validation {
    condition     = var.batch == null ? true : var.batch.concurrency >= 10 && var.batch.concurrency <= 10000 && var.batch.concurrency % 10 == 0
    error_message = "Write batch.concurrency as a multiple of 10 from 10 to 10000."
  }

  validation {
    condition     = var.batch == null ? true : var.batch.tolerated_failure_percentage >= 0 && var.batch.tolerated_failure_percentage <= 100
    error_message = "Write batch.tolerated_failure_percentage from 0 to 100."
  }
}
