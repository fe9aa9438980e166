variable "models" {
  description = <<-EOT
    The model of each tier (`SIMPLE`, `CALCULATION`, `COMPLEX`), and its fallbacks: the models that are called, in
    order, if the first cannot answer.

    - `provider`: `bedrock`, `openai` or `anthropic`. Defaults to `bedrock`.
    - `model`: the provider's id of the model. For Bedrock, `bedrock.profile_prefix` is put before an id such as
      `anthropic.claude-haiku-5-5`; ids that name their geography (`eu.…`, `global.…`) and ARNs are used unchanged.
    - `max_tokens`: limit of an answer. Defaults to 2048 for SIMPLE, 4096 for CALCULATION and for the fallbacks of both,
      8192 for COMPLEX and its fallbacks. An OpenAI call of more than 4,096 tokens does not fit the 60 s of an HTTP Task
      and goes through the Lambda function.
    - `context_tokens`: context window of a model that the package does not know, such as an ARN.
    - `capabilities`: what the model can do, where the package's table is wrong or has no such model: `tools`,
      `forced_tools`, `images`, `documents`, `schemas` (true or false) and `sampling`, the names of the options that it
      takes. A plan holds only models that can do what a request needs. A model of no table is taken to do all.
    - `service_tier`: the provider's own name of how it serves the model; `flex` is cheaper and slower, `priority` more
      expensive and faster. Bedrock has `default`, `flex`, `priority` and `reserved`; OpenAI `auto`, `default`, `flex`,
      `priority`, `scale` and `fast`; Anthropic `auto` and `standard_only`. By default none is requested.
    - `latency`: `standard` or `optimized`, Bedrock only. By default none is requested.
    - `fallbacks`: up to four models with the same attributes, and `when`: the causes that a fallback is called for.
      `throttled` (no capacity, or the model was not reached), `timeout`, `too_long`, `refused` (including content
      filters), `error` (anything else). Defaults to all causes.

    No model is called twice for one request, not even in another service tier. Models whose provider has no key are
    skipped. After `too_long`, only models with a larger window are called. Not every model has every service tier and
    latency; the provider refuses a call that asks for one the model does not have. A call is priced by the service tier
    that the provider reports, and is UNPRICED if `prices` and the price book have no price for it; `faregate
    doctor` warns about such a model.

    Defaults to Claude Haiku 5.5 for SIMPLE, GPT-6 Luna for CALCULATION and Claude Sonnet 5.5 for COMPLEX. A tier that
    you set replaces its default entirely; the others keep theirs. COMPLEX is also the baseline that savings are
    measured against.
  EOT
  # Defaults of `max_tokens`, and of a tier that is not given, are in models.tf.
  type = map(object({
    provider       = optional(string, "bedrock")
    model          = string
    max_tokens     = optional(number)
    context_tokens = optional(number)
    service_tier   = optional(string)
    latency        = optional(string)
    capabilities = optional(object({
      tools        = optional(bool)
      forced_tools = optional(bool)
      images       = optional(bool)
      documents    = optional(bool)
      schemas      = optional(bool)
      sampling     = optional(list(string))
    }))
    fallbacks = optional(list(object({
      provider       = optional(string, "bedrock")
      model          = string
      max_tokens     = optional(number)
      context_tokens = optional(number)
      service_tier   = optional(string)
      latency        = optional(string)
      when           = optional(list(string))
      capabilities = optional(object({
        tools        = optional(bool)
        forced_tools = optional(bool)
        images       = optional(bool)
        documents    = optional(bool)
        schemas      = optional(bool)
        sampling     = optional(list(string))
      }))
    })), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.models) : contains(local.tier_names, name)])
    error_message = "`models` knows no tier ${join(", ", setsubtract(keys(var.models), local.tier_names))}. Write its tiers as ${join(", ", local.tier_names)}."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      contains(keys(local.providers), call.provider)
    ])
    error_message = "Write the provider of each model as one of: ${join(", ", keys(local.providers))}."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      call.max_tokens == null ? true : call.max_tokens >= 1 && call.max_tokens <= 128000 && floor(call.max_tokens) == call.max_tokens
    ])
    error_message = "Write max_tokens as a whole number from 1 to 128000."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      can(regex("^[A-Za-z0-9][A-Za-z0-9._:/-]*$", call.model))
    ])
    error_message = "Write each model as the id its provider gives it, such as \"anthropic.claude-haiku-5-5\" or \"gpt-6-luna\", or as an ARN."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      call.provider != "bedrock" || can(regex("^(arn:|us-gov\\.|[a-z0-9]+\\.)", call.model))
    ])
    error_message = "A Bedrock model id names its maker first, such as \"anthropic.claude-haiku-5-5\". For a gpt-… of OpenAI's own API write provider = \"openai\" beside it, for a claude-… of Anthropic's provider = \"anthropic\"."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      alltrue([for name in coalesce(try(call.capabilities.sampling, null), []) : contains(local.sampling_options, name)])
    ])
    error_message = "Write capabilities.sampling as a list of: ${join(", ", local.sampling_options)}."
  }

  validation {
    condition     = alltrue([for tier in values(var.models) : length(tier.fallbacks) <= 4 if tier != null])
    error_message = "Name at most 4 fallbacks a tier: each one may be paid for before the request ends."
  }

  validation {
    condition = alltrue([
      for tier in values(var.models) : try(local.keyed_providers[tier.provider].api_key_parameter, "") != null if tier != null
    ])
    error_message = "A model of provider \"anthropic\" needs a key: set anthropic.api_key_parameter to the name of an SSM SecureString, or take the model from \"bedrock\"."
  }

  validation {
    condition = alltrue([
      for fallback in flatten([for tier in values(var.models) : tier.fallbacks if tier != null]) :
      fallback.when == null ? true : length(fallback.when) > 0 && alltrue([for cause in fallback.when : contains(["throttled", "timeout", "too_long", "refused", "error"], cause)])
    ])
    error_message = "Write a fallback's `when` as a list of \"throttled\", \"timeout\", \"too_long\", \"refused\" and \"error\", or leave it out to ask the model in each case."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      call.context_tokens == null ? true : call.context_tokens >= 1 && floor(call.context_tokens) == call.context_tokens
    ])
    error_message = "Write context_tokens as a whole number of tokens, such as 200000."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      call.service_tier == null ? true : contains(try(local.providers[call.provider].service_tiers, []), call.service_tier)
    ])
    error_message = "Write service_tier as its provider names it (${join("; ", [for name, provider in local.providers : "${name}: ${join(", ", provider.service_tiers)}"])}), or leave it out."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      call.latency == null ? true : contains(try(local.providers[call.provider].latencies, []), call.latency)
    ])
    error_message = "Write latency as its provider names it (${join("; ", [for name, provider in local.providers : "${name}: ${join(", ", provider.latencies)}" if length(provider.latencies) > 0])}), and leave it out for others."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks) if tier != null]) :
      call.provider != "bedrock" ? true : contains(concat(local.callable_geographies, [""]), try(regex(local.geography, call.model)[0], ""))
    ])
    error_message = "Bedrock in ${local.region} can call models of these geographies: ${join(", ", local.callable_geographies)}. Write a model's id without its geography, or with one of these."
  }
}

