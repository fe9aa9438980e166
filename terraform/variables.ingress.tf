variable "api" {
  description = <<-EOT
    An HTTP API: an API Gateway REST API in front of the same workflow, rows and costs; see `docs/api.md`. By default
    there is none.

    - `auth`: how callers authenticate. Their tenant follows from it, never from a request's body.
      `AUTHORIZER`: a Bearer key, as OpenAI's clients send it, created by `faregate keys create` and stored as a
      hash.
      `API_KEY`: an `x-api-key` of API Gateway with limits of its own; its value is in Terraform's state.
      `COGNITO`: a token of a user pool. `IAM`: Signature Version 4.
    - `keys`: for `API_KEY`, by name: the `tenant`, `rate_limit` per second, `burst_limit`, and a `quota` (`limit` calls
      per `period`: `DAY`, `WEEK` or `MONTH`). Default to 10 calls per second, bursts of 20 and no quota.
    - `tenants`: for `IAM`, maps the ARN of a role (without its path) or user to a tenant; for `COGNITO`, maps a value
      of the claim to a tenant, if the claim is not the tenant itself.
    - `default_tenant`: tenant of callers that `tenants` does not list. By default they get a 403.
    - `user_pool_arns`, `tenant_claim`: for `COGNITO`. Users must not be able to write the claim. The claim defaults to
      `custom:tenant`.
    - `key_cache_seconds`: how long the gateway caches a Bearer key; a revoked key keeps working for that long. Defaults
      to 60.
    - `throttle`: calls per second and burst over all callers. Defaults to 50 and 100.
    - `max_concurrent`: how many answers of the protocols (`/chat/completions` and the like) may be under way at once;
      each holds one Lambda for as long as its model takes. A call beyond it gets a 429. By default they share the
      account's pool.
    - `account_logging`: set the role that API Gateway logs with, which all APIs of an account and region share. Set it
      to false if another stack owns that setting. Defaults to true.
    - `web_acl_arn`: a WAF web ACL of yours for the stage. Defaults to none.
    - `cors`: which web pages may call the API, read its answers, and put files with URLs that it signed.
      `allow_origins`: as a browser sends them, `https://app.example.com`, or `*` alone. `allow_credentials`: also pages
      that send cookies, such as those of a web ACL; the API reads none. It needs exactly one origin. `max_age_seconds`:
      how long a browser caches the permission. By default no page may call it; credentials default to false, the time
      to 3600.
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
    max_concurrent  = optional(number)
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
    error_message = "The HTTP API needs workflow.type = \"STANDARD\": an EXPRESS execution does not report why it refused a request."
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
    error_message = "Write api.tenants for auth = \"IAM\", { \"arn:…:iam::…:role/web\" = \"acme\" }, or a default_tenant: every call would be a 403."
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
    condition     = try(var.api.max_concurrent, null) == null ? true : var.api.max_concurrent >= 1 && !contains(keys(var.functions.reserved_concurrency), "converse")
    error_message = "Write api.max_concurrent from 1 up, and not functions.reserved_concurrency.converse beside it."
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
    error_message = "Write one origin with api.cors.allow_credentials, [\"https://app.example.com\"]: browsers accept no \"*\" with cookies, and the gateway's own errors can name only one origin. Callers authenticate by a header, for which allow_credentials is not needed."
  }

  validation {
    condition     = try(var.api.cors, null) == null ? true : var.api.cors.max_age_seconds >= 0 && var.api.cors.max_age_seconds <= 86400
    error_message = "Write api.cors.max_age_seconds from 0 to 86400."
  }
}

variable "websocket" {
  description = <<-EOT
    A WebSocket API beside `api`: clients ask by frames, the workflow runs, and the answer is pushed to the connection
    while its model writes it; see `docs/websocket.md`. `websocket = {}` creates it. By default there is none.

    - `throttle`: frames and connections per second and burst over all clients. Defaults to 50 and 100.
  EOT
  type = object({
    throttle = optional(object({
      rate_limit  = optional(number, 50)
      burst_limit = optional(number, 100)
    }), {})
  })
  default = null

  validation {
    condition     = var.websocket == null || try(var.api.auth, null) == "AUTHORIZER"
    error_message = "Write api = { auth = \"AUTHORIZER\" } with websocket: its clients connect with the same Bearer keys, and fetch there what a lost connection did not bring."
  }

  validation {
    condition     = var.websocket == null ? true : var.websocket.throttle.rate_limit > 0 && var.websocket.throttle.burst_limit >= 1
    error_message = "Write websocket.throttle.rate_limit above 0 and burst_limit from 1: 0 would refuse every connection."
  }
}

variable "queue" {
  description = <<-EOT
    A queue (SQS) whose messages are requests: `ingest` starts an execution for each. `queue = {}` creates it. By
    default there is none.

    - `maximum_concurrency`: batches of ten messages that are processed at a time, from 2 to 1000; a lower number slows
      the rate at which a burst reaches the models. Defaults to 5.
    - `alarm_age_seconds`: age of the oldest message above which the alarm starts. Defaults to 900.
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
    A second state machine that runs files of prompts (JSONL or CSV), which `faregate batch` uploads to the
    answers bucket. `batch = {}` creates it. By default there is none.

    - `concurrency`: prompts that run at a time, over all chunks of a batch, in steps of 10. Defaults to 100.
    - `tolerated_failure_percentage`: share of chunks that may fail before the whole batch fails; a prompt that fails is
      a result and does not count. Defaults to 10.
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

  validation {
    condition     = var.batch == null || var.privacy.store_text || var.workflow.type == "STANDARD"
    error_message = "A batch takes each answer from its CONTENT row, or from its run's history: set privacy.store_text = true, or workflow.type = \"STANDARD\"."
  }
}
