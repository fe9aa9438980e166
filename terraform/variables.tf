variable "name" {
  description = <<-EOT
    Name of this deployment: the state machine's name, and the prefix of everything else.
    Left out: `faregate`. Two deployments in one account and region need two names.
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
    Tags for every resource, beside `application = "faregate"` and `deployment = <name>`, which they may replace.
    Left out: those two alone.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "models" {
  description = <<-EOT
    The model of each tier, and the models that are asked in order when it cannot answer.

    `provider` is `bedrock`, `openai` or `anthropic`; left out: `bedrock`. A Bedrock `model` is a model id such as
    `anthropic.claude-haiku-5-5`, to which `bedrock.profile_prefix` is put in front; an id that names its geography
    (`eu.…`, `global.…`) and an ARN are used as they stand. `max_tokens` caps an answer; an OpenAI answer of more than
    4,096 tokens does not fit the 60 s of an HTTP Task and goes through the Lambda.

    A fallback is asked for the causes in its `when`: `throttled` (no capacity, not reached), `timeout`, `too_long`, `refused`
    (also a content filter), `error` (whatever else went wrong); left out: all of them. No model is asked
    twice, in another service tier neither. One whose provider has no key is passed over. After `too_long` only a model with a
    larger window is asked; `context_tokens` tells the window of a model that `src/router/catalog/context_windows.py` does not know, such as an ARN.

    `service_tier` is how the provider serves the model, in its own words: `flex` is cheaper and slower, `priority` dearer and
    faster. Bedrock has `default`, `flex`, `priority` and `reserved`; OpenAI `auto`, `default`, `flex`, `priority`, `scale` and
    `fast`; Anthropic `auto` and `standard_only`. `latency` is Bedrock's alone: `standard` or `optimized`. Not each model has each
    of them: what a model does not have, its provider refuses. A call is priced in the tier that the provider says it served, and
    is UNPRICED where `prices` and the book have none for it; `python -m router doctor` tells so before.
    Left out: nothing is asked, and the provider serves as it does by default.

    Left out: Claude Haiku 5.5 for SIMPLE, GPT-6 Luna for CALCULATION, Claude Sonnet 5.5 for COMPLEX; each tier that is
    left out keeps its default. COMPLEX is also the baseline that savings are measured against.
  EOT
  type = object({
    SIMPLE = optional(object({
      provider       = optional(string, "bedrock")
      model          = string
      max_tokens     = optional(number, 2048)
      context_tokens = optional(number)
      service_tier   = optional(string)
      latency        = optional(string)
      fallbacks = optional(list(object({
        provider       = optional(string, "bedrock")
        model          = string
        max_tokens     = optional(number, 4096)
        context_tokens = optional(number)
        service_tier   = optional(string)
        latency        = optional(string)
        when           = optional(list(string))
      })), [])
      }), {
      model     = "anthropic.claude-haiku-5-5"
      fallbacks = [{ model = "anthropic.claude-sonnet-5-5" }]
    })
    CALCULATION = optional(object({
      provider       = optional(string, "bedrock")
      model          = string
      max_tokens     = optional(number, 4096)
      context_tokens = optional(number)
      service_tier   = optional(string)
      latency        = optional(string)
      fallbacks = optional(list(object({
        provider       = optional(string, "bedrock")
        model          = string
        max_tokens     = optional(number, 4096)
        context_tokens = optional(number)
        service_tier   = optional(string)
        latency        = optional(string)
        when           = optional(list(string))
      })), [])
      }), {
      provider  = "openai"
      model     = "gpt-6-luna"
      fallbacks = [{ model = "anthropic.claude-sonnet-5-5" }]
    })
    COMPLEX = optional(object({
      provider       = optional(string, "bedrock")
      model          = string
      max_tokens     = optional(number, 8192)
      context_tokens = optional(number)
      service_tier   = optional(string)
      latency        = optional(string)
      fallbacks = optional(list(object({
        provider       = optional(string, "bedrock")
        model          = string
        max_tokens     = optional(number, 8192)
        context_tokens = optional(number)
        service_tier   = optional(string)
        latency        = optional(string)
        when           = optional(list(string))
      })), [])
      }), {
      model     = "anthropic.claude-sonnet-5-5"
      fallbacks = [{ model = "anthropic.claude-sonnet-5" }]
    })
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      contains(["bedrock", "openai", "anthropic"], call.provider)
    ])
    error_message = "Write provider = \"bedrock\", \"openai\" or \"anthropic\" for each model."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      call.max_tokens >= 1 && call.max_tokens <= 128000 && floor(call.max_tokens) == call.max_tokens
    ])
    error_message = "Write max_tokens as a whole number from 1 to 128000."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      can(regex("^[A-Za-z0-9][A-Za-z0-9._:/-]*$", call.model))
    ])
    error_message = "Write each model as the id its provider gives it, such as \"anthropic.claude-haiku-5-5\" or \"gpt-6-luna\", or as an ARN."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      call.provider != "bedrock" || can(regex("^(arn:|us-gov\\.|[a-z0-9]+\\.)", call.model))
    ])
    error_message = "A Bedrock model id names its maker first, such as \"anthropic.claude-haiku-5-5\". For a gpt-… of OpenAI's own API write provider = \"openai\" beside it, for a claude-… of Anthropic's provider = \"anthropic\"."
  }

  validation {
    condition     = alltrue([for tier in values(var.models) : length(tier.fallbacks) <= 4])
    error_message = "Name at most 4 fallbacks a tier: each one may be paid for before the request ends."
  }

  validation {
    condition     = var.anthropic.api_key_parameter != null || alltrue([for tier in values(var.models) : tier.provider != "anthropic"])
    error_message = "A model of provider \"anthropic\" needs a key: set anthropic.api_key_parameter to the name of an SSM SecureString, or take the model from \"bedrock\"."
  }

  validation {
    condition = alltrue([
      for fallback in flatten([for tier in values(var.models) : tier.fallbacks]) :
      fallback.when == null ? true : length(fallback.when) > 0 && alltrue([for cause in fallback.when : contains(["throttled", "timeout", "too_long", "refused", "error"], cause)])
    ])
    error_message = "Write a fallback's `when` as a list of \"throttled\", \"timeout\", \"too_long\", \"refused\" and \"error\", or leave it out to ask the model in each case."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      call.context_tokens == null ? true : call.context_tokens >= 1 && floor(call.context_tokens) == call.context_tokens
    ])
    error_message = "Write context_tokens as a whole number of tokens, such as 200000."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      call.service_tier == null ? true : try(contains({
        bedrock   = ["default", "flex", "priority", "reserved"]
        openai    = ["auto", "default", "flex", "priority", "scale", "fast"]
        anthropic = ["auto", "standard_only"]
      }[call.provider], call.service_tier), false)
    ])
    error_message = "Write service_tier as its provider names it: \"default\", \"flex\", \"priority\" or \"reserved\" for bedrock; \"auto\", \"default\", \"flex\", \"priority\", \"scale\" or \"fast\" for openai; \"auto\" or \"standard_only\" for anthropic; or leave it out."
  }

  validation {
    condition = alltrue([
      for call in flatten([for tier in values(var.models) : concat([tier], tier.fallbacks)]) :
      call.latency == null ? true : call.provider == "bedrock" && contains(["standard", "optimized"], call.latency)
    ])
    error_message = "Write latency as \"standard\" or \"optimized\" for a model of provider \"bedrock\", and leave it out for others."
  }
}

