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
      can(regex("^[A-Za-z][0-9A-Za-z_-]{0,31}$", name)) && !contains(local.tier_names, name)
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
