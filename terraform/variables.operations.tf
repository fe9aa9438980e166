variable "workflow" {
  description = <<-EOT
    The state machine.

    - `type`: `STANDARD` runs each execution exactly once and keeps its history. `EXPRESS` costs a tenth, may run an
      execution twice (and pay its model twice), ends after 300 s, and reports failures only in its log. Defaults to
      `STANDARD`.
    - `timeout_seconds`: time limit of an execution. Defaults to that of the definition, at most 300 for EXPRESS.
    - `log_level`: `ALL`, `ERROR`, `FATAL` or `OFF`. Defaults to `ERROR`.
    - `include_execution_data`: also write prompts and answers to the log. Defaults to false.
  EOT
  type = object({
    type                   = optional(string, "STANDARD")
    timeout_seconds        = optional(number)
    log_level              = optional(string, "ERROR")
    include_execution_data = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["STANDARD", "EXPRESS"], var.workflow.type)
    error_message = "Write workflow.type as \"STANDARD\" or \"EXPRESS\"."
  }

  validation {
    condition     = contains(["ALL", "ERROR", "FATAL", "OFF"], var.workflow.log_level)
    error_message = "Write workflow.log_level as \"ALL\", \"ERROR\", \"FATAL\" or \"OFF\"."
  }

  validation {
    condition     = var.workflow.timeout_seconds == null ? true : var.workflow.timeout_seconds >= 60 && var.workflow.timeout_seconds <= (var.workflow.type == "EXPRESS" ? 300 : 86400)
    error_message = "Write workflow.timeout_seconds from 60 to 86400, for EXPRESS to 300."
  }
}