variable "bedrock" {
  description = <<-EOT
    How Bedrock models are reached.

    - `profile_prefix`: geography of the cross-region inference profile: `us`, `eu`, `apac`, `au`, `jp`, `ca`, `us-gov` or
      `global`; `""` calls models in this region only. Prices differ between geographies. Left out: `us`.
    - `foundation_models`: model ids behind the application inference profiles whose ARNs stand in `models`; the role
      must be allowed to call them. Left out: none.
    - `application_profiles`: make an application inference profile for each Bedrock model and call it by that, so that Bedrock's
      part of the bill carries `tags`; rows, prices and metrics keep the model's own id. Left out: false.
    - `endpoint`: base URL instead of AWS's own, for a VPC endpoint or a simulator. Left out: AWS's own.
    - `guardrail`: `id` (or ARN) and `version` (a number, or `DRAFT`) of a guardrail that every prompt and every answer passes:
      in Converse, and through `ApplyGuardrail` around OpenAI's and Anthropic's own APIs, which then go through the Lambda. What
      it stops is BLOCKED, and no other model is asked. AWS bills its text units, which stand in no row. Left out: none.
  EOT
  type = object({
    profile_prefix       = optional(string, "us")
    foundation_models    = optional(list(string), [])
    application_profiles = optional(bool, false)
    endpoint             = optional(string)
    guardrail            = optional(object({ id = string, version = string }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["", "us", "eu", "apac", "au", "jp", "ca", "us-gov", "global"], var.bedrock.profile_prefix)
    error_message = "Write bedrock.profile_prefix as us, eu, apac, au, jp, ca, us-gov or global, or \"\" for models of this region."
  }

  validation {
    condition     = var.bedrock.endpoint == null || can(regex("^(https://[^/]|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/])", "${coalesce(var.bedrock.endpoint, "-")}/"))
    error_message = "Write bedrock.endpoint as an https:// URL; http:// is taken for 127.0.0.1, localhost and [::1] alone."
  }

  validation {
    condition = var.bedrock.guardrail == null ? true : (
      can(regex("^([a-z0-9]+|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]{12}:guardrail/[a-z0-9]+)$", var.bedrock.guardrail.id))
      && can(regex("^(DRAFT|[1-9][0-9]{0,7})$", var.bedrock.guardrail.version))
    )
    error_message = "Write bedrock.guardrail as { id = \"gr0123abcd\", version = \"1\" }: the id or ARN that Bedrock gave, and a version's number or DRAFT."
  }
}

variable "openai" {
  description = <<-EOT
    How OpenAI models are reached.

    - `endpoint`: base URL of the API. Left out: `https://api.openai.com/v1`.
    - `api_key_parameter`: name of the SSM SecureString that holds the key. The module does not make it, so that the key
      never stands in the state: output `commands.put_openai_api_key` does. Left out: `/faregate/openai-api-key`.
    - `connection`: an EventBridge connection of your own (`{ arn, secret_arn }`, authorization type API_KEY) for the HTTP
      Task; its key is then yours to rotate. Left out: the module makes one and keeps it in step with the parameter.
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
    error_message = "Write openai.endpoint as an https:// URL without a slash at its end, such as \"https://api.openai.com/v1\"; http:// is taken for 127.0.0.1, localhost and [::1] alone."
  }

  validation {
    condition     = can(regex("^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.openai.api_key_parameter))
    error_message = "Write openai.api_key_parameter as the full name of an SSM parameter, such as \"/faregate/openai-api-key\"; the key itself never belongs here."
  }
}

variable "anthropic" {
  description = <<-EOT
    How Anthropic's own API is reached; Claude on Bedrock needs none of this.

    - `api_key_parameter`: name of the SSM SecureString that holds the key. Left out: no model of this provider can be used.
    - `endpoint`: base URL of the API. Left out: `https://api.anthropic.com`.
  EOT
  type = object({
    endpoint          = optional(string)
    api_key_parameter = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.anthropic.endpoint == null || can(regex("^(https://[^/]|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/])", "${coalesce(var.anthropic.endpoint, "-")}/"))
    error_message = "Write anthropic.endpoint as an https:// URL; http:// is taken for 127.0.0.1, localhost and [::1] alone."
  }

  validation {
    condition     = var.anthropic.api_key_parameter == null || can(regex("^/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.anthropic.api_key_parameter))
    error_message = "Write anthropic.api_key_parameter as the full name of an SSM parameter, such as \"/faregate/anthropic-api-key\"; the key itself never belongs here."
  }
}

variable "routing" {
  description = <<-EOT
    Bounds on the score (0 = any model will do, 1 = the strongest is needed) that overrule the classifier's word.

    - `raise_above`: a prompt called SIMPLE whose score is above this goes to COMPLEX; 1 is never. Left out: 0.8, which
      moves about one SIMPLE prompt in a hundred.
    - `lower_below`: a prompt called COMPLEX whose score is below this goes to SIMPLE; 0 is never. Left out: 0.2, which
      moves next to none: on your own traffic `python -m router calibrate` finds both.
  EOT
  type = object({
    raise_above = optional(number, 0.8)
    lower_below = optional(number, 0.2)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.routing.lower_below >= 0 && var.routing.raise_above <= 1 && var.routing.lower_below <= var.routing.raise_above
    error_message = "Write routing bounds from 0 to 1, lower_below not above raise_above."
  }
}

variable "analyzer" {
  description = <<-EOT
    Who says what kind of work a prompt asks for.

    - `strategy`: `heuristic` asks nobody; `llm` asks a Bedrock model about every prompt whose tier is open; `hybrid` asks
      where the heuristic is unsure and the price difference at stake exceeds what asking costs. Left out: `hybrid`. An
      opinion moves a request by one tier at most, within its tenant's floor and ceiling.
    - `model`: the Bedrock model that is asked, written as in `models`. Left out: `anthropic.claude-haiku-5-5`.
    - `unsure_below`: confidence below which `hybrid` takes the heuristic for unsure. Left out: 0.7.
    - `timeout_ms`: how long the opinion is waited for; then the heuristic decides. Left out: 3000.
    - `max_tokens`: of the reply, which is one word in JSON. Left out: 24.
    - `weights`: `bucket` and `key` of weights that `python -m router calibrate` made of your own outcomes; their threshold
      stands for `routing.raise_above`. Where the bucket has a KMS key of its own, that key's policy must let `analyze` decrypt.
      Left out: the weights of the package.
  EOT
  type = object({
    strategy     = optional(string, "hybrid")
    model        = optional(string, "anthropic.claude-haiku-5-5")
    unsure_below = optional(number, 0.7)
    timeout_ms   = optional(number, 3000)
    max_tokens   = optional(number, 24)
    weights      = optional(object({ bucket = string, key = string }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["heuristic", "llm", "hybrid"], var.analyzer.strategy)
    error_message = "Write analyzer.strategy as \"heuristic\", \"llm\" or \"hybrid\"."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._:/-]*$", var.analyzer.model))
    error_message = "Write analyzer.model as a Bedrock model id such as \"anthropic.claude-haiku-5-5\", or as an ARN."
  }

  validation {
    condition     = var.analyzer.unsure_below >= 0 && var.analyzer.unsure_below <= 1
    error_message = "Write analyzer.unsure_below from 0 to 1."
  }

  validation {
    condition     = var.analyzer.timeout_ms >= 200 && var.analyzer.timeout_ms <= 8000 && floor(var.analyzer.timeout_ms) == var.analyzer.timeout_ms
    error_message = "Write analyzer.timeout_ms as a whole number from 200 to 8000: analyze must end within 15 s."
  }

  validation {
    condition     = var.analyzer.max_tokens >= 16 && var.analyzer.max_tokens <= 1024 && floor(var.analyzer.max_tokens) == var.analyzer.max_tokens
    error_message = "Write analyzer.max_tokens as a whole number from 16 to 1024; a model that thinks before it answers needs hundreds."
  }
}

variable "tenants" {
  description = <<-EOT
    Rules by tenant; those of `"*"` hold for everybody, and a tenant's own fields stand before them one by one. Each rule that
    is applied stands among the reasons on the request's row.

    - `floor`, `ceiling`: the tiers between which every decision stays, a caller's `tier` included; SIMPLE < CALCULATION <
      COMPLEX. Left out: SIMPLE and COMPLEX.
    - `pins`: the first that matches what the user wrote decides the tier, unless the caller names one. `contains` is a word or
      phrase, found as whole words whatever its case; `regex` is searched likewise and takes repeats with a bound alone
      (`{0,40}` for `*`), so that no text can make the search slow. A pin is found in the first and last 8,000 characters.
    - `deny_providers`: `bedrock`, `openai`, `anthropic`: never called for this tenant. A tier without another model then
      refuses the request with PolicyDenied.
    - `tier_names`: names of your own that a request may give as its `tier`, such as `{ cheap = "SIMPLE" }`.
    - `budget`: US dollars that a tenant may spend in a UTC day (`day_usd`) and month (`month_usd`); from `soft_share` of
      either on (left out: 0.8), COMPLEX is served one tier down. A request that could pass a limit is refused with
      BudgetExceeded before anything is paid. Under `"*"` each tenant has one of its own. Left out: no budget.
    - `rate`: `requests` and `tokens` that a tenant may send a minute, by a token bucket that holds one minute's worth; over
      it an execution waits up to a minute, then ends RateLimited. Left out: no limit.
    - `prompt_cache`: true where the tenant's requests share their `system` and follow each other within five minutes: Claude is then
      told to keep it. Writing it costs a quarter more, reading it a tenth: it pays from about one reuse in four calls. Left out:
      false. OpenAI caches by itself.
    - `cache`: answers of this tenant are kept for `ttl_seconds` (left out: 3600) and given again to the same question asked the
      same way, unless a request says `"cache": false`. With `shared` also to other tenants that share. Left out: only requests
      with `"cache": true`. Needs `privacy.store_text`.

    Left out: no rules.
  EOT
  type = map(object({
    floor          = optional(string)
    ceiling        = optional(string)
    pins           = optional(list(object({ tier = string, contains = optional(string), regex = optional(string) })))
    deny_providers = optional(list(string))
    tier_names     = optional(map(string))
    budget         = optional(object({ day_usd = optional(number), month_usd = optional(number), soft_share = optional(number) }))
    rate           = optional(object({ requests = optional(number), tokens = optional(number) }))
    prompt_cache   = optional(bool)
    cache          = optional(object({ ttl_seconds = optional(number, 3600), shared = optional(bool, false) }))
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for rules in values(var.tenants) :
      rules.cache == null ? true : rules.cache.ttl_seconds >= 1 && rules.cache.ttl_seconds <= 2592000 && floor(rules.cache.ttl_seconds) == rules.cache.ttl_seconds
    ])
    error_message = "Write a tenant's cache.ttl_seconds as whole seconds from 1 to 2592000, which is 30 days."
  }

  validation {
    condition     = var.privacy.store_text || alltrue([for rules in values(var.tenants) : rules.cache == null])
    error_message = "A tenant's cache keeps texts: leave it out, or set privacy.store_text = true."
  }

  validation {
    condition = alltrue([
      for tier in flatten([
        for rules in values(var.tenants) : [
          rules.floor, rules.ceiling, [for pin in coalesce(rules.pins, []) : pin.tier], values(coalesce(rules.tier_names, {}))
        ]
      ]) : tier == null ? true : contains(["SIMPLE", "CALCULATION", "COMPLEX"], tier)
    ])
    error_message = "Write each floor, ceiling and tier as SIMPLE, CALCULATION or COMPLEX."
  }

  validation {
    condition = alltrue([
      for rules in values(var.tenants) :
      !contains(["COMPLEX>CALCULATION", "COMPLEX>SIMPLE", "CALCULATION>SIMPLE"], "${coalesce(rules.floor, "SIMPLE")}>${coalesce(rules.ceiling, "COMPLEX")}")
    ])
    error_message = "Write a floor that is not above its ceiling: SIMPLE < CALCULATION < COMPLEX."
  }

  validation {
    condition = alltrue([
      for pin in flatten([for rules in values(var.tenants) : coalesce(rules.pins, [])]) :
      (pin.contains == null) != (pin.regex == null)
    ])
    error_message = "Write each pin with either contains or regex, such as { contains = \"contract\", tier = \"COMPLEX\" }."
  }

  validation {
    # Without escapes and sets, what is left of * + and (? is a repeat without a bound, or a form that is not taken.
    condition = alltrue([
      for pin in flatten([for rules in values(var.tenants) : coalesce(rules.pins, [])]) :
      pin.regex == null ? true : !can(regex("[*+]|\\{[0-9]+,\\}|\\(\\?[^:]", replace(replace(pin.regex, "/\\\\./", ""), "/\\[[^\\]]*\\]/", "")))
    ])
    error_message = "Write each repeat of a regex with a bound, {0,40} for * and {1,40} for +, and no lookaround or flags: a pin must not be slow, whatever the text."
  }

  validation {
    condition = alltrue([
      for provider in flatten([for rules in values(var.tenants) : coalesce(rules.deny_providers, [])]) :
      contains(["bedrock", "openai", "anthropic"], provider)
    ])
    error_message = "Write deny_providers as a list of \"bedrock\", \"openai\" and \"anthropic\"."
  }

  validation {
    condition = alltrue([
      for name in flatten([for rules in values(var.tenants) : keys(coalesce(rules.tier_names, {}))]) :
      can(regex("^[A-Za-z][0-9A-Za-z_-]{0,31}$", name)) && !contains(["SIMPLE", "CALCULATION", "COMPLEX"], name)
    ])
    error_message = "Write each of tier_names with up to 32 letters, digits, - and _, a letter first, and none of the three tiers."
  }

  validation {
    condition     = alltrue([for tenant in keys(var.tenants) : tenant == "*" || can(regex("^[0-9A-Za-z_.@-]{1,64}$", tenant))])
    error_message = "Write each tenant as a request does, with up to 64 letters, digits, _, ., @ and -, or as \"*\" for everybody."
  }

  validation {
    condition = alltrue([
      for rules in values(var.tenants) : rules.budget == null ? true : alltrue([
        for usd in [rules.budget.day_usd, rules.budget.month_usd] : usd == null ? true : usd >= 0
      ])
    ])
    error_message = "Write day_usd and month_usd of a budget as dollars from 0 up; 0 refuses every request."
  }

  validation {
    condition = alltrue([
      for rules in values(var.tenants) : rules.budget == null ? true : rules.budget.soft_share == null ? true : rules.budget.soft_share > 0 && rules.budget.soft_share <= 1
    ])
    error_message = "Write soft_share of a budget above 0 and up to 1; 1 serves COMPLEX until nothing is left."
  }

  validation {
    condition = alltrue([
      for rules in values(var.tenants) : rules.rate == null ? true : alltrue([
        for limit in [rules.rate.requests, rules.rate.tokens] : limit == null ? true : limit >= 1 && floor(limit) == limit
      ])
    ])
    error_message = "Write requests and tokens of a rate as whole numbers from 1 up, a minute's worth each."
  }
}

variable "budgets" {
  description = <<-EOT
    What all tenants together may spend; a tenant's own budget stands in `tenants`. `python -m router budget set` changes
    limits while requests run.

    - `day_usd`, `month_usd`: US dollars of a UTC day and month. Left out: no limit.
    - `soft_share`: share of either limit from which COMPLEX is served one tier down. Left out: 0.8.
    - `on_store_failure`: what becomes of a request with a budget or a rate limit while the `control` table cannot be written:
      `refuse` stops it, after retries; `accept` lets it pass, and its row says so. Left out: `refuse`.
  EOT
  type = object({
    day_usd          = optional(number)
    month_usd        = optional(number)
    soft_share       = optional(number, 0.8)
    on_store_failure = optional(string, "refuse")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for usd in [var.budgets.day_usd, var.budgets.month_usd] : usd == null ? true : usd >= 0])
    error_message = "Write budgets.day_usd and budgets.month_usd as dollars from 0 up; 0 refuses every request."
  }

  validation {
    condition     = var.budgets.soft_share > 0 && var.budgets.soft_share <= 1
    error_message = "Write budgets.soft_share above 0 and up to 1; 1 serves COMPLEX until nothing is left."
  }

  validation {
    condition     = contains(["refuse", "accept"], var.budgets.on_store_failure)
    error_message = "Write budgets.on_store_failure as \"refuse\" or \"accept\"."
  }
}

variable "breaker" {
  description = <<-EOT
    The circuit breaker of each model: one that fails is skipped before it is paid for, and tried again by one request at a
    time. Throttles, overload, time-outs and 5xx count; refusals and errors of the set-up do not.

    - `error_rate`, `min_calls`, `window_seconds`: it opens when this share of at least so many calls failed within the
      window. Left out: 0.5 of 10 within 60 s.
    - `throttles`: it opens as well after so many throttled calls in a row. Left out: 5.
    - `cool_down_seconds`, `max_cool_down_seconds`: how long it stays open; doubled by each probe that fails, up to the
      second. Left out: 30 and 600.
    - `batch_seconds`: how long ends of calls are gathered before breakers hear of them: fewer invocations, later news.
      Left out: 5.

    Left out: a breaker with these settings. `null`: none, and no `watch_models` function.
  EOT
  type = object({
    window_seconds        = optional(number)
    min_calls             = optional(number)
    error_rate            = optional(number)
    throttles             = optional(number)
    cool_down_seconds     = optional(number)
    max_cool_down_seconds = optional(number)
    batch_seconds         = optional(number, 5)
  })
  default = {}

  validation {
    condition = var.breaker == null ? true : alltrue([
      for value in [
        var.breaker.window_seconds, var.breaker.min_calls, var.breaker.throttles, var.breaker.cool_down_seconds, var.breaker.max_cool_down_seconds
      ] : value == null ? true : value >= 1 && floor(value) == value
    ])
    error_message = "Write window_seconds, min_calls, throttles, cool_down_seconds and max_cool_down_seconds of breaker as whole numbers from 1 up."
  }

  validation {
    condition     = var.breaker == null ? true : var.breaker.error_rate == null ? true : var.breaker.error_rate > 0 && var.breaker.error_rate <= 1
    error_message = "Write breaker.error_rate above 0 and up to 1."
  }

  validation {
    condition     = var.breaker == null ? true : coalesce(var.breaker.cool_down_seconds, 30) <= coalesce(var.breaker.max_cool_down_seconds, 600)
    error_message = "Write a breaker.cool_down_seconds that is not above its max_cool_down_seconds (left out: 30 and 600)."
  }

  validation {
    condition     = var.breaker == null ? true : var.breaker.batch_seconds >= 0 && var.breaker.batch_seconds <= 60
    error_message = "Write breaker.batch_seconds from 0 to 60: older news says nothing of a model's health."
  }
}

variable "unknown_tenants" {
  description = <<-EOT
    What becomes of a request whose tenant has no entry of its own in `tenants`, a request without a tenant (`default`) included:
    `allow` takes the rules of `"*"`, `refuse` ends it with PolicyDenied before anything is paid. A list of tenants is no proof of who
    asks: whoever may start executions may name any of them. Left out: `allow`.
  EOT
  type        = string
  default     = "allow"
  nullable    = false

  validation {
    condition     = contains(["allow", "refuse"], var.unknown_tenants)
    error_message = "Write unknown_tenants as \"allow\" or \"refuse\"."
  }

  validation {
    condition     = var.unknown_tenants == "allow" || length([for tenant in keys(var.tenants) : tenant if tenant != "*"]) > 0
    error_message = "With unknown_tenants = \"refuse\" write the tenants that may ask into `tenants`, such as { acme = {} }: else every request is refused."
  }
}

variable "limits" {
  description = <<-EOT
    What a request may ask for.

    - `input_bytes`: UTF-8 bytes of a request's text; more is refused before anything is paid. Left out: 131072. A state's
      payload is 256 KiB at most, and the text must travel in it together with the answer.
  EOT
  type        = object({ input_bytes = optional(number, 131072) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.limits.input_bytes >= 1024 && var.limits.input_bytes <= 196608 && floor(var.limits.input_bytes) == var.limits.input_bytes
    error_message = "Write limits.input_bytes as a whole number from 1024 to 196608."
  }
}

variable "privacy" {
  description = <<-EOT
    What is kept of prompts and answers in the `usage` table. Executions keep their own input and output for 90 days whatever
    stands here, encrypted under the module's key.

    - `store_text`: keep a CONTENT row with the texts. Left out: true. False also means that a repeated request id is
      answered without its text.
    - `text_ttl_days`: days until DynamoDB deletes that row. Left out: 30. Costs and counts are kept.
  EOT
  type = object({
    store_text    = optional(bool, true)
    text_ttl_days = optional(number, 30)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.privacy.text_ttl_days >= 1 && var.privacy.text_ttl_days <= 3650 && floor(var.privacy.text_ttl_days) == var.privacy.text_ttl_days
    error_message = "Write privacy.text_ttl_days as whole days from 1 to 3650; to keep no text at all, set store_text = false."
  }
}

variable "prices" {
  description = <<-EOT
    Price rows of your own, in the shape of `src/cost_calculator/price_book.json`: they go before the shipped book, for a
    negotiated price or a model it does not know yet. Left out: the shipped book alone; a model that stands in neither is
    recorded as UNPRICED, never as free.
  EOT
  type        = any
  default     = []
  nullable    = false

  validation {
    condition     = can([for row in var.prices : keys(row)])
    error_message = "Write prices as a list of objects, such as jsondecode(file(\"prices.json\"))."
  }
}

variable "workflow" {
  description = <<-EOT
    The state machine.

    - `type`: `STANDARD` runs each execution exactly once and keeps its history; `EXPRESS` costs a tenth, may run an
      execution twice (and pay its model twice), ends after 300 s and reports failures through its log alone. Left out:
      `STANDARD`.
    - `timeout_seconds`: when an execution is given up. Left out: the definition's own, at most 300 for EXPRESS.
    - `log_level`: `ALL`, `ERROR`, `FATAL` or `OFF`. Left out: `ERROR`.
    - `include_execution_data`: write prompts and answers to the log as well. Left out: false.
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

variable "review" {
  description = <<-EOT
    Human review: a request with `review` has its answer seen by a human before its caller gets it. Standard only. Waiting costs
    nothing; `python -m router review` lists the drafts and decides. The notice goes to the topic of `notifications`.

    - `answer_above`, `fail_below`: bands of the confidence that stands in the structured answer, in the field that the request
      names: from `answer_above` on it is answered at once, below `fail_below` the request fails with its draft kept, between the
      two a human decides. Left out: 0.8 and 0.3.
    - `timeout_seconds`: how long a human is waited for; a run may take so much longer. Left out: 86400, a day.
    - `default`: what is decided then: `reject` or `approve`. An answer that does not fit its schema is rejected in any
      case. Left out: `reject`.

    Left out: no human review; a request that asks for it is refused.
  EOT
  type = object({
    answer_above    = optional(number, 0.8)
    fail_below      = optional(number, 0.3)
    timeout_seconds = optional(number, 86400)
    default         = optional(string, "reject")
  })
  default = null

  validation {
    condition     = var.review == null ? true : var.review.fail_below >= 0 && var.review.answer_above <= 1 && var.review.fail_below <= var.review.answer_above
    error_message = "Write review bands from 0 to 1, fail_below not above answer_above."
  }

  validation {
    condition     = var.review == null ? true : contains(["approve", "reject"], var.review.default)
    error_message = "Write review.default as \"reject\" or \"approve\"."
  }

  validation {
    condition     = var.review == null ? true : var.review.timeout_seconds >= 60 && var.review.timeout_seconds <= min(30, var.privacy.text_ttl_days) * 86400 && floor(var.review.timeout_seconds) == var.review.timeout_seconds
    error_message = "Write review.timeout_seconds as whole seconds from 60 to 30 days, and not beyond privacy.text_ttl_days: the draft would be gone."
  }

  validation {
    condition     = var.review == null || var.workflow.type == "STANDARD"
    error_message = "Human review needs workflow.type = \"STANDARD\": an EXPRESS execution ends after 300 s. Leave review out, or change the type."
  }
}

variable "package" {
  description = <<-EOT
    Paths of the built code. `make package` makes both.

    - `function_zip`: the code of all functions. Left out: `build/function.zip` of the repository.
    - `layer_zip`: provider SDKs for `invoke_model`. Left out: `build/layer-<architecture>.zip` of the repository.
    - `bucket`: an S3 bucket of your own that both lie in, as `function_key` and `layer_key`; the paths are not looked at then.
      Terraform sees a new build by its key or by `function_version` and `layer_version`, S3's own. Left out: the paths.
    - `code_signing_config_arn`: what Lambda checks the function zip's signature against. Left out: no signature is asked for.
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
    error_message = "Write package.code_signing_config_arn as the ARN of a code signing configuration (arn:aws:lambda:…:code-signing-config:…)."
  }
}

variable "functions" {
  description = <<-EOT
    The Lambda functions.

    - `architecture`: `arm64` or `x86_64`; the layer must be built for it. Left out: `arm64`, which costs a fifth less.
    - `memory_mb`: by function (`analyze`, `invoke_model`, `record_outcome`, `price_rows`, `sweep`, `sync_api_key`,
      `watch_models`; `api`, `authorize` of the HTTP door; `ingest` of the queue; `split_batch`, `run_chunk`, `finish_batch`
      of the batch). A function that is left out has 256, `analyze` and `finish_batch` 512, `split_batch` 1024.
    - `reserved_concurrency`: by function; such a function can neither starve the account nor be starved by it. Left
      out: the account's common pool.
    - `provisioned_concurrency`: for `analyze` and `invoke_model`, environments that are kept ready: at least `min`, more when
      `utilization` (left out: 0.7) of them are busy, up to `max`. `business_hours` raises `min` from `begin` to `end` (cron of
      Application Auto Scaling, left out: 8 to 18 on weekdays) in `timezone` (left out: UTC). Left out: none; a cold start then
      takes about a second. What is ready is paid for by the hour.
    - `snap_start`: of the same two, those that start from a snapshot of a published version; AWS charges for each version that is
      kept. Left out: none.
    - `vpc`: `subnet_ids` and `security_group_ids` for all functions. From there they must reach DynamoDB, SSM, S3, KMS, Step
      Functions, EventBridge, Bedrock and the providers. Left out: no VPC.
    - `log_level`: `DEBUG`, `INFO`, `WARNING` or `ERROR`. Left out: `INFO`, which holds no text of prompts.
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
      contains([
        "analyze", "invoke_model", "record_outcome", "price_rows", "sweep", "sync_api_key", "watch_models",
        "api", "authorize", "ingest", "split_batch", "run_chunk", "finish_batch",
      ], name)
    ])
    error_message = "functions.memory_mb and functions.reserved_concurrency know analyze, invoke_model, record_outcome, price_rows, sweep, sync_api_key, watch_models; api and authorize of the HTTP door; ingest of the queue; split_batch, run_chunk and finish_batch of the batch."
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
      for name in concat(keys(var.functions.provisioned_concurrency), var.functions.snap_start) : contains(["analyze", "invoke_model"], name)
    ])
    error_message = "functions.provisioned_concurrency and functions.snap_start know analyze and invoke_model: nobody waits for the others."
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
    condition     = var.functions.vpc == null ? true : length(var.functions.vpc.subnet_ids) > 0 && length(var.functions.vpc.security_group_ids) > 0
    error_message = "Write functions.vpc with at least one subnet and one security group, or leave it out."
  }

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.functions.log_level)
    error_message = "Write functions.log_level as \"DEBUG\", \"INFO\", \"WARNING\" or \"ERROR\"."
  }
}

variable "logs" {
  description = <<-EOT
    The log groups of functions and workflow.

    - `retention_days`: days that CloudWatch keeps a line. Left out: 365.
    - `groups`: names of log groups of your own, by function (as in `functions.memory_mb`) and for the `workflow`, whose name should
      begin with `/aws/vendedlogs/`; their retention and key are yours. Left out: the module makes one for each.
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

variable "kms_key" {
  description = <<-EOT
    A KMS key of your own (`{ arn }`) for tables, logs, queue, topic, workflow, environment and connection. It must carry the tag
    `EventBridgeApiDestinations = "true"`, and its policy the statements of `terraform/kms.tf`.
    Left out: the module makes a key that rotates every year.
  EOT
  type        = object({ arn = string })
  default     = null

  validation {
    condition     = var.kms_key == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key.arn))
    error_message = "Write kms_key.arn as the ARN of a key (arn:aws:kms:…:key/…); an alias cannot be named in a policy."
  }
}

variable "tables" {
  description = <<-EOT
    The DynamoDB tables.

    - `deletion_protection`: Left out: true; set it to false and apply before `terraform destroy`.
    - `point_in_time_recovery`: Left out: true, any second of the last 35 days can be restored.
    - `existing`: `name` and `arn` of `usage` (with its `stream_arn`), `spend` and `control` tables of your own, with the keys,
      indexes, stream and TTL of `terraform/tables.tf`, under `kms_key`; all else is yours then. Left out: the module makes them.
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
    error_message = "Write tables.existing with the ARNs of three tables (arn:aws:dynamodb:…:table/…)."
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

    - `batch_size`: rows an invocation takes at most. Left out: 100.
    - `window_seconds`: how long a batch is gathered. Left out: 1; 0 prices at once, in smaller batches.
    - `max_retries`: before a row that cannot be priced is put aside in the failures queue. Left out: 10. It stays
      PENDING, and the sweep takes it up.
    - `max_age_seconds`: age at which a row is put aside, below the 24 hours that a stream keeps it. Left out: 82800.
    - `parallelization`: batches of one shard at a time. Left out: 1.
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
    error_message = "Write stream.max_retries from 0 to 1000: without a limit one bad row would stop its shard for a day."
  }

  validation {
    condition     = var.stream.max_age_seconds >= 60 && var.stream.max_age_seconds < 86400
    error_message = "Write stream.max_age_seconds from 60 to 86399: after 86400 the stream itself drops the row, and nothing would tell."
  }

  validation {
    condition     = var.stream.parallelization >= 1 && var.stream.parallelization <= 10
    error_message = "Write stream.parallelization from 1 to 10."
  }
}

