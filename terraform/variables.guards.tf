variable "budgets" {
  description = <<-EOT
    What all tenants together may spend; a tenant's own budget is in `tenants`. `faregate budget set` changes
    limits at run time.

    - `day_usd`, `month_usd`: US dollars of a UTC day and month. By default there is no limit.
    - `soft_share`: share of either limit from which COMPLEX is served one tier down. Defaults to 0.8.
    - `workflows`: by a workflow's name, what all its runs may spend, whichever tenants start them: `day_usd`,
      `month_usd`, `soft_share`. What one run may spend is `max_cost_usd` of its requests.
    - `session_usd`: the most that one session may cost, whatever its requests say. By default there is no limit.
    - `on_store_failure`: what happens to a request with a budget or rate limit while the `control` table cannot be
      written: `refuse` ends it after retries; `accept` lets it pass and notes that on its row. Defaults to `refuse`.
  EOT
  type = object({
    day_usd          = optional(number)
    month_usd        = optional(number)
    soft_share       = optional(number, 0.8)
    on_store_failure = optional(string, "refuse")
    session_usd      = optional(number)
    workflows = optional(map(object({
      day_usd    = optional(number)
      month_usd  = optional(number)
      soft_share = optional(number, 0.8)
    })), {})
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
    condition = alltrue([
      for name, limits in var.budgets.workflows : can(regex("^[a-z][0-9a-z-]{0,31}$", name)) && limits.soft_share > 0 && limits.soft_share <= 1
      && alltrue([for usd in [limits.day_usd, limits.month_usd] : usd == null ? true : usd >= 0])
    ])
    error_message = "Write budgets.workflows by name (lower-case letters, digits and hyphens, up to 32), each with day_usd and month_usd from 0 up and a soft_share above 0 and up to 1."
  }

  validation {
    condition     = var.budgets.session_usd == null ? true : var.budgets.session_usd > 0
    error_message = "Write budgets.session_usd as US dollars above 0: what one session may cost."
  }

  validation {
    condition     = !contains(keys(var.budgets.workflows), "duplicates")
    error_message = "Write the budget of duplicates as routing.duplicate.budget: the workflow `duplicates` is the module's own."
  }

  validation {
    condition     = contains(["refuse", "accept"], var.budgets.on_store_failure)
    error_message = "Write budgets.on_store_failure as \"refuse\" or \"accept\"."
  }
}

variable "breaker" {
  description = <<-EOT
    The circuit breaker of each model: a failing model is skipped before it is paid for, and probed by one request at a
    time. Throttles, overload, time-outs and 5xx errors count; refusals and configuration errors do not.

    - `error_rate`, `min_calls`, `window_seconds`: the breaker opens if this share of at least this many calls failed
      within the window. Default to 0.5 of 10 calls within 60 s.
    - `throttles`: it also opens after this many throttled calls in a row. Defaults to 5.
    - `cool_down_seconds`, `max_cool_down_seconds`: how long it stays open; each failed probe doubles the first, up to
      the second. Default to 30 and 600.
    - `batch_seconds`: how long results of calls are gathered before the breakers see them: longer means fewer
      invocations and later reactions. Defaults to 5.

    Defaults to a breaker with these settings. `null` removes the breaker and the `watch_models` function.
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
    error_message = "Write a breaker.cool_down_seconds that is not above its max_cool_down_seconds (they default to 30 and 600)."
  }

  validation {
    condition     = var.breaker == null ? true : var.breaker.batch_seconds >= 0 && var.breaker.batch_seconds <= 60
    error_message = "Write breaker.batch_seconds from 0 to 60: older results are useless for a model's health."
  }
}