variable "functions" {
  description = <<-EOT
    The Lambda functions.

    - `architecture`: `arm64` or `x86_64`; the layer must be built for it. Defaults to `arm64`, which costs a fifth
      less.
    - `memory_mb`: by function (`analyze`, `invoke_model`, `record_outcome`, `price_rows`, `sweep`, `sync_api_key`,
      `watch_models`; `api`, `converse`, `authorize` of the HTTP API; `ingest` of the queue; `split_batch`, `run_chunk`,
      `finish_batch` of the batch; `rank_variants`, `decide_agent`, `answer_question`, `ingest_document` of workflows;
      `duplicate`). Defaults to 256; to 512 for `analyze`, `converse`, `finish_batch`, `answer_question` and
      `ingest_document`, 1024 for `split_batch`.
    - `reserved_concurrency`: by function; a function with reserved concurrency neither starves others nor is starved by
      them. By default functions share the account's pool.
    - `provisioned_concurrency`: environments that are kept ready, for `analyze` and `invoke_model`: at least `min`,
      more if `utilization` (defaults to 0.7) of them are busy, up to `max`. `business_hours` raises `min` from `begin`
      to `end` (cron of Application Auto Scaling, defaults to 8 to 18 on weekdays) in `timezone` (defaults to UTC).
      Provisioned environments are billed by the hour. By default there are none, and a cold start takes about a second.
    - `snap_start`: those of the same two functions that start from a snapshot of a published version; AWS charges for
      each version that is kept. Defaults to none.
    - `vpc`: `subnet_ids` and `security_group_ids` for all functions. From there they must reach DynamoDB, SSM, S3, KMS,
      Step Functions, EventBridge, Bedrock and the providers. By default functions run outside your VPC.
    - `log_level`: `DEBUG`, `INFO`, `WARNING` or `ERROR`; metrics are written at every level. Lambda's own lines about each
      invocation are written at `DEBUG`, and from `WARNING` on, as plain text instead of JSON. Defaults to `INFO`, which logs no text of prompts.
  EOT
  type = object({
    architecture         = optional(string, "arm64")
    memory_mb            = optional(map(number), {})
    reserved_concurrency = optional(map(number), {})
    provisioned_concurrency = optional(map(object({
      min         = number
      max         = number
      utilization = optional(number, 0.7)
      business_hours = optional(object({
        min      = number
        begin    = optional(string, "cron(0 8 ? * MON-FRI *)")
        end      = optional(string, "cron(0 18 ? * MON-FRI *)")
        timezone = optional(string, "UTC")
      }))
    })), {})
    snap_start = optional(list(string), [])
    vpc        = optional(object({ subnet_ids = list(string), security_group_ids = list(string) }))
    log_level  = optional(string, "INFO")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.functions.architecture)
    error_message = "Write functions.architecture as \"arm64\" or \"x86_64\"."
  }

  validation {
    condition = alltrue([
      for name in concat(keys(var.functions.memory_mb), keys(var.functions.reserved_concurrency)) :
      contains(keys(local.known_functions), name)
    ])
    error_message = "functions.memory_mb and functions.reserved_concurrency know these functions: ${join(", ", keys(local.known_functions))}."
  }

  validation {
    condition     = alltrue([for mb in values(var.functions.memory_mb) : mb >= 128 && mb <= 10240])
    error_message = "Write functions.memory_mb from 128 to 10240."
  }

  validation {
    condition     = alltrue([for count in values(var.functions.reserved_concurrency) : count >= 1])
    error_message = "Write functions.reserved_concurrency from 1 up: 0 would stop the function, and requests would be lost in its place."
  }

  validation {
    condition = alltrue([
      for name in concat(keys(var.functions.provisioned_concurrency), var.functions.snap_start) :
      try(local.known_functions[name].called_by, "") == "workflow"
    ])
    error_message = "functions.provisioned_concurrency and functions.snap_start know the functions that the workflow calls: ${join(", ", [for name, function in local.known_functions : name if function.called_by == "workflow"])}."
  }

  validation {
    condition     = length(setintersection(keys(var.functions.provisioned_concurrency), var.functions.snap_start)) == 0
    error_message = "Write a function under provisioned_concurrency or under snap_start: Lambda does not do both."
  }

  validation {
    condition = alltrue([
      for name, scaling in var.functions.provisioned_concurrency :
      scaling.min >= 1 && scaling.max >= max(scaling.min, try(scaling.business_hours.min, 1)) && scaling.utilization >= 0.1 && scaling.utilization <= 0.9
    ])
    error_message = "Write provisioned_concurrency with min from 1 up, max not below any min, and utilization from 0.1 to 0.9."
  }

  validation {
    condition = alltrue([
      for name, scaling in var.functions.provisioned_concurrency : scaling.max <= lookup(var.functions.reserved_concurrency, name, scaling.max)
    ])
    error_message = "Write reserved_concurrency of a function not below its provisioned max: Lambda refuses what exceeds it."
  }

  validation {
    condition = alltrue([
      for hours in values(var.functions.provisioned_concurrency)[*].business_hours : hours == null ? true : alltrue([
        for schedule in [hours.begin, hours.end] : can(regex("^cron\\(.+\\)$", schedule))
      ])
    ])
    error_message = "Write begin and end of business_hours as cron(0 8 ? * MON-FRI *)."
  }

  validation {
    condition = var.functions.vpc == null ? true : (
      length(var.functions.vpc.subnet_ids) >= 1 && length(var.functions.vpc.subnet_ids) <= 16
      && length(var.functions.vpc.security_group_ids) >= 1 && length(var.functions.vpc.security_group_ids) <= 5
    )
    error_message = "Write functions.vpc with 1 to 16 subnets and 1 to 5 security groups, as many as Lambda takes, or leave it out."
  }

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.functions.log_level)
    error_message = "Write functions.log_level as \"DEBUG\", \"INFO\", \"WARNING\" or \"ERROR\"."
  }
}