variable "sweep" {
  description = <<-EOT
    The job that closes requests which never ended and prices rows which the stream lost.

    - `schedule`: an EventBridge `rate(…)` or `cron(…)`. Left out: `rate(5 minutes)`.
  EOT
  type        = object({ schedule = optional(string, "rate(5 minutes)") })
  default     = {}
  nullable    = false

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.sweep.schedule))
    error_message = "Write sweep.schedule as rate(5 minutes) or cron(0/5 * * * ? *)."
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

variable "notifications" {
  description = <<-EOT
    An SNS topic of your own (`{ topic_arn }`) for failed requests; with another KMS key than `kms_key`, name that key as
    `kms_key_arn`. Left out: the module makes an encrypted topic, to which you subscribe.
  EOT
  type = object({
    topic_arn   = string
    kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.notifications == null ? true : can(regex("^arn:[a-z-]+:sns:", var.notifications.topic_arn))
    error_message = "Write notifications.topic_arn as the ARN of an SNS topic (arn:aws:sns:…)."
  }
}

variable "dashboard" {
  description = <<-EOT
    A CloudWatch dashboard of the deployment's name: requests, latency, errors, what waits, what is not known, spend. An account
    has three for nothing; each further one costs $3 a month. Left out: true.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = <<-EOT
    CloudWatch alarms, and a composite of them all; `docs/runbook.md` has a section for each.

    - `enabled`: Left out: true. An alarm costs $0.10 a month, the composite $0.50.
    - `topic_arns`: SNS topics that are told when an alarm starts and when it ends; their policies, and those of their keys,
      must admit `cloudwatch.amazonaws.com`. Left out: the topic of `notifications`.
    - `thresholds`: a figure above which an alarm starts, over 5 minutes:
      `unpriced` (attempts, left out: 0), `config_errors` (attempts refused with 401, 403 or 404, 0), `throttles` (attempts, 20),
      `failures_queue` (messages, 0), `pending_age_seconds` (1800), `failed_executions` (also those that timed out, 5),
      `api_errors` (answers of the HTTP door with 502, 503 or 504, 10),
      and over an hour `spend_usd_per_hour` (of the models, 25); `budget_percent`: shares of each budget that are told of (80 and 100).
  EOT
  type = object({
    enabled    = optional(bool, true)
    topic_arns = optional(list(string))
    thresholds = optional(object({
      unpriced            = optional(number, 0)
      config_errors       = optional(number, 0)
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
    error_message = "Write alarms.topic_arns as ARNs of SNS topics (arn:aws:sns:…); an empty list tells nobody."
  }

  validation {
    condition     = alltrue([for threshold in flatten(values(var.alarms.thresholds)) : threshold >= 0])
    error_message = "Write alarms.thresholds from 0 up."
  }
}

variable "observability" {
  description = <<-EOT
    What can be seen of the deployment beside its rows; levels of logs are in `functions` and `workflow`.

    - `xray`: trace the workflow and the functions. Left out: true.
    - `metric_tenants`: tenants whose metrics have series of their own, beside those that have a budget; all others share `other`. Each one adds series for
      every model and tier it uses. Left out: none but `default`.
  EOT
  type = object({
    xray           = optional(bool, true)
    metric_tenants = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.observability.metric_tenants) <= 50 && alltrue([for tenant in var.observability.metric_tenants : can(regex("^[0-9A-Za-z_.@-]{1,64}$", tenant))])
    error_message = "Write observability.metric_tenants as at most 50 tenants, as requests name them."
  }
}

variable "permissions_boundary_arn" {
  description = <<-EOT
    IAM policy that bounds every role of the module. Left out: no boundary.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::", coalesce(var.permissions_boundary_arn, "-")))
    error_message = "Write permissions_boundary_arn as the ARN of an IAM policy (arn:aws:iam::…:policy/…)."
  }
}
