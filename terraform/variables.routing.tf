variable "routing" {
  description = <<-EOT
    Bounds on the score (0: any model will do; 1: the strongest model is needed) that override the classifier's tier,
    and what becomes of options that a model does not take.

    - `raise_above`: a prompt classified SIMPLE with a score above this goes to COMPLEX. Defaults to 1, which is never.
    - `lower_below`: a prompt classified COMPLEX with a score below this goes to SIMPLE. Defaults to 0, which is never.
    - `cache_points`: whether the prompts of agents are kept in the providers' prompt caches from their second call on;
      see `docs/caching.md`. Defaults to true.
    - `unsupported_options`: what becomes of `temperature` and other sampling options that the models of a tier do not
      take. `drop` leaves them out and says so in the request's `reasons` (and in the header `x-faregate-dropped`);
      `refuse` asks only models that take them, and refuses a request that no model can serve. `protocols` holds for
      `/v1/chat/completions`, `/v1/responses` and `/v1/messages`, whose clients send defaults, and defaults to `drop`;
      `requests` for all other ways in, and defaults to `refuse`.
    - `shadow`: another strategy that decides beside the one in force, for a `share` of the requests (defaults to 0.1)
      and without a call; `faregate shadow report` shows where they disagree. It has its own `strategy`, `raise_above`,
      `lower_below`, `unsure_below` and `weights`, written as in `analyzer` and above; what it does not name is as in
      force. By default there is none.
    - `split`: another strategy that serves a `share` of the sessions in place of the one in force;
      `faregate split report` compares cost and ratings. Written like `shadow`; its `share` has no default.

    - `duplicate`: a `share` of the COMPLEX requests is answered by the tier SIMPLE as well, through the queue and never
      for the caller; a model of the tier `judge` (defaults to COMPLEX) scores both answers, and `faregate calibrate`
      learns from the scores. They have a `budget` of their own, `day_usd` and `month_usd`, of which one is needed. It
      needs `queue` and `privacy.store_text`. By default there is none.

    The score that ships was learned from other people's models: it decides nothing until `faregate calibrate` has
    fitted it to your own outcomes and chosen its threshold (docs/learning.md).
  EOT
  type = object({
    raise_above  = optional(number, 1)
    lower_below  = optional(number, 0)
    cache_points = optional(bool, true)
    unsupported_options = optional(object({
      protocols = optional(string, "drop")
      requests  = optional(string, "refuse")
    }), {})
    shadow = optional(object({
      share        = optional(number, 0.1)
      strategy     = optional(string)
      raise_above  = optional(number)
      lower_below  = optional(number)
      unsure_below = optional(number)
      weights      = optional(object({ bucket = string, key = string }))
    }))
    duplicate = optional(object({
      share = number
      judge = optional(string, "COMPLEX")
      budget = object({
        day_usd   = optional(number)
        month_usd = optional(number)
      })
    }))
    split = optional(object({
      share        = number
      strategy     = optional(string)
      raise_above  = optional(number)
      lower_below  = optional(number)
      unsure_below = optional(number)
      weights      = optional(object({ bucket = string, key = string }))
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.routing.lower_below >= 0 && var.routing.raise_above <= 1 && var.routing.lower_below <= var.routing.raise_above
    error_message = "Write routing bounds from 0 to 1, lower_below not above raise_above."
  }

  validation {
    condition     = alltrue([for word in values(var.routing.unsupported_options) : contains(["drop", "refuse"], word)])
    error_message = "Write routing.unsupported_options.protocols and .requests as \"drop\" or \"refuse\"."
  }

  validation {
    condition = var.routing.duplicate == null ? true : (
      var.routing.duplicate.share > 0 && var.routing.duplicate.share <= 1 && contains(local.tier_names, var.routing.duplicate.judge)
    )
    error_message = "Write routing.duplicate.share above 0 and up to 1, and judge as one of: ${join(", ", local.tier_names)}."
  }

  validation {
    condition = var.routing.duplicate == null ? true : alltrue([
      for usd in values(var.routing.duplicate.budget) : usd == null ? true : usd >= 0
    ]) && anytrue([for usd in values(var.routing.duplicate.budget) : usd != null])
    error_message = "Write routing.duplicate.budget with day_usd, month_usd or both, as dollars from 0 up: each duplicate costs an answer and two judgements."
  }

  validation {
    condition     = var.routing.duplicate == null || (var.queue != null && var.privacy.store_text)
    error_message = "routing.duplicate needs queue = {} and privacy.store_text = true: duplicates go through the queue, and are asked what the request's stored text asks."
  }

  validation {
    condition = alltrue(flatten([
      for trial in [var.routing.shadow, var.routing.split] : trial == null ? [true] : [
        for value in [trial.share, trial.raise_above, trial.lower_below, trial.unsure_below] : value == null ? true : value >= 0 && value <= 1
      ]
    ]))
    error_message = "Write share, raise_above, lower_below and unsure_below of routing.shadow and routing.split from 0 to 1."
  }

  validation {
    condition = alltrue([
      for trial in [var.routing.shadow, var.routing.split] : trial == null ? true : contains(["heuristic", "llm", "hybrid"], coalesce(trial.strategy, "heuristic"))
    ])
    error_message = "Write the strategy of routing.shadow and routing.split as \"heuristic\", \"llm\" or \"hybrid\"."
  }

  validation {
    condition = alltrue([
      for trial in [var.routing.shadow, var.routing.split] : trial == null ? true : anytrue([
        for value in [trial.strategy, trial.raise_above, trial.lower_below, trial.unsure_below, trial.weights] : value != null
      ])
    ])
    error_message = "Write in routing.shadow and routing.split what differs from the strategy in force: strategy, raise_above, lower_below, unsure_below or weights."
  }
}

variable "analyzer" {
  description = <<-EOT
    How prompts are classified.

    - `strategy`: `heuristic` calls no model; `llm` asks a Bedrock model about every prompt whose tier is not fixed;
      `hybrid` asks it if the heuristic is unsure, or calls a described situation SIMPLE, and the price difference at
      stake exceeds the price of asking. The model's opinion moves a request by at most one tier, a described situation
      from SIMPLE up to COMPLEX, within the floor and ceiling of its tenant. Defaults to `hybrid`.
    - `model`: the Bedrock model that is asked, written as in `models`. Defaults to `anthropic.claude-haiku-5-5`.
    - `unsure_below`: confidence below which `hybrid` considers the heuristic unsure. Defaults to 0.7.
    - `timeout_ms`: how long to wait for the opinion; after that the heuristic decides. Defaults to 3000.
    - `max_tokens`: limit of the reply, which is one word in JSON. Defaults to 24.
    - `weights`: `bucket` and `key` of weights that `faregate calibrate` computed from your own outcomes; their
      threshold replaces `routing.raise_above`. If the bucket has a KMS key of its own, that key's policy must let
      `analyze` decrypt. Defaults to the weights in the package.
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
    condition     = contains(concat(local.callable_geographies, [""]), try(regex(local.geography, var.analyzer.model)[0], ""))
    error_message = "Bedrock in ${local.region} can call models of these geographies: ${join(", ", local.callable_geographies)}. Write analyzer.model without its geography, or with one of these."
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
    Rules by tenant. The rules of `"*"` apply to every tenant; a tenant's own fields override them one by one. Each rule
    that is applied is listed among the reasons on the request's row.

    - `floor`, `ceiling`: lowest and highest tier of every decision, including the caller's own `tier`; SIMPLE <
      CALCULATION < COMPLEX. Default to SIMPLE and COMPLEX.
    - `pins`: the first pin that matches the user's text decides the tier, unless the caller names one. `contains` is a
      word or phrase, matched as whole words in any case; `regex` is matched likewise and accepts only bounded repeats
      (`{0,40}` for `*`), so that no text can make the search slow. Pins are searched for in the first and last 8,000
      characters.
    - `deny_providers`: list of `bedrock`, `openai`, `anthropic` that are never called for this tenant. A tier without
      another model then refuses the request with PolicyDenied.
    - `tier_names`: names of your own that a request may give as its `tier` or `model`, such as `{ cheap = "SIMPLE" }`
      or `{ "gpt-4.1" = "auto" }`; `auto` lets the analyzer decide, and the name `*` means any other.
    - `budget`: US dollars that the tenant may spend in a UTC day (`day_usd`) and month (`month_usd`). From `soft_share`
      of either on (defaults to 0.8), COMPLEX is served one tier down. A request that could exceed a limit is refused
      with BudgetExceeded before anything is paid. Under `"*"`, each tenant has a budget of its own. By default there is
      no budget.
    - `rate`: `requests` and `tokens` that a tenant may send per minute, by a token bucket that holds one minute's
      worth. Above that, an execution waits for up to a minute, then ends as RateLimited. By default there is no limit.
    - `prompt_cache`: set it to true if the tenant's requests share their `system` and follow each other within five
      minutes: Claude then caches it. Writing the cache costs a quarter more, reading it a tenth, so it pays from about
      one reuse in four calls. OpenAI caches by itself. Defaults to false.
    - `cache`: keep answers of this tenant for `ttl_seconds` (defaults to 3600) and reuse them for the same question
      asked in the same way, unless a request says `"cache": false`. With `shared`, other tenants that share reuse them
      as well. Needs `privacy.store_text`. By default only requests with `"cache": true` are cached.

    Defaults to no rules.
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
          rules.floor, rules.ceiling, [for pin in coalesce(rules.pins, []) : pin.tier],
          [for tier in values(coalesce(rules.tier_names, {})) : tier if tier != "auto"],
        ]
      ]) : tier == null ? true : contains(local.tier_names, tier)
    ])
    error_message = "Write each floor, ceiling and tier as one of: ${join(", ", local.tier_names)}."
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
      contains(keys(local.providers), provider)
    ])
    error_message = "Write deny_providers as a list of these: ${join(", ", keys(local.providers))}."
  }

  validation {
    condition = alltrue([
      for name in flatten([for rules in values(var.tenants) : keys(coalesce(rules.tier_names, {}))]) :
      can(regex("^([*]|[A-Za-z][0-9A-Za-z_.:/-]{0,127})$", name)) && !contains(local.tier_names, name)
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

variable "unknown_tenants" {
  description = <<-EOT
    What happens to a request whose tenant has no entry of its own in `tenants`, including requests without a tenant
    (`default`): `allow` applies the rules of `"*"`, `refuse` ends it as PolicyDenied before anything is paid. A list of
    tenants does not prove who calls: anybody who may start executions may name any tenant. Defaults to `allow`.
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
    Limits of a request.

    - `input_bytes`: UTF-8 bytes of a request's text, a file counted by its tokens; longer requests are refused before
      anything is paid. Defaults to 1048576, about 260,000 tokens. A message of the queue and a line of a batch travel
      through the workflow as they are: 196608 at most.
    - `payload_bytes`: bytes of a whole request with its files, and of one uploaded file. Defaults to 20971520. One call
      of the HTTP API takes 6 MB: larger files are uploaded first.
  EOT
  type = object({
    input_bytes   = optional(number, 1048576)
    payload_bytes = optional(number, 20971520)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.input_bytes >= 1024 && var.limits.input_bytes <= 8388608 && floor(var.limits.input_bytes) == var.limits.input_bytes
    error_message = "Write limits.input_bytes as a whole number from 1024 to 8388608."
  }

  validation {
    condition     = var.limits.payload_bytes >= 262144 && var.limits.payload_bytes <= 33554432 && floor(var.limits.payload_bytes) == var.limits.payload_bytes
    error_message = "Write limits.payload_bytes as a whole number from 262144 to 33554432."
  }
}