variable "bedrock" {
  description = <<-EOT
    How Bedrock models are called.

    - `profile_prefix`: geography of the cross-region inference profiles: `us`, `eu`, `apac`, `au`, `jp`, `ca`, `us-gov`
      or `global`; `""` calls models in this region only. Prices differ between geographies, and a geography that the
      region cannot call is refused. Defaults to the region's own: `us` in us-east-1, `eu` in eu-central-1, `jp` in
      ap-northeast-1; `global` in regions without one.
    - `foundation_models`: model ids behind the application inference profiles whose ARNs you use in `models`; the role
      must be allowed to call them. Defaults to none.
    - `application_profiles`: create an application inference profile for each Bedrock model and call the model through
      it, so that Bedrock's part of the bill carries `tags`. Rows, prices and metrics keep the model's own id. Defaults
      to false.
    - `endpoint`: base URL of a VPC endpoint or simulator. Defaults to the AWS endpoint.
    - `guardrail`: `id` (or ARN) and `version` (a number, or `DRAFT`) of a guardrail that is applied to every prompt and
      every answer: by Converse, and by `ApplyGuardrail` around calls to the OpenAI and Anthropic APIs, which then go
      through the Lambda function. What it blocks ends as BLOCKED, and no other model is called. AWS bills its text
      units, which no row contains. By default no guardrail is applied.
  EOT
  type = object({
    profile_prefix       = optional(string)
    foundation_models    = optional(list(string), [])
    application_profiles = optional(bool, false)
    endpoint             = optional(string)
    guardrail            = optional(object({ id = string, version = string }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.bedrock.profile_prefix == null ? true : contains(concat([""], local.callable_geographies), var.bedrock.profile_prefix)
    error_message = "Bedrock in ${local.region} has no inference profiles of bedrock.profile_prefix = \"${coalesce(var.bedrock.profile_prefix, "-")}\". Leave it out, or write one of: ${join(", ", local.callable_geographies)}; or \"\" for models of this region."
  }

  validation {
    condition     = var.bedrock.endpoint == null || can(regex("^(https://[^/]|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/])", "${coalesce(var.bedrock.endpoint, "-")}/"))
    error_message = "Write bedrock.endpoint as an https:// URL; http:// is accepted only for 127.0.0.1, localhost and [::1]."
  }

  validation {
    condition = var.bedrock.guardrail == null ? true : (
      can(regex("^([a-z0-9]+|arn:[a-z-]+:bedrock:[a-z0-9-]+:[0-9]{12}:guardrail/[a-z0-9]+)$", var.bedrock.guardrail.id))
      && can(regex("^(DRAFT|[1-9][0-9]{0,7})$", var.bedrock.guardrail.version))
    )
    error_message = "Write bedrock.guardrail as { id = \"gr0123abcd\", version = \"1\" }: the id or ARN that Bedrock gave, and a version's number or DRAFT."
  }
}

variable "openai" {
  description = <<-EOT
    How OpenAI models are called.

    - `endpoint`: base URL of the API. Defaults to `https://api.openai.com/v1`.
    - `api_key_parameter`: name of the SSM SecureString that holds the key. The module does not create it, so that the
      key never enters the state: output `commands.put_openai_api_key` is the command that does. Defaults to
      `/faregate/openai-api-key`.
    - `connection`: an EventBridge connection of your own (`{ arn, secret_arn }`, authorization type API_KEY) for the
      HTTP Task; you then rotate its key yourself. By default the module creates one and keeps its key in step with the
      parameter.
  EOT
  type = object({
    endpoint          = optional(string, "https://api.openai.com/v1")
    api_key_parameter = optional(string, "/faregate/openai-api-key")
    connection        = optional(object({ arn = string, secret_arn = string }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^(https://[^/]|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/])", "${var.openai.endpoint}/")) && !endswith(var.openai.endpoint, "/")
    error_message = "Write openai.endpoint as an https:// URL without a slash at its end, such as \"https://api.openai.com/v1\"; http:// is accepted only for 127.0.0.1, localhost and [::1]."
  }

  validation {
    condition     = can(regex("^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.openai.api_key_parameter))
    error_message = "Write openai.api_key_parameter as the full name of an SSM parameter, such as \"/faregate/openai-api-key\"; the key itself never belongs here."
  }
}

variable "anthropic" {
  description = <<-EOT
    How the Anthropic API is called. Claude on Bedrock needs none of this.

    - `api_key_parameter`: name of the SSM SecureString that holds the key. By default there is no key, and models of
      this provider cannot be used.
    - `endpoint`: base URL of the API. Defaults to `https://api.anthropic.com`.
  EOT
  type = object({
    endpoint          = optional(string)
    api_key_parameter = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.anthropic.endpoint == null || can(regex("^(https://[^/]|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/])", "${coalesce(var.anthropic.endpoint, "-")}/"))
    error_message = "Write anthropic.endpoint as an https:// URL; http:// is accepted only for 127.0.0.1, localhost and [::1]."
  }

  validation {
    condition     = var.anthropic.api_key_parameter == null || can(regex("^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.anthropic.api_key_parameter))
    error_message = "Write anthropic.api_key_parameter as the full name of an SSM parameter, such as \"/faregate/anthropic-api-key\"; the key itself never belongs here."
  }
}

variable "prices" {
  description = <<-EOT
    Price rows of your own, in the format of `src/cost_calculator/price_book.json`. They take precedence over the
    shipped price book: for negotiated prices, or for models that it does not contain yet. Defaults to none; a model
    without a price is recorded as UNPRICED, never as free.
  EOT
  type        = any
  default     = []
  nullable    = false

  validation {
    condition     = can([for row in var.prices : keys(row)])
    error_message = "Write prices as a list of objects, such as jsondecode(file(\"prices.json\"))."
  }
}