variable "logs" {
  description = <<-EOT
    The log groups of functions and state machines.

    - `retention_days`: days that CloudWatch keeps a line. Defaults to 365.
    - `groups`: names of log groups of your own, by function (as in `functions.memory_mb`), and for the state machines
      `workflow`, `batch` and those of `workflows` (`variants`, `agent`, `rag`, `documents`), whose names should begin
      with `/aws/vendedlogs/`. Their retention and key are yours. By default the module creates them.
  EOT
  type = object({
    retention_days = optional(number, 365)
    groups         = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for group in values(var.logs.groups) : can(regex("^[A-Za-z0-9_/.#-]{1,512}$", group))])
    error_message = "Write logs.groups as names of log groups, not as ARNs, such as { analyze = \"/platform/analyze\" }."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.logs.retention_days)
    error_message = "Write logs.retention_days as one of CloudWatch's periods: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "tables" {
  description = <<-EOT
    The DynamoDB tables.

    - `deletion_protection`: set it to false and apply before `terraform destroy`. Defaults to true.
    - `point_in_time_recovery`: allow a restore to any second of the last 35 days. Defaults to true.
    - `existing`: `name` and `arn` of your own `usage` (with its `stream_arn`), `spend` and `control` tables, with the
      keys, indexes, stream and TTL of `terraform/tables.tf`, under `kms_key`; you manage everything else about them. By
      default the module creates them.
  EOT
  type = object({
    deletion_protection    = optional(bool, true)
    point_in_time_recovery = optional(bool, true)
    existing = optional(object({
      usage   = object({ name = string, arn = string, stream_arn = string })
      spend   = object({ name = string, arn = string })
      control = object({ name = string, arn = string })
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition = var.tables.existing == null ? true : alltrue([
      for arn in [var.tables.existing.usage.arn, var.tables.existing.spend.arn, var.tables.existing.control.arn] :
      can(regex("^arn:[a-z-]+:dynamodb:[^:]+:[0-9]{12}:table/[^/]+$", arn))
    ])
    error_message = "Write tables.existing with the ARNs of three tables (arn:…:dynamodb:…:table/…)."
  }

  validation {
    condition     = var.tables.existing == null ? true : can(regex("/stream/", var.tables.existing.usage.stream_arn))
    error_message = "Write tables.existing.usage.stream_arn as the ARN of the table's stream (…:table/…/stream/…), which shows NEW_IMAGE."
  }

  validation {
    condition     = var.tables.existing == null || var.kms_key != null
    error_message = "Tables of your own need the key that they are under as kms_key: the functions must be allowed to use it."
  }
}

variable "stream" {
  description = <<-EOT
    How rows travel from the `usage` table to `price_rows`.

    - `batch_size`: maximum number of rows per invocation. Defaults to 100.
    - `window_seconds`: how long a batch is gathered; 0 prices rows at once, in smaller batches. Defaults to 1.
    - `max_retries`: attempts before a row that cannot be priced is moved to the failures queue. It stays PENDING, and
      the sweep prices it. Defaults to 10.
    - `max_age_seconds`: age at which a row is moved there, below the 24 hours that a stream keeps it. Defaults to
      82800.
    - `parallelization`: batches of one shard that are processed at a time. Defaults to 1.
  EOT
  type = object({
    batch_size      = optional(number, 100)
    window_seconds  = optional(number, 1)
    max_retries     = optional(number, 10)
    max_age_seconds = optional(number, 82800)
    parallelization = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.stream.batch_size >= 1 && var.stream.batch_size <= 1000
    error_message = "Write stream.batch_size from 1 to 1000."
  }

  validation {
    condition     = var.stream.window_seconds >= 0 && var.stream.window_seconds <= 300
    error_message = "Write stream.window_seconds from 0 to 300."
  }

  validation {
    condition     = var.stream.max_retries >= 0 && var.stream.max_retries <= 1000
    error_message = "Write stream.max_retries from 0 to 1000: without a limit one bad row would block its shard for a day."
  }

  validation {
    condition     = var.stream.max_age_seconds >= 60 && var.stream.max_age_seconds < 86400
    error_message = "Write stream.max_age_seconds from 60 to 86399: after 86400 the stream itself drops the row without a trace."
  }

  validation {
    condition     = var.stream.parallelization >= 1 && var.stream.parallelization <= 10
    error_message = "Write stream.parallelization from 1 to 10."
  }
}

variable "sweep" {
  description = <<-EOT
    The job that closes requests that never ended and prices rows that the stream lost.

    - `schedule`: an EventBridge `rate(…)` or `cron(…)`. Defaults to `rate(5 minutes)`.
  EOT
  type        = object({ schedule = optional(string, "rate(5 minutes)") })
  default     = {}
  nullable    = false

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.sweep.schedule))
    error_message = "Write sweep.schedule as rate(5 minutes) or cron(0/5 * * * ? *)."
  }
}

variable "notifications" {
  description = <<-EOT
    An SNS topic of your own (`{ topic_arn }`) for failed requests. If it is encrypted under another KMS key than
    `kms_key`, name that key as `kms_key_arn`. By default the module creates an encrypted topic for you to subscribe to.
  EOT
  type = object({
    topic_arn   = string
    kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.notifications == null ? true : can(regex("^arn:[a-z-]+:sns:", var.notifications.topic_arn))
    error_message = "Write notifications.topic_arn as the ARN of an SNS topic (arn:…:sns:…)."
  }
}

variable "dashboard" {
  description = <<-EOT
    Whether to create a CloudWatch dashboard with the deployment's name: requests, latency, errors, backlogs, unknown
    costs, spend. Three dashboards per account are free; each further one costs $3 a month. Defaults to true.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = <<-EOT
    CloudWatch alarms, and a composite of them; `docs/runbook.md` has a section for each.

    - `enabled`: an alarm costs $0.10 a month, the composite $0.50. Defaults to true.
    - `topic_arns`: SNS topics that are notified when an alarm starts and when it ends; their policies, and those of
      their keys, must admit `cloudwatch.amazonaws.com`. Defaults to the topic of `notifications`.
    - `thresholds`: values above which an alarm starts. Over 5 minutes:
      `unpriced` (attempts, defaults to 0), `config_errors` (attempts refused with 401, 403 or 404, 0),
      `quota_exhausted` (attempts, 0), `throttles` (attempts, 20), `failures_queue` (messages, 0),
      `pending_age_seconds` (1800), `failed_executions` (also those that timed out, 5), `api_errors` (responses of the
      HTTP API with 502, 503 or 504, 10). Over an hour:
      `spend_usd_per_hour` (of the models, 25).
      `budget_percent`: shares of each budget that have an alarm (80 and 100).
  EOT
  type = object({
    enabled    = optional(bool, true)
    topic_arns = optional(list(string))
    thresholds = optional(object({
      unpriced            = optional(number, 0)
      config_errors       = optional(number, 0)
      quota_exhausted     = optional(number, 0)
      throttles           = optional(number, 20)
      failures_queue      = optional(number, 0)
      pending_age_seconds = optional(number, 1800)
      failed_executions   = optional(number, 5)
      api_errors          = optional(number, 10)
      spend_usd_per_hour  = optional(number, 25)
      budget_percent      = optional(list(number), [80, 100])
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in coalesce(var.alarms.topic_arns, []) : can(regex("^arn:[a-z-]+:sns:", arn))])
    error_message = "Write alarms.topic_arns as ARNs of SNS topics (arn:…:sns:…); an empty list sends no notification."
  }

  validation {
    condition     = length(coalesce(var.alarms.topic_arns, [])) <= 5
    error_message = "Write at most 5 alarms.topic_arns, as many as CloudWatch notifies."
  }

  validation {
    condition = (
      length(var.alarms.thresholds.budget_percent) <= 10
      && length(distinct(var.alarms.thresholds.budget_percent)) == length(var.alarms.thresholds.budget_percent)
    )
    error_message = "Write at most 10 shares as alarms.thresholds.budget_percent, each once: every budget has an alarm for each of them."
  }

  validation {
    condition     = alltrue([for threshold in flatten(values(var.alarms.thresholds)) : threshold >= 0])
    error_message = "Write alarms.thresholds from 0 up."
  }
}

variable "observability" {
  description = <<-EOT
    Tracing and metrics; log levels are in `functions` and `workflow`.

    - `xray`: trace the workflow and the functions. Defaults to true.
    - `xray_share`: which share of the requests X-Ray records, each at $0.000005; a sampling rule of the module's sets
      it. 1 records as your account's own rules do. Defaults to 0.05.
    - `detailed_metrics`: also count by model, tier and tenant: some 50 series with three tiers and one tenant, at $0.30
      a month each. Defaults to false: three series over all, and seven more in hours in which something is wrong.
    - `metric_tenants`: tenants with metric series of their own, in addition to those that have a budget; all other
      tenants share `other`. With `detailed_metrics` each one adds series for every model and tier it uses. Defaults to
      none but `default`.
  EOT
  type = object({
    xray             = optional(bool, true)
    xray_share       = optional(number, 0.05)
    detailed_metrics = optional(bool, false)
    metric_tenants   = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.observability.metric_tenants) <= 50 && alltrue([for tenant in var.observability.metric_tenants : can(regex("^[0-9A-Za-z_.@-]{1,64}$", tenant))])
    error_message = "Write observability.metric_tenants as at most 50 tenants, as requests name them."
  }

  validation {
    condition     = var.observability.xray_share >= 0 && var.observability.xray_share <= 1
    error_message = "Write observability.xray_share from 0 to 1: 0.05 records one request in twenty."
  }
}
